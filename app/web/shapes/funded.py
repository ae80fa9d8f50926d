"""Funded accounts in JSON; money is decimal text, what is not known is null."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from app.domain.events import Fact
from app.propfirm import FundedDay, Limit, RuleSet, Standing, Violation
from app.propfirm.keeping import kept_preferences, kept_rules
from app.services.funded import EquityPoint, View
from app.services.funded.words import missing_for_payout
from app.services.ports import KeptNews, KeptRules
from app.web.wire import Json, iso, money, when

_CURRENCY: Final = "USD"
_TENTH: Final = Decimal("0.1")
#: What a pending account has no figures for.
_NOTHING: Final = (
    "rules",
    "trading_day",
    "balance",
    "equity",
    "unrealized",
    "high_water",
    "floor",
    "locked",
    "day_start_balance",
    "day_pnl",
    "profit",
    "contracts",
    "max_contracts",
    "contracts_left",
)


def state(view: View) -> Json:
    """Return how a funded account stands at this moment."""
    account, age = view.account, view.age
    head: Json = {
        "account_id": account.id,
        "name": account.name,
        "venue": account.venue,
        "source": view.funded.source.value,
        "currency": _CURRENCY,
        "status": view.status.value,
        "words": view.words,
        "at": iso(view.at),
        "updated_at": when(view.updated_at),
        "age_s": None if age is None else round(age.total_seconds(), 1),
        "stale": view.stale,
        "accepted_at": when(view.funded.accepted_at),
        "preferences": kept_preferences(view.funded.preferences),
    }
    figures, rules = view.standing, view.rules
    if figures is None or rules is None:
        return head | dict.fromkeys(_NOTHING) | _demands(None, None) | _times(view)
    return (
        head
        | {"rules": _pinned(rules)}
        | _figures(figures)
        | {
            "unrealized": money(view.unrealized),
            "contracts": money(view.contracts),
        }
        | _demands(figures, rules)
        | _times(view)
    )


def _pinned(rules: RuleSet) -> Json:
    return {
        "id": rules.id,
        "version": rules.version,
        "firm": rules.firm,
        "program": rules.program,
        "account_size": money(rules.account_size),
        "checked_on": rules.checked_on,
        "confidence": rules.confidence,
        "automation": {
            "policy": rules.automation.policy.value,
            "note": rules.automation.note,
        },
    }


def _figures(figures: Standing) -> Json:
    return {
        "trading_day": None if figures.trading_day is None else figures.trading_day.isoformat(),
        "balance": money(figures.balance),
        "equity": money(figures.equity),
        "high_water": money(figures.high_water),
        "floor": money(figures.floor),
        "locked": figures.locked,
        "day_start_balance": money(figures.day_start_balance),
        "day_pnl": money(figures.day_pnl),
        "profit": money(figures.profit),
        "max_contracts": figures.max_contracts,
        "contracts_left": money(figures.contracts_left),
    }


def _demands(figures: Standing | None, rules: RuleSet | None) -> Json:
    """What has to be reached; null where the rules demand nothing."""
    if figures is None or rules is None:
        return dict.fromkeys(("consistency", "target", "days", "payout"))
    missing = missing_for_payout(figures, rules)
    return {
        "consistency": None
        if rules.consistency is None
        else {
            "percent": money(rules.consistency.percent),
            "best_day": money(figures.best_day),
            "best_day_percent": _percent(figures.best_day_percent),
            "ok": figures.consistency_ok,
        },
        "target": None
        if rules.profit_target is None
        else {
            "amount": money(rules.profit_target),
            "left": money(figures.target_left),
            "met": figures.target_met,
        },
        "days": {
            "traded": figures.trading_days,
            "needed": rules.min_trading_days,
            "left": figures.trading_days_left,
            "winning": figures.winning_days,
            "winning_needed": rules.winning_days_required,
        },
        "payout": {
            "days_ok": figures.payout_days_ok,
            "paid_out": money(figures.paid_out),
            "ready": not missing,
            "missing": missing,
        },
    }


def _times(view: View) -> Json:
    return {
        "limits": [limit(each) for each in view.limits],
        "next_reset_at": when(view.next_reset_at),
        "next_flat_at": when(view.next_flat_at),
    }


def limit(each: Limit) -> Json:
    """Return the distance to one limit."""
    return {
        "name": each.name.value,
        "label": each.label,
        "limit": money(each.limit),
        "left": money(each.left),
        "used": money(each.used),
        "left_percent": _percent(each.left_percent),
        "near": each.near,
        "broken": each.broken,
        "at": when(each.at),
    }


def _percent(value: Decimal | None) -> str | None:
    return None if value is None else money(value.quantize(_TENTH))


def rule_set(kept: KeptRules) -> Json:
    """Return one version of a rule set: its record, whose it is, and since when it is there."""
    return {
        **kept_rules(kept.rules),
        "own": kept.user_id is not None,
        "made_at": iso(kept.made_at),
    }


def version(kept: KeptRules) -> Json:
    """Return what tells versions apart in a list."""
    rules = kept.rules
    return {
        "id": rules.id,
        "version": rules.version,
        "firm": rules.firm,
        "program": rules.program,
        "account_size": money(rules.account_size),
        "checked_on": rules.checked_on,
        "own": kept.user_id is not None,
        "made_at": iso(kept.made_at),
    }


def change(each: Fact) -> Json:
    """Return a change of an account's rules or preferences, in words and as it was noted."""
    return {"at": iso(each.at), "message": each.message, **each.data}


def violation(each: Violation) -> Json:
    """Return a breach with the figures and the rules of its moment."""
    breach = each.breach
    return {
        "id": each.id,
        "at": iso(breach.at),
        "day": each.day.isoformat(),
        "rule": breach.rule.value,
        "severity": breach.severity.value,
        "limit": money(breach.limit),
        "seen": money(breach.seen),
        "balance": money(each.balance),
        "equity": money(each.equity),
        "high_water": money(each.high_water),
        "floor": money(each.floor),
        "day_pnl": money(each.day_pnl),
        "contracts": money(each.contracts),
        "rule_set_id": each.rule_set_id,
        "rule_set_version": each.rule_set_version,
    }


def day(each: FundedDay) -> Json:
    """Return a trading day; ``recorded`` says who recorded it."""
    return {
        "day": each.day.isoformat(),
        "pnl": money(each.pnl),
        "start_balance": money(each.start_balance),
        "end_balance": money(each.end_balance),
        "high": money(each.high),
        "low": money(each.low),
        "floor": money(each.floor),
        "recorded": each.recorded.value,
    }


def point(each: EquityPoint) -> Json:
    """Return a point of the curve of equity."""
    return {
        "timestamp": iso(each.at),
        "high": money(each.high),
        "low": money(each.low),
        "last": money(each.last),
        "floor": money(each.floor),
    }


def news(each: KeptNews) -> Json:
    """Return news of a user's list."""
    return {
        "id": each.id,
        "name": each.news.name,
        "start": iso(each.news.start),
        "end": iso(each.news.end),
    }


def rule_update(views: Sequence[View]) -> Json:
    """Return what one user's sockets are told of their funded accounts."""
    return {"accounts": [state(each) for each in views]}
