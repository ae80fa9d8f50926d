"""Reads rule sets strictly: what is missing, unknown or impossible is refused with its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final, NoReturn, TypeVar

from app.domain.errors import InvalidInput
from app.domain.money import parse
from app.domain.sessions import Window
from app.domain.sessions.reading import read_clock, read_zone
from app.propfirm.rulesets import (
    Automation,
    Compare,
    Consistency,
    DailyLoss,
    Drawdown,
    Kind,
    Mode,
    Policy,
    RuleSet,
    Tier,
)

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)
_Reader = Callable[[object, str], _T]

_WHOLE_PERCENT: Final = Decimal(100)
_YEAR_OR_MONTH: Final = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")

_FIELDS: Final = frozenset(each.name for each in fields(RuleSet))


def read_rule_set(record: object) -> RuleSet:
    """Read one version of a rule set; raises InvalidInput with the path of the field."""
    row = _Row(record, "", _FIELDS)
    rules = RuleSet(
        id=row.get("id", _text),
        version=row.get("version", _text),
        firm=row.get("firm", _text),
        program=row.get("program", _text),
        account_size=row.get("account_size", _positive),
        start_balance=row.get("start_balance", _not_negative),
        drawdown=row.get("drawdown", _drawdown),
        daily_loss=row.maybe("daily_loss", _daily_loss),
        profit_target=row.maybe("profit_target", _positive),
        consistency=row.maybe("consistency", _consistency),
        min_trading_days=row.get("min_trading_days", _count),
        winning_day_min=row.maybe("winning_day_min", _positive),
        winning_days_required=row.get("winning_days_required", _count),
        max_contracts=row.maybe("max_contracts", _some),
        scaling=row.get("scaling", _scaling),
        zone=row.get("zone", _worded(read_zone)),
        session_end=row.get("session_end", _clock),
        flat_time=row.maybe("flat_time", _clock),
        breach_on_touch=row.get("breach_on_touch", _flag),
        allowed_hours=row.get("allowed_hours", _listed(_worded(Window.parse))),
        allowed_products=frozenset(row.get("allowed_products", _listed(_text))),
        automation=row.get("automation", _automation),
        checked_on=row.maybe("checked_on", _checked_on),
        confidence=row.get("confidence", _text),
        sources=row.get("sources", _listed(_text)),
    )
    _together(rules)
    return rules


class _Row:
    """One object of the record: it has all the fields that it must have, and no other."""

    def __init__(self, value: object, path: str, known: frozenset[str]) -> None:
        if not isinstance(value, Mapping):
            _refuse(path or "rule set", "must be an object")
        self._value, self._path = value, path
        for name in sorted(map(str, set(value) ^ known)):
            _refuse(self._at(name), "is missing" if name in known else "is no field of a rule set")

    def get(self, name: str, reader: _Reader[_T]) -> _T:
        return reader(self._value[name], self._at(name))

    def maybe(self, name: str, reader: _Reader[_T]) -> _T | None:
        return None if self._value[name] is None else self.get(name, reader)

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _refuse(path: str, what: str) -> NoReturn:
    raise InvalidInput(f"{path} {what}.", fields={path: what})


def _text(value: object, path: str) -> str:
    if not isinstance(value, str) or not value.strip():
        _refuse(path, "must be a text that is not empty")
    return value


def _flag(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        _refuse(path, "must be true or false")
    return value


def _count(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        _refuse(path, "must be a whole number of 0 or more")
    return value


def _some(value: object, path: str) -> int:
    return _count(value, path) or _refuse(path, "must be 1 or more")


def _not_negative(value: object, path: str) -> Decimal:
    amount = parse(value, path)
    if amount < 0:
        _refuse(path, "must not be negative")
    return amount


def _positive(value: object, path: str) -> Decimal:
    return _not_negative(value, path) or _refuse(path, "must be more than 0")


def _worded(reader: Callable[[str], _T]) -> _Reader[_T]:
    """Return a reader of a text that another one reads, which does not know the path."""

    def read(value: object, path: str) -> _T:
        text = _text(value, path)
        try:
            return reader(text)
        except InvalidInput as failure:
            _refuse(path, f"cannot be used: {failure.detail.removesuffix('.')}")

    return read


def _clock(value: object, path: str) -> time:
    return _worded(read_clock)(value, path)


def _one_of(kind: type[_E]) -> _Reader[_E]:
    def read(value: object, path: str) -> _E:
        known = [each.value for each in kind]
        if value not in known:
            _refuse(path, f"must be {', '.join(known[:-1])} or {known[-1]}")
        return kind(value)

    return read


def _listed(reader: _Reader[_T]) -> _Reader[tuple[_T, ...]]:
    def read(value: object, path: str) -> tuple[_T, ...]:
        if not isinstance(value, list):
            _refuse(path, "must be a list")
        return tuple(reader(each, f"{path}.{place}") for place, each in enumerate(value))

    return read


def _drawdown(value: object, path: str) -> Drawdown:
    row = _Row(value, path, frozenset({"amount", "mode", "lock_at"}))
    return Drawdown(
        row.get("amount", _positive), row.get("mode", _one_of(Mode)), row.maybe("lock_at", parse)
    )


def _daily_loss(value: object, path: str) -> DailyLoss:
    row = _Row(value, path, frozenset({"amount", "kind"}))
    return DailyLoss(row.get("amount", _positive), row.get("kind", _one_of(Kind)))


def _consistency(value: object, path: str) -> Consistency:
    row = _Row(value, path, frozenset({"percent", "compare"}))
    percent = row.get("percent", _positive)
    if percent > _WHOLE_PERCENT:
        _refuse(f"{path}.percent", "must be 100 or less")
    return Consistency(percent, row.get("compare", _one_of(Compare)))


def _automation(value: object, path: str) -> Automation:
    row = _Row(value, path, frozenset({"policy", "note"}))
    return Automation(row.get("policy", _one_of(Policy)), row.get("note", _text))


def _tier(value: object, path: str) -> Tier:
    row = _Row(value, path, frozenset({"profit", "contracts"}))
    return Tier(row.maybe("profit", _not_negative), row.get("contracts", _some))


def _scaling(value: object, path: str) -> tuple[Tier, ...]:
    """A plan begins with what holds from the start; each step needs more profit than the last."""
    tiers = _listed(_tier)(value, path)
    if tiers and tiers[0].profit is not None:
        _refuse(f"{path}.0.profit", "must be null: the first step holds from the start")
    for place, (before, tier) in enumerate(pairwise(tiers), start=1):
        if tier.profit is None or (before.profit is not None and tier.profit <= before.profit):
            _refuse(f"{path}.{place}.profit", "must be more than that of the step before")
    return tiers


def _checked_on(value: object, path: str) -> str:
    text = _text(value, path)
    try:
        return text if _YEAR_OR_MONTH.fullmatch(text) else date.fromisoformat(text).isoformat()
    except ValueError:
        _refuse(path, "must be a year, a month or a day, like 2026-10-04")


def _together(rules: RuleSet) -> None:
    """Refuse what each field allows and both together do not."""
    drawdown = rules.drawdown
    if drawdown.lock_at is not None and drawdown.mode is Mode.STATIC:
        _refuse("drawdown.lock_at", "must be null, because a static floor never moves")
    if drawdown.lock_at is not None and drawdown.lock_at < rules.first_floor:
        _refuse("drawdown.lock_at", f"must not lie below the first floor of {rules.first_floor:f}")
    most = rules.max_contracts
    if most is not None and any(tier.contracts > most for tier in rules.scaling):
        _refuse("scaling", f"must not allow more than max_contracts, which is {most}")
    if not rules.sources:
        _refuse("sources", "must name where the rules come from")
