"""The chaos accounts of this process: their brokers, their streams, and the prices they need."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final
from urllib.parse import quote as quoted

from app.brokers.chaos import wire
from app.brokers.chaos.broker import ChaosBroker
from app.brokers.chaos.settings import ChaosSettings
from app.brokers.net.calls import Calls, Place
from app.brokers.net.limits import Limits
from app.brokers.net.stream import AT_ONCE, Credential, Hearing, Manners, Plain, Stream
from app.domain.accounts import Account
from app.domain.errors import BrokerError
from app.domain.quotes import Quote
from app.domain.reports import LinkReport
from app.services.ports import Clock, Quotes

#: Prices that wait to be forwarded; older ones are dropped, the newest go with each order anyway.
_BACKLOG: Final = 2000
_LONGEST_REST_S: Final = 5.0


class ChaosVenue:
    """Makes the broker of each chaos account, and forwards prices to the venue's process."""

    def __init__(
        self,
        place: Callable[[], Place],
        quotes: Quotes,
        clock: Clock,
        chance: random.Random,
        manners: Manners,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        """``place`` says where the venue's process listens, and starts it if need be; ``end`` ends
        it.
        """
        self._place = place
        self._quotes = quotes
        self._clock = clock
        self._chance = chance
        self._manners = manners
        self._end = end
        self._gate = threading.Semaphore(AT_ONCE)
        self._credential = Credential(
            place, manners, Limits(clock.monotonic, chance), self._gate, chance, clock
        )
        self._brokers: dict[str, ChaosBroker] = {}
        self._streams: dict[str, Stream] = {}
        self._links: list[Callable[[LinkReport], None]] = []
        self._waiting: deque[Quote] = deque(maxlen=_BACKLOG)
        self._arrived = threading.Event()
        self._closing = threading.Event()
        self._forwarder: threading.Thread | None = None
        self._lock = threading.Lock()

    def on_link(self, receive: Callable[[LinkReport], None]) -> None:
        """Hand every later change of a stream's connection to ``receive``, which only queues."""
        self._links.append(receive)

    def broker(self, account: Account) -> ChaosBroker:
        """Make the account's broker; raises InvalidInput when its settings cannot be used."""
        settings = ChaosSettings.read(account.settings)
        limits = Limits(self._clock.monotonic, self._chance, settings.per_minute)
        opening = {
            "name": account.name,
            "starting_cash": wire.plain(account.starting_cash),
            "settings": {name: wire.plain(value) for name, value in settings.paper.items()},
            "faults": {fault.value: chance for fault, chance in settings.faults.items()},
            "seed": settings.seed,
        }
        calls = Calls(self._place, self._manners.timeouts, limits, self._clock)
        return ChaosBroker(account, calls, opening, self._quotes, self._clock, self._join)

    def on_quote(self, quote: Quote) -> None:
        """Forward the price if an account needs it; never waits."""
        if any(quote.symbol in broker.symbols for broker in tuple(self._brokers.values())):
            self._waiting.append(quote)
            self._arrived.set()

    def up(self, account_id: str) -> bool:
        """Whether the account's stream is connected and has caught up."""
        stream = self._streams.get(account_id)
        return stream is not None and stream.up

    def close(self) -> None:
        """Forward no more prices and end the process, once each broker was closed."""
        self._closing.set()
        self._arrived.set()
        self._end()

    def _join(self, broker: ChaosBroker) -> Callable[[], None]:
        """Start the account's stream; what is returned ends it."""
        hearing = Hearing(broker.catch_up, broker.hear, partial(self._linked, broker.account_id))
        path = f"/stream?account={quoted(broker.account_id, safe='')}"
        stream = Stream(self._credential, path, Plain(), hearing)
        with self._lock:
            self._brokers[broker.account_id] = broker
            self._streams[broker.account_id] = stream
            if self._forwarder is None:
                self._forwarder = threading.Thread(target=self._forward, daemon=True)
                self._forwarder.start()
        stream.start()
        return partial(self._left, broker, stream)

    def _left(self, broker: ChaosBroker, stream: Stream) -> None:
        stream.close()
        with self._lock:
            if self._brokers.get(broker.account_id) is broker:
                del self._brokers[broker.account_id], self._streams[broker.account_id]

    def _linked(self, account_id: str, up: bool, detail: str | None) -> None:  # noqa: FBT001
        report = LinkReport(account_id, up, self._clock.now(), detail)
        for receive in self._links:
            receive(report)

    def _forward(self) -> None:
        """Send what waits, in order; prices that cannot be sent are dropped: newer ones come."""
        limits = Limits(self._clock.monotonic, self._chance)
        calls = Calls(self._place, self._manners.timeouts, limits, self._clock)
        rest = 0.0
        while not self._closing.is_set():
            self._arrived.wait()
            self._arrived.clear()
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            try:
                if batch:
                    calls.change("POST", "/quotes", [wire.quote_out(quote) for quote in batch])
                rest = 0.0
            except BrokerError:
                rest = min(max(rest * 2, 0.1), _LONGEST_REST_S)
                self._closing.wait(rest)
        calls.close()
