"""Made-up history: the bars of a symbol are the same in whatever pieces they are asked.

The price at an instant is a pure function of the symbol and the instant, so that bars of any length
agree with each other.  It says nothing about the prices that the stand-in trades at.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from tests.venues.alpaca.market.assets import Asset
from tests.venues.alpaca.market.hours import NEW_YORK, Hours
from tests.venues.alpaca.words import Json, bad_field

_FRAME: Final = re.compile(r"(\d{1,2})(Min|T|Hour|H|Day|D|Week|W|Month|M)")
_MONTHS: Final = frozenset({1, 2, 3, 4, 6, 12})
_SAMPLES: Final = 8
_DAY: Final = timedelta(days=1)
#: Bars that one question looks through at most.
_MOST: Final = 200_000


@dataclass(frozen=True)
class Frame:
    """The length of a bar: a number of minutes, hours, days, weeks or months."""

    count: int
    unit: str

    @staticmethod
    def read(text: str) -> Frame:
        """Read ``15Min``; raises ApiError."""
        found = _FRAME.fullmatch(text)
        if found is None or not int(found[1]):
            raise bad_field(f"invalid timeframe: {text}")
        units = {"Min": "T", "Hour": "H", "Day": "D", "Week": "W", "Month": "M"}
        frame = Frame(int(found[1]), units.get(found[2], found[2]))
        most = {"T": 59, "H": 23, "D": 1, "W": 1}.get(frame.unit)
        if (most is None and frame.count not in _MONTHS) or (most and frame.count > most):
            raise bad_field(f"invalid timeframe: {text}")
        return frame

    @property
    def intraday(self) -> bool:
        """Whether it is shorter than a day."""
        return self.unit in {"T", "H"}

    def begin(self, at: datetime, asset: Asset) -> datetime:
        """When the bar of an instant begins."""
        where = UTC if asset.crypto else NEW_YORK
        here = at.astimezone(where)
        midnight = datetime.combine(here.date(), time(), where)
        if self.intraday:
            minutes = self.count * (60 if self.unit == "H" else 1)
            past = (here.hour * 60 + here.minute) // minutes * minutes
            return midnight + timedelta(minutes=past)
        if self.unit == "W":
            return midnight - midnight.weekday() * _DAY
        if self.unit == "M":
            return midnight.replace(day=1, month=(here.month - 1) // self.count * self.count + 1)
        return midnight

    def after(self, start: datetime, asset: Asset) -> datetime:
        """When the next bar begins."""
        if self.intraday:
            step = timedelta(minutes=self.count * (60 if self.unit == "H" else 1))
            return (start.astimezone(UTC) + step).astimezone(start.tzinfo)
        days = {"D": 1, "W": 7}.get(self.unit, 31 * self.count)
        return self.begin(start + timedelta(days=days, hours=2), asset)


class History:
    """Bars of any listed asset."""

    def __init__(self, hours: Hours) -> None:
        self._hours = hours

    def bars(self, asset: Asset, frame: Frame, start: datetime, end: datetime) -> Iterator[Json]:
        """The bars that begin from start to end and have begun by now, oldest first."""
        at = frame.begin(start, asset)
        for _ in range(_MOST):
            if at > min(end, self._hours.now()):
                return
            following = frame.after(at, asset)
            if at >= start and self._traded(asset, frame, at, following):
                yield _bar(asset, at, following)
            at = following

    def latest(self, asset: Asset) -> Json:
        """The bar of the last minute in which the asset traded."""
        now = self._hours.now()
        day = now.astimezone(NEW_YORK).date()
        for back in range(15):
            bounds = self._hours.bounds(day - back * _DAY)
            if asset.crypto or self._hours.regular(now):
                break
            if bounds is not None and bounds[1] <= now:
                now = bounds[1] - timedelta(seconds=1)
                break
        minute = now.replace(second=0, microsecond=0)
        return _bar(asset, minute, minute + timedelta(minutes=1))

    def _traded(self, asset: Asset, frame: Frame, start: datetime, end: datetime) -> bool:
        if asset.crypto or frame.unit in {"W", "M"}:
            return True
        if frame.unit == "D":
            return self._hours.bounds(start.date()) is not None
        bounds = self._hours.bounds(start.astimezone(NEW_YORK).date())
        return bounds is not None and start < bounds[1] and end > bounds[0]


def _bar(asset: Asset, start: datetime, end: datetime) -> Json:
    first, last = start.timestamp(), end.timestamp()
    instants = [first + (last - first) * n / (_SAMPLES - 1) for n in range(_SAMPLES)]
    prices = [_price(asset, at) for at in instants]
    minutes = max(int((last - first) / 60), 1)
    volume = 1000 * minutes + zlib.crc32(f"{asset.symbol}{first}".encode()) % 1000
    return {
        "t": start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "o": prices[0],
        "h": max(prices),
        "l": min(prices),
        "c": prices[-1],
        "v": volume,
        "n": 10 * minutes,
        "vw": round(sum(prices) / len(prices), 4),
    }


def _price(asset: Asset, at: float) -> float:
    """Waves of a month, a day, an hour and a few minutes on the asset's own price."""
    phase = zlib.crc32(asset.symbol.encode()) % 1000
    wave = 0.05 * math.sin(at / 400_000 + phase) + 0.01 * math.sin(at / 14_000 + phase)
    wave += 0.002 * math.sin(at / 571 + phase) + 0.0005 * math.sin(at / 41 + phase)
    return round(float(asset.price) * (1 + wave), 2 if asset.price >= 1 else 4)
