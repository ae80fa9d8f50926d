"""Rows for the store's tests: a user with an account and a strategy, and what happens there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.domain.accounts import Account, Mode
from app.domain.events import Fact, FactKind
from app.domain.inbox import Alert, AlertState
from app.domain.orders import Fill, Order, OrderRole, OrderState, OrderType, Side, TimeInForce
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyState, WebhookKey
from app.domain.users import User
from app.services.ports import BookKey, Store

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BOOK = BookKey("strategy-1", "account-1", "ESZ2026")

USER = User("user-1", "ann", NOON, "argon2-hash")
ACCOUNT = Account(
    "account-1", "paper", "paper", Mode.PAPER, Decimal(100000), NOON, user_id="user-1"
)
STRATEGY = Strategy(
    id="strategy-1",
    name="Breakout",
    symbol="ES",
    state=StrategyState.ON,
    settings=StrategySettings(),
    accounts=(AccountLink("account-1"),),
    created_at=NOON,
    updated_at=NOON,
    user_id="user-1",
)
KEY = WebhookKey("key-1", "strategy-1", NOON, "hash-1", "encrypted-1")


def furnish(store: Store) -> None:
    """Keep the user, the account, the strategy and its key."""
    with store.write() as unit:
        unit.users.insert(USER)
        unit.accounts.insert(ACCOUNT)
        unit.strategies.insert(STRATEGY)
        unit.keys.insert(KEY)


def furnish_neighbour(store: Store) -> None:
    """Keep a second user with an account, a strategy and one of each thing that happens."""
    with store.write() as unit:
        unit.users.insert(replace(USER, id="user-2", name="bob"))
        unit.accounts.insert(replace(ACCOUNT, id="account-2", user_id="user-2"))
        links = (AccountLink("account-2"),)
        unit.strategies.insert(replace(STRATEGY, id="strategy-2", user_id="user-2", accounts=links))
        unit.alerts.insert(alert(900, strategy_id="strategy-2"))
        unit.orders.insert(order(900, account_id="account-2", strategy_id="strategy-2"))
        unit.fills.insert(
            fill(900, account_id="account-2", strategy_id="strategy-2"), Decimal(900), NOON
        )
        unit.facts.append(fact(user_id="user-2", strategy_id="strategy-2"))


def alert(number: int, **changes: Any) -> Alert:  # noqa: ANN401  any field
    """Return the alert of that second."""
    made = Alert(
        id=f"alert-{number:04d}",
        strategy_id="strategy-1",
        received_at=NOON + number * SECOND,
        body=b'{"action":"buy"}',
        body_hash="h" * 64,
        state=AlertState.RECEIVED,
        content_type="application/json",
        headers={"User-Agent": "curl"},
        source_address="127.0.0.1",
        dedupe_key=f"key-{number}",
        dedupe_rule="id",
    )
    return replace(made, **changes)


def order(number: int, **changes: Any) -> Order:  # noqa: ANN401  any field
    """Return an accepted market order to buy 2."""
    made = Order(
        id=f"order-{number:04d}",
        client_order_id=f"sb-{number}",
        account_id="account-1",
        symbol="ESZ2026",
        side=Side.BUY,
        quantity=Decimal(2),
        type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        role=OrderRole.ENTRY,
        state=OrderState.ACCEPTED,
        created_at=NOON + number * SECOND,
        updated_at=NOON + number * SECOND,
        leg="open",
        strategy_id="strategy-1",
    )
    return replace(made, **changes)


def fill(number: int, **changes: Any) -> Fill:  # noqa: ANN401  any field
    """Return a fill of 2 at 5000.25."""
    made = Fill(
        venue_fill_id=f"fill-{number:04d}",
        account_id="account-1",
        symbol="ESZ2026",
        side=Side.BUY,
        quantity=Decimal(2),
        price=Decimal("5000.25"),
        commission=Decimal("4.5"),
        at=NOON + number * SECOND,
        strategy_id="strategy-1",
    )
    return replace(made, **changes)


def fact(**changes: Any) -> Fact:  # noqa: ANN401  any field
    """Return a fact about the strategy."""
    made = Fact(
        FactKind.ALERT_RECEIVED, NOON, "An alert came.", user_id="user-1", strategy_id="strategy-1"
    )
    return replace(made, **changes)
