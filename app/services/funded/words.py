"""Sentences about funded accounts, with their numbers, for the log and the pages."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from app.domain.events import Level
from app.domain.money import ZERO, wire
from app.propfirm import (
    AccountState,
    Breach,
    Compare,
    Limit,
    LimitName,
    Mode,
    Rule,
    RuleSet,
    Severity,
    Standing,
    Status,
)
from app.services.funded.sessions import SILENT_AFTER

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
#: What follows from a breach, said after it.
_ENDS: Final = {
    Severity.HARD: "; the account has failed",
    Severity.SOFT: "; the account is paused until the next session",
}


def money(amount: Decimal) -> str:
    """Return an amount as people read it, to the cent: "1,540.10"."""
    return f"{amount:,.2f}"


def floor_of(rules: RuleSet) -> str:
    """Return what the account's floor is called."""
    return _FLOORS[rules.drawdown.mode]


def of_breach(name: str, breach: Breach, rules: RuleSet) -> str:
    """Return what happened when the account ``name`` broke a rule."""
    end = _ENDS.get(breach.severity, "")
    return f"Funded account {name}: {what_broke(breach, rules)}{end}."


def what_broke(breach: Breach, rules: RuleSet) -> str:
    """Return which rule was broken, and by what."""
    if breach.rule is Rule.MAX_LOSS:
        floor = f"the {floor_of(rules)} of {money(breach.limit)}"
        return f"equity of {money(breach.seen)} broke {floor}"
    if breach.rule is Rule.DAILY_LOSS:
        most = f"the daily loss of {money(breach.limit)}"
        return f"the day's P&L of {money(breach.seen)} reached {most}"
    if breach.rule is Rule.MAX_CONTRACTS:
        return f"{wire(breach.seen)} contracts are held, and {wire(breach.limit)} are allowed"
    return (
        f"{wire(breach.seen)} contracts are still held after {rules.flat_time:%H:%M}"
        f" ({rules.zone.key}), from when nothing may be"
    )


def of_day(name: str, state: AccountState, missed: int) -> str:
    """Return that a trading day began, and from what; ``missed`` ends were made up before it."""
    late = f" Made up for {missed} missed days." if missed > 1 else ""
    return (
        f"Funded account {name}: the trading day {state.day} began at"
        f" {money(state.day_start_balance)}, with the floor at {money(state.floor)}.{late}"
    )


def of_distance(limit: Limit, rules: RuleSet) -> str:
    """Return how far a limit of loss is: "1,540.10 left to the trailing floor"."""
    left = money(limit.left or ZERO)
    if limit.name is LimitName.MAX_LOSS:
        return f"{left} left to the {floor_of(rules)}"
    return f"{left} left of the daily loss"


def of_age(age: timedelta) -> str:
    """Return how long ago the last news came: "25 s", "3 min", "2 h"."""
    seconds = int(age.total_seconds())
    if seconds < 2 * 60:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h"


def missing_for_payout(figures: Standing, rules: RuleSet) -> list[str]:
    """Return what the account lacks for a payout, as a list of things; empty when it is ready."""
    lacks = {
        "an account that has not failed": figures.status is Status.FAILED,
        f"{money(figures.target_left or ZERO)} to the profit target": bool(figures.target_left),
        "a profit": figures.profit <= 0,
        _counted(figures.payout_days_left, "winning day"): bool(figures.payout_days_left),
        _counted(figures.trading_days_left, "trading day"): bool(figures.trading_days_left),
        _share(rules): not figures.consistency_ok,
    }
    return [thing for thing, missing in lacks.items() if missing]


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _share(rules: RuleSet) -> str:
    if rules.consistency is None:
        return ""
    most = "below" if rules.consistency.compare is Compare.BELOW else "of at most"
    return f"a best day {most} {wire(rules.consistency.percent)}% of the profit"


def of_silence() -> str:
    """Return that an add-on does not tell of its account any more."""
    seconds = int(SILENT_AFTER.total_seconds())
    return (
        f"its add-on has told nothing for {seconds} seconds, so where its limits are is not known"
    )


def of_hearing(passed: timedelta) -> str:
    """Return that an add-on tells of its account again, after so long."""
    return f"its add-on tells of it again, after {of_age(passed)}"
