"""Markets: when each trades, by the calendar of its exchange."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from app.domain.catalogue import InstrumentKind
from app.domain.sessions.exchanges import exchange
from app.domain.sessions.reading import on_the_wall

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
#: No market is closed for so many days on end.
_SOON: Final = 15


class Phase(StrEnum):
    """The part of a market's day: only shares trade before and after the regular session."""

    PRE = "pre"
    REGULAR = "regular"
    POST = "post"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Market:
    """What trades by the same hours; ``name`` is for programs, ``title`` for people.

    Times are by the exchange's own clock, and the regular session ends no later than the exchange
    closes.  One that ``opens`` later than it closes opens on the evening before its day.  ``early``
    and ``late`` bound trading around the session; on half days that ends at ``half_late``.
    """

    name: str
    title: str
    kind: InstrumentKind
    exchange: str | None = None
    opens: time = time(0)
    closes: time = time(0)
    early: time | None = None
    late: time | None = None
    half_late: time | None = None


@dataclass(frozen=True, slots=True)
class MarketState:
    """How a market stands at an instant; of one that never closes nothing comes next."""

    market: Market
    phase: Phase
    next_open: datetime | None
    next_close: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether its regular session is under way."""
        return self.phase is Phase.REGULAR


#: Markets in the order in which they are shown.  On half days shares trade until 17:00.
MARKETS: Final = (
    Market(
        name="us_stocks",
        title="US stocks",
        kind=InstrumentKind.STOCK,
        exchange="XNYS",
        opens=time(9, 30),
        closes=time(16),
        early=time(4),
        late=time(20),
        half_late=time(17),
    ),
    Market(
        name="cme_futures",
        title="CME futures",
        kind=InstrumentKind.FUTURE,
        exchange="CMES",
        opens=time(17),
        closes=time(16),
    ),
    Market(name="crypto", title="Crypto", kind=InstrumentKind.CRYPTO),
)


def market_of(kind: InstrumentKind) -> Market:
    """Return the market that instruments of the kind trade on."""
    return next(market for market in MARKETS if market.kind is kind)


def state_of(market: Market, at: datetime) -> MarketState:
    """Return how the market stands at ``at`` by its calendar; exactly at the close it is closed.

    Raises InvalidInput where the days of its exchange are not known.
    """
    if market.exchange is None:
        return MarketState(market, Phase.REGULAR, None, None)
    today = on_the_wall(at, exchange(market.exchange).zone).date()
    coming = [
        bounds
        for ahead in range(_SOON)
        if (bounds := session(market, today + ahead * _DAY)) is not None and bounds[1] > at
    ]
    open_now = coming[0][0] <= at
    return MarketState(
        market=market,
        phase=Phase.REGULAR if open_now else _around(market, at, today),
        next_open=coming[1 if open_now else 0][0],
        next_close=coming[0][1],
    )


def session(market: Market, day: date) -> tuple[datetime, datetime] | None:
    """Return the UTC bounds of the regular session of a day; None when it has none.

    Raises InvalidInput for a market that never closes as for a day that is not known.
    """
    of = exchange(market.exchange or "")
    if day.weekday() >= _SATURDAY or of.closed_on(day):
        return None
    first = day - _DAY if market.opens > market.closes else day
    last = min(market.closes, of.closes(day))
    return (
        datetime.combine(first, market.opens, of.zone).astimezone(UTC),
        datetime.combine(day, last, of.zone).astimezone(UTC),
    )


def _around(market: Market, at: datetime, today: date) -> Phase:
    """The phase at an instant outside the regular session."""
    bounds = session(market, today)
    if bounds is None or market.early is None or market.late is None:
        return Phase.CLOSED
    of = exchange(market.exchange or "")
    clock = on_the_wall(at, of.zone).time()
    if at < bounds[0]:
        return Phase.PRE if clock >= market.early else Phase.CLOSED
    late = market.half_late if today in of.half_days and market.half_late else market.late
    return Phase.POST if clock < late else Phase.CLOSED
