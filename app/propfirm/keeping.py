"""States and rule sets as JSON and back, exactly: money as text, instants and days in ISO 8601."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, cast

from app.domain.money import wire
from app.propfirm.account import FundedDay, FundedMinute, Near, Preferences, Recorded
from app.propfirm.rulesets import RuleSet
from app.propfirm.state import (
    AccountState,
    Breach,
    DayResult,
    Event,
    Held,
    Rule,
    Severity,
    Status,
    Update,
)

Json = dict[str, Any]

_AMOUNTS_OF_DAY: Final = ("pnl", "start_balance", "end_balance", "high", "low", "floor")
_AMOUNTS_OF_MINUTE: Final = ("high", "low", "last", "floor")


def kept_breach(breach: Breach) -> Json:
    """Return the breach as JSON."""
    return {
        "rule": breach.rule.value,
        "severity": breach.severity.value,
        "at": breach.at.isoformat(),
        "limit": wire(breach.limit),
        "seen": wire(breach.seen),
    }


def breach_of(record: Mapping[str, Any]) -> Breach:
    """Read what ``kept_breach`` wrote."""
    return Breach(
        rule=Rule(record["rule"]),
        severity=Severity(record["severity"]),
        at=datetime.fromisoformat(record["at"]),
        limit=Decimal(record["limit"]),
        seen=Decimal(record["seen"]),
    )


def kept_state(state: AccountState) -> Json:
    """Return the state of an account as JSON."""
    return {
        "balance": wire(state.balance),
        "high_water": wire(state.high_water),
        "floor": wire(state.floor),
        "day_start_balance": wire(state.day_start_balance),
        "at": None if state.at is None else state.at.isoformat(),
        "day": None if state.day is None else state.day.isoformat(),
        "unrealized": None if state.unrealized is None else wire(state.unrealized),
        "contracts": wire(state.contracts),
        "status": state.status.value,
        "breaches": [kept_breach(each) for each in state.breaches],
        "days": [[each.day.isoformat(), wire(each.pnl)] for each in state.days],
        "paid_out": wire(state.paid_out),
        "paid_on": None if state.paid_on is None else state.paid_on.isoformat(),
    }


def state_of(record: Mapping[str, Any]) -> AccountState:
    """Read what ``kept_state`` wrote."""
    at, day, paid_on = record["at"], record["day"], record["paid_on"]
    unrealized = record["unrealized"]
    return AccountState(
        balance=Decimal(record["balance"]),
        high_water=Decimal(record["high_water"]),
        floor=Decimal(record["floor"]),
        day_start_balance=Decimal(record["day_start_balance"]),
        at=None if at is None else datetime.fromisoformat(at),
        day=None if day is None else date.fromisoformat(day),
        unrealized=None if unrealized is None else Decimal(unrealized),
        contracts=Decimal(record["contracts"]),
        status=Status(record["status"]),
        breaches=tuple(map(breach_of, record["breaches"])),
        days=tuple(
            DayResult(date.fromisoformat(each), Decimal(pnl)) for each, pnl in record["days"]
        ),
        paid_out=Decimal(record["paid_out"]),
        paid_on=None if paid_on is None else date.fromisoformat(paid_on),
    )


def kept_day(day: FundedDay) -> Json:
    """Return a trading day of an account as JSON."""
    return {
        "account_id": day.account_id,
        "day": day.day.isoformat(),
        "recorded": day.recorded.value,
        **{name: _maybe(getattr(day, name)) for name in _AMOUNTS_OF_DAY},
    }


def day_of(record: Mapping[str, Any]) -> FundedDay:
    """Read what ``kept_day`` wrote."""
    return FundedDay(
        account_id=record["account_id"],
        day=date.fromisoformat(record["day"]),
        recorded=Recorded(record["recorded"]),
        **{name: _amount(record[name]) for name in _AMOUNTS_OF_DAY},
    )


def kept_minute(minute: FundedMinute) -> Json:
    """Return a minute of an account as JSON."""
    amounts = {name: wire(getattr(minute, name)) for name in _AMOUNTS_OF_MINUTE}
    return {"account_id": minute.account_id, "minute": minute.minute, **amounts}


def minute_of(record: Mapping[str, Any]) -> FundedMinute:
    """Read what ``kept_minute`` wrote."""
    amounts = {name: Decimal(record[name]) for name in _AMOUNTS_OF_MINUTE}
    return FundedMinute(record["account_id"], record["minute"], **amounts)


def kept_news(events: tuple[Event, ...]) -> list[list[str | None]]:
    """Return what a platform told of an account as JSON; raises TypeError for another event."""
    return [_kept_event(each) for each in events]


def _kept_event(event: Event) -> list[str | None]:
    if isinstance(event, Held):
        return ["held", event.at.isoformat(), wire(event.contracts)]
    if isinstance(event, Update) and event.quoted:
        amounts = [_maybe(event.balance), _maybe(event.unrealized)]
        return ["update", event.at.isoformat(), *amounts]
    raise TypeError(f"{event} is no news of a platform.")


def news_of(records: Iterable[Sequence[Any]]) -> tuple[Event, ...]:
    """Read what ``kept_news`` wrote."""
    return tuple(map(_event_of, records))


def _event_of(record: Sequence[Any]) -> Event:
    kind, at, *amounts = record
    moment = datetime.fromisoformat(at)
    if kind == "held":
        return Held(moment, Decimal(amounts[0]))
    balance, unrealized = (None if each is None else Decimal(each) for each in amounts)
    return Update(moment, balance, unrealized)


def kept_preferences(chosen: Preferences) -> Json:
    """Return the owner's choices as JSON."""
    return {
        "near_percent": wire(chosen.near_percent),
        "near": chosen.near.value,
        "flat_warning": chosen.flat_warning,
        "size_down": chosen.size_down,
        "own_device": chosen.own_device,
    }


