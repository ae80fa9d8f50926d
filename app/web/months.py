"""One month of the P&L calendar as the grid that its page shows."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.money import ZERO
from app.services.views import CalendarDay
from app.web.vendor import short_pnl

Grid = dict[str, object]

LEVELS: Final = 4
_WEEKEND: Final = 5
_FIRST_YEAR: Final = 2000


def parse_month(text: str | None, today: date) -> date:
    """Return the first day of the month "2026-10", of today's without one; raises InvalidInput."""
    if not text:
        return today.replace(day=1)
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InvalidInput("The month must be like 2026-10.", fields={"month": "2026-10"}) from None
    if not _FIRST_YEAR <= first.year <= today.year:
        raise InvalidInput("There is no such month here.", fields={"month": "too early or late"})
    return first


def last_of(first: date) -> date:
    """Return the last day of the month that begins on ``first``."""
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def month_grid(first: date, days: Sequence[CalendarDay], today: date) -> Grid:
    """Return the month that begins on ``first``: weeks of days, with totals and heat levels."""
    known = {day.day: day for day in days}
    # On a weekend today has its cell before it has a trade, so that the cell can follow it.
    shown = {*known, today} if first <= today <= last_of(first) else {*known}
    width = 7 if any(day.weekday() >= _WEEKEND for day in shown) else _WEEKEND
    largest = max((abs(day.pnl) for day in days if day.pnl is not None), default=ZERO)
    earlier, later = first - timedelta(days=1), last_of(first) + timedelta(days=1)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return {
        "month": f"{first:%B %Y}",
        "prev": f"{earlier:%Y-%m}" if earlier.year >= _FIRST_YEAR else None,
        "next": f"{later:%Y-%m}" if later <= today else None,
        "total": _total(days),
        "up": sum(1 for day in days if day.pnl is not None and day.pnl > 0),
        "traded": len(days),
        "weeks": [
            _week([_day(each, first, known, largest, today) for each in week[:width]], known)
            for week in weeks
            if any(each.month == first.month for each in week[:width])
        ],
    }


def _total(days: Sequence[CalendarDay]) -> Decimal:
    return sum((day.pnl for day in days if day.pnl is not None), ZERO)


def _week(cells: list[Grid], known: Mapping[date, CalendarDay]) -> Grid:
    days = [
        known[date.fromisoformat(str(cell["date"]))]
        for cell in cells
        if not cell["out"] and date.fromisoformat(str(cell["date"])) in known
    ]
    total = _total(days) if days else None
    return {
        "days": cells,
        "total": total,
        "total_short": short_pnl(total),
        "trades": sum(day.trades for day in days),
    }


def _day(
    each: date, first: date, known: Mapping[date, CalendarDay], largest: Decimal, today: date
) -> Grid:
    day = known.get(each)
    pnl = day.pnl if day else None
    return {
        "day": each.day,
        "date": each.isoformat(),
        "pnl": pnl,
        "pnl_short": short_pnl(pnl),
        "trades": day.trades if day else 0,
        "level": _level(pnl, largest),
        "today": each == today,
        "out": each.month != first.month,
        "future": each > today,
    }


def _level(pnl: Decimal | None, largest: Decimal) -> int:
    """Return how strongly a day is coloured, -4 to 4, against the month's largest day."""
    if not pnl:
        return 0
    step = int((abs(pnl) / largest * LEVELS).to_integral_value(ROUND_CEILING))
    return step if pnl > 0 else -step
