"""Write app/domain/sessions/dates.py from the calendar library: its closed days and half days.

The server holds plain dates, because the library is slow to import and large in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, Final

import exchange_calendars

EXCHANGES: Final = ("CMES", "XNYS")
FIRST: Final = date(2000, 1, 1)
LAST: Final = date(2050, 12, 31)
TARGET: Final = Path(__file__).resolve().parents[1] / "app/domain/sessions/dates.py"

HEAD: Final = '''\
"""Closed days and half days of exchanges.  Written by scripts/holidays.py; not by hand.

Each line is a year, its weekdays without a session, and after a slash its half days.
"""

from __future__ import annotations

from typing import Final
'''


def text() -> str:
    """Return the whole module."""
    return "\n".join([HEAD, *(block for name in EXCHANGES for block in _exchange(name))])


def _exchange(name: str) -> Iterator[str]:
    calendar = exchange_calendars.get_calendar(name, start=FIRST.isoformat(), end=LAST.isoformat())
    closes = dict(_closes(calendar))
    usual, half = max(closes.values()), min(closes.values())
    if set(closes.values()) != {usual, half}:
        raise SystemExit(f"{name} closes at more than two times: {sorted(set(closes.values()))}.")
    closed = [day for day in _weekdays() if day not in closes]
    halves = [day for day, at in closes.items() if at == half]
    yield f"#: Closes at {usual:%H:%M}, on half days at {half:%H:%M}, in {calendar.tz.key}."
    yield f'{name}: Final = """\\'
    for year in range(FIRST.year, LAST.year + 1):
        yield f"{year} {_days(closed, year)} / {_days(halves, year)}".replace("  ", " ").rstrip()
    yield '"""\n'


def _closes(calendar: Any) -> Iterator[tuple[date, time]]:  # noqa: ANN401 - the library has no types
    for session, close in calendar.closes.items():
        yield session.date(), close.tz_convert(calendar.tz).time()


def _weekdays() -> Iterator[date]:
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        if day.weekday() < 5:
            yield day


def _days(days: Iterable[date], year: int) -> str:
    return " ".join(f"{day:%m%d}" for day in days if day.year == year)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
