"""What goes over the wire between us and Alpaca: JSON in which numbers are strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.brokers.alpaca.refusals import OTHER, refused
from app.domain.catalogue import InstrumentKind
from app.domain.errors import InvalidInput
from app.domain.instruments import Contract
from app.domain.money import ZERO, divide, exact, wire
from app.domain.orders import Fill, Order, OrderEvent, OrderState, OrderType, Side, TimeInForce
from app.domain.reports import AccountSnapshot, FillReport, VenueOrder, VenuePosition

Json = Mapping[str, Any]

#: Statuses of orders that are with Alpaca or the exchange.
_WORKING: Final = frozenset(
    {
        "new",
        "accepted",
        "pending_new",
        "accepted_for_bidding",
        "held",
        "partially_filled",
        "stopped",
        "suspended",
        "calculated",
        "done_for_day",
        "pending_review",
    }
)
#: An order that was replaced and has no successor is the leg of a pair whose other leg filled.
_STATES: Final = {
    "pending_cancel": OrderState.PENDING_CANCEL,
    "pending_replace": OrderState.PENDING_REPLACE,
    "filled": OrderState.FILLED,
    "canceled": OrderState.CANCELED,
    "replaced": OrderState.CANCELED,
    "expired": OrderState.EXPIRED,
    "rejected": OrderState.REJECTED,
}
_OVER: Final = frozenset({"filled", "canceled", "replaced", "expired", "rejected"})
FILLS: Final = frozenset({"fill", "partial_fill"})
EVENTS: Final = {
    "new": OrderEvent.ACCEPT,
    "accepted": OrderEvent.ACCEPT,
    "accepted_for_bidding": OrderEvent.ACCEPT,
    "canceled": OrderEvent.CANCEL,
    "expired": OrderEvent.EXPIRE,
    "rejected": OrderEvent.REJECT,
    "replaced": OrderEvent.REPLACE,
    "order_replace_rejected": OrderEvent.REFUSE_REPLACE,
    "order_cancel_rejected": OrderEvent.REFUSE_CANCEL,
}
#: Events that change nothing for us: others follow, or have come.
QUIET: Final = frozenset(
    {
        "pending_new",
        "pending_cancel",
        "pending_replace",
        "pending_review",
        "held",
        "done_for_day",
        "stopped",
        "suspended",
        "calculated",
        "restated",
    }
)


# --- what we say ----------------------------------------------------------------------------------


def symbol_out(contract: Contract) -> str:
    """Return the contract's symbol as Alpaca writes it: a crypto pair has a slash."""
    if contract.instrument.kind is not InstrumentKind.CRYPTO:
        return contract.symbol
    money = contract.instrument.currency
    return f"{contract.symbol.removesuffix(money)}/{money}"


def symbol_in(text: object) -> str:
    """Return our symbol of an instrument of Alpaca's, whose pairs come with and without a slash."""
    return _text(text).replace("/", "")


def order_out(order: Order, contract: Contract, *, extended_hours: bool) -> dict[str, Any]:
    """Return the body that sends an order; raises BrokerRejected for one that Alpaca has no word
    for.
    """
    time = _time(order, contract)
    body: dict[str, Any] = {
        "symbol": symbol_out(contract),
        "qty": wire(order.quantity),
        "side": order.side.value,
        "type": order.type.value,
        "time_in_force": time,
        "client_order_id": order.client_order_id,
        **prices_out(order, "trail_price"),
    }
    stock = contract.instrument.kind is InstrumentKind.STOCK
    if extended_hours and stock and order.type is OrderType.LIMIT and time == "day":
        body["extended_hours"] = True
    return body


