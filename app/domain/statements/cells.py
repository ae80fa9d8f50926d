"""Cells as values: numbers and times in the ways in which brokers write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.errors import InvalidInput
from app.domain.money import parse

#: Signs of currencies, and what may stand between the groups of a number.
_DECORATION: Final = re.compile(r"[$€£¥₹₿\s\u00a0\u202f\u2009'’]|USDT|USDC|USD|EUR|GBP")  # noqa: RUF001  the signs that files hold
_MINUS: Final = str.maketrans(dict.fromkeys("−–—﹣－", "-"))  # noqa: RUF001  the signs that files hold
_PLAIN: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
#: So short a number can be kept whatever its digits are.
_SHORT: Final = 14
_BRACKETS: Final = re.compile(r"-?\((.*)\)")
_SIGNED: Final = re.compile(r"([+-]?)([\d.,]+(?:[Ee][+-]?\d{1,2})?)(-?)", re.ASCII)
_COMMAS: Final = re.compile(r"\d{1,3}(,\d{3})+")
_DOTS: Final = re.compile(r"\d{1,3}(\.\d{3}){2,}")

#: Years in which a statement makes sense.
YEARS: Final = range(1970, 2200)

_SLASHES: Final = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}|\d\d)"
    r"(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(?:\s*([AaPp])[Mm])?)?"
    r"(?:\s*([+-]\d\d:?\d\d|Z))?",
    re.ASCII,
)
_POINTS: Final = re.compile(
    r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?\s+(\d{1,2}:\d\d(?::\d\d)?))?", re.ASCII
)
_WORDS: Final = (
    "%b %d, %Y, %I:%M:%S %p",
    "%b %d, %Y, %I:%M %p",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %I:%M %p",
)


def read_number(text: str, *, comma: bool) -> Decimal:
    """Return the number of a cell, such as "$1,234.50", "(115.00)" or "1 234,5-".

    Of a point and a comma the last one marks the decimals.  A comma alone before three digits
    groups them, unless ``comma`` says that the file writes decimals with one.  Raises ValueError
    with what is wrong.
    """
    if len(text) <= _SHORT and _PLAIN.fullmatch(text):
        return Decimal(text)
    bare = _DECORATION.sub("", text.translate(_MINUS))
    inner = _BRACKETS.fullmatch(bare)
    signed = _SIGNED.fullmatch(inner[1] if inner else bare)
    if signed is None or (signed[1] and signed[3]):
        raise ValueError(f"{text[:40]!r} is not a number.")
    number = _exact(_ungrouped(signed[2], comma=comma), text)
    minus = "-" in signed[1] + signed[3]
    return -number if minus or inner else number


def _ungrouped(digits: str, *, comma: bool) -> str:
    point, last = digits.rfind("."), digits.rfind(",")
    if last < 0:
        return digits.replace(".", "") if _DOTS.fullmatch(digits) else digits
    if point >= 0:
        group = "," if point > last else "."
        return digits.replace(group, "").replace(",", ".")
    if _COMMAS.fullmatch(digits) and not (comma and digits.count(",") == 1):
        return digits.replace(",", "")
    return digits.replace(",", ".")


def _exact(digits: str, text: str) -> Decimal:
    try:
        return parse(Decimal(digits), "It")
    except (InvalidOperation, InvalidInput):
        raise ValueError(f"{text[:40]!r} is not a number that can be kept.") from None


def read_time(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant of a cell; ``zone`` is that of times which name none.

    It may be ISO 8601, month/day/year as in America, day.month.year, or "Mar 2, 2026, 9:30 AM".  A
    time that a clock shows twice is the first of the two.  Raises ValueError with what is wrong.
    """
    return _instant(text, zone)


@lru_cache(maxsize=4096)
def _instant(text: str, zone: ZoneInfo) -> datetime:
    at = _iso(text) or _american(text) or _pointed(text) or _worded(text)
    if at is None or at.year not in YEARS:
        raise ValueError(f"{text[:40]!r} is no date and time that can be read.")
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    found = at.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != at:
        raise ValueError(f"{text[:40]!r} does not exist in the zone {zone.key}; choose another.")
    return found


def _iso(text: str) -> datetime | None:
    if len(text) < 8 or "-" not in text[:5]:
        return None
    try:
        return datetime.fromisoformat(text.replace(" +", "+").replace(" UTC", "+00:00"))
    except ValueError:
        return None


def _american(text: str) -> datetime | None:
    found = _SLASHES.fullmatch(text)
    if found is None:
        return None
    month, day, year, hour, minute, second, fraction, half, offset = found.groups()
    full = int(year) if len(year) == 4 else 2000 + int(year)
    at_hour = int(hour or 0) if half is None else int(hour or 0) % 12 + 12 * (half in "Pp")
    iso = (
        f"{full:04}-{int(month):02}-{int(day):02}T{at_hour:02}:{minute or '00'}:{second or '00'}"
        f".{(fraction or '0').ljust(6, '0')}{offset or ''}"
    )
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        raise ValueError(
            f"{text[:40]!r} is no day; with slashes the month comes first, as in 03/14/2026."
        ) from None


def _pointed(text: str) -> datetime | None:
    found = _POINTS.fullmatch(text)
    if found is None:
        return None
    day, month, year, clock = found.groups()
    iso = f"{year}-{int(month):02}-{int(day):02}T{(clock or '00:00').rjust(5, '0')}"
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        return None


def _worded(text: str) -> datetime | None:
    for shape in _WORDS:
        try:
            return datetime.strptime(text, shape)  # noqa: DTZ007  the zone is put on by the caller
        except ValueError:
            continue
    return None
