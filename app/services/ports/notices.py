"""Where notices go: the channels that are kept, and who carries a message to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.notices import Channel, Message


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one attempt: ``problem`` is why it failed, None when it did not."""

    channel_id: str
    at: datetime
    problem: str | None = None


class Channels(Protocol):
    """The channels of all users."""

    def insert(self, channel: Channel) -> None:
        """Keep a new channel; raises Conflict when its owner has one of that name."""

    def update(self, channel: Channel) -> None:
        """Store what a person may change; raises NotFound when it is gone, Conflict as above."""

    def get(self, channel_id: str) -> Channel | None: ...

    def of_user(self, user_id: str) -> Sequence[Channel]:
        """The user's channels, oldest first."""

    def enabled(self) -> Sequence[Channel]:
        """Everybody's channels that are switched on, oldest first."""

    def remove(self, channel_id: str) -> None:
        """Forget the channel and its address."""

    def note(self, delivery: Delivery) -> None:
        """Write an attempt on the channel's row; nothing when the channel is gone."""

    def lose(self, channel_id: str, count: int) -> None:
        """Add to the notices that were given up; nothing when the channel is gone."""


class Notifier(Protocol):
    """Carries messages to whatever service an address names; both calls may take seconds."""

    def check(self, address: str) -> str:
        """Return what the service behind the address is called ("Discord"), without calling it.

        Raises InvalidInput with the field ``address``.
        """
        ...

    def send(self, address: str, message: Message) -> str | None:
        """Send the message; None when the service took it, else why it did not, as a sentence.

        The sentence never holds a part of the address that is secret.
        """
        ...
