"""A paper account whose market can be told to misbehave; what it then does is its truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final

from app.brokers.paper import PaperBroker
from app.domain.accounts import Account
from app.domain.instruments import Contract
from app.domain.money import to_step
from app.domain.orders import Order, OrderEvent, OrderState, OrderType, TimeInForce
from app.domain.reports import VenueOrder
from app.services.ports import Clock, PaperLog, Quotes
from app.sim import exchange
from app.sim.book import Depth, Execution

LATE: Final = "The exchange rejected the order after it was taken: the market is halted."
_ON_ITS_WAY: Final = timedelta(days=1)
_AT_ONCE: Final = frozenset({OrderType.MARKET, OrderType.LIMIT})


class VenueBroker(PaperBroker):
    """The paper broker with the three ways in which a market surprises its clients."""

    def __init__(self, account: Account, log: PaperLog, quotes: Quotes, clock: Clock) -> None:
        """Raises InvalidInput when the account's settings cannot be used."""
        super().__init__(account, log, quotes, clock)
        self._halted: set[str] = set()

    def submit_halted(self, order: Order, contract: Contract) -> VenueOrder:
        """Take the order without matching it, so that ``reject`` can end it."""
        with self._lock:
            self._halted.add(order.client_order_id)
        return self.submit(order, contract)

    def reject(self, client_order_id: str) -> None:
        """Reject a working order that was taken before."""
        with self._lock:
            account, now = self._account(), self._clock.now()
            record = account.find(client_order_id)
            if record is not None:
                event, prices = OrderEvent.REJECT, self._prices(now)
                self._keep(exchange.end(account, record, event, LATE, prices, now))

    def submit_partly(self, order: Order, contract: Contract) -> VenueOrder:
        """Take a market or limit order for which the market has only half; the rest is cancelled.

        An order that cannot be halved, or waits for a price, is taken as any other.
        """
        half = to_step(order.quantity / 2, contract.instrument.quantity_step, ROUND_DOWN)
        if order.type not in _AT_ONCE or not half:
            return self.submit(order, contract)
        with self._lock:
            account, now = self._account(), self._clock.now()
            quote = self._quotes.firm(contract.symbol, now)
            if quote is not None:
                markets = {**account.markets, contract.symbol: (quote, Depth(half, half))}
                self._loaded = replace(account, markets=markets)
        return self.submit(replace(order, time_in_force=TimeInForce.IOC), contract)

    def overfill(self, client_order_id: str, contract: Contract) -> None:
        """Fill one step more of an order that is filled; nothing when it is not."""
        with self._lock:
            account, now = self._account(), self._clock.now()
            record = self._kept(client_order_id)
            if record is None or record.state is not OrderState.FILLED:
                return
            order = record.order
            price = order.cost / order.filled_quantity
            step = contract.instrument.quantity_step
            more = Execution(order.side, step, to_step(price, order.terms.tick_size), Decimal(0))
            self._keep(exchange.overfill(account, record, more, self._prices(now), now))

    def _delay(self, client_order_id: str) -> timedelta:
        if client_order_id in self._halted:
            self._halted.discard(client_order_id)
            return _ON_ITS_WAY
        return super()._delay(client_order_id)
