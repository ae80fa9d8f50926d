"""Sentences about funded accounts, with their numbers, for the log and the pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from app.domain.events import Level
from app.domain.money import wire
from app.propfirm import AccountState, Breach, Mode, Rule, RuleSet, Severity

_FLOORS: Final = {
    Mode.END_OF_DAY: "trailing floor",
    Mode.INTRADAY: "trailing floor",
    Mode.STATIC: "floor",
}
#: The code and the level of the fact that tells of a breach.
TOLD_AS: Final = {
    Severity.HARD: ("FUNDED_BREACHED", Level.ERROR),
    Severity.SOFT: ("FUNDED_DAY_PAUSED", Level.WARNING),
    Severity.DENY: ("FUNDED_OVER_LIMIT", Level.WARNING),
}


def money(amount: Decimal) -> str:
    """Return an amount as people read it, to the cent: "1,540.10"."""
    return f"{amount:,.2f}"


def floor_of(rules: RuleSet) -> str:
    """Return what the account's floor is called."""
    return _FLOORS[rules.drawdown.mode]


def of_breach(name: str, breach: Breach, rules: RuleSet) -> str:
    """Return what happened when the account ``name`` broke a rule."""
    if breach.rule is Rule.MAX_LOSS:
        what = (
            f"equity of {money(breach.seen)} broke the {floor_of(rules)} of {money(breach.limit)};"
            " the account has failed"
        )
    elif breach.rule is Rule.DAILY_LOSS:
        end = "failed" if breach.severity is Severity.HARD else "paused until the next session"
        what = (
            f"the day's P&L of {money(breach.seen)} reached the daily loss of"
            f" {money(breach.limit)}; the account is {end}"
        )
    elif breach.rule is Rule.MAX_CONTRACTS:
        what = f"{wire(breach.seen)} contracts are held, and {wire(breach.limit)} are allowed"
    else:
        what = (
            f"{wire(breach.seen)} contracts are still held after {rules.flat_time:%H:%M}"
            f" ({rules.zone.key}), from when nothing may be"
        )
    return f"Funded account {name}: {what}."


def of_day(name: str, state: AccountState, missed: int) -> str:
    """Return that a trading day began, and from what; ``missed`` ends were made up before it."""
    late = f" Made up for {missed} missed days." if missed > 1 else ""
    return (
        f"Funded account {name}: the trading day {state.day} began at"
        f" {money(state.day_start_balance)}, with the floor at {money(state.floor)}.{late}"
    )
