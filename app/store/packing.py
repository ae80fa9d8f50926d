"""Rolled spans in a few dozen bytes: what a minute of a curve came to, as it is stored.

A span is a list of whole numbers in MessagePack: the places of its decimals, then values as counts
of the last place, all but the first as differences to it in steps of what divides them all, and
instants as seconds since another one.  Trailing zeros are left out, and so is a fall from the
highest value to the lowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from math import gcd
from typing import Any, Final, NamedTuple

import msgpack

from app.domain.equity import Depth, Fall, Point, Summary
from app.domain.equity.summary import steepest
from app.domain.errors import InvariantBroken
from app.domain.money import CONTEXT, PLACES, plain
from app.services.ports import Gap, Level, Rolled
from app.services.reads import Outline

_WIDEST: Final = 2**63
#: Spans that are kept unpacked, of some 2 KB each: five curves of a year.
_KEPT: Final = 2048


class _Fields(NamedTuple):
    """What a known span's bytes say, in their order; ``step`` is less one, an instant a distance.

    Of a span in which nothing is known there are three: None, how often it was recorded as unknown,
    and when first.
    """

    places: Any
    first: Any
    open: Any
    first_at: Any
    samples: Any
    step: Any
    last: Any
    high: Any
    low: Any
    last_at: Any
    high_at: Any
    high_until: Any
    low_at: Any
    fall: Any
    depths: Any
    gaps: Any
    gap_at: Any


_ZEROS: Final = [0] * len(_Fields._fields)
#: By the places of a span's decimals: how many steps of 1e-18 its last place is.
_UNITS: Final = tuple(10 ** (PLACES - places) for places in range(PLACES + 1))


def pack(span: Rolled) -> bytes:
    """Return the span's content as bytes; raises InvariantBroken for parts of a second."""
    known = span.summary
    fields = list(_unknown(span) if known is None else _Packer(span, known).fields())
    while fields[-1] == 0:
        fields.pop()
    packed: bytes = msgpack.packb(fields)
    return packed


@lru_cache(maxsize=_KEPT)
def unpack(series_id: int, level: int, at: int, seconds: int, data: bytes) -> Rolled:
    """Return the span of a row of ``pnl_spans``; raises InvariantBroken for a damaged one.

    What a row means never changes, so the last few thousand are kept: whoever looks at a curve asks
    for its days again with every new second.
    """
    try:
        fields = _fields(data)
        summary, open_pnl, gap = None, None, None
        if fields.places is None:
            gap = Gap(_instant(at + fields.open), fields.first) if fields.first else None
        else:
            summary, open_pnl = _Unpacker(at, fields).summary(), _open(fields)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise InvariantBroken(
            f"What curve {series_id} came to from {_instant(at)} cannot be read: {error}."
        ) from error
    return Rolled(series_id, Level(level), at, at + seconds, summary, open_pnl, gap)


def outline(at: int, seconds: int, data: bytes) -> Outline:
    """Return what a chart draws of a row of ``pnl_spans``; there are thousands in a chart."""
    places, begin, open_pnl, first_at, _, step, last, high, low, *instants = _padded(data)
    if places is None:
        return Outline(at, at + seconds, (), at + open_pnl, still=False)
    last_at, high_at, _, low_at, fall, _, _, gap_at = instants
    first, end, unit = at + first_at, at + first_at + last_at, _UNITS[places]
    base, step = int(begin) * unit, (int(step) + 1) * unit
    values = {
        first: base,
        first + high_at: base + int(high) * step,
        first + low_at: base + int(low) * step,
        end: base + int(last) * step,
    }
    if fall:
        peak, peak_at, trough, trough_at = fall
        values[at + peak_at] = base + int(peak) * step
        values[at + trough_at] = base + int(trough) * step
    unknown_at = end + gap_at if gap_at else None
    return Outline(at, at + seconds, sorted(values.items()), unknown_at, still=int(open_pnl) == 0)


@dataclass(frozen=True, slots=True)
class Last:
    """The open P&L at a span's last known sample, and that sample's epoch second."""

    at: int
    open: Decimal


def last_of(at: int, data: bytes) -> Last | None:
    """Return what a row of ``pnl_spans`` ends with; None when nothing in it is known."""
    fields = _fields(data)
    if fields.places is None:
        return None
    return Last(at + fields.first_at + fields.last_at, _open(fields))


def _unknown(span: Rolled) -> list[Any]:
    gap = span.gap
    return [None, 0, 0] if gap is None else [None, gap.samples, _second(gap.at) - span.at]


