"""Bars: the trades of a stretch of time in five numbers, on a grid that the exchange's day sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Final

from app.domain.catalogue import Instrument, InstrumentKind
from app.domain.money import exact
from app.domain.sessions import Roll, trading_day

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
#: Shares trade by New York's date, before and after the regular session too.
_SHARES_DAY: Final = "00:00 America/New_York"


class Timeframe(StrEnum):
    """How much time a bar covers."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    FIFTEEN_MINUTES = "15m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def span(self) -> timedelta:
        """How long a bar is; a day is an hour longer or shorter where the clocks change."""
        return _SPANS[self]


_SPANS: Final = {
    Timeframe.MINUTE: timedelta(minutes=1),
    Timeframe.FIVE_MINUTES: timedelta(minutes=5),
    Timeframe.FIFTEEN_MINUTES: timedelta(minutes=15),
    Timeframe.HOUR: timedelta(hours=1),
    Timeframe.DAY: _DAY,
}


class BarSource(StrEnum):
    """Where a bar came from, the least trusted first.

    ``SYNTHETIC`` and ``BUILT`` bars are made of quotes (made-up ones, and real ones), ``STREAM``
    bars were told as they ended, ``ALPACA`` bars were asked for, ``CSV`` bars are from a file.
    """

    SYNTHETIC = "synthetic"
    BUILT = "built"
    STREAM = "stream"
    ALPACA = "alpaca"
    CSV = "csv"

    @property
    def replaceable(self) -> frozenset[BarSource]:
        """The sources whose bars give way to one from here: its own, and those trusted less."""
        known = list(BarSource)
        return frozenset(known[: known.index(self) + 1])


@dataclass(frozen=True, slots=True)
class Bar:
    """The trades of one symbol in the time that begins at ``at``.

    Prices are in the instrument's quote currency, ``volume`` in its units, None where it is not
    known; ``at`` of a day's bar is the beginning of that day at the exchange.
    """

    symbol: str
    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None


@dataclass(frozen=True, slots=True)
class KeptBar:
    """A bar as it is kept, and where it came from."""

    bar: Bar
    source: BarSource


def begin(timeframe: Timeframe, at: datetime, instrument: Instrument) -> datetime:
    """Return when the bar that holds the instant ``at`` begins, in UTC."""
    if timeframe is Timeframe.DAY:
        roll = _day_of(instrument)
        return roll.opens(trading_day(at, roll))
    return at.astimezone(UTC) - (at - _EPOCH) % timeframe.span


def following(timeframe: Timeframe, at: datetime, instrument: Instrument) -> datetime:
    """Return when the bar that holds the instant ``at`` ends, and the next one begins."""
    if timeframe is Timeframe.DAY:
        roll = _day_of(instrument)
        return roll.opens(trading_day(at, roll) + _DAY)
    return begin(timeframe, at, instrument) + timeframe.span


def _day_of(instrument: Instrument) -> Roll:
    shares = instrument.kind is InstrumentKind.STOCK
    return _roll(_SHARES_DAY if shares else instrument.session_roll)


@cache
def _roll(text: str) -> Roll:
    return Roll.parse(text)


def resampled(bars: Iterable[Bar], timeframe: Timeframe, instrument: Instrument) -> Iterator[Bar]:
    """Yield longer bars of shorter ones, which come oldest first; times without any have none.

    The volume of a bar is unknown when that of any of its parts is.
    """
    whole: Bar | None = None
    end = _EPOCH
    for bar in bars:
        if whole is not None and bar.at < end:
            whole = _together(whole, bar)
            continue
        if whole is not None:
            yield whole
        at = begin(timeframe, bar.at, instrument)
        end = following(timeframe, bar.at, instrument)
        whole = Bar(bar.symbol, at, bar.open, bar.high, bar.low, bar.close, bar.volume)
    if whole is not None:
        yield whole


@exact
def _together(first: Bar, later: Bar) -> Bar:
    volume = None
    if first.volume is not None and later.volume is not None:
        volume = first.volume + later.volume
    return Bar(
        first.symbol,
        first.at,
        first.open,
        max(first.high, later.high),
        min(first.low, later.low),
        later.close,
        volume,
    )


def merged(better: Sequence[KeptBar], others: Sequence[KeptBar]) -> list[KeptBar]:
    """Return the bars of both, oldest first; where both have one, it is that of ``better``."""
    by_time = {each.bar.at: each for each in others} | {each.bar.at: each for each in better}
    return [by_time[at] for at in sorted(by_time)]
