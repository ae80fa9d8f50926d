"""Round trips with what surrounds them: their first stop, how they were left, what was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Select,
    and_,
    case,
    cast,
    exists,
    literal,
    or_,
    select,
    tuple_,
)

from app.domain.inbox import AlertSource
from app.domain.orders import ADJUSTMENT, EXTERNAL, OrderRole
from app.domain.remarks import FLATTEN, ExitReason, Remarks, TripId, TripResult
from app.services.reads import ANY, Page, Paging, Pick, Scope, Span, TradeRow, TripFill, TripRow
from app.store.reads.base import (
    ALWAYS,
    Columns,
    Condition,
    ReadModel,
    contains,
    where_given,
    within,
)
from app.store.reads.guarded import ENTRY, GUARDED, STOP
from app.store.records import found_by
from app.store.repos.books import ROUND_TRIP
from app.store.repos.orders import FILL, ORDER
from app.store.tables.journal import TRADE_NOTES, TRADE_TAGS
from app.store.tables.people import ACCOUNTS, STRATEGIES
from app.store.tables.trading import ALERTS, FILLS, ORDERS, TRADES

_t = TRADES.c
_LAST_FILL, _EXIT = FILLS.alias("last_fill"), ORDERS.alias("exit")

_STOPS: Final = (OrderRole.STOP_LOSS, OrderRole.TRAILING_STOP)
#: Legs of orders that came about at the venue, or book a difference to it.
_OUTSIDE: Final = (EXTERNAL, ADJUSTMENT)

_OWNED: Final = TRADES.join(ACCOUNTS, ACCOUNTS.c.id == _t.account_id)
_AROUND: Final = (
    GUARDED.outerjoin(
        _LAST_FILL,
        and_(
            _LAST_FILL.c.account_id == _t.account_id,
            _LAST_FILL.c.venue_fill_id == _t.closing_fill_id,
        ),
    )
    .outerjoin(_EXIT, _EXIT.c.id == _LAST_FILL.c.order_id)
    .outerjoin(ALERTS, ALERTS.c.id == _EXIT.c.alert_id)
    .outerjoin(
        TRADE_NOTES,
        and_(
            TRADE_NOTES.c.account_id == _t.account_id,
            TRADE_NOTES.c.opening_fill_id == _t.opening_fill_id,
        ),
    )
)

_TRIP: Final = (
    *ROUND_TRIP.columns,
    _t.strategy_id,
    STRATEGIES.c.name.label("strategy_name"),
    _t.account_id,
    ACCOUNTS.c.name.label("account_name"),
    STOP.c.stop_price,
    STOP.c.trail,
)
_COLUMNS: Final = len(ROUND_TRIP.columns)

_ORDER: Final[Columns] = {
    "": _t.closed_at,
    **{
        name: _t[name]
        for name in (
            "opened_at",
            "closed_at",
            "symbol",
            "direction",
            "quantity",
            "gross",
            "commission",
            "net",
        )
    },
    "strategy_name": STRATEGIES.c.name,
    "account_name": ACCOUNTS.c.name,
    "id": _t.number,
}


class Journal(ReadModel):
    """Finished round trips."""

    def trades(
        self, scope: Scope, paging: Paging, *, pick: Pick = ANY, span: Span = ALWAYS
    ) -> Page[TradeRow]:
        """Round trips by the time they closed, newest first."""
        wanted = self._chosen(self._whole(), scope, pick, span)
        found = self._page(wanted, paging, _ORDER, _trade_row, self._numbers(scope, pick, span))
        return Page(self._tagged(found.rows), found.total)

    def trades_after(
        self,
        scope: Scope,
        most: int,
        last: TradeRow | None,
        *,
        descending: bool = True,
        pick: Pick = ANY,
        span: Span = ALWAYS,
    ) -> Sequence[TradeRow]:
        """At most ``most`` round trips that come after ``last`` by the time they closed."""
        wanted = self._chosen(self._whole(), scope, pick, span)
        place = (_t.closed_at, _t.account_id, _t.opening_fill_id)
        if last is not None:
            at = last.trip.closed_at
            here = tuple_(*place)
            there = _literals(place, at, last.account_id, last.trip.opening_fill_id)
            wanted = wanted.where(
                _t.closed_at <= at if descending else _t.closed_at >= at,
                here < there if descending else here > there,
            )
        ordered = wanted.order_by(*(each.desc() if descending else each for each in place))
        return self._tagged([_trade_row(row) for row in self._rows(ordered.limit(most))])

    def trade(self, user_id: str, trip: TripId) -> TradeRow | None:
        """The user's round trip of that name."""
        wanted = self._chosen(self._whole(), Scope(user_id, account_id=trip.account_id)).where(
            _t.opening_fill_id == trip.opening_fill_id
        )
        rows = self._tagged([_trade_row(row) for row in self._rows(wanted)])
        return rows[0] if rows else None

    def trade_fills(self, row: TradeRow) -> Sequence[TripFill]:
        """The fills of a round trip from the first to the last, each with its order."""
        trip, place = row.trip, tuple_(FILLS.c.at, FILLS.c.venue_fill_id)
        wanted = (
            select(*FILL.columns, *ORDER.columns)
            .join_from(FILLS, ORDERS, ORDERS.c.id == FILLS.c.order_id, isouter=True)
            .where(
                FILLS.c.strategy_id == row.strategy_id,
                FILLS.c.account_id == row.account_id,
                FILLS.c.symbol == trip.symbol,
                place >= _place(trip.opened_at, trip.opening_fill_id),
                place <= _place(trip.closed_at, trip.closing_fill_id),
            )
            .order_by(FILLS.c.at, FILLS.c.venue_fill_id)
        )
        size = len(FILL.columns)
        return [
            TripFill(FILL.of(each[:size]), ORDER.of(each[size:]) if each[size] else None)
            for each in self._rows(wanted)
        ]

    def tags(self, user_id: str) -> Sequence[str]:
        """The tags that the user's round trips have, in order of the alphabet."""
        wanted = (
            select(TRADE_TAGS.c.tag)
            .join_from(TRADE_TAGS, ACCOUNTS, ACCOUNTS.c.id == TRADE_TAGS.c.account_id)
            .where(ACCOUNTS.c.user_id == user_id)
            .distinct()
        )
        return sorted(row[0] for row in self._rows(wanted))

    def _whole(self) -> Select[Any]:
        return select(
            *_TRIP, self._left(), ENTRY.c.alert_id, _EXIT.c.alert_id, TRADE_NOTES.c.note
        ).select_from(_AROUND)

    def _numbers(self, scope: Scope, pick: Pick, span: Span) -> Select[Any]:
        """The numbers of the chosen; what surrounds them is joined only where it is asked for."""
        bare = select(_t.number).select_from(_OWNED)
        if pick.exit is not None or pick.words:
            bare = select(_t.number).select_from(_AROUND)
        return self._chosen(bare, scope, pick, span)

    def _chosen(
        self, wanted: Select[Any], scope: Scope, pick: Pick = ANY, span: Span = ALWAYS
    ) -> Select[Any]:
        return wanted.where(
            _t.closed_at.is_not(None),
            ACCOUNTS.c.user_id == scope.user_id,
            *where_given(
                {
                    _t.strategy_id: scope.strategy_id,
                    _t.account_id: scope.account_id,
                    _t.symbol: pick.symbol,
                    _t.direction: pick.direction,
                }
            ),
            *within(_t.closed_at, span),
            *self._picked(pick),
        )

    def _picked(self, pick: Pick) -> Iterable[Condition]:
        net = cast(_t.net, Numeric)
        if pick.result is not None:
            signs = {
                TripResult.WIN: net > 0,
                TripResult.LOSS: net < 0,
                TripResult.SCRATCH: net == 0,
            }
            yield signs[pick.result]
        if pick.exit is not None:
            yield self._left() == pick.exit.value
        if pick.tag is not None:
            yield _has_tag(TRADE_TAGS.c.tag == pick.tag)
        if pick.words:
            found = contains(pick.words, _t.symbol, TRADE_NOTES.c.note)
            yield or_(found, _has_tag(contains(pick.words, TRADE_TAGS.c.tag)))

    def _left(self) -> ColumnElement[str]:
        """What closed the round trip, as a word."""
        by_hand = or_(
            _EXIT.c.role == OrderRole.MANUAL,
            _EXIT.c.alert_id.is_(None),
            ALERTS.c.source != AlertSource.WEBHOOK,
        )
        flattened = and_(
            ALERTS.c.source == AlertSource.MANUAL,
            contains(f'"comment": "{FLATTEN}"', self._text(ALERTS.c.body)),
        )
        return case(
            (or_(_EXIT.c.id.is_(None), _EXIT.c.leg.in_(_OUTSIDE)), _word(ExitReason.EXTERNAL)),
            (_EXIT.c.role.in_(_STOPS), _word(ExitReason.STOP)),
            (_EXIT.c.role == OrderRole.TAKE_PROFIT, _word(ExitReason.TARGET)),
            (or_(_EXIT.c.leg == FLATTEN, flattened), _word(ExitReason.FLATTEN)),
            (by_hand, _word(ExitReason.MANUAL)),
            else_=_word(ExitReason.ALERT),
        )

    def _tagged(self, rows: Sequence[TradeRow]) -> Sequence[TradeRow]:
        """The rows with their tags, which one more question finds for all of them."""
        if not rows:
            return rows
        wanted = select(TRADE_TAGS.c.account_id, TRADE_TAGS.c.opening_fill_id, TRADE_TAGS.c.tag)
        keys = [(row.account_id, row.trip.opening_fill_id) for row in rows]
        place = (TRADE_TAGS.c.account_id, TRADE_TAGS.c.opening_fill_id)
        found: dict[TripId, list[str]] = {}
        for account_id, fill_id, tag in self._rows(wanted.where(found_by(place, keys))):
            found.setdefault(TripId(account_id, fill_id), []).append(tag)
        return [_with_tags(row, found) for row in rows]


