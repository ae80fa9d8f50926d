"""The read side's port: rows for lists, the log, curves and the calendar, each for one user only.

The store implements ``Reads``; ``views`` and the web pages use it.  Every method takes the user
whose rows may be seen and returns nobody else's; ids of other users' things find nothing.  A P&L
series is named by its id, which ``views`` asks only for what the user may see.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from app.domain.equity import BookDay
from app.domain.events import Fact
from app.domain.excursions import Excursion
from app.domain.inbox import AlertSource, AlertState
from app.domain.journal import Direction, RoundTrip
from app.domain.orders import Fill, Order
from app.domain.remarks import ExitReason, Remarks, TripId, TripResult
from app.services.ports import Level, Rolled, Sample

Row = TypeVar("Row")

NO_REMARKS: Final = Remarks()


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list: ``page`` from 1, ``sort`` names a column ("" is the natural one)."""

    page: int = 1
    page_size: int = 50
    sort: str = ""
    descending: bool = True

    @property
    def offset(self) -> int:
        """How many rows come before the page."""
        return (self.page - 1) * self.page_size


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list and the number of rows on all its pages."""

    rows: Sequence[Row]
    total: int


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert as a list shows it; ``body`` is what arrived."""

    id: str
    strategy_id: str
    strategy_name: str
    received_at: datetime
    source: AlertSource
    state: AlertState
    code: str | None
    detail: str | None
    body: bytes
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order with the names that people know its strategy and account by."""

    order: Order
    strategy_name: str | None
    account_name: str


@dataclass(frozen=True, slots=True)
class FillRow:
    """A fill with what it realised (money before commission, negative if lost), and names."""

    fill: Fill
    realised: Decimal
    strategy_name: str | None
    account_name: str


@dataclass(frozen=True, slots=True)
class TripRow:
    """A round trip with its book and the first stop that guarded what it entered.

    ``stop`` is that order's price, ``trail`` the distance of a trailing one; both None without.
    """

    trip: RoundTrip
    strategy_id: str
    strategy_name: str
    account_id: str
    account_name: str
    stop: Decimal | None = None
    trail: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TradeRow(TripRow):
    """A round trip as the journal shows it: also how it was left, and what was written about it.

    The alerts are those behind the first and the last fill; None for a fill without one.
    """

    exit: ExitReason = ExitReason.ALERT
    entry_alert_id: str | None = None
    exit_alert_id: str | None = None
    remarks: Remarks = NO_REMARKS

    @property
    def id(self) -> TripId:
        """The name that stays when the book is counted anew."""
        return TripId(self.account_id, self.trip.opening_fill_id)


@dataclass(frozen=True, slots=True)
class TripFill:
    """A fill of a round trip with the order behind it; None for a fill without one."""

    fill: Fill
    order: Order | None


@dataclass(frozen=True, slots=True)
class Signalled:
    """A fill with the price of the signal behind its order; None where there was none."""

    fill: Fill
    signal: Decimal | None


@dataclass(frozen=True, slots=True)
class Pick:
    """Which round trips of a scope; None is any.  ``words`` looks into notes, tags and symbols."""

    symbol: str | None = None
    direction: Direction | None = None
    result: TripResult | None = None
    exit: ExitReason | None = None
    tag: str | None = None
    words: str | None = None


ANY: Final = Pick()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a list or curve is about: one user's whole, a strategy, an account, or a pair."""

    user_id: str
    strategy_id: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` (in it) to ``end`` (not in it), aware UTC; None is unbounded."""

    start: datetime | None = None
    end: datetime | None = None


class Outline(NamedTuple):
    """The few values that a chart draws of a stretch of a curve, from ``at`` until ``until``.

    All instants are epoch seconds.  ``values`` are instants and equity in steps of 1e-18
    (``QUANTUM``) in time order, plain numbers because a chart has thousands: first, highest,
    lowest, last, and the largest fall's peak and trough.  ``unknown_at`` is when the curve became
    unknown after the last of them (or at all, without any), None when it did not.  ``still`` says
    that nothing was held at the end, so that the last value stands until the next one, however late
    that comes.  Only the value of this moment has parts of a second.
    """

    at: int
    until: int
    values: Sequence[tuple[float, int]]
    unknown_at: float | None
    still: bool


@dataclass(frozen=True, slots=True)
class TaggedTrip:
    """A round trip with a tag: when it ended, and its money (negative if lost)."""

    at: datetime
    gross: Decimal
    fees: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class KeyUse:
    """The last request that came with a key."""

    at: datetime
    address: str | None


class Reads(Protocol):
    """Read models of the database."""

    def alerts(
        self,
        user_id: str,
        paging: Paging,
        *,
        state: str | None = None,
        strategy_id: str | None = None,
        q: str | None = None,
        heartbeats: bool = True,
    ) -> Page[AlertRow]:
        """Alerts, newest first; ``q`` looks into body, code and detail.

        Without ``heartbeats`` those that only said that the sender is alive are left out.
        """
        ...

    def orders(
        self,
        scope: Scope,
        paging: Paging,
        *,
        state: str | None = None,
        symbol: str | None = None,
        alert_id: str | None = None,
    ) -> Page[OrderRow]:
        """Orders, newest first; ``state`` may also be "working"."""
        ...

    def fills(
        self, scope: Scope, paging: Paging, *, symbol: str | None = None, span: Span = Span()
    ) -> Page[FillRow]:
        """Fills by their own time, newest first."""
        ...

    def trades(
        self, scope: Scope, paging: Paging, *, pick: Pick = ANY, span: Span = Span()
    ) -> Page[TradeRow]:
        """Round trips by the time they closed, newest first."""
        ...

    def trades_after(
        self,
        scope: Scope,
        most: int,
        last: TradeRow | None,
        *,
        descending: bool = True,
        pick: Pick = ANY,
        span: Span = Span(),
    ) -> Sequence[TradeRow]:
        """At most ``most`` round trips that come after ``last`` by the time they closed.

        None is before the first.  What closes meanwhile moves nothing that was not read yet.
        """
        ...

    def excursions(self, trips: Collection[TripId]) -> Mapping[TripId, Excursion]:
        """How far these went at the marks of each second; those that are unknown are left out."""
        ...

    def signals(self, rows: Collection[TradeRow]) -> Mapping[TripId, Sequence[Signalled]]:
        """The fills of these round trips, each from the first to the last; one question for all."""
        ...

    def trade(self, user_id: str, trip: TripId) -> TradeRow | None:
        """The user's round trip of that name."""
        ...

    def trade_fills(self, row: TradeRow) -> Sequence[TripFill]:
        """The fills of a round trip from the first to the last, each with its order."""
        ...

    def tags(self, user_id: str) -> Sequence[str]:
        """The tags that the user's round trips have, in order of the alphabet."""
        ...

    def log(
        self,
        user_id: str,
        *,
        after: int | None = None,
        limit: int = 200,
        levels: Sequence[str] = (),
        strategy_id: str | None = None,
        q: str | None = None,
        span: Span = Span(),
    ) -> Sequence[Fact]:
        """The facts after number ``after``, oldest first; without it the newest, newest first.

        The server's own facts, which have no user, are everybody's.
        """
        ...

    def extent(self, series_id: int) -> tuple[int, int] | None:
        """Epoch seconds of the first and the last sample of the series; None without one."""
        ...

    def open_pnl(self, series_id: int, instants: Sequence[int]) -> Sequence[Decimal | None]:
        """The last known open P&L of a series at or before each of the epoch seconds ``instants``.

        Zero before the first sample (nothing was held), None when there are only gaps before.
        """
        ...

    def book_days(
        self, scope: Scope, first: date, last: date, symbol: str | None = None
    ) -> Sequence[BookDay]:
        """The days from ``first`` to ``last`` of each book of the scope, oldest first."""
        ...

    def tagged_trips(
        self, scope: Scope, tag: str, span: Span, symbol: str | None = None
    ) -> Sequence[TaggedTrip]:
        """The round trips with that tag that ended within the span, oldest first."""
        ...

    def spans(self, series_id: int, level: Level, start: int, end: int) -> Sequence[Rolled]:
        """The series' rolled spans of that level within [start, end), epoch seconds, oldest first.

        The newest minutes are not rolled yet, and old ones no longer kept: see ``covering``.
        """
        ...

    def outlines(self, series_id: int, level: Level, start: int, end: int) -> Sequence[Outline]:
        """What a chart draws of the spans that ``spans`` returns, read in a quarter of the time."""
        ...

    def covering(self, series_id: int, start: int, end: int) -> Sequence[Rolled]:
        """The fewest spans that cover [start, end), epoch seconds, oldest first.

        Days, at the edges hours and minutes, then what is not rolled, a minute each or the part of
        one that is asked for.  Where finer ones are no longer kept, the span that reaches over an
        edge is there whole.
        """
        ...

    def seconds(self, series_id: int, start: int, end: int) -> Sequence[Sample]:
        """What was recorded within [start, end), epoch seconds, oldest first, as far as it is kept.

        A row is there when something changed, and at least once a minute.
        """
        ...

    def base(self, series_id: int) -> Decimal:
        """The capital of the series' accounts when it began; its equity is this plus its P&L."""
        ...

    def last_alerts(self, user_id: str) -> Mapping[str, datetime]:
        """When each strategy last received an alert, by strategy id."""
        ...

    def key_uses(self, user_id: str, strategy_id: str) -> Mapping[str, KeyUse]:
        """The last use of each of the strategy's webhook keys, by key id."""
        ...
