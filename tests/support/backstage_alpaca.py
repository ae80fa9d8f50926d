"""What is behind the stage of the contract for Alpaca: an account at the stand-in."""

from __future__ import annotations

import random
from dataclasses import replace
from uuid import NAMESPACE_OID, uuid5

from app.brokers.alpaca.keys import Hosts, Keys
from app.brokers.alpaca.venue import AlpacaVenue
from app.brokers.net.stream import Manners
from app.domain.accounts import Account, Mode
from app.domain.orders import Order
from app.services.ports import Broker
from tests.support.alpaca import SECRET, StandIn
from tests.support.contract import Backstage, MovedClock
from tests.venues.alpaca.house import TRAVEL_S
from tests.venues.alpaca.market.assets import spelled


class AlpacaBackstage(Backstage):
    """An account of its own at the stand-in, with the keys of it."""

    def __init__(
        self,
        owner: Account,
        clock: MovedClock,
        stand_in: StandIn,
        offered: str | None,
        manners: Manners,
    ) -> None:
        super().__init__(owner, clock)
        self._stand_in = stand_in
        # Of one length, and another one for each account.
        self._key = f"PK{uuid5(NAMESPACE_OID, owner.id).hex[:18].upper()}"
        self._offered = offered
        self._disturbed = False
        stand_in.tell("account", key=self._key, secret=SECRET, rate_limit=0)
        self._venue = AlpacaVenue(
            self._hosts, self._keys, self.quotes, clock, random.Random(1), manners
        )

    def broker(self) -> Broker:
        return self._venue.broker(self.owner)

    def hears(self) -> bool:
        return self._venue.connection(self.owner.id).up

    def names(self) -> list[str]:
        return [one["client_order_id"] for one in self._orders()]

    def at_rest(self) -> bool:
        return not any(one["status"].startswith("pending_") for one in self._orders())

    def end(self) -> None:
        self._venue.close()
        self._stand_in.tell("faults", clear=True)
        self._stand_in.tell("line", travel_ms=TRAVEL_S * 1000)
        if self._disturbed:
            self._stand_in.tell("market", session="open", resume=["SPY"])
        # What rests would go on being matched against the prices of the cases to come.
        assert self._theirs().rest("DELETE", "/orders").ok

    def price(self, symbol: str, bid: str, ask: str) -> None:
        sizes = {"bid_size": self._offered, "ask_size": self._offered}
        self._stand_in.price(spelled(symbol), bid, ask, **sizes)

    def end_session(self) -> None:
        self.trade(going=False)

    def fault(self, *names: str, verb: str = "submit", **more: object) -> None:
        self._stand_in.next(*names, verb=verb, account_id=self._key, **more)

    def lose_stream(self, seconds: float) -> None:
        lost = {"fault": "stream_storm", "account_id": self._key, "seconds": seconds}
        self._stand_in.tell("faults", now=[lost])

    def slow_down(self, seconds: float) -> None:
        self._stand_in.tell("line", travel_ms=seconds * 1000)

    def by_hand(self, sent: Order) -> None:
        body = {
            "symbol": sent.symbol,
            "qty": str(sent.quantity),
            "side": sent.side.value,
            "type": sent.type.value,
            "limit_price": str(sent.limit_price),
            "time_in_force": sent.time_in_force.value,
        }
        assert self._theirs().rest("POST", "/orders", body).ok

    def trade(self, *, going: bool) -> None:
        self._disturbed = True
        self._stand_in.tell("market", session="open" if going else "closed")

    def halt(self, symbol: str, *, halted: bool) -> None:
        self._disturbed = True
        self._stand_in.tell("market", **{"halt" if halted else "resume": [symbol]})

    def forbid_day_trading(self) -> None:
        self._stand_in.tell("account", key=self._key, pattern_day_trader_block=True)

    def _orders(self) -> list[dict[str, str]]:
        """The orders of the account as the stand-in's log has them."""
        orders: list[dict[str, str]] = self._stand_in.tell("log", key=self._key)["orders"]
        return orders

    def _theirs(self) -> StandIn:
        """The stand-in as somebody else speaks to it who has the account's keys."""
        return replace(self._stand_in, keys=(self._key, SECRET))

    def _hosts(self, mode: Mode) -> Hosts:
        address = self._stand_in.address
        return Hosts(address, address, address.replace("http", "ws"))

    def _keys(self, account_id: str) -> Keys | None:
        return Keys(self._key, SECRET) if account_id == self.owner.id else None
