"""Browser libraries with their recorded sums, and what templates use to show numbers and times."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.errors import ConfigError
from app.domain.money import CENT, CONTEXT, ZERO, wire

UNKNOWN: Final = "–"  # noqa: RUF001  an en dash is how the pages say "unknown"
MINUS: Final = "−"  # noqa: RUF001  the minus sign, not a hyphen


class Libraries:
    """The browser libraries in ``folder``, with the sums that the set-up recorded.

    Raises ConfigError when the set-up has not put them there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        record = folder / "VENDOR.json"
        try:
            self._recorded: dict[str, dict[str, str]] = json.loads(record.read_text("utf-8"))
        except (OSError, ValueError):
            raise ConfigError(f"{record} cannot be read; run make setup to fetch it.") from None

    def vendor(self, name: str) -> Mapping[str, str]:
        """Return the src and the integrity of a library, for its script element."""
        return {
            "src": f"/static/vendor/{name}",
            "integrity": self._recorded[name]["integrity"],
        }

    def licences(self) -> Sequence[Mapping[str, str]]:
        """Return each package with its version and licence, once."""
        return [
            {"name": each["package"], "version": each["version"], "licence": each["licence"]}
            for each in self._recorded.values()
        ]

    def notice(self, name: str) -> str:
        """Return the licence text that came with a library."""
        return (self._folder / self._recorded[name]["licence_file"]).read_text("utf-8")


def _decimal(value: object) -> Decimal | None:
    return None if value is None or value == "" else Decimal(str(value))


def sgn(value: object) -> int:
    """Return -1, 0 or +1: the sign of an amount; 0 when it is unknown."""
    number = _decimal(value)
    return 0 if not number else (1 if number > 0 else -1)


def _grouped(number: Decimal) -> str:
    return f"${abs(number.quantize(CENT, ROUND_HALF_EVEN, CONTEXT)):,.2f}"


def money(value: object) -> str:
    """Return an amount as $1,234.56, with a true minus; an en dash when it is unknown."""
    number = _decimal(value)
    if number is None:
        return UNKNOWN
    shown = _grouped(number)
    return f"{MINUS}{shown}" if number < 0 and shown != "$0.00" else shown


def pnl(value: object) -> str:
    """Return a gain or loss with its sign, +$1,234.56; zero has none."""
    number = _decimal(value)
    if number is None:
        return UNKNOWN
    shown = _grouped(number)
    if shown == "$0.00":
        return shown
    return f"{'+' if number > 0 else MINUS}{shown}"


def price(value: object) -> str:
    """Return a price or quantity as it is, without an exponent, with a true minus."""
    number = _decimal(value)
    return UNKNOWN if number is None else wire(number).replace("-", MINUS)


def short_pnl(value: object) -> str:
    """Return a gain or loss for a small cell: +$1,234, from 10,000 on +$12.3k."""
    number = _decimal(value)
    if number is None:
        return UNKNOWN
    size = abs(number)
    sign = "" if not number else ("+" if number > 0 else MINUS)
    if size >= 10_000:
        return f"{sign}${(size / 1000).quantize(Decimal('0.1'), ROUND_HALF_EVEN):,}k"
    whole = size.quantize(Decimal(1), ROUND_HALF_EVEN)
    return "$0" if whole == ZERO else f"{sign}${whole:,}"


def when(zone: str) -> Callable[[object], str]:
    """Return the filter that shows an instant (aware, or ISO text) in ``zone``."""
    place = ZoneInfo(zone)

    def show(value: object) -> str:
        if value is None or value == "":
            return UNKNOWN
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return f"{at.astimezone(place):%Y-%m-%d %H:%M:%S}"

    return show
