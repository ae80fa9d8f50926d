"""What is behind the stages of the contract: paper, and the fault broker."""

from __future__ import annotations

import random
from dataclasses import replace

from app.brokers.chaos import ChaosVenue, Manners, wire
from app.brokers.net.calls import Timeouts
from app.brokers.paper import PaperVenue
from app.domain.accounts import Account
from app.domain.orders import Order
from app.services.ports import Broker
from tests.support.chaos import InnerVenue
from tests.support.contract import Backstage, MovedClock
from tests.support.paper import MemoryLog

#: Shorter than a server's, so that an answer that never comes is not waited for long.
MANNERS = Manners(Timeouts(2.0, 1.0), 5.0)


class PaperBackstage(Backstage):
    """The paper venue, on a log in memory."""

    def __init__(self, owner: Account, clock: MovedClock) -> None:
        super().__init__(owner, clock)
        self._log = MemoryLog()
        self._paper = PaperVenue(self._log, self.quotes, clock)
        self.quotes.on_quote(self._paper.on_quote)

    def broker(self) -> Broker:
        return self._paper.broker(self.owner)

    def names(self) -> list[str]:
        return [client_order_id for _, client_order_id in self._log._orders]

    def end_session(self) -> None:
        super().end_session()
        self._paper.step(self.clock.now())


class ChaosBackstage(Backstage):
    """An account at the fault broker, over real sockets."""

    def __init__(self, owner: Account, clock: MovedClock, inner: InnerVenue) -> None:
        super().__init__(owner, clock)
        self._inner = inner
        self._chaos = ChaosVenue(inner.place, self.quotes, clock, random.Random(1), MANNERS)
        self.quotes.on_quote(self._chaos.on_quote)

    def broker(self) -> Broker:
        return self._chaos.broker(self.owner)

    def hears(self) -> bool:
        return self._chaos.up(self.owner.id)

    def names(self) -> list[str]:
        return [one.client_order_id for one in self._inner.orders(self.owner.id)]

    def end(self) -> None:
        self._chaos.close()

    def price(self, symbol: str, bid: str, ask: str) -> None:
        super().price(symbol, bid, ask)
        self._inner.ask("POST", "/quotes", [self._last(symbol)])

    def fault(self, *names: str, verb: str = "submit", **more: object) -> None:
        self._inner.next(*names, verb=verb, account_id=self.owner.id, **more)

    def lose_stream(self, seconds: float) -> None:
        self._inner.now(self.owner.id, "stream_storm", seconds=seconds)

    def by_hand(self, sent: Order) -> None:
        theirs = replace(sent, client_order_id="placed-by-hand")
        body = {"order": wire.order_out(theirs), "quote": self._last(sent.symbol)}
        self._inner.ask("POST", f"/accounts/{self.owner.id}/orders", body)

    def _last(self, symbol: str) -> object:
        """The last price as the fault broker reads it."""
        quote = self.quotes.latest(symbol)
        assert quote is not None
        return wire.quote_out(quote)
