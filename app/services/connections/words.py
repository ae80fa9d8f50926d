"""How connections are told of in the log and in refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.domain.accounts import Account, Mode
from app.domain.money import wire
from app.services.connections.wishes import Bounds

#: What is at stake on an account of each mode.
MONEY: Final[Mapping[Mode, str]] = {Mode.PAPER: "paper money", Mode.LIVE: "real money"}


def connected(account: Account, hint: str) -> str:
    """Return that the account is connected: where, with what at stake, by which key."""
    title, money = account.traits.title, MONEY[account.mode]
    where = f"{title}, account {account.venue_number}"
    return f"Account {account.name}: connected to {where}, {money}, with the key {hint}"


def disconnected(account: Account, working: int, held: int) -> str:
    """Return that the account is disconnected, and what of it stays at the venue."""
    left = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((working, "working order"), (held, "open position"))
        if number
    ]
    stay = f"; left at {account.traits.title}: {' and '.join(left)}" if left else ""
    return f"Account {account.name}: disconnected, the keys are forgotten{stay}"


def bounds(each: Bounds) -> str:
    """Return the bounds in words."""
    value, loss, orders = each.max_order_value, each.max_daily_loss, each.max_orders_a_day
    said = (
        "any value of an order" if value is None else f"{wire(value)} an order",
        "any loss" if loss is None else f"a loss of {wire(loss)} a day",
        "any number of orders" if orders is None else f"{orders} orders a day",
    )
    return ", ".join(said)


def ended(detail: str) -> str:
    """Return a venue's words as a sentence."""
    said = detail.strip()
    return said if said.endswith((".", "!", "?")) else f"{said}."
