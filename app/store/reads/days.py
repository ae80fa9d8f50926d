"""What the calendar adds up: the stored days of the books, and round trips with a tag."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, exists, select

from app.domain.equity import BookDay
from app.services.reads import Scope, Span, TaggedTrip
from app.store.reads.base import Condition, ReadModel, where_given, within
from app.store.repos.days import BOOK_DAY
from app.store.tables.days import BOOK_DAYS
from app.store.tables.journal import TRADE_TAGS
from app.store.tables.people import ACCOUNTS
from app.store.tables.trading import TRADES

#: Rows that are read at a time: about 10 ms, after which others get their turn.
AT_ONCE: Final = 1000

_d, _t = BOOK_DAYS.c, TRADES.c


class Days(ReadModel):
    """Trading days of books."""

    def book_days(
        self, scope: Scope, first: date, last: date, symbol: str | None = None
    ) -> Sequence[BookDay]:
        """The days from ``first`` to ``last`` of each book of the scope, oldest first."""
        wanted = (
            select(*BOOK_DAY.columns)
            .join_from(BOOK_DAYS, ACCOUNTS, ACCOUNTS.c.id == _d.account_id)
            .where(*_of(scope, _d, symbol), _d.day >= first, _d.day <= last)
            .order_by(_d.day)
        )
        return BOOK_DAY.all(self._in_turns(wanted))

    def tagged_trips(
        self, scope: Scope, tag: str, span: Span, symbol: str | None = None
    ) -> Sequence[TaggedTrip]:
        """The round trips with that tag that ended within the span, oldest first."""
        tagged = exists().where(
            TRADE_TAGS.c.account_id == _t.account_id,
            TRADE_TAGS.c.opening_fill_id == _t.opening_fill_id,
            TRADE_TAGS.c.tag == tag,
        )
        wanted = (
            select(_t.closed_at, _t.gross, _t.commission, _t.net)
            .join_from(TRADES, ACCOUNTS, ACCOUNTS.c.id == _t.account_id)
            .where(*_of(scope, _t, symbol), *within(_t.closed_at, span), tagged)
            .order_by(_t.closed_at, _t.number)
        )
        return [TaggedTrip(*row) for row in self._in_turns(wanted)]

    def _in_turns(self, wanted: Select[Any]) -> Iterator[Sequence[Any]]:
        """The rows of a statement; between two stretches of them other greenlets run."""
        with self._store.read() as unit:
            for rows in unit.connection.execute(wanted).partitions(AT_ONCE):
                yield from rows
                time.sleep(0)


def _of(scope: Scope, columns: Any, symbol: str | None) -> Sequence[Condition]:  # noqa: ANN401  of any table of books
    given = {
        columns.strategy_id: scope.strategy_id,
        columns.account_id: scope.account_id,
        columns.symbol: symbol,
    }
    return [ACCOUNTS.c.user_id == scope.user_id, *where_given(given)]
