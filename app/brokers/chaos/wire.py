"""What goes over the wire between the server and the venue's process: JSON, decimals as strings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.domain.errors import InvalidInput
from app.domain.orders import (
    Fill,
    Order,
    OrderEvent,
    OrderRole,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
)
from app.domain.quotes import Quote, QuoteSource
from app.domain.reports import FillReport, OrderReport, Report, VenueOrder, VenuePosition

Json = dict[str, Any]

#: The fields of an order that its venue is told; the rest is ours alone.
_TOLD: Final = (
    "id",
    "client_order_id",
    "symbol",
    "side",
    "quantity",
    "type",
    "time_in_force",
    "role",
    "leg",
    "strategy_id",
    "limit_price",
    "stop_price",
    "trail",
    "reduce_only",
    "created_at",
)


def plain(value: object) -> object:
    """Return ``value`` as JSON has it: decimals, instants and words become strings."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def order_out(order: Order) -> Json:
    """Return the order as it is sent."""
    return {name: plain(getattr(order, name)) for name in _TOLD}


def order_in(data: Mapping[str, Any], account_id: str) -> Order:
    """Read what ``order_out`` wrote; raises InvalidInput."""
    try:
        at = datetime.fromisoformat(data["created_at"])
        return Order(
            id=str(data["id"]),
            client_order_id=str(data["client_order_id"]),
            account_id=account_id,
            symbol=str(data["symbol"]),
            side=Side(data["side"]),
            quantity=Decimal(data["quantity"]),
            type=OrderType(data["type"]),
            time_in_force=TimeInForce(data["time_in_force"]),
            role=OrderRole(data["role"]),
            state=OrderState.SUBMITTING,
            created_at=at,
            updated_at=at,
            leg=str(data["leg"]),
            strategy_id=data.get("strategy_id"),
            limit_price=_number(data.get("limit_price")),
            stop_price=_number(data.get("stop_price")),
            trail=_number(data.get("trail")),
            reduce_only=data.get("reduce_only") is True,
        )
    except _UNREADABLE as error:
        raise InvalidInput(f"The order cannot be read: {error!r}.") from error


def held_out(held: VenueOrder) -> Json:
    """Return the venue's order as it is told."""
    return {name: plain(getattr(held, name)) for name in VenueOrder.__dataclass_fields__}


def held_in(data: Mapping[str, Any]) -> VenueOrder:
    """Read what ``held_out`` wrote; raises InvalidInput."""
    try:
        return VenueOrder(
            client_order_id=_text(data["client_order_id"]),
            venue_order_id=_text(data["venue_order_id"]),
            symbol=_text(data["symbol"]),
            side=Side(data["side"]),
            quantity=Decimal(data["quantity"]),
            filled_quantity=Decimal(data["filled_quantity"]),
            state=OrderState(data["state"]),
            at=datetime.fromisoformat(data["at"]),
            average_price=_number(data.get("average_price")),
            reason=data.get("reason"),
            type=None if data.get("type") is None else OrderType(data["type"]),
            limit_price=_number(data.get("limit_price")),
            stop_price=_number(data.get("stop_price")),
        )
    except _UNREADABLE as error:
        raise InvalidInput(f"The venue's order cannot be read: {error!r}.") from error


def position_out(held: VenuePosition) -> Json:
    """Return the venue's position as it is told."""
    return {name: plain(getattr(held, name)) for name in VenuePosition.__dataclass_fields__}


def position_in(data: Mapping[str, Any]) -> VenuePosition:
    """Read what ``position_out`` wrote; raises InvalidInput."""
    try:
        average = _number(data.get("average_price"))
        return VenuePosition(_text(data["symbol"]), Decimal(data["quantity"]), average)
    except _UNREADABLE as error:
        raise InvalidInput(f"The venue's position cannot be read: {error!r}.") from error


def report_out(report: OrderReport | FillReport) -> Json:
    """Return what the venue says about an order, as it goes over the stream."""
    if isinstance(report, FillReport):
        fill = {name: plain(getattr(report.fill, name)) for name in Fill.__dataclass_fields__}
        return {
            "kind": "fill",
            "client_order_id": report.client_order_id,
            "venue_order_id": report.venue_order_id,
            "fill": fill,
        }
    return {
        "kind": "order",
        "client_order_id": report.client_order_id,
        "venue_order_id": report.venue_order_id,
        "event": report.event.value,
        "at": report.at.isoformat(),
        "reason": report.reason,
    }


def report_in(data: Mapping[str, Any], account_id: str) -> Report:
    """Read what ``report_out`` wrote; raises InvalidInput."""
    try:
        if data["kind"] == "fill":
            fill = _fill(data["fill"], account_id)
            return FillReport(account_id, data["client_order_id"], fill, data["venue_order_id"])
        return OrderReport(
            account_id=account_id,
            client_order_id=_text(data["client_order_id"]),
            event=OrderEvent(data["event"]),
            at=datetime.fromisoformat(data["at"]),
            venue_order_id=data.get("venue_order_id"),
            reason=data.get("reason"),
        )
    except _UNREADABLE as error:
        raise InvalidInput(f"The venue's report cannot be read: {error!r}.") from error


def quote_out(quote: Quote) -> Json:
    """Return the quote as it is forwarded."""
    return {name: plain(getattr(quote, name)) for name in Quote.__dataclass_fields__}


def quote_in(data: Mapping[str, Any]) -> Quote:
    """Read what ``quote_out`` wrote; raises InvalidInput."""
    try:
        return Quote(
            symbol=_text(data["symbol"]),
            bid=Decimal(data["bid"]),
            ask=Decimal(data["ask"]),
            at=datetime.fromisoformat(data["at"]),
            source=QuoteSource(data["source"]),
            last=_number(data.get("last")),
        )
    except _UNREADABLE as error:
        raise InvalidInput(f"The quote cannot be read: {error!r}.") from error


def _fill(data: Mapping[str, Any], account_id: str) -> Fill:
    return Fill(
        venue_fill_id=_text(data["venue_fill_id"]),
        account_id=account_id,
        symbol=_text(data["symbol"]),
        side=Side(data["side"]),
        quantity=Decimal(data["quantity"]),
        price=Decimal(data["price"]),
        commission=Decimal(data["commission"]),
        at=datetime.fromisoformat(data["at"]),
        base_fee=Decimal(data["base_fee"]),
    )


_UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError, InvalidOperation)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
