"""Contracts, alerts, settings and orders for tests, each in one short call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from app.domain.accounts import PAPER, traits
from app.domain.alerts import Intent, Offset
from app.domain.alerts.dialects import native
from app.domain.decisions import Denied, NoAction
from app.domain.instruments import Contract, resolve
from app.domain.orders import Order, OrderRole, OrderState, OrderType, Side, TimeInForce
from app.domain.planning import Market, Plan, plan
from app.domain.protection import Protection, offset_to_json
from app.domain.settings import AccountLink, Resolved, StrategySettings, resolved

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
ES = resolve("ESZ2026", date(2026, 11, 2))
ES_NEXT = resolve("ESH2027", date(2026, 11, 2))
CL = resolve("CLF2027", date(2026, 11, 2))
SPY = resolve("SPY", date(2026, 11, 2))
BTC = resolve("BTCUSD", date(2026, 11, 2))


def asked(**fields: object) -> Intent:
    """Return what a native message with these fields means."""
    return native(fields)


def offset(text: str) -> Offset:
    """Return the offset that the text means."""
    return Offset.parse(text)


def rules(*, factor: str = "1", account_cap: str | None = None, **settings: object) -> Resolved:
    """Return settings, named as in JSON, as they hold on one account; offsets as text."""
    stored = dict(settings)
    for name in ("take_profit", "stop_loss", "trail"):
        if name in settings:
            stored[name] = offset_to_json(offset(str(settings[name])))
    cap = None if account_cap is None else Decimal(account_cap)
    link = AccountLink("paper", Decimal(factor), cap)
    return resolved("strategy", StrategySettings.from_json(stored), link)


def order(
    role: OrderRole = OrderRole.ENTRY,
    state: OrderState = OrderState.ACCEPTED,
    side: Side = Side.BUY,
    quantity: str = "1",
    *,
    filled: str = "0",
    limit: str | None = None,
    stop: str | None = None,
    trail: str | None = None,
    name: str = "o1",
) -> Order:
    """Return an order of the strategy in ES."""
    return Order(
        id=name,
        client_order_id="sb-1",
        account_id="paper",
        symbol=ES.symbol,
        side=side,
        quantity=Decimal(quantity),
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        role=role,
        state=state,
        created_at=NOW,
        updated_at=NOW,
        leg="open",
        filled_quantity=Decimal(filled),
        limit_price=number(limit),
        stop_price=number(stop),
        trail=number(trail),
    )


def number(text: str | None) -> Decimal | None:
    """Return the number that the text says; None when there is none."""
    return None if text is None else Decimal(text)


def market(price: str | None = "5000", equity: str | None = "100000") -> Market:
    """Return what is known of the market."""
    return Market(number(price), number(equity))


def outcome(
    intent: Intent,
    held: str | Decimal = "0",
    settings: Resolved | None = None,
    *,
    contract: Contract = ES,
    held_contract: Contract | None = None,
    working: Sequence[Order] = (),
    at: Market | None = None,
    guarding: Protection | None = None,
    venue: str = PAPER,
) -> Plan | NoAction | Denied:
    """Return what is decided, with a price of 5000 and 100,000 of equity unless said otherwise."""
    return plan(
        intent=intent,
        contract=contract,
        held=Decimal(held),
        working=working,
        settings=settings or rules(),
        market=at or market(),
        held_contract=held_contract,
        guarding=guarding,
        venue=traits(venue),
    )


def planned(found: Plan | NoAction | Denied) -> Plan:
    """Return the plan, where there must be one."""
    assert isinstance(found, Plan), found
    return found


def code(found: Plan | NoAction | Denied | None) -> str | None:
    """Return the code of a refusal or of a reason to do nothing."""
    assert not isinstance(found, Plan), found
    return found.code if found else None


def legs(found: Plan) -> list[str]:
    """Return the legs in words: "close sell 2"."""
    return [f"{leg.name} {leg.side} {leg.quantity}" for leg in found.legs]
