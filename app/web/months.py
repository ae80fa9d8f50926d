"""A month of the P&L calendar as the grid that its page shows, and a year as twelve of them."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.money import ZERO, exact
from app.services.calendar import CalendarDay
from app.web.vendor import money, pnl, short_pnl

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


def parse_year(text: str | None, today: date) -> date | None:
    """Return the first day of the year "2026", None without one; raises InvalidInput."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and _FIRST_YEAR <= int(text) <= today.year):
        raise InvalidInput("There is no such year here.", fields={"year": "too early or late"})
    return date(int(text), 1, 1)


def last_of(first: date) -> date:
    """Return the last day of the month that begins on ``first``."""
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def month_grid(first: date, days: Sequence[CalendarDay], today: date) -> Grid:
    """Return the month that begins on ``first``: weeks of days, with totals and heat levels."""
    known = {day.day: day for day in days if day.active}
    notes = {day.day: day.note for day in days if day.note}
    # On a weekend today has its cell before it has a trade, so that the cell can follow it.
    shown = {*known, *notes, *({today} if first <= today <= last_of(first) else ())}
    width = 7 if any(day.weekday() >= _WEEKEND for day in shown) else _WEEKEND
    largest = max((abs(day.pnl) for day in days if day.pnl is not None), default=ZERO)
    earlier, later = first - timedelta(days=1), last_of(first) + timedelta(days=1)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return {
        "first": f"{first:%Y-%m}",
        "month": f"{first:%B %Y}",
        "prev": f"{earlier:%Y-%m}" if earlier.year >= _FIRST_YEAR else None,
        "next": f"{later:%Y-%m}" if later <= today else None,
        "total": _total(days),
        "up": sum(1 for day in days if day.pnl is not None and day.pnl > 0),
        "traded": len(known),
        "unknown": _unknown(days),
        "live": _same(first, today),
        "trades": sum(day.trades for day in days),
        "weeks": [
            _week(
                [
                    {**_day(each, first, known, largest, today), "note": each in notes}
                    for each in week[:width]
                ],
                known,
            )
            for week in weeks
            if any(each.month == first.month for each in week[:width])
        ],
    }


def year_grid(first: date, days: Sequence[CalendarDay], today: date) -> Grid:
    """Return the year that begins on ``first``: the grids of its months, and its totals."""
    months: list[Grid] = []
    for number in range(1, 13):
        month = first.replace(month=number)
        those = [day for day in days if day.day.month == number]
        more = {"name": f"{month:%b}", "future": month > today}
        months.append({**month_grid(month, those, today), **more})
    return {
        "year": first.year,
        "latest": f"{min(today, first.replace(month=12)):%Y-%m}",
        "prev": first.year - 1 if first.year > _FIRST_YEAR else None,
        "next": first.year + 1 if first.year < today.year else None,
        "total": _total(days),
        "up": sum(1 for day in days if day.pnl is not None and day.pnl > 0),
        "traded": sum(1 for day in days if day.active),
        "unknown": _unknown(days),
        "months": months,
    }


def _same(month: date, today: date) -> bool:
    return (month.year, month.month) == (today.year, today.month)


@exact
def _total(days: Sequence[CalendarDay]) -> Decimal:
    return sum((day.pnl for day in days if day.pnl is not None), ZERO)


def _unknown(days: Sequence[CalendarDay]) -> int:
    """Return how many days the totals do not have in them, for want of a price."""
    return sum(1 for day in days if day.pnl is None)


def _words(day: CalendarDay) -> str:
    """Return what a day is made of: "Gross +$130.00, fees $2.25, 1 trade, max drawdown $25.00"."""
    parts = [f"Gross {pnl(day.gross)}", f"fees {money(day.fees)}"]
    parts.append(f"{day.trades} trade{'' if day.trades == 1 else 's'}")
    if day.max_drawdown is not None:
        parts.append(f"max drawdown {money(day.max_drawdown)}")
    return ", ".join(parts)


def _week(cells: list[Grid], known: Mapping[date, CalendarDay]) -> Grid:
    days = [
        known[date.fromisoformat(str(cell["date"]))]
        for cell in cells
        if not cell["out"] and date.fromisoformat(str(cell["date"])) in known
    ]
    total = _total(days) if any(day.pnl is not None for day in days) else None
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
    made = day.pnl if day else None
    return {
        "day": each.day,
        "date": each.isoformat(),
        "pnl": made,
        "pnl_short": short_pnl(made),
        "unknown": day is not None and made is None,
        "words": _words(day) if day else "",
        "trades": day.trades if day else 0,
        "level": _level(made, largest),
        "today": each == today,
        "out": each.month != first.month,
        "future": each > today,
    }


def _level(made: Decimal | None, largest: Decimal) -> int:
    """Return how strongly a day is coloured, -4 to 4, against the month's largest day."""
    if not made:
        return 0
    step = int((abs(made) / largest * LEVELS).to_integral_value(ROUND_CEILING))
    return step if made > 0 else -step