class _Packer:
    def __init__(self, rolled: Rolled, span: Summary) -> None:
        if rolled.open is None:
            raise InvariantBroken(f"A span from {rolled.at} is known, and its open P&L is not.")
        self._at = rolled.at
        self._span = span
        self._open = rolled.open
        fall = [span.fall.peak, span.fall.trough] if span.fall else []
        depths = [value for depth in span.depths for value in depth]
        points = (span.first, span.last, span.high, span.low)
        values = [*(point.value for point in points), *fall, *depths]
        self._places = max(_places(value) for value in [self._open, *values])
        self._first = self._count(span.first.value)
        self._step = gcd(*(self._count(value) - self._first for value in values)) or 1

    def fields(self) -> Sequence[Any]:
        span = self._span
        first, last = _second(span.first.at), _second(span.last.at)
        return _Fields(
            places=self._places,
            first=_wide(self._first),
            open=_wide(self._count(self._open)),
            first_at=first - self._at,
            samples=span.samples,
            step=_wide(self._step - 1),
            last=self._value(span.last.value),
            high=self._value(span.high.value),
            low=self._value(span.low.value),
            last_at=last - first,
            high_at=_second(span.high.at) - first,
            high_until=last - _second(span.high_until),
            low_at=_second(span.low.at) - first,
            fall=self._fall(),
            depths=self._depths(),
            gaps=span.gaps,
            gap_at=0 if span.gap_at is None else _second(span.gap_at) - last,
        )

    def _fall(self) -> object:
        fall, usual = self._span.fall, _usual_fall(self._span.high, self._span.low)
        if fall == usual:
            return 0
        if fall is None or fall.peak_at is None:
            raise InvariantBroken(f"A span from {self._span.first.at} has a fall of no peak.")
        return [
            self._value(fall.peak),
            _second(fall.peak_at) - self._at,
            self._value(fall.trough),
            _second(fall.trough_at) - self._at,
        ]

    def _depths(self) -> object:
        span = self._span
        if span.depths == _usual_depths(span.first, span.low, span.fall):
            return 0
        lowest = next((peak for peak, trough in span.depths if trough == span.low.value), None)
        if lowest is not None and span.depths == _two_depths(lowest, span.low, span.fall):
            return self._value(lowest)
        return [[self._value(peak), self._value(trough)] for peak, trough in span.depths]

    def _value(self, value: Decimal) -> int | str:
        return _wide((self._count(value) - self._first) // self._step)

    def _count(self, value: Decimal) -> int:
        return int(CONTEXT.scaleb(value, self._places))


class _Unpacker:
    def __init__(self, at: int, fields: _Fields) -> None:
        self._at = at
        self._fields = fields
        self._first = int(fields.first)
        self._step = int(fields.step) + 1

    def summary(self) -> Summary:
        fields = self._fields
        begin = self._at + fields.first_at
        first = Point(_instant(begin), self._value(0))
        high = Point(_instant(begin + fields.high_at), self._value(fields.high))
        low = Point(_instant(begin + fields.low_at), self._value(fields.low))
        last = begin + fields.last_at
        fall = self._fall(fields.fall) if fields.fall else _usual_fall(high, low)
        return Summary(
            first=first,
            last=Point(_instant(last), self._value(fields.last)),
            high=high,
            high_until=_instant(last - fields.high_until),
            low=low,
            fall=fall,
            depths=self._depths(fields.depths, first, low, fall),
            samples=fields.samples,
            gaps=fields.gaps,
            gap_at=_instant(last + fields.gap_at) if fields.gap_at else None,
        )

    def _fall(self, kept: Sequence[Any]) -> Fall:
        return Fall(
            self._value(kept[0]),
            _instant(self._at + kept[1]),
            self._value(kept[2]),
            _instant(self._at + kept[3]),
        )

    def _depths(self, kept: Any, first: Point, low: Point, fall: Fall | None) -> tuple[Depth, ...]:  # noqa: ANN401
        if kept == 0:
            return _usual_depths(first, low, fall)
        if not isinstance(kept, list):
            return _two_depths(self._value(kept), low, fall)
        return tuple((self._value(peak), self._value(trough)) for peak, trough in kept)

    def _value(self, difference: int | str) -> Decimal:
        return _decimal(self._first + int(difference) * self._step, self._fields.places)


def _usual_fall(high: Point, low: Point) -> Fall | None:
    """The fall of a span whose lowest value comes after its highest."""
    if low.at <= high.at:
        return None
    return Fall(high.value, high.at, low.value, low.at)


def _usual_depths(first: Point, low: Point, fall: Fall | None) -> tuple[Depth, ...]:
    """The depths of a span that fell once, or only after its lowest value."""
    return _two_depths(first.value, low, fall)


def _two_depths(peak: Decimal, low: Point, fall: Fall | None) -> tuple[Depth, ...]:
    """The depths of the largest fall, and of the fall to the lowest value from ``peak``."""
    lowest = peak, low.value
    if fall is None or (fall.peak, fall.trough) == lowest:
        return (lowest,)
    return steepest([(fall.peak, fall.trough), lowest])


def _fields(data: bytes) -> _Fields:
    return _Fields._make(_padded(data))


def _padded(data: bytes) -> list[Any]:
    fields: list[Any] = msgpack.unpackb(data)
    return fields + _ZEROS[len(fields) :]


def _open(fields: _Fields) -> Decimal:
    return _decimal(int(fields.open), fields.places)


def _decimal(count: int, places: int) -> Decimal:
    return Decimal(count).scaleb(-places, CONTEXT)


def _places(value: Decimal) -> int:
    return max(-int(plain(value).as_tuple().exponent), 0)


def _wide(number: int) -> int | str:
    """MessagePack's own numbers end at 64 bits."""
    return number if -_WIDEST <= number < _WIDEST else str(number)


def _second(at: datetime) -> int:
    if at.microsecond:
        raise InvariantBroken(f"History is kept by the second, and {at} is none.")
    return int(at.timestamp())


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
