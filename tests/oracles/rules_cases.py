"""The oracle of the rules of funded accounts: its scenarios, and the comparison event by event.

A scenario's rule set is the one of the project.  A keeper is anything that takes the events and
tells how the account stands after each: the engine alone, or the engine with a store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from app.propfirm import (
    Breach,
    Clock,
    Event,
    Held,
    Payout,
    RuleSet,
    Standing,
    Update,
    opened,
    rule_set,
    standing,
    step,
)
from tests.oracles.drawdown_cases import instant
from tests.oracles.pnl_cases import folder

#: The oracle writes percentages as floats of six places.
PERCENT = Decimal("1e-6")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One row of the oracle."""

    id: str
    rules: RuleSet
    events: tuple[Event, ...]
    expected: tuple[Row, ...]
    hand_checked: Row


Keeper = Callable[[Scenario], Sequence[Standing]]


def by_engine(scenario: Scenario) -> Sequence[Standing]:
    """Let the engine alone keep the account."""
    return kept(scenario.rules, scenario.events)


def kept(rules: RuleSet, events: Sequence[Event]) -> list[Standing]:
    """Return how a new account stands after each event."""
    state, figures = opened(rules), []
    for event in events:
        state = step(state, rules, event).state
        figures.append(standing(state, rules))
    return figures


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Return every scenario of the oracle."""
    with (folder() / "rules.jsonl").open(encoding="utf-8") as lines:
        return tuple(_scenario(json.loads(line)) for line in lines if line.strip())


def _scenario(row: Row) -> Scenario:
    return Scenario(
        id=row["id"],
        rules=rule_set(row["ruleset"]),
        events=tuple(_event(each) for each in row["events"]),
        expected=tuple(row["expected"]),
        hand_checked=row["hand_checked"],
    )


def _event(row: Row) -> Event:
    at = instant(row["ts"])
    match row["type"]:
        case "update":
            return Update(at, number(row["balance"]), number(row["unrealized"]))
        case "position":
            return Held(at, abs(number(row["contracts"])))
        case "payout":
            return Payout(at, number(row["amount"]))
        case "clock":
            return Clock(at)
    raise AssertionError(row["type"])


def number(value: float) -> Decimal:
    """Read a number of the oracle."""
    return Decimal(str(value))


def differences(scenario: Scenario, keeper: Keeper) -> Iterator[str]:
    """Yield each way in which what ``keeper`` tells is not as expected or as worked by hand."""
    told = [_told(figures) for figures in keeper(scenario)]
    wanted = [{key: _read(value) for key, value in row.items()} for row in scenario.expected]
    if len(told) != len(wanted):
        yield f"{len(told)} events, not {len(wanted)}"
    for place, (figures, row) in enumerate(zip(told, wanted, strict=False)):
        if figures != row:
            unlike = {key: figures.get(key) for key in row if figures.get(key) != row[key]}
            yield f"after event {place}: {unlike}"
    for fact, value in scenario.hand_checked.items():
        key, _, event = fact.partition("@")
        figure = told[int(event or -1)][key]
        if key == "breaches":
            figure = [each["rule"] for each in figure]
        if figure != _read(value):
            yield f"{fact} is {figure}, not {value}"


def _read(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return value
    return number(value) if isinstance(value, int | float) else value


def _told(figures: Standing) -> dict[str, Any]:
    """The figures under the names of the oracle."""
    percent = figures.best_day_percent
    return {
        "trading_day": figures.trading_day and figures.trading_day.isoformat(),
        "balance": figures.balance,
        "equity": figures.equity,
        "hwm": figures.high_water,
        "floor": figures.floor,
        "room": figures.room,
        "day_start_balance": figures.day_start_balance,
        "day_pnl": figures.day_pnl,
        "daily_room": figures.daily_room,
        "status": figures.status.value,
        "profit": figures.profit,
        "target_met": figures.target_met,
        "best_day": figures.best_day,
        "best_day_pct": None if percent is None else percent.quantize(PERCENT),
        "consistency_ok": figures.consistency_ok,
        "trading_days": figures.trading_days,
        "winning_days": figures.winning_days,
        "max_contracts_now": figures.max_contracts,
        "passed": figures.passed,
        "payout_days_ok": figures.payout_days_ok,
        "breaches": [_breach(each) for each in figures.breaches],
    }


def _breach(breach: Breach) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rule": breach.rule.value,
        "ts": round((breach.at - EPOCH).total_seconds() * 1000),
        "kind": breach.severity.value,
    }
    if told["kind"] == "deny":
        told["limit"] = int(breach.limit)
    return told
