"""From the body of POST /v2/orders to tickets, or to the refusal that Alpaca would answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from tests.venues.alpaca.market.assets import Asset, spelled
from tests.venues.alpaca.market.prices import Prices
from tests.venues.alpaca.orders import Ticket
from tests.venues.alpaca.words import (
    Json,
    bad_field,
    forbidden,
    name_of,
    number,
    unprocessable,
)

TYPES: Final = frozenset({"market", "limit", "stop", "stop_limit", "trailing_stop"})
TIMES: Final = frozenset({"day", "gtc", "opg", "cls", "ioc", "fok"})
CLASSES: Final = frozenset({"", "simple", "bracket", "oco", "oto"})
_CRYPTO_TYPES: Final = frozenset({"market", "limit", "stop_limit"})
_LONGEST_ID: Final = 128
_LEAST: Final = {True: 10, False: 1}
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True)
class Draft:
    """The tickets of one request: the order itself, then its legs."""

    ticket: Ticket
    legs: tuple[Ticket, ...] = ()


def read(body: Any, account_id: str, first: int, prices: Prices, now: datetime) -> Draft:  # noqa: ANN401  JSON
    """Read an order; ``first`` is the number that its first ticket takes.  Raises ApiError."""
    if not isinstance(body, dict):
        raise bad_field("request body format is invalid")
    asset = _asset(body, prices)
    ticket = _ticket(body, asset, account_id, first, now)
    if ticket.order_class == "oco":
        ticket = _oco(ticket, body)
    _check_shape(ticket)
    (_check_crypto if asset.crypto else _check_stock)(ticket, asset)
    for name in ("limit_price", "stop_price"):
        check_step(asset, name, getattr(ticket, name))
    legs = _legs(ticket, body, asset, account_id)
    _check_legs(ticket, legs, prices)
    return Draft(ticket, legs)


def check_step(asset: Asset, name: str, price: Decimal | None) -> None:
    """Refuse a price of a stock that is not on its step; raises ApiError."""
    if price is None:
        return
    if price <= 0:
        raise unprocessable(f"{name} must be > 0")
    if price % asset.tick(price):
        raise unprocessable(
            f"invalid {name} {price}. sub-penny increment does not fulfill minimum pricing criteria"
        )


def _asset(body: Json, prices: Prices) -> Asset:
    text = body.get("symbol")
    if not isinstance(text, str) or not text:
        raise bad_field("symbol is required")
    asset = prices.asset(spelled(text))
    if asset is None:
        raise unprocessable(f'asset "{text}" not found')
    if not asset.active:
        raise unprocessable(f'asset "{text}" is not active')
    if not asset.tradable:
        raise unprocessable(f'asset "{text}" is not tradable')
    return asset


def _choice(body: Json, name: str, known: frozenset[str], usual: str | None = None) -> str:
    value = body.get(name, usual)
    if value is None and usual is not None:
        return usual
    if value is None:
        raise bad_field(f"{name} is required")
    if not isinstance(value, str) or value not in known:
        raise bad_field(f"invalid {name}")
    return value


def _object(body: Json, name: str) -> Json | None:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise bad_field(f"{name} must be an object")
    return value


def _own_id(body: Json) -> str | None:
    own = body.get("client_order_id")
    if own is not None and not isinstance(own, str):
        raise bad_field("client_order_id must be a string")
    if own and len(own) > _LONGEST_ID:
        raise bad_field("client_order_id must be no more than 128 characters")
    return own or None


def _ticket(body: Json, asset: Asset, account_id: str, first: int, now: datetime) -> Ticket:
    order_id = name_of("order", account_id, first)
    return Ticket(
        id=order_id,
        client_order_id=_own_id(body) or str(uuid.uuid4()),
        number=first,
        symbol=asset.symbol,
        asset_id=asset.id,
        asset_class=asset.kind,
        side=_choice(body, "side", frozenset({"buy", "sell"})),
        type=_choice(body, "type", TYPES),
        time_in_force=_choice(body, "time_in_force", TIMES),
        status="pending_new",
        created_at=now,
        updated_at=now,
        submitted_at=now,
        order_class=_choice(body, "order_class", CLASSES, ""),
        qty=number(body.get("qty"), "qty"),
        notional=number(body.get("notional"), "notional"),
        limit_price=number(body.get("limit_price"), "limit_price"),
        stop_price=number(body.get("stop_price"), "stop_price"),
        trail_price=number(body.get("trail_price"), "trail_price"),
        trail_percent=number(body.get("trail_percent"), "trail_percent"),
        extended_hours=body.get("extended_hours") is True,
        position_intent=body.get("position_intent"),
    )


def _oco(ticket: Ticket, body: Json) -> Ticket:
    """The order of an OCO is its take-profit."""
    profit = _object(body, "take_profit") or {}
    price = number(profit.get("limit_price"), "take_profit.limit_price")
    if ticket.type != "limit":
        raise unprocessable("oco orders must be limit orders")
    if price is None and ticket.limit_price is None:
        raise bad_field("oco orders require take_profit.limit_price")
    return replace(ticket, limit_price=price or ticket.limit_price, leg="take_profit")


def _check_shape(ticket: Ticket) -> None:
    if (ticket.qty is None) == (ticket.notional is None):
        raise bad_field("qty or notional is required, and only one of them")
    for name in ("qty", "notional"):
        value = getattr(ticket, name)
        if value is not None and value <= 0:
            raise unprocessable(f"{name} must be > 0")
    kind = ticket.type
    if kind in {"limit", "stop_limit"} and ticket.limit_price is None:
        raise bad_field(f"{kind.replace('_', ' ')} orders require limit price")
    if kind in {"stop", "stop_limit"} and ticket.stop_price is None:
        raise bad_field(f"{kind.replace('_', ' ')} orders require stop price")
    if kind == "market" and (ticket.limit_price or ticket.stop_price):
        raise bad_field("market orders require no stop or limit price")
    trails = [one for one in (ticket.trail_price, ticket.trail_percent) if one is not None]
    if (kind == "trailing_stop") != (len(trails) == 1) or any(one <= 0 for one in trails):
        raise bad_field("trailing stop orders require either trail_price or trail_percent")


def _check_stock(ticket: Ticket, asset: Asset) -> None:
    if ticket.extended_hours and (ticket.type != "limit" or ticket.time_in_force != "day"):
        raise unprocessable("extended hours order must be DAY limit orders")
    if ticket.type not in {"market", "limit"} and ticket.time_in_force not in {"day", "gtc"}:
        raise unprocessable(f"{ticket.type} orders must be DAY or GTC orders")
    if ticket.notional is None and ticket.qty is not None and not ticket.qty % 1:
        return
    if not asset.fractionable:
        raise forbidden(f'asset "{asset.symbol}" is not fractionable')
    if ticket.time_in_force != "day":
        raise unprocessable("fractional orders must be DAY orders")
    if ticket.type not in {"market", "limit"}:
        raise unprocessable("fractional orders must be market or limit orders")
    if ticket.order_class not in {"", "simple"}:
        raise unprocessable("fractional orders must be simple orders")
    if ticket.notional is not None and ticket.notional % _CENT:
        raise unprocessable("notional value must be limited to 2 decimal places")
    _check_least(ticket, asset)


def _check_crypto(ticket: Ticket, asset: Asset) -> None:
    if ticket.type not in _CRYPTO_TYPES:
        raise unprocessable("invalid order type for crypto order")
    if ticket.time_in_force not in {"gtc", "ioc"}:
        raise unprocessable("invalid crypto time_in_force")
    if ticket.order_class not in {"", "simple"}:
        raise unprocessable(
            f"crypto orders not allowed for advanced order_class: {ticket.order_class}"
        )
    _check_least(ticket, asset)


def _check_least(ticket: Ticket, asset: Asset) -> None:
    least = _LEAST[asset.crypto]
    if ticket.notional is not None and ticket.notional < least:
        raise forbidden(f"cost basis must be >= minimal amount of order {least}")


def _legs(ticket: Ticket, body: Json, asset: Asset, account_id: str) -> tuple[Ticket, ...]:
    """The legs that the class of the order asks for."""
    profit, loss = _object(body, "take_profit"), _object(body, "stop_loss")
    kind = ticket.order_class
    _check_class(ticket, profit, loss)
    made: list[Ticket] = []
    if profit and kind != "oco":
        price = number(profit.get("limit_price"), "take_profit.limit_price")
        if price is None:
            raise bad_field(f"{kind} orders require take_profit.limit_price")
        check_step(asset, "take_profit.limit_price", price)
        made.append(_leg(ticket, account_id, 1, leg="take_profit", type="limit", limit_price=price))
    if loss:
        made.append(_loss(ticket, loss, asset, account_id, 1 + len(made)))
    return tuple(made)


def _check_class(ticket: Ticket, profit: Json | None, loss: Json | None) -> None:
    """Refuse an order without the legs of its class, or with legs that it has no place for."""
    kind = ticket.order_class
    if kind in {"", "simple"}:
        if profit or loss:
            raise unprocessable("simple orders must not have take_profit or stop_loss")
        return
    if ticket.time_in_force not in {"day", "gtc"}:
        raise unprocessable(f"{kind} orders must be DAY or GTC orders")
    if kind == "bracket" and not profit:
        raise bad_field("bracket orders require take_profit.limit_price")
    if kind in {"bracket", "oco"} and not loss:
        raise bad_field(f"{kind} orders require stop_loss.stop_price")
    if kind == "bracket" and ticket.type not in {"market", "limit"}:
        raise unprocessable("bracket orders must be entry orders")
    if kind == "oto" and bool(profit) == bool(loss):
        raise bad_field("oto orders require either take_profit or stop_loss")


def _loss(ticket: Ticket, loss: Json, asset: Asset, account_id: str, ahead: int) -> Ticket:
    stop = number(loss.get("stop_price"), "stop_loss.stop_price")
    limit = number(loss.get("limit_price"), "stop_loss.limit_price")
    if stop is None:
        raise bad_field(f"{ticket.order_class} orders require stop_loss.stop_price")
    check_step(asset, "stop_loss.stop_price", stop)
    check_step(asset, "stop_loss.limit_price", limit)
    kind = "stop" if limit is None else "stop_limit"
    return _leg(
        ticket, account_id, ahead, leg="stop_loss", type=kind, stop_price=stop, limit_price=limit
    )


def _leg(parent: Ticket, account_id: str, ahead: int, **its: Any) -> Ticket:  # noqa: ANN401
    side = parent.side
    if parent.order_class != "oco":
        side = parent.direction.opposite.value
    plain = {"limit_price": None, "stop_price": None, "trail_price": None, "trail_percent": None}
    return replace(
        parent,
        **{
            **plain,
            "id": name_of("order", account_id, parent.number + ahead),
            "client_order_id": str(uuid.uuid4()),
            "number": parent.number + ahead,
            "side": side,
            "status": "held",
            "extended_hours": False,
            "position_intent": None,
            "parent_id": parent.id,
            **its,
        },
    )


def _check_legs(ticket: Ticket, legs: tuple[Ticket, ...], prices: Prices) -> None:
    """The take-profit must lie beyond the stop-loss, and each on its side of the price."""
    group = [*legs, ticket] if ticket.order_class == "oco" else legs
    profit = next((one.limit_price for one in group if one.leg == "take_profit"), None)
    loss = next((one.stop_price for one in group if one.leg == "stop_loss"), None)
    sign = legs[0].direction.opposite.sign if legs else 0
    if profit is not None and loss is not None and (profit - loss) * sign <= 0:
        relation = ">" if sign > 0 else "<"
        raise unprocessable(f"take_profit.limit_price must be {relation} stop_loss.stop_price")
    if not legs or ticket.order_class == "oco":
        return
    base = ticket.limit_price or ticket.stop_price or prices.mark(ticket.symbol)
    if loss is not None and (base - loss) * sign < _CENT:
        relation, step = ("<=", "- 0.01") if sign > 0 else (">=", "+ 0.01")
        raise unprocessable(f"stop_loss.stop_price must be {relation} base_price {step}")
    if profit is not None and (profit - base) * sign < _CENT:
        relation, step = (">=", "+ 0.01") if sign > 0 else ("<=", "- 0.01")
        raise unprocessable(f"take_profit.limit_price must be {relation} base_price {step}")


def successor(
    ticket: Ticket, body: Json, asset: Asset, account_id: str, first: int, now: datetime
) -> Ticket:
    """Read the body of PATCH /v2/orders/{id}: the order that comes in the place of ``ticket``.

    ``qty`` is the total with what has filled; the successor is for what is left of it.
    """
    if ticket.notional is not None:
        raise unprocessable("notional orders cannot be replaced")
    wanted = number(body.get("qty"), "qty")
    if wanted is not None and wanted <= ticket.filled_qty:
        raise unprocessable("qty must be > filled_qty")
    if wanted is not None and (wanted % 1 or ticket.remaining % 1) and not asset.crypto:
        raise unprocessable("qty of fractional orders cannot be changed")
    prices = {name: number(body.get(name), name) for name in ("limit_price", "stop_price")}
    for name, price in prices.items():
        if price is not None and getattr(ticket, name) is None:
            raise unprocessable(f"{name} cannot be set on {ticket.type} orders")
        check_step(asset, name, price)
    trail = number(body.get("trail"), "trail")
    if trail is not None and (ticket.type != "trailing_stop" or trail <= 0):
        raise unprocessable("trail must be > 0 and is for trailing stop orders")
    by_percent = ticket.trail_percent is not None
    left = (wanted or ticket.qty or Decimal(0)) - ticket.filled_qty
    return replace(
        ticket,
        id=name_of("order", account_id, first),
        client_order_id=_own_id(body) or str(uuid.uuid4()),
        number=first,
        status="held" if ticket.status == "held" else "pending_new",
        created_at=now,
        updated_at=now,
        submitted_at=now,
        qty=left,
        filled_qty=Decimal(0),
        seen_filled=ticket.filled_qty,
        cost=Decimal(0),
        filled_at=None,
        replaces=ticket.id,
        time_in_force=_choice(body, "time_in_force", TIMES, ticket.time_in_force),
        limit_price=prices["limit_price"] or ticket.limit_price,
        stop_price=(prices["stop_price"] or ticket.stop_price) if trail is None else None,
        trail_price=trail if trail is not None and not by_percent else ticket.trail_price,
        trail_percent=trail if trail is not None and by_percent else ticket.trail_percent,
        hwm=None if trail is not None else ticket.hwm,
    )
