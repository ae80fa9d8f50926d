"""Repository of the channels that notices go to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, true, update

from app.domain.errors import NotFound
from app.domain.notices import Channel
from app.services.ports.notices import Delivery
from app.store.records import Record, Repo
from app.store.tables.notices import NOTICE_CHANNELS

CHANNEL: Final = Record(Channel, NOTICE_CHANNELS)

_c = NOTICE_CHANNELS.c
_CHANGING: Final = (
    "name",
    "service",
    "scheme",
    "address_encrypted",
    "categories",
    "enabled",
)
_INSERT: Final = insert(NOTICE_CHANNELS)
_THIS: Final = update(NOTICE_CHANNELS).where(_c.id == bindparam("of"))
_UPDATE: Final = _THIS.values({name: bindparam(f"new_{name}") for name in _CHANGING})
_SENT: Final = _THIS.values(
    last_sent_at=bindparam("at"), last_error=bindparam("problem"), last_error_at=None
)
_FAILED: Final = _THIS.values(last_error=bindparam("problem"), last_error_at=bindparam("at"))
_LOSE: Final = _THIS.values(lost=_c.lost + bindparam("count"))
_REMOVE: Final = delete(NOTICE_CHANNELS).where(_c.id == bindparam("of"))
_ALL: Final = select(*CHANNEL.columns).order_by(_c.id)
_GET: Final = _ALL.where(_c.id == bindparam("id"))
_OF_USER: Final = _ALL.where(_c.user_id == bindparam("user_id"))
_ENABLED: Final = _ALL.where(_c.enabled == true())


class Channels(Repo):
    """The channels of all users."""

    __slots__ = ()

    def insert(self, channel: Channel) -> None:
        """Keep a new channel; raises Conflict when its owner has one of that name."""
        self._count(_INSERT, CHANNEL.values(channel))

    def update(self, channel: Channel) -> None:
        """Store what a person may change; raises NotFound when it is gone, Conflict as above."""
        values = CHANNEL.values(channel)
        new = {f"new_{name}": values[name] for name in _CHANGING}
        if not self._count(_UPDATE, new | {"of": channel.id}):
            raise NotFound("There is no such channel.")

    def get(self, channel_id: str) -> Channel | None:
        """The channel with this id."""
        return CHANNEL.maybe(self._first(_GET, id=channel_id))

    def of_user(self, user_id: str) -> Sequence[Channel]:
        """The user's channels, oldest first."""
        return CHANNEL.all(self._rows(_OF_USER, user_id=user_id))

    def enabled(self) -> Sequence[Channel]:
        """Everybody's channels that are switched on, oldest first."""
        return CHANNEL.all(self._rows(_ENABLED))

    def remove(self, channel_id: str) -> None:
        """Forget the channel and its address."""
        self._count(_REMOVE, {"of": channel_id})

    def note(self, delivery: Delivery) -> None:
        """Write an attempt on the channel's row; nothing when the channel is gone."""
        statement = _SENT if delivery.problem is None else _FAILED
        values = {"of": delivery.channel_id, "at": delivery.at, "problem": delivery.problem}
        self._count(statement, values)

    def lose(self, channel_id: str, count: int) -> None:
        """Add to the notices that were given up; nothing when the channel is gone."""
        self._count(_LOSE, {"of": channel_id, "count": count})
