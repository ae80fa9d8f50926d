"""The desk of notices: a user's channels, made, changed, tried and removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.domain.errors import ConfigError, Conflict, InvalidInput, NotFound
from app.domain.events import Level
from app.domain.notices import Category, Channel, Message, masked, named
from app.services.ports import Clock, Delivery, Ids, Notifier, Store, Vault

#: Channels that one user may have.
MOST_CHANNELS: Final = 10
#: Seconds between two tries of one channel.
_TRY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Wish:
    """A channel as a person wants it; the address is a secret."""

    name: str
    address: str
    categories: Collection[Category]
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What a person changes; None leaves a thing as it is."""

    name: str | None = None
    address: str | None = None
    categories: Collection[Category] | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of a try: whether the service took it, and a sentence."""

    sent: bool
    message: str


class NoticeDesk:
    """Channels of each user; another user's are not there."""

    def __init__(
        self, store: Store, clock: Clock, ids: Ids, vault: Vault, notifier: Notifier
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._notifier = notifier
        self._tried: dict[str, float] = {}

    def all(self, user_id: str) -> Sequence[Channel]:
        """Return the user's channels, oldest first."""
        with self._store.read() as uow:
            return uow.channels.of_user(user_id)

    def get(self, user_id: str, channel_id: str) -> Channel:
        """Return the user's channel; raises NotFound."""
        with self._store.read() as uow:
            channel = uow.channels.get(channel_id)
        if channel is None or channel.user_id != user_id:
            raise NotFound("There is no such channel.")
        return channel

    def add(self, user_id: str, wish: Wish) -> Channel:
        """Make a channel; raises InvalidInput with the fields that are wrong, and Conflict."""
        name, address = named(wish.name), wish.address.strip()
        service, scheme = self._behind(address)
        channel = Channel(
            id=self._ids(),
            user_id=user_id,
            name=name,
            service=service,
            scheme=scheme,
            address_encrypted=self._vault.encrypt(address),
            categories=_chosen(wish.categories),
            enabled=wish.enabled,
            created_at=self._clock.now(),
        )
        with self._store.write() as uow:
            others = uow.channels.of_user(user_id)
            _refuse_same_name(channel, others)
            if len(others) >= MOST_CHANNELS:
                raise Conflict(f"You have {MOST_CHANNELS} channels already: remove one first.")
            uow.channels.insert(channel)
        return channel

    def change(self, user_id: str, channel_id: str, change: Change) -> Channel:
        """Change a channel; raises NotFound, InvalidInput and Conflict."""
        channel = self.get(user_id, channel_id)
        if change.address is not None:
            address = change.address.strip()
            service, scheme = self._behind(address)
            secret = self._vault.encrypt(address)
            channel = replace(channel, service=service, scheme=scheme, address_encrypted=secret)
        if change.name is not None:
            channel = replace(channel, name=named(change.name))
        if change.categories is not None:
            channel = replace(channel, categories=_chosen(change.categories))
        if change.enabled is not None:
            channel = replace(channel, enabled=change.enabled)
        with self._store.write() as uow:
            _refuse_same_name(channel, uow.channels.of_user(user_id))
            uow.channels.update(channel)
        return channel

    def remove(self, user_id: str, channel_id: str) -> None:
        """Forget a channel and its address; raises NotFound."""
        self.get(user_id, channel_id)
        with self._store.write() as uow:
            uow.channels.remove(channel_id)

    def test(self, user_id: str, channel_id: str) -> Tested:
        """Send a notice now and say what the service answered, as the channel's row does then.

        Raises NotFound, and Conflict when the channel was tried a moment ago.
        """
        channel = self.get(user_id, channel_id)
        self._hold_back(channel)
        try:
            address = self._vault.decrypt(channel.address_encrypted)
        except ConfigError as error:
            problem: str | None = error.detail
        else:
            problem = self._notifier.send(address, _trial(channel))
        with self._store.write() as uow:
            uow.channels.note(Delivery(channel.id, self._clock.now(), problem))
        if problem is not None:
            return Tested(sent=False, message=f"{channel.service} did not take it: {problem}")
        return Tested(sent=True, message=f"{channel.service} took it. See that it arrived.")

    def _behind(self, address: str) -> tuple[str, str]:
        """Return the service and the beginning of an address; raises InvalidInput."""
        scheme = masked(address)
        return self._notifier.check(address), scheme

    def _hold_back(self, channel: Channel) -> None:
        now = self._clock.monotonic()
        self._tried = {own: at for own, at in self._tried.items() if now - at < _TRY_S}
        if channel.id in self._tried:
            raise Conflict(f"{channel.name} was tried a moment ago: wait {_TRY_S:g} seconds.")
        self._tried[channel.id] = now


def _chosen(categories: Collection[Category]) -> frozenset[Category]:
    if not categories:
        raise InvalidInput(
            "A channel needs something to tell.", fields={"categories": "choose at least one"}
        )
    return frozenset(categories)


def _refuse_same_name(channel: Channel, others: Sequence[Channel]) -> None:
    if any(each.name == channel.name and each.id != channel.id for each in others):
        raise Conflict(f"You have a channel named {channel.name!r} already.")


def _trial(channel: Channel) -> Message:
    words = f"This is a test. The channel {channel.name} works, and notices come here from now on."
    if not channel.enabled:
        words = f"This is a test. The channel {channel.name} works; it is switched off."
    return Message("Signalbox: test", words, Level.INFO)
