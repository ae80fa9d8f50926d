"""Rule sets, instants and accounts for the tests of funded accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.propfirm import (
    AccountState,
    Clock,
    DailyLoss,
    Drawdown,
    Event,
    Held,
    Kind,
    Mode,
    Payout,
    RuleSet,
    Update,
    after_all,
    opened,
    rule_set,
)

D = Decimal
#: Decimals are made through their text; None is not known.
Amount = Decimal | int | str | None
CHICAGO = ZoneInfo("America/Chicago")

#: 50,000 to start with, a static floor at 48,000; the day ends at 16:00, flat from 15:10.
STATIC = rule_set("static_custom_50k")
END_OF_DAY = replace(STATIC, drawdown=Drawdown(D(2000), Mode.END_OF_DAY, D(50100)))
INTRADAY = replace(STATIC, drawdown=Drawdown(D(2000), Mode.INTRADAY, D(50100)))
SOFT = replace(STATIC, daily_loss=DailyLoss(D(1000), Kind.SOFT))
HARD = replace(STATIC, daily_loss=DailyLoss(D(1000), Kind.HARD))


def at(text: str) -> datetime:
    """The instant of a time in Chicago, in March 2026: "2 10:00" is Monday, the 2nd."""
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"2026-03-{int(day):02} {clock}").replace(tzinfo=CHICAGO)


def update(when: str, balance: Amount, unrealized: Amount = 0, *, quoted: bool = True) -> Update:
    """News of the account; None is not known."""
    return Update(at(when), number(balance), number(unrealized), quoted)


def number(value: Amount) -> Decimal | None:
    return None if value is None else D(str(value))


def held(when: str, contracts: int) -> Held:
    return Held(at(when), D(contracts))


def payout(when: str, amount: int) -> Payout:
    return Payout(at(when), D(amount))


def clock(when: str) -> Clock:
    return Clock(at(when))


def after(rules: RuleSet, *events: Event) -> AccountState:
    """A new account after the events."""
    return after_all(opened(rules), rules, events)
