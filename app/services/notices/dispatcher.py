"""The dispatcher: puts what the log says into each channel's outbox, and sends what is due.

It reads beside trading and sends outside every transaction, so that no service delays an order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from threading import Lock
from typing import Final

from app.domain.errors import ConfigError, StoreUnavailable
from app.domain.events import Fact, FactKind, Level
from app.domain.notices import Batch, Channel, Outbox, compose
from app.services.notices.teller import FLAG, Teller, Told
from app.services.ports import Clock, Delivery, Notifier, Store, Vault
from app.services.storage import Trouble

#: Facts after which the place in the log is written down though nobody was told anything.
_UNWRITTEN: Final = 1000


class Dispatcher:
    """Fills the outboxes with ``step``; ``deliver`` sends what waits in one and may take long."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        vault: Vault,
        notifier: Notifier,
        zone: tzinfo,
        trouble: Callable[[], Trouble | None],
    ) -> None:
        """``zone`` is what times are told in; ``trouble`` is what is wrong with the storage."""
        self._store = store
        self._clock = clock
        self._vault = vault
        self._notifier = notifier
        self._zone = zone
        self._trouble = trouble
        self._teller = Teller()
        self._channels: Mapping[str, Channel] = {}
        self._boxes: dict[str, Outbox] = {}
        self._lost: Counter[str] = Counter()
        self._written: int | None = None
        self._away = False
        self._lock = Lock()

    def step(self, now: datetime) -> bool:
        """Read on in the log; whether there is more to read at once.

        A database that cannot be read is told as well: by the channels that are known.
        """
        trouble = self._trouble()
        problem = None if trouble is None else trouble.detail
        news: list[Told] = []
        try:
            news = self._read(now)
            self._away = False
        except StoreUnavailable as error:
            self._away = True
            problem = problem or f"The database cannot be read. {error.detail}"
        alarm = None if problem is None else self._teller.alarm(problem, now)
        if alarm is not None:
            news.append(Told(alarm, None))
        self._sort(news, now)
        if self._away:
            return False
        self._write(now, told=bool(news))
        return self._teller.more

    def due(self, now: datetime) -> Sequence[str]:
        """Return the channels that have something to be sent now."""
        with self._lock:
            return [own for own, box in self._boxes.items() if box.due(now)]

    def deliver(self, channel_id: str) -> None:
        """Send what waits for the channel as one message, and note what became of it."""
        now = self._clock.now()
        with self._lock:
            channel, box = self._channels.get(channel_id), self._boxes.get(channel_id)
            if channel is None or box is None or not box.due(now):
                return
            batch = box.take(now)
        problem: str | None = "The attempt was broken off."
        try:
            problem = self._attempt(channel, batch)
            self._note(channel, box, batch, problem)
        finally:
            with self._lock:
                if problem is None:
                    box.delivered(batch)
                else:
                    box.failed(batch, self._clock.now())

    def _read(self, now: datetime) -> list[Told]:
        with self._store.read() as uow:
            channels = {each.id: each for each in uow.channels.enabled()}
            self._hurry(channels)
            self._channels = channels
            if channels:
                return self._teller.read(uow, now)
            self._teller.skip(uow)
        return []

    def _hurry(self, channels: Mapping[str, Channel]) -> None:
        """Wait no longer for channels that were seen to work, as by a test."""
        for channel_id, channel in channels.items():
            before, box = self._channels.get(channel_id), self._boxes.get(channel_id)
            mended = before is not None and before.last_error and channel.last_error is None
            if mended and box is not None:
                box.hurry()

    def _sort(self, news: Sequence[Told], now: datetime) -> None:
        """Put the news into the outboxes, and count what each gave up."""
        with self._lock:
            self._boxes = {own: self._boxes.get(own, Outbox()) for own in self._channels}
            for channel in self._channels.values():
                box = self._boxes[channel.id]
                for told in news:
                    if _wants(channel, told):
                        box.add(told.notice)
            self._lost.update({own: box.give_up(now) for own, box in self._boxes.items()})

    def _write(self, now: datetime, *, told: bool) -> None:
        """Write down the place in the log, so that another start goes on there."""
        number, before = self._teller.number, self._written
        if number is None or not self._channels:
            return
        far = before is None or number - before > _UNWRITTEN or (told and number > before)
        if not self._lost.total() and not far:
            return
        with self._store.record() as uow:
            uow.flags.set(FLAG, str(number), now)
            for channel_id, count in self._lost.items():
                uow.channels.lose(channel_id, count)
        self._lost.clear()
        self._written = number

    def _attempt(self, channel: Channel, batch: Batch) -> str | None:
        message = compose(batch.notices, batch.more, batch.lost, self._zone)
        try:
            address = self._vault.decrypt(channel.address_encrypted)
        except ConfigError as error:
            return error.detail
        return self._notifier.send(address, message)

    def _note(self, channel: Channel, box: Outbox, batch: Batch, problem: str | None) -> None:
        """Write the attempt on the channel's row, and into the log when its luck has changed."""
        now = self._clock.now()
        delivery = Delivery(channel.id, now, problem)
        worked = channel.last_error is None and not box.failures
        if worked == (problem is None):
            with self._store.record() as uow:
                uow.channels.note(delivery)
            return
        with self._store.write() as uow:
            uow.channels.note(delivery)
            uow.facts.append(_fact(channel, problem, batch.lost, now))


def _wants(channel: Channel, told: Told) -> bool:
    concerned = told.user_id in {None, channel.user_id}
    wanted = told.notice.category in channel.categories
    return concerned and wanted and told.notice.at >= channel.created_at


def _fact(channel: Channel, problem: str | None, lost: int, now: datetime) -> Fact:
    name = f"The channel {channel.name} ({channel.service})"
    if problem is not None:
        kind, level = FactKind.CHANNEL_FAILED, Level.WARNING
        words = f"{name} took no notice: {problem} What waits is tried again for an hour."
    else:
        kind, level = FactKind.CHANNEL_WORKS, Level.INFO
        gone = f" {lost} notices were given up meanwhile." if lost else ""
        words = f"{name} works again.{gone}"
    return Fact(kind=kind, at=now, message=words, level=level, user_id=channel.user_id)
