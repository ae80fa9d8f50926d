"""Which markets are open: as a connected venue says, else by the calendars of the exchanges."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.catalogue import InstrumentKind
from app.domain.errors import BrokerError
from app.domain.quotes import MarketHours
from app.domain.sessions import MARKETS, MarketState, Phase, market_of, state_of
from app.services.ports import Clock, MarketSources

#: Seconds for which an answer is good; after a failure, or at an opening, it is asked this soon.
GOOD_S: Final = 45.0
SOON_S: Final = 5.0
#: Seconds after which an answer that could not be renewed counts no more.
LAPSED_S: Final = 120.0
#: Seconds around an opening or a close in which clocks that differ contradict nothing.
LEEWAY: Final = timedelta(seconds=60)

_SHARES: Final = market_of(InstrumentKind.STOCK)


class HoursSource(StrEnum):
    """Who says whether shares trade."""

    VENUE = "venue"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Standing:
    """How each market stands, shares first.

    ``as_of`` is when the venue answered, or the present by the calendar; ``problem`` is why there
    is no newer answer of a venue that is connected.
    """

    markets: Sequence[MarketState]
    as_of: datetime
    source: HoursSource
    problem: str | None = None

    @property
    def shares(self) -> MarketState:
        """The stock market."""
        return self.markets[0]


@dataclass(frozen=True, slots=True)
class _Told:
    hours: MarketHours
    at: datetime
    monotonic: float


class HoursBook:
    """Keeps the venue's last word on the stock market; other markets go by their calendars.

    ``contradicted`` is told, as a sentence and once each time, when venue and calendar disagree.
    """

    def __init__(
        self, sources: MarketSources, clock: Clock, contradicted: Callable[[str], None]
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._contradicted = contradicted
        self._told: _Told | None = None
        self._asked: float | None = None
        self._problem: str | None = None
        self._differed = False
        self._asking = threading.Lock()

    def standing(self) -> Standing:
        """Return how the markets stand, and ask the venue first when its answer is old."""
        if self.due():
            self.ask()
        return self.known()

    def due(self) -> bool:
        """Whether a venue is connected and its answer is too old, or was overtaken by time."""
        if self._sources.source() is None:
            return False
        if self._asked is None:
            return True
        since = self._clock.monotonic() - self._asked
        renewed = self._problem is None and self._answer(self._clock.now()) is not None
        return since >= (GOOD_S if renewed else SOON_S)

    def ask(self) -> None:
        """Ask the venue, unless somebody is asking it; never raises for a venue."""
        source = self._sources.source()
        if source is None or not self._asking.acquire(blocking=False):
            return
        try:
            hours = source.hours()
        except BrokerError as error:
            self._problem = error.detail
        else:
            now = self._clock.now()
            self._told = _Told(hours, now, self._clock.monotonic())
            self._problem = None
            self._compare(hours, now)
        finally:
            self._asked = self._clock.monotonic()
            self._asking.release()

    def known(self) -> Standing:
        """Return how the markets stand by what was said last; asks nobody."""
        now = self._clock.now()
        states = [state_of(market, now) for market in MARKETS]
        if self._sources.source() is None:
            return Standing(states, now, HoursSource.CALENDAR)
        told = self._answer(now)
        if told is None:
            return Standing(states, now, HoursSource.CALENDAR, self._problem)
        states[0] = _as_told(states[0], told.hours)
        return Standing(states, told.at, HoursSource.VENUE, self._problem)

    def _answer(self, now: datetime) -> _Told | None:
        """The venue's last answer while it holds: until it lapses, or what it announced is due."""
        told = self._told
        if told is None or self._clock.monotonic() - told.monotonic > LAPSED_S:
            return None
        return told if now < min(told.hours.next_open, told.hours.next_close) else None

    def _compare(self, hours: MarketHours, now: datetime) -> None:
        differs = all(
            state_of(_SHARES, at).is_open is not hours.is_open
            for at in (now - LEEWAY, now, now + LEEWAY)
        )
        if differs and not self._differed:
            words = ("open", "closed") if hours.is_open else ("closed", "open")
            self._contradicted(
                f"The venue says that the stock market is {words[0]}, and by the calendar of the"
                f" exchange it is {words[1]}. The venue's word counts."
            )
        self._differed = differs


def _as_told(calendar: MarketState, hours: MarketHours) -> MarketState:
    phase = calendar.phase
    if hours.is_open is not calendar.is_open:
        phase = Phase.REGULAR if hours.is_open else Phase.CLOSED
    return replace(calendar, phase=phase, next_open=hours.next_open, next_close=hours.next_close)
