"""A stage for the contract of brokers: one open account of an adapter, in real time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from app.brokers.quotes import QuoteBook
from app.clock import SystemClock
from app.domain.instruments import Contract
from app.domain.orders import Fill, Order
from app.domain.quotes import Quote, QuoteSource
from app.domain.reports import FillReport, OrderReport, Report, VenueOrder
from app.services.ports import Broker
from tests.support.paper import order as paper_order
from tests.support.serving import eventually


@dataclass
class Stage:
    """One open account of an adapter, a price, and what the venue reported."""

    broker: Broker
    quotes: QuoteBook
    contract: Contract
    account_id: str
    reports: list[Report] = field(default_factory=list)

    def now(self) -> datetime:
        """The instant, as the venue has it."""
        return SystemClock().now()

    def quote(self, bid: str, ask: str) -> None:
        now = self.now()
        price = Decimal(bid), Decimal(ask)
        self.quotes.put(Quote(self.contract.symbol, *price, now, QuoteSource.STREAM))

    def order(self, side: str, quantity: str, kind: str = "market", **more: str | None) -> Order:
        """An order of the account, sent now."""
        made = paper_order(side, quantity, kind, contract=self.contract, **more)  # type: ignore[arg-type]
        now = self.now()
        return replace(made, account_id=self.account_id, created_at=now, updated_at=now)

    def send(self, sent: Order) -> VenueOrder:
        return self.broker.submit(sent, self.contract)

    def fills(self, count: int) -> list[Fill]:
        """The fills that were reported, once there are so many."""

        def found() -> list[Fill] | None:
            fills = [one.fill for one in self.reports if isinstance(one, FillReport)]
            return fills if len(fills) >= count else None

        return eventually(found)

    def event(self, name: str, client_order_id: str) -> OrderReport:
        """The report of that event, once it has come."""

        def found() -> OrderReport | None:
            for one in self.reports:
                if isinstance(one, OrderReport) and one.event == name:
                    return one if one.client_order_id == client_order_id else None
            return None

        return eventually(found)

    def state(self, client_order_id: str) -> str | None:
        """What the venue says of the order."""
        held = self.broker.order(client_order_id)
        return None if held is None else held.state.value
