"""How far the clock of an add-on's machine is off, as far as its messages show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.addon.messages import Message

#: From here on a clock is told to be off.
FLAGGED: Final = timedelta(seconds=5)
#: From here on the server's time is taken for the add-on's.
CORRECTED: Final = timedelta(seconds=60)
#: How long what a message showed counts, at least; an add-on keeps nothing longer to send again.
_LASTS: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Skew:
    """The least time that messages seemed to be under way, since ``since`` and in the time before.

    A message that is sent again may carry its first time, so only the least tells of the clock:
    nothing arrives before it was sent.
    """

    since: datetime
    least: timedelta
    before: timedelta | None = None

    @property
    def behind(self) -> timedelta:
        """How far the add-on's clock is behind the server's, negative when it is ahead."""
        return self.least if self.before is None else min(self.least, self.before)

    @property
    def flagged(self) -> bool:
        """Whether the clock is off by more than a slow network explains."""
        return abs(self.behind) > FLAGGED


def heard(skew: Skew | None, sent_at: datetime, received_at: datetime) -> Skew:
    """Return what is known of the clock after a message."""
    under_way = received_at - sent_at
    if skew is None:
        return Skew(received_at, under_way)
    if received_at - skew.since > _LASTS:
        return Skew(received_at, under_way, skew.least)
    return Skew(skew.since, min(skew.least, under_way), skew.before)


def time_of(message: Message, skew: Skew) -> datetime:
    """Return when what the message tells was so, by the server's clock where the two are far apart.

    Nothing can have been so after it was sent.
    """
    at = min(message.event_time, message.sent_at)
    return at + skew.behind if abs(skew.behind) > CORRECTED else at
