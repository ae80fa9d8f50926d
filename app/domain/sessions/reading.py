"""Times, zones and refusals in the texts of rolls and windows."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.errors import InvalidInput, InvariantBroken


def read_clock(text: str) -> time:
    """Read "09:30"; raises InvalidInput."""
    try:
        return datetime.strptime(text, "%H:%M").replace(tzinfo=UTC).time()
    except ValueError:
        raise unreadable("time", text, "09:30") from None


def read_zone(name: str) -> ZoneInfo:
    """Return the IANA zone; raises InvalidInput when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise unreadable("zone", name, "America/Chicago") from None


def unreadable(field: str, text: str, example: str) -> InvalidInput:
    """Return the refusal of a text, with an example of how to write it."""
    return InvalidInput(
        f"{field} {text[:40]!r} cannot be read; write it like {example!r}.",
        fields={field: f"write it like {example!r}"},
    )


def on_the_wall(at: datetime, where: ZoneInfo) -> datetime:
    """Return the instant by the clock on the wall; raises InvariantBroken without a zone."""
    if at.tzinfo is None:
        raise InvariantBroken(f"{at} has no time zone.")
    return at.astimezone(where)
