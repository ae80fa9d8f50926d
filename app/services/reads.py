"""The read side's port: rows for lists, the log, curves and the calendar, each for one user only.

The store implements ``Reads``; ``views`` and the web pages use it.  Every method takes the user
whose rows may be seen and returns nobody else's; ids of other users' things find nothing.  A P&L
series is named by its id, which ``views`` asks only for what the user may see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Generic, Protocol, TypeVar

from app.domain.events import Fact
from app.domain.inbox import AlertSource, AlertState
from app.domain.journal import Direction, RoundTrip
from app.domain.orders import Fill, Order
from app.domain.remarks import ExitReason, Remarks, TripId, TripResult

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


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One recorded second of a curve; ``pnl`` and ``drawdown`` are None for an unknown price."""

    at: datetime
    pnl: Decimal | None
    drawdown: Decimal | None


@dataclass(frozen=True, slots=True)
class Booked:
    """What one fill did to the money: gross realised (negative if lost) and commission (+ cost)."""

    at: datetime
    gross: Decimal
    commission: Decimal


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

    def trade(self, user_id: str, trip: TripId) -> TradeRow | None:
        """The user's round trip of that name."""
        ...

    def trade_fills(self, row: TradeRow) -> Sequence[TripFill]:
        """The fills of a round trip from the first to the last, each with its order."""
        ...

    def tags(self, user_id: str) -> Sequence[str]:
        """The tags that the user's round trips have, in order of the alphabet."""
        ...

    def trips(
        self, scope: Scope, most: int, *, pick: Pick = ANY, span: Span = Span()
    ) -> Sequence[TripRow]:
        """At most ``most`` round trips with their stops, by the time they closed, oldest first."""
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

    def curve(self, series_id: int, start: int, end: int, buckets: int) -> Sequence[CurvePoint]:
        """Recorded seconds of a P&L series in [start, end), epoch seconds, oldest first.

        When there are more than four a bucket, only each bucket's lowest and highest P&L, its
        worst drawdown and its last known sample stay; a bucket of nothing but gaps is one gap.
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

    def booked(self, scope: Scope, span: Span) -> Sequence[Booked]:
        """What the fills of the span did to the money, oldest first."""
        ...

    def finished(self, scope: Scope, span: Span) -> Sequence[datetime]:
        """When round trips ended within the span, oldest first."""
        ...

    def last_alerts(self, user_id: str) -> Mapping[str, datetime]:
        """When each strategy last received an alert, by strategy id."""
        ...

    def key_uses(self, user_id: str, strategy_id: str) -> Mapping[str, KeyUse]:
        """The last use of each of the strategy's webhook keys, by key id."""
        ...