def pair_out(profit: Order, stop: Order, contract: Contract, own: str) -> dict[str, Any]:
    """Return the body that sends two exits of which either cancels the other."""
    if profit.type is not OrderType.LIMIT or stop.type not in {
        OrderType.STOP,
        OrderType.STOP_LIMIT,
    }:
        raise refused("Alpaca takes only a limit order and a stop as a pair of exits", OTHER)
    return {
        "symbol": symbol_out(contract),
        "qty": wire(profit.quantity),
        "side": profit.side.value,
        "type": "limit",
        "time_in_force": _time(profit, contract),
        "order_class": "oco",
        "client_order_id": own,
        "take_profit": prices_out(profit),
        "stop_loss": prices_out(stop),
    }


def prices_out(order: Order, trail: str = "trail") -> dict[str, str]:
    """Return the prices of an order; ``trail`` is what the distance of its stop is called."""
    known = {
        "limit_price": order.limit_price,
        "stop_price": None if order.type is OrderType.TRAILING_STOP else order.stop_price,
        trail: order.trail,
    }
    return {name: wire(value) for name, value in known.items() if value is not None}


def _time(order: Order, contract: Contract) -> str:
    """How long the order is to work, in the words that Alpaca takes for it."""
    asked = order.time_in_force
    if contract.instrument.kind is InstrumentKind.CRYPTO:
        if asked is TimeInForce.DAY and order.type is not OrderType.MARKET:
            raise refused("Alpaca takes no order of a crypto pair for the day", "BAD_TIME_IN_FORCE")
        return TimeInForce.GTC.value if asked is TimeInForce.DAY else asked.value
    # Fractions of a share work for the day at most.
    fraction = order.quantity % 1 != 0
    return TimeInForce.DAY.value if fraction and asked is TimeInForce.GTC else asked.value


# --- what Alpaca says -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """An order as Alpaca tells it.

    ``own`` is its client order id; ``quantity`` is None for an order in dollars; ``at`` is when it
    changed last; ``replaces`` and ``replaced_by`` are Alpaca's ids.
    """

    id: str
    own: str
    symbol: str
    side: Side
    type: str
    order_class: str
    status: str
    quantity: Decimal | None
    filled: Decimal
    average: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    replaces: str | None
    replaced_by: str | None
    submitted_at: datetime
    at: datetime
    legs: tuple[Told, ...] = ()

    @staticmethod
    def read(data: Any) -> Told:  # noqa: ANN401  JSON
        """Read an order; raises InvalidInput."""
        try:
            return _told(data)
        except UNREADABLE as error:
            raise InvalidInput(f"The order cannot be read: {error!r}.") from error

    @property
    def over(self) -> bool:
        """Whether Alpaca says that it can fill no more."""
        return self.status in _OVER


@dataclass(frozen=True, slots=True)
class Update:
    """One message of the stream of what happens to orders; ``execution`` only where one filled."""

    event: str
    at: datetime
    order: Told
    execution: str | None
    price: Decimal | None
    quantity: Decimal | None

    @staticmethod
    def read(data: Any) -> Update:  # noqa: ANN401  JSON
        """Read a message; raises InvalidInput."""
        try:
            filled = data["event"] in FILLS
            return Update(
                _text(data["event"]),
                datetime.fromisoformat(data["timestamp"]),
                _told(data["order"]),
                _text(data["execution_id"]) if filled else None,
                Decimal(data["price"]) if filled else None,
                Decimal(data["qty"]) if filled else None,
            )
        except UNREADABLE as error:
            raise InvalidInput(f"The message cannot be read: {error!r}.") from error

    def fill(self, account_id: str, name: str) -> FillReport:
        """Return the execution that it tells of; raises InvalidInput when it tells of none."""
        if self.execution is None or self.price is None or self.quantity is None:
            raise InvalidInput("The message tells of no execution.")
        order = self.order
        fill = Fill(
            venue_fill_id=self.execution,
            account_id=account_id,
            symbol=order.symbol,
            side=order.side,
            quantity=self.quantity,
            price=self.price,
            commission=ZERO,
            at=self.at,
        )
        return FillReport(account_id, name, fill, order.id)


@exact
def held(name: str, chain: Sequence[Told]) -> VenueOrder:
    """Return our order from those of Alpaca that stood for it, the one that stands now last.

    A replacement is for what was left of the order before it, so that its fills add up.  Raises
    InvalidInput for a status that is not known and for a working order in dollars.
    """
    now, filled = chain[-1], sum((each.filled for each in chain), ZERO)
    paid = sum((each.filled * (each.average or ZERO) for each in chain), ZERO)
    left = ZERO if now.quantity is None else now.quantity - now.filled
    if now.quantity is None and not now.over:
        raise InvalidInput("An order in dollars has no quantity before it has filled.")
    return VenueOrder(
        client_order_id=name,
        venue_order_id=now.id,
        symbol=now.symbol,
        side=now.side,
        quantity=filled + left,
        filled_quantity=filled,
        state=_state(now.status, filled),
        at=now.at,
        average_price=divide(paid, filled) if filled else None,
        type=OrderType(now.type) if now.type in set(OrderType) else None,
        limit_price=now.limit_price,
        stop_price=now.stop_price,
    )


def fill_in(row: Json, account_id: str, name: str | None) -> FillReport:
    """Read an execution as the list of activities has it; raises InvalidInput."""
    try:
        fill = Fill(
            venue_fill_id=_text(row["id"]).rpartition("::")[2],
            account_id=account_id,
            symbol=symbol_in(row["symbol"]),
            side=_side(row["side"]),
            quantity=Decimal(row["qty"]),
            price=Decimal(row["price"]),
            commission=ZERO,
            at=datetime.fromisoformat(row["transaction_time"]),
        )
        return FillReport(account_id, name, fill, _text(row["order_id"]))
    except UNREADABLE as error:
        raise InvalidInput(f"The execution cannot be read: {error!r}.") from error


def position_in(row: Json) -> VenuePosition:
    """Read a position; raises InvalidInput."""
    try:
        size = abs(Decimal(row["qty"]))
        signed = {"long": size, "short": -size}[row["side"]]
        return VenuePosition(symbol_in(row["symbol"]), signed, Decimal(row["avg_entry_price"]))
    except UNREADABLE as error:
        raise InvalidInput(f"The position cannot be read: {error!r}.") from error


def account_in(row: Json, at: datetime) -> AccountSnapshot:
    """Read the account's money; raises InvalidInput."""
    try:
        equity, power = _number(row.get("equity")), _number(row.get("buying_power"))
        return AccountSnapshot(Decimal(row["cash"]), equity, power, at)
    except UNREADABLE as error:
        raise InvalidInput(f"The account cannot be read: {error!r}.") from error