def _word(reason: ExitReason) -> ColumnElement[str]:
    return literal(reason.value)


def _has_tag(condition: Condition) -> Condition:
    return exists().where(
        TRADE_TAGS.c.account_id == _t.account_id,
        TRADE_TAGS.c.opening_fill_id == _t.opening_fill_id,
        condition,
    )


def _place(at: object, fill_id: str) -> ColumnElement[Any]:
    return _literals((FILLS.c.at, FILLS.c.venue_fill_id), at, fill_id)


def _literals(columns: Sequence[ColumnElement[Any]], *values: object) -> ColumnElement[Any]:
    given = zip(columns, values, strict=True)
    return tuple_(*(literal(value, column.type) for column, value in given))


def _with_tags(row: TradeRow, found: Mapping[TripId, Sequence[str]]) -> TradeRow:
    tags = tuple(sorted(found.get(row.id, ())))
    return replace(row, remarks=replace(row.remarks, tags=tags)) if tags else row


def _trip_row(row: Sequence[Any]) -> TripRow:
    return TripRow(ROUND_TRIP.of(row[:_COLUMNS]), *row[_COLUMNS:])


def _trade_row(row: Sequence[Any]) -> TradeRow:
    base = _trip_row(row[: len(_TRIP)])
    left, entry_alert_id, exit_alert_id, note = row[len(_TRIP) :]
    return TradeRow(
        base.trip,
        base.strategy_id,
        base.strategy_name,
        base.account_id,
        base.account_name,
        base.stop,
        base.trail,
        ExitReason(left),
        entry_alert_id,
        exit_alert_id,
        Remarks(note or ""),
    )