def preferences_of(record: Mapping[str, Any]) -> Preferences:
    """Read what ``kept_preferences`` wrote."""
    return Preferences(
        near_percent=Decimal(record["near_percent"]),
        near=Near(record["near"]),
        flat_warning=record["flat_warning"],
        size_down=record["size_down"],
        own_device=record["own_device"],
    )


def kept_rules(rules: RuleSet) -> Json:
    """Return the rule set as ``read_rule_set`` reads it."""
    daily, consistency = rules.daily_loss, rules.consistency
    lock = rules.drawdown.lock_at
    return {
        "id": rules.id,
        "version": rules.version,
        "firm": rules.firm,
        "program": rules.program,
        "account_size": wire(rules.account_size),
        "start_balance": wire(rules.start_balance),
        "drawdown": {
            "amount": wire(rules.drawdown.amount),
            "mode": rules.drawdown.mode.value,
            "lock_at": None if lock is None else wire(lock),
        },
        "daily_loss": None
        if daily is None
        else {"amount": wire(daily.amount), "kind": daily.kind.value},
        "profit_target": _maybe(rules.profit_target),
        "consistency": None
        if consistency is None
        else {"percent": wire(consistency.percent), "compare": consistency.compare.value},
        "min_trading_days": rules.min_trading_days,
        "winning_day_min": _maybe(rules.winning_day_min),
        "winning_days_required": rules.winning_days_required,
        "max_contracts": rules.max_contracts,
        "scaling": [
            {"profit": _maybe(tier.profit), "contracts": tier.contracts} for tier in rules.scaling
        ],
        "zone": rules.zone.key,
        "session_end": f"{rules.session_end:%H:%M}",
        "flat_time": None if rules.flat_time is None else f"{rules.flat_time:%H:%M}",
        "breach_on_touch": rules.breach_on_touch,
        "allowed_hours": [str(each) for each in rules.allowed_hours],
        "allowed_products": sorted(rules.allowed_products),
        "automation": {
            "policy": rules.automation.policy.value,
            "note": rules.automation.note,
        },
        "checked_on": rules.checked_on,
        "confidence": rules.confidence,
        "sources": cast("list[str]", list(rules.sources)),
    }


def _amount(text: str | None) -> Any:  # noqa: ANN401  a P&L is always known, the rest may not be
    return None if text is None else Decimal(text)


def _maybe(amount: Decimal | None) -> str | None:
    return None if amount is None else wire(amount)
