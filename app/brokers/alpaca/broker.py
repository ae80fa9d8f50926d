"""One account at Alpaca: the broker port over its REST interface and its stream of updates."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from app.brokers.alpaca import names, wire
from app.brokers.alpaca.client import AlpacaClient
from app.brokers.alpaca.names import Names
from app.brokers.alpaca.orders import Orders, answered, reading, rows
from app.brokers.alpaca.refusals import DUPLICATE, OTHER, UNKNOWN_ORDER, refused
from app.brokers.alpaca.settings import AlpacaSettings
from app.brokers.alpaca.wire import Told, Update
from app.brokers.net.attending import Attending
from app.domain import money
from app.domain.accounts import Account
from app.domain.errors import (
    BrokerError,
    BrokerRejected,
    BrokerUnavailable,
    BrokerUnknown,
    InvalidInput,
)
from app.domain.instruments import Contract
from app.domain.orders import ENDINGS, Order, OrderEvent, OrderType
from app.domain.reports import (
    AccountSnapshot,
    FillReport,
    OrderReport,
    Report,
    VenueOrder,
    VenuePosition,
)
from app.services.ports import Capabilities, Clock

_log = structlog.get_logger()

CAPABILITIES: Final = Capabilities(
    order_types=frozenset(OrderType), replace=True, pairs=True, streaming=True, fractional=True
)
#: Fills this much older than the last one known are asked for again after a reconnect.
_OVERLAP: Final = timedelta(minutes=2)
#: Fills that are remembered as told.
_TOLD: Final = 10_000
#: Replacements of one order that may have been refused before one that is tried.
_TRIES: Final = 5

Json = Mapping[str, Any]
Read = TypeVar("Read")


class AlpacaBroker(Attending):
    """Speaks to Alpaca for one account; many tasks may use it at once."""

    def __init__(
        self,
        account: Account,
        client: AlpacaClient,
        settings: AlpacaSettings,
        clock: Clock,
        joined: Callable[[AlpacaBroker], Callable[[], None]],
    ) -> None:
        """``joined`` starts the account's stream and returns what ends it."""
        super().__init__(account, lambda: joined(self), client.close)
        self._client = client
        self._settings = settings
        self._clock = clock
        self._names = Names()
        self._orders = Orders(client, self._names, account.created_at)
        self._since = clock.now()
        self._working: set[str] = set()
        self._replacing: set[str] = set()
        self._fills: OrderedDict[tuple[object, ...], None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def capabilities(self) -> Capabilities:
        """What Alpaca can do: all kinds of orders, and pairs of exits."""
        return CAPABILITIES

    # --- the verbs --------------------------------------------------------------------------------

    def submit(self, order: Order, contract: Contract) -> VenueOrder:
        """Send the order once; an id that Alpaca has is adopted.

        Raises BrokerRejected, BrokerAuth, BrokerUnavailable and BrokerLimited (not taken) or
        BrokerUnknown (it may have been taken).
        """
        name = order.client_order_id
        body = wire.order_out(order, contract, extended_hours=self._settings.extended_hours)
        self._names.send(name)
        told = self._sent(body, name)
        return self._adopted(name) if told is None else _certain(lambda: wire.held(name, [told]))

    def submit_pair(
        self, take_profit: Order, stop: Order, contract: Contract
    ) -> tuple[VenueOrder, VenueOrder]:
        """Send two exits of which either cancels the other; raises as ``submit`` does."""
        profit, other = take_profit.client_order_id, stop.client_order_id
        body = wire.pair_out(take_profit, stop, contract, names.paired(profit, other))
        told = self._sent(body, profit, other)
        if told is None or not told.legs:
            return self._adopted(profit), self._adopted(other)
        return (
            _certain(lambda: wire.held(profit, [told])),
            _certain(lambda: wire.held(other, [told.legs[0]])),
        )

    def replace(self, order: Order, contract: Contract) -> VenueOrder:  # noqa: ARG002  the port's
        """Ask for a working order's quantity and prices to be changed; raises as ``submit`` does.

        What Alpaca answers is the order that is to take its place: whether it does is reported.
        """
        name = order.client_order_id
        chain = self._chain(name)
        body: dict[str, Any] = dict(wire.prices_out(order))
        if reading(lambda: wire.held(name, chain)).quantity != order.quantity:
            body["qty"] = money.wire(order.quantity)
        with self._lock:
            self._replacing.add(name)
        try:
            told = self._replaced(chain[-1], name, body)
        except BrokerUnknown:
            raise
        except BrokerError:
            self._replaces_no_more(name)
            raise
        self._names.learn(told)
        return _certain(lambda: wire.held(name, [*chain, told]))

    def cancel(self, order: Order) -> None:
        """Ask for a cancel; the outcome arrives as a report.  Raises as ``submit`` does."""
        name = order.client_order_id
        known = self._names.newest(name)
        if known is None:
            known = self._standing(name).id
        try:
            self._client.change("DELETE", f"/orders/{known}")
        except BrokerRejected:
            now = self._standing(name)
            if now.status == "pending_cancel":
                return
            if now.id == known:
                raise
            # It was replaced since, by one that we had not heard of.
            self._client.change("DELETE", f"/orders/{now.id}")

    def order(self, client_order_id: str) -> VenueOrder | None:
        """Alpaca's order under our own id; None only when Alpaca itself says that it has none.

        Raises BrokerUnavailable for any other answer.
        """
        return answered(lambda: self._orders.find(client_order_id))

    def open_orders(self) -> Sequence[VenueOrder]:
        """Working orders, in order of arrival; somebody else's have ids that are not ours."""
        return answered(self._orders.open)

    def fills(self, after: datetime) -> Sequence[Report]:
        """Fills at or later than ``after``, oldest first, as reports."""
        listed = answered(lambda: self._orders.fills(after))
        found = [self._fill(row) for row in listed]
        return [each for each in found if each.fill.at >= after]

    def positions(self) -> Sequence[VenuePosition]:
        """Net positions that are not flat."""
        listed = answered(lambda: rows(self._client.read("/positions")))
        return [reading(partial(wire.position_in, row)) for row in listed]

    def account(self) -> AccountSnapshot:
        """The account's money as Alpaca counts it."""
        data = answered(lambda: self._client.read("/account"))
        return reading(lambda: wire.account_in(data, self._clock.now()))

    # --- what the stream says ---------------------------------------------------------------------

    def catch_up(self) -> None:
        """Tell what happened while nobody listened; raises BrokerError when it cannot be had."""
        asked_at = self._clock.now()
        with self._lock:
            before = set(self._working)
        there = {each.client_order_id for each in self.open_orders()}
        for report in self.fills(self._since - _OVERLAP):
            self._tell(report)
        with self._lock:
            self._working |= there
        for name in before - there:
            ended = self.order(name)
            if ended is not None and ended.state in ENDINGS:
                event = ENDINGS[ended.state]
                self._report(name, event, ended.at, ended.venue_order_id)
            if ended is None or ended.state.terminal:
                self._over(name)
        self._since = asked_at

    def hear(self, data: Json) -> None:
        """Tell what a message of the stream says; raises BrokerError when it cannot be read."""
        update = reading(lambda: Update.read(data))
        self._since = self._clock.now()
        if update.event in wire.QUIET:
            return
        if update.event not in {*wire.EVENTS, *wire.FILLS}:
            _log.warning("alpaca_event_unknown", event_name=update.event[:40])
            return
        name = answered(lambda: self._orders.name_of(update.order))
        self._names.learn(update.order)
        if update.event in wire.FILLS:
            self._tell(reading(lambda: update.fill(self.account_id, name)))
            if update.order.status == "filled":
                self._ended(name, OrderEvent.CANCEL, update.at)
        else:
            self._happened(name, update)

    def _happened(self, name: str, update: Update) -> None:
        """Tell what happened to an order other than a fill, in the words for ours."""
        event, order = wire.EVENTS[update.event], update.order
        if event in {OrderEvent.REPLACE, OrderEvent.REFUSE_REPLACE}:
            if event is OrderEvent.REPLACE and order.replaced_by is None:
                # The other leg of its pair filled.
                event = OrderEvent.CANCEL
            elif not self._replaces_no_more(name):
                # Somebody else's replacement, which our books have not asked for.
                return
        elif event is OrderEvent.REJECT and order.replaces is not None:
            # A replacement that came too late: that its order works on was told.
            return
        self._report(name, event, update.at, order.id)
        if event in ENDINGS.values():
            self._ended(name, event, update.at)

    def _ended(self, name: str, event: OrderEvent, at: datetime) -> None:
        """An order is over, and so is the other one of its pair, of which Alpaca says nothing."""
        self._over(name)
        partner = self._names.partner(name)
        with self._lock:
            worked = partner in self._working
        if partner is not None and worked:
            self._over(partner)
            ended = OrderEvent.EXPIRE if event is OrderEvent.EXPIRE else OrderEvent.CANCEL
            self._report(partner, ended, at, self._names.newest(partner))

    def _report(self, name: str, event: OrderEvent, at: datetime, venue_id: str | None) -> None:
        self._tell(OrderReport(self.account_id, name, event, at, venue_id))

    def _tell(self, report: Report) -> None:
        if not isinstance(report, FillReport) or self._is_new(report):
            super()._tell(report)

    def _is_new(self, report: FillReport) -> bool:
        """Whether the fill was not told before; with other numbers it is told again."""
        fill = report.fill
        key = (fill.venue_fill_id, fill.side, fill.quantity, fill.price)
        with self._lock:
            if key in self._fills:
                return False
            self._fills[key] = None
            while len(self._fills) > _TOLD:
                self._fills.popitem(last=False)
        return True

    # --- how Alpaca is asked ----------------------------------------------------------------------

    def _sent(self, body: dict[str, Any], *ours: str) -> Told | None:
        """Send an order or a pair; None when Alpaca has one under this id already."""
        try:
            answer = self._client.change("POST", "/orders", body)
            told = _certain(lambda: _named(Told.read(answer), body["client_order_id"]))
        except BrokerRejected as refusal:
            if refusal.code != DUPLICATE:
                raise
            return None
        except BrokerUnknown:
            self._works(*ours)
            raise
        self._names.learn(told)
        if not told.over:
            self._works(*ours)
        return told

    def _adopted(self, client_order_id: str) -> VenueOrder:
        """The order that Alpaca has under this id already."""
        held = super()._adopted(client_order_id)
        if not held.state.terminal:
            self._works(client_order_id)
        return held

    def _replaced(self, now: Told, name: str, body: dict[str, Any]) -> Told:
        """Ask for a replacement under the next id that no earlier attempt has used."""
        own = now.own
        for _ in range(_TRIES):
            own = names.following(own, name)
            try:
                answer = self._client.change(
                    "PATCH", f"/orders/{now.id}", {**body, "client_order_id": own}
                )
            except BrokerRejected as refusal:
                if refusal.code != DUPLICATE:
                    raise
                continue
            return _certain(partial(Told.read, answer))
        raise refused("Alpaca has refused to replace the order too often", OTHER)

    def _chain(self, name: str) -> list[Told]:
        """Alpaca's orders that stood for ours; raises BrokerRejected when it has none."""
        chain = answered(lambda: self._orders.chain(name))
        if chain is None:
            raise refused("Alpaca has no such order", UNKNOWN_ORDER)
        return chain

    def _standing(self, name: str) -> Told:
        return self._chain(name)[-1]

    def _fill(self, row: Json) -> FillReport:
        name = answered(lambda: self._orders.name_of_id(str(row.get("order_id"))))
        return reading(lambda: wire.fill_in(row, self.account_id, name))

    def _replaces_no_more(self, name: str) -> bool:
        with self._lock:
            asked = name in self._replacing
            self._replacing.discard(name)
        return asked

    def _works(self, *ours: str) -> None:
        with self._lock:
            self._working.update(ours)

    def _over(self, name: str) -> None:
        with self._lock:
            self._working.discard(name)


def _named(told: Told, own: str) -> Told:
    if told.own != own:
        raise InvalidInput("It is about another order.")
    return told


def _certain(read: Callable[[], Read]) -> Read:
    """Return what an answer to a change says; one that cannot be read leaves it open."""
    try:
        return reading(read)
    except BrokerUnavailable as failure:
        raise BrokerUnknown(failure.detail) from failure
