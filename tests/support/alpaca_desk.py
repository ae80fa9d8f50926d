"""An account's broker at the stand-in, which hears its stream only when the test lets it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal

import websocket

from app.brokers.alpaca.broker import AlpacaBroker
from app.brokers.alpaca.client import AlpacaClient
from app.brokers.alpaca.settings import AlpacaSettings
from app.brokers.net.calls import Timeouts
from app.brokers.net.limits import Limits
from app.clock import SystemClock
from app.domain.accounts import ALPACA
from app.domain.instruments import Contract
from app.domain.orders import Order, OrderEvent
from app.domain.reports import FillReport, OrderReport, Report, VenueOrder
from tests.support.alpaca import StandIn
from tests.support.alpaca_client import hosts, keys_of
from tests.support.paper import SPY, account
from tests.support.paper import order as paper_order


@dataclass
class Desk:
    """One broker, its stream, and what it reported."""

    stand_in: StandIn
    broker: AlpacaBroker
    stream: websocket.WebSocket
    reports: list[Report] = field(default_factory=list)

    def order(
        self, side: str, quantity: str, kind: str = "market", contract: Contract = SPY, **more: str
    ) -> Order:
        """An order of the account, until cancelled unless said otherwise."""
        made = paper_order(side, quantity, kind, contract=contract, **more)  # type: ignore[arg-type]
        now = SystemClock().now()
        return replace(made, account_id=self.broker.account_id, created_at=now, updated_at=now)

    def send(
        self,
        side: str,
        quantity: str,
        kind: str = "market",
        contract: Contract = SPY,
        *,
        name: str = "1",
        **more: str,
    ) -> VenueOrder:
        sent = self.order(side, quantity, kind, contract, name=name, **more)
        return self.broker.submit(sent, contract)

    def bought(self, quantity: str, contract: Contract = SPY, name: str = "entry") -> None:
        """Buy at the market, and hear of it."""
        self.send("buy", quantity, contract=contract, name=name)
        self.until_filled(f"sb-{name}")

    def pair(self, quantity: str = "5") -> tuple[Order, Order]:
        """Two exits of a long position, at 700 and 600, not sent yet."""
        return (
            self.order("sell", quantity, "limit", limit="700", name="profit"),
            self.order("sell", quantity, "stop", stop="600", name="stop"),
        )

    def guard(self, quantity: str = "5") -> tuple[VenueOrder, VenueOrder]:
        """A long position with a pair of exits, at 700 and 600."""
        self.bought(quantity)
        return self.broker.submit_pair(*self.pair(quantity), SPY)

    # --- what the stream says ---------------------------------------------------------------------

    def hear_one(self) -> str:
        """Let the broker hear the next message, and return its event."""
        data = json.loads(self.stream.recv())["data"]
        self.broker.hear(data)
        return str(data["event"])

    def until(self, event: OrderEvent, name: str) -> OrderReport:
        """Let the broker hear until it has reported that event of that order."""
        while True:
            for report in self.reports:
                told = isinstance(report, OrderReport) and report.event is event
                if told and report.client_order_id == name:
                    assert isinstance(report, OrderReport)
                    return report
            self.hear_one()

    def until_filled(self, name: str, quantity: str | None = None) -> list[FillReport]:
        """Let the broker hear until it has reported a fill of the order, or so much of it."""
        while True:
            found = self.fills_of(name)
            total = sum((one.fill.quantity for one in found), Decimal(0))
            if found and (quantity is None or total >= Decimal(quantity)):
                return found
            self.hear_one()

    def fills_of(self, name: str) -> list[FillReport]:
        """The fills that were reported of an order."""
        return [
            one
            for one in self.reports
            if isinstance(one, FillReport) and one.client_order_id == name
        ]

    def events_of(self, name: str) -> list[OrderEvent]:
        """What else was reported of an order."""
        return [
            one.event
            for one in self.reports
            if isinstance(one, OrderReport) and one.client_order_id == name
        ]

    def logged(self, own: str) -> dict[str, object]:
        """The order as the stand-in's own log has it, by its client order id."""
        orders = self.stand_in.tell("log")["orders"]
        (found,) = [one for one in orders if one["client_order_id"] == own]
        assert isinstance(found, dict)
        return found


@contextmanager
def desk(stand_in: StandIn, settings: AlpacaSettings | None = None) -> Iterator[Desk]:
    """A broker that knows nothing yet, as after a restart, and listens from now on."""
    clock = SystemClock()
    limits = Limits(clock.monotonic, random.Random(1))
    where = hosts(stand_in.address)
    client = AlpacaClient(keys_of(stand_in), where, Timeouts(1.0, 5.0), limits, clock)
    owner = replace(account({}, "alpaca"), venue=ALPACA, created_at=clock.now())
    stream = stand_in.updates()
    broker = AlpacaBroker(
        owner, client, settings or AlpacaSettings(), clock, lambda _broker: stream.shutdown
    )
    made = Desk(stand_in, broker, stream)
    broker.listen(made.reports.append)
    broker.open()
    try:
        yield made
    finally:
        broker.close()