def stamp(at: datetime) -> str:
    """Return an instant as it goes into a query."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError, InvalidOperation)


def _told(data: Json) -> Told:
    submitted = datetime.fromisoformat(data.get("submitted_at") or data["created_at"])
    changed = data.get("updated_at")
    return Told(
        id=_text(data["id"]),
        own=_text(data["client_order_id"]),
        symbol=symbol_in(data["symbol"]),
        side=_side(data["side"]),
        type=_text(data["type"]),
        order_class=data.get("order_class") or "",
        status=_text(data["status"]),
        quantity=_number(data["qty"]),
        filled=Decimal(data["filled_qty"]),
        average=_number(data.get("filled_avg_price")),
        limit_price=_number(data.get("limit_price")),
        stop_price=_number(data.get("stop_price")),
        replaces=data.get("replaces"),
        replaced_by=data.get("replaced_by"),
        submitted_at=submitted,
        at=submitted if changed is None else datetime.fromisoformat(changed),
        legs=tuple(_told(leg) for leg in data.get("legs") or ()),
    )


def _state(status: str, filled: Decimal) -> OrderState:
    if status in _WORKING:
        return OrderState.PARTIALLY_FILLED if filled else OrderState.ACCEPTED
    try:
        return _STATES[status]
    except KeyError:
        raise InvalidInput(f"The status {status[:40]!r} of an order is not known.") from None


def _side(value: object) -> Side:
    # The list of activities tells short sales apart.
    return Side("sell" if value == "sell_short" else _text(value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
