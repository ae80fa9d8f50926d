"""Finished round trips as they are measured: in pieces, and with no join that is not needed."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, exists, null, select, text

from app.domain.metrics import MetricDay
from app.services.journal.closed import ClosedRow
from app.services.ports import Whose
from app.services.reads import Pick, Scope, Span
from app.store.reads.base import where_given
from app.store.reads.guarded import GUARDED, NAMED, STOP
from app.store.reads.journal import Journal
from app.store.tables.people import ACCOUNTS, STRATEGIES
from app.store.tables.trading import ORDERS, STOPS, TRADES

#: Round trips that are read and measured in about 5 ms, and nets in about 2 ms.
PIECE: Final = 250
NETS: Final = 2000

_t = TRADES.c

_COLUMNS: Final = (
    _t.strategy_id,
    STRATEGIES.c.name,
    _t.account_id,
    ACCOUNTS.c.name,
    _t.symbol,
    _t.opened_at,
    _t.closed_at,
    _t.gross,
    _t.net,
)
_NO_STOP: Final = (null(), null())
_ENTERED: Final = (_t.direction, _t.quantity, _t.average_entry)

_BARE: Final = select(*_COLUMNS, *_NO_STOP, *_ENTERED).select_from(NAMED)
_WHOLE: Final = select(*_COLUMNS, STOP.c.stop_price, STOP.c.trail, *_ENTERED).select_from(GUARDED)
_NETS: Final = select(_t.net).select_from(NAMED)


class Closed(Journal):
    """Finished round trips in pieces, each list of pieces of one read transaction."""

    def closed(
        self, scope: Scope, pick: Pick, span: Span
    ) -> Generator[Sequence[ClosedRow], None, None]:
        """Yield them by the time they closed, oldest first, a few hundred at once."""
        with self._store.read() as unit:
            wanted = _WHOLE if _any_stop(unit.connection, scope) else _BARE
            chosen = self._by_number(wanted, scope, pick, span)
            ordered = chosen.order_by(_t.closed_at, _t.closing_fill_id, _t.number)
            for rows in _pieces(unit.connection, ordered, PIECE):
                yield [ClosedRow(*row) for row in rows]

    def nets(self, scope: Scope) -> Generator[Sequence[Decimal], None, None]:
        """Yield what each of them earned after commission, some thousand at once."""
        with self._store.read() as unit:
            for rows in _pieces(unit.connection, self._chosen(_NETS, scope), NETS):
                yield [row[0] for row in rows]

    def metric_days(self, scope: Scope, first: date, last: date) -> Sequence[MetricDay]:
        """The kept figures of the scope's days from ``first`` to ``last``, oldest first."""
        with self._store.read() as unit:
            whose = Whose(scope.user_id, scope.strategy_id, scope.account_id)
            return unit.metric_days.between(whose, first, last)

    def _by_number(self, wanted: Select[Any], scope: Scope, pick: Pick, span: Span) -> Select[Any]:
        """Choose; what looks at the exit or the note is joined only when it is asked for."""
        if pick.exit is None and not pick.words:
            return self._chosen(wanted, scope, pick, span)
        numbers = self._numbers(scope, pick, span).correlate(None)
        return self._chosen(wanted, scope).where(_t.number.in_(numbers))


def _any_stop(connection: Connection, scope: Scope) -> bool:
    """Whether a stop was ever placed in the scope; without one nothing need be looked up."""
    mine = select(ACCOUNTS.c.id).where(ACCOUNTS.c.user_id == scope.user_id)
    given: dict[ColumnElement[Any], object] = {
        ORDERS.c.account_id: scope.account_id,
        ORDERS.c.strategy_id: scope.strategy_id,
    }
    placed = exists().where(ORDERS.c.account_id.in_(mine), text(STOPS), *where_given(given))
    return bool(connection.execute(select(placed)).scalar_one())


def _pieces(
    connection: Connection, wanted: Select[Any], size: int
) -> Generator[Sequence[Sequence[Any]], None, None]:
    found = connection.execution_options(yield_per=size).execute(wanted)
    yield from found.partitions()
