"""One account at the venue's process: the broker port over HTTP and a stream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar
from urllib.parse import quote as quoted

from app.brokers.chaos import wire
from app.brokers.net.attending import Attending
from app.brokers.net.calls import Calls
from app.domain.accounts import Account
from app.domain.errors import (
    BrokerRejected,
    BrokerUnavailable,
    BrokerUnknown,
    InvalidInput,
)
from app.domain.instruments import Contract
from app.domain.orders import ENDINGS, Order, OrderType
from app.domain.reports import (
    AccountSnapshot,
    FillReport,
    OrderReport,
    Report,
    VenueOrder,
    VenuePosition,
)
from app.services.ports import Capabilities, Clock, Quotes

CAPABILITIES: Final = Capabilities(
    order_types=frozenset(OrderType), replace=True, streaming=True, fractional=True
)
#: Fills this much older than the last one known are asked for again after a reconnect.
_OVERLAP: Final = timedelta(minutes=2)

Json = Mapping[str, Any]
Read = TypeVar("Read")


class ChaosBroker(Attending):
    """Speaks to the venue's process for one account; many tasks may use it at once."""

    def __init__(
        self,
        account: Account,
        calls: Calls,
        opening: dict[str, Any],
        quotes: Quotes,
        clock: Clock,
        joined: Callable[[ChaosBroker], Callable[[], None]],
    ) -> None:
        """``opening`` is what the venue is told of the account; ``joined`` starts its stream and
        returns what ends it.
        """
        super().__init__(account, lambda: joined(self), calls.close)
        self._calls = calls
        self._opening = opening
        self._quotes = quotes
        self._clock = clock
        self._known = False
        self._since = clock.now()
        self._working: dict[str, Decimal] = {}
        self._symbols: set[str] = set()
        self._lock = threading.Lock()

    @property
    def capabilities(self) -> Capabilities:
        """What the venue can do: everything but pairs of exits, which are ours to manage."""
        return CAPABILITIES

    # --- the verbs --------------------------------------------------------------------------------

    def submit(self, order: Order, contract: Contract) -> VenueOrder:
        """Send the order once, with the newest price; an id that the venue has is adopted.

        Raises BrokerRejected, BrokerAuth, BrokerUnavailable and BrokerLimited (not taken) or
        BrokerUnknown (it may have been taken).
        """
        self._introduce()
        body = {"order": wire.order_out(order), "quote": self._price(contract.symbol)}
        with self._lock:
            self._symbols.add(contract.symbol)
            self._working[order.client_order_id] = order.remaining
        try:
            answer = self._calls.change("POST", self._path("orders"), body)
        except BrokerRejected as refusal:
            if refusal.code == "DUPLICATE_ORDER":
                return self._adopted(order.client_order_id)
            self._over(order.client_order_id)
            if refusal.code == "NOT_FOUND":
                self._known = False
                raise BrokerUnavailable(refusal.detail) from refusal
            raise
        return self._held(answer, order.client_order_id)

    def replace(self, order: Order, contract: Contract) -> VenueOrder:
        """Change a working order's quantity and prices; raises as ``submit`` does."""
        self._introduce()
        body = {"order": wire.order_out(order), "quote": self._price(contract.symbol)}
        path = self._path("orders", order.client_order_id)
        return self._held(self._calls.change("PATCH", path, body), order.client_order_id)

    def cancel(self, order: Order) -> None:
        """Ask for a cancel, once; the outcome arrives as a report.  Raises as ``submit`` does."""
        self._introduce()
        self._calls.change("DELETE", self._path("orders", order.client_order_id))

    def order(self, client_order_id: str) -> VenueOrder | None:
        """The venue's order under our own id; None only when the venue itself says that it has
        none.  Raises BrokerUnavailable for any other answer.
        """
        self._introduce()
        try:
            answer = self._calls.read(self._path("orders", client_order_id))
        except BrokerRejected as refusal:
            if refusal.code == "UNKNOWN_ORDER":
                return None
            raise BrokerUnavailable(refusal.detail) from refusal
        try:
            return self._held(answer, client_order_id)
        except BrokerUnknown as failure:
            raise BrokerUnavailable(failure.detail) from failure

    def open_orders(self) -> Sequence[VenueOrder]:
        """Working orders, in order of arrival."""
        return [self._read(wire.held_in, each) for each in self._list("orders")]

    def fills(self, after: datetime) -> Sequence[Report]:
        """Fills at or later than ``after``, oldest first, as reports."""
        rows = self._list("fills", {"after": after.isoformat()})
        return [self._read(lambda row: wire.report_in(row, self.account_id), each) for each in rows]

    def positions(self) -> Sequence[VenuePosition]:
        """Net positions that are not flat."""
        return [self._read(wire.position_in, each) for each in self._list("positions")]

    def account(self) -> AccountSnapshot:
        """The account's money as the venue says; what it does not know is None."""
        self._introduce()
        data = self._reading("")

        def read(row: Json) -> AccountSnapshot:
            return AccountSnapshot(
                Decimal(row["cash"]),
                _number(row["equity"]),
                _number(row["buying_power"]),
                datetime.fromisoformat(row["at"]),
            )

        return self._read(read, data)

    # --- what the stream says ---------------------------------------------------------------------

    @property
    def symbols(self) -> frozenset[str]:
        """The contracts whose prices matter to the venue: orders or positions are there."""
        with self._lock:
            return frozenset(self._symbols)

    def catch_up(self) -> None:
        """Tell what happened while nobody listened; raises BrokerError when it cannot be had."""
        self.introduced()
        held_there = self.open_orders()
        held = [*(each.symbol for each in held_there), *(one.symbol for one in self.positions())]
        for report in self.fills(self._since - _OVERLAP):
            self._tell(report)
        there = {each.client_order_id: each.quantity - each.filled_quantity for each in held_there}
        with self._lock:
            self._symbols.update(held)
            gone = [each for each in self._working if each not in there]
            self._working.update(there)
        for client_order_id in gone:
            ended = self.order(client_order_id)
            if ended is not None and ended.state in ENDINGS:
                self._tell(_end_of(self.account_id, ended))
            self._over(client_order_id)
        self._since = self._clock.now()

    def hear(self, message: Json) -> None:
        """Tell what a message of the stream says; raises BrokerError when it says nothing."""
        if message.get("kind") in {"order", "fill"}:
            report = self._read(lambda row: wire.report_in(row, self.account_id), message)
            self._since = self._clock.now()
            self._follow(report)
            self._tell(report)

    # --- how the venue is asked -------------------------------------------------------------------

    def introduced(self) -> None:
        """Tell the venue of the account, as at the first connection and after it was restarted."""
        try:
            self._calls.change("PUT", self._path(), self._opening)
        except BrokerUnknown as failure:
            # Opening an account twice changes nothing, so what is unknown is simply not done yet.
            raise BrokerUnavailable(failure.detail) from failure
        self._known = True

    def _introduce(self) -> None:
        if not self._known:
            self.introduced()

    def _held(self, answer: Json, client_order_id: str) -> VenueOrder:
        try:
            held = wire.held_in(answer)
        except InvalidInput as error:
            raise BrokerUnknown(error.detail[:300]) from error
        if held.client_order_id != client_order_id:
            raise BrokerUnknown("The venue answered about another order.")
        return held

    def _list(self, place: str, query: Mapping[str, str] | None = None) -> list[Json]:
        """The rows of a list; an answer without the list is no empty list."""
        self._introduce()
        rows = self._reading(place, query).get(place)
        if not isinstance(rows, list):
            raise BrokerUnavailable(f"The venue's answer holds no {place}.")
        return rows

    def _reading(self, place: str, query: Mapping[str, str] | None = None) -> Json:
        try:
            return self._calls.read(self._path(place), query)
        except BrokerRejected as refusal:
            raise BrokerUnavailable(refusal.detail) from refusal

    def _read(self, how: Callable[[Json], Read], row: Json) -> Read:
        try:
            return how(row)
        except (InvalidInput, ValueError, TypeError, KeyError, ArithmeticError) as error:
            words = error.detail if isinstance(error, InvalidInput) else repr(error)
            raise BrokerUnavailable(f"The venue's answer cannot be read: {words[:200]}") from error

    def _price(self, symbol: str) -> Json | None:
        quote = self._quotes.latest(symbol)
        return None if quote is None else wire.quote_out(quote)

    def _follow(self, report: Report) -> None:
        """Remember which orders may still work, so that their end is not missed."""
        name = report.client_order_id or ""
        with self._lock:
            left = self._working.get(name)
            if left is None:
                return
            if isinstance(report, FillReport):
                left -= report.fill.quantity
                self._working[name] = left
            elif report.event in ENDINGS.values():
                left = Decimal(0)
            if left <= 0:
                del self._working[name]

    def _over(self, client_order_id: str) -> None:
        with self._lock:
            self._working.pop(client_order_id, None)

    def _path(self, place: str = "", name: str = "") -> str:
        parts = ["accounts", self.account_id, place, name]
        return "".join(f"/{quoted(part, safe='')}" for part in parts if part)


def _end_of(account_id: str, held: VenueOrder) -> OrderReport:
    event = ENDINGS[held.state]
    name, number = held.client_order_id, held.venue_order_id
    return OrderReport(account_id, name, event, held.at, number, held.reason)


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
