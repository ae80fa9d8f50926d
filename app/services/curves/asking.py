"""What is asked of a curve: from when to when, and where it stands at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.sessions import Roll, day_bounds
from app.services.calendar.ranges import MOST_DAYS, check_day

Edge = datetime | date
"""An instant, or a trading day, of which a range takes the whole."""

_LONGEST: Final = timedelta(days=MOST_DAYS)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Curve:
    """A recorded curve: its series, its equity at a P&L of 0, its first and last second."""

    series_id: int
    base: Decimal
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A curve from ``start`` (in it) to ``end`` (not in it), epoch seconds; None never recorded.

    ``now`` is this moment, ``live`` whether the range reaches it, ``pnl`` the P&L now (None while a
    price is unknown), and ``flat`` whether nothing is held now.
    """

    curve: Curve | None
    start: int
    end: int
    now: datetime
    live: bool
    pnl: Decimal | None
    flat: bool

    @property
    def state(self) -> object:
        """What the answers move with, and the minute: a sample may have come late."""
        value = (self.pnl, self.flat) if self.live else None
        return self.curve, value, int(self.now.timestamp()) // 60


def bounds(
    start: Edge | None, end: Edge | None, roll: Roll, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return the instants from (in it) and to (not in it) which a range goes; None is open.

    Raises InvalidInput with the field when one is not of our time, the end lies before the start,
    or the range (until ``now`` when its end is open) is longer than ten years.
    """
    for field, edge in (("start", start), ("end", end)):
        if edge is not None:
            check_day(edge, field)
    begins, ends = _begin(start, roll), _end(end, roll)
    if begins is not None:
        _check_order(begins, ends, now)
    return begins, ends


def _begin(edge: Edge | None, roll: Roll) -> datetime | None:
    return edge if edge is None or isinstance(edge, datetime) else day_bounds(edge, roll)[0]


def _end(edge: Edge | None, roll: Roll) -> datetime | None:
    """The second of an instant is in the range, as a day is."""
    if edge is None:
        return None
    return edge + _SECOND if isinstance(edge, datetime) else day_bounds(edge, roll)[1]


def _check_order(begins: datetime, ends: datetime | None, now: datetime) -> None:
    if ends is not None and ends <= begins:
        raise InvalidInput("end lies before start.", fields={"end": "must not be before start"})
    if (ends or now) - begins > _LONGEST:
        raise InvalidInput(
            "The range is longer than ten years.",
            fields={"start": "must lie within ten years of end"},
        )
