"""The venue itself, apart from how it is reached: its accounts, its prices, its faults."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from app.brokers.chaos import wire
from app.brokers.chaos.faults import Fault
from app.brokers.quotes import QuoteBook
from app.domain.accounts import Account, Mode
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.instruments import resolve
from app.domain.money import parse
from app.domain.orders import Order
from app.domain.quotes import Quote
from app.domain.reports import FillReport, OrderReport, VenueOrder
from app.services.ports import Clock
from app.venue.broker import VenueBroker
from app.venue.log import VenueLog
from app.venue.plan import Drawn, Plan, chances_in
from app.venue.streams import Streams, later

#: How long after it was taken an order is rejected or overfilled.
_AFTER_S: Final = 0.1

Json = dict[str, Any]


class House:
    """The accounts of the venue and the verbs that their clients may use."""

    def __init__(
        self, log: VenueLog, clock: Clock, quote_age: timedelta, alert_age: timedelta
    ) -> None:
        """``quote_age`` is how long a streamed price counts, ``alert_age`` one of an alert."""
        self.log = log
        self.clock = clock
        self.plan = Plan()
        self.streams = Streams()
        self.quotes = QuoteBook(quote_age, alert_age, lambda _quote, _reason: None)
        self.quotes.on_quote(self._on_quote)
        self._brokers: dict[str, VenueBroker] = {}
        self._opened: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def reopen(self) -> None:
        """Open every account that the log knows: what rests there works on."""
        for account_id, record in self.log.accounts().items():
            self.open(account_id, record)

    def open(self, account_id: str, data: Mapping[str, Any]) -> Json:
        """Open an account, give it other settings, or do nothing when they are the same.

        Raises InvalidInput.
        """
        cash = parse(data.get("starting_cash", "100000"), "starting_cash")
        account = Account(
            id=account_id,
            name=str(data.get("name", account_id)),
            venue="chaos",
            mode=Mode.PAPER,
            starting_cash=cash,
            created_at=self.clock.now(),
            settings=data.get("settings") or {},
        )
        chances = chances_in(data.get("faults") or {})
        broker = VenueBroker(account, self.log, self.quotes, self.clock)
        broker.listen(partial(self._tell, account_id))
        with self._lock:
            before = self._brokers.get(account_id)
            if before is not None and self._opened[account_id] == dict(data):
                return {"id": account_id}
            if before is not None:
                before.close()
            broker.open()
            self._brokers[account_id] = broker
            self._opened[account_id] = dict(data)
        self.plan.chances(account_id, chances, int(data.get("seed") or 1))
        self.log.opened(account_id, dict(data), self.clock.now())
        return {"id": account_id}

    def broker(self, account_id: str) -> VenueBroker:
        """Return the account's broker; raises NotFound when it was never opened."""
        broker = self._brokers.get(account_id)
        if broker is None:
            raise NotFound(f"The account {account_id} is not open at this venue.")
        return broker

    def submit(self, account_id: str, body: Mapping[str, Any], drawn: Drawn) -> Json:
        """Take an order under its own id; raises Conflict for an id that is used."""
        broker = self.broker(account_id)
        order = wire.order_in(body.get("order") or {}, account_id)
        if body.get("quote"):
            self.quotes.put(wire.quote_in(body["quote"]))
        if broker.order(order.client_order_id) is not None:
            raise Conflict("client_order_id must be unique.", code="DUPLICATE_ORDER")
        if drawn.event is not None:
            self.streams.mark(order.client_order_id, drawn.event.fault)
        fault = None if drawn.order is None else drawn.order.fault
        return wire.held_out(_taken(broker, order, fault))

    def replace(self, account_id: str, body: Mapping[str, Any]) -> Json:
        """Change a working order."""
        order = wire.order_in(body.get("order") or {}, account_id)
        contract = resolve(order.symbol, order.created_at.date())
        return wire.held_out(self.broker(account_id).replace(order, contract))

    def cancel(self, account_id: str, client_order_id: str) -> Json:
        """Cancel a working order; raises BrokerRejected."""
        self.broker(account_id).cancel_id(client_order_id)
        return {"success": True}

    def order(self, account_id: str, client_order_id: str) -> Json:
        """Return the order under its own id; raises NotFound with the code UNKNOWN_ORDER."""
        held = self.broker(account_id).order(client_order_id)
        if held is None:
            raise NotFound("There is no order with this id.", code="UNKNOWN_ORDER")
        return wire.held_out(held)

    def open_orders(self, account_id: str) -> Json:
        """Return the working orders."""
        return {"orders": [wire.held_out(one) for one in self.broker(account_id).open_orders()]}

    def fills(self, account_id: str, after: str | None) -> Json:
        """Return the fills at or later than ``after``, an instant in ISO 8601; all without it."""
        try:
            since = datetime.fromisoformat(after or "2000-01-01T00:00:00+00:00")
        except ValueError:
            raise InvalidInput(f"{after!r} is no instant.") from None
        reports = self.broker(account_id).fills(since)
        return {"fills": [wire.report_out(one) for one in reports]}

    def positions(self, account_id: str) -> Json:
        """Return the positions that are not flat."""
        held = self.broker(account_id).positions()
        return {"positions": [wire.position_out(one) for one in held]}

    def account(self, account_id: str) -> Json:
        """Return the account's money."""
        found = self.broker(account_id).account()
        names = ("cash", "equity", "buying_power", "at")
        return {name: wire.plain(getattr(found, name)) for name in names}

    def put_quotes(self, data: object) -> Json:
        """Take prices, oldest first; raises InvalidInput."""
        if not isinstance(data, list):
            raise InvalidInput("Send a list of quotes.")
        for each in data:
            self.quotes.put(wire.quote_in(each))
        return {"taken": len(data)}

    def step(self) -> None:
        """Let arrive, expire and match what is due on every account."""
        now = self.clock.now()
        for broker in tuple(self._brokers.values()):
            broker.step(now)

    def _on_quote(self, quote: Quote) -> None:
        for broker in tuple(self._brokers.values()):
            broker.on_quote(quote)

    def _tell(self, account_id: str, report: OrderReport | FillReport) -> None:
        self.streams.tell(account_id, report)


def _taken(broker: VenueBroker, order: Order, fault: Fault | None) -> VenueOrder:
    """Take the order as the fault wants it."""
    contract = resolve(order.symbol, order.created_at.date())
    if fault is Fault.LATE_REJECT:
        held = broker.submit_halted(order, contract)
        later(_AFTER_S, lambda: broker.reject(order.client_order_id))
        return held
    if fault is Fault.PARTIAL_CANCEL:
        return broker.submit_partly(order, contract)
    held = broker.submit(order, contract)
    if fault is Fault.OVERFILL:
        later(_AFTER_S, lambda: broker.overfill(order.client_order_id, contract))
    return held
