"""The form of a rule set: a version as text by the path of each field, and the way back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from app.domain.errors import Conflict, InvalidInput

Form = dict[str, str]

#: Fields whose absence is null; an empty amount takes the whole rule away.
_MAYBE: Final = ("profit_target", "winning_day_min", "flat_time", "checked_on")
_RULES: Final = {
    "daily_loss": ("amount", "kind"),
    "consistency": ("percent", "compare"),
}
_PLAIN: Final = (
    "id",
    "version",
    "firm",
    "program",
    "account_size",
    "start_balance",
    "zone",
    "session_end",
    "confidence",
)
_COUNTS: Final = ("min_trading_days", "winning_days_required")
_LINES: Final = ("allowed_hours", "allowed_products", "sources")
_DRAWDOWN: Final = ("amount", "mode", "lock_at")
_AUTOMATION: Final = ("policy", "note")
_START: Final = "start"
_DIGITS: Final = re.compile(r"\d{1,9}")


def shown(rules: Mapping[str, Any]) -> Form:
    """Return a rule set, as ``kept_rules`` writes it, as the form's fields."""
    form = {name: _text(rules[name]) for name in (*_PLAIN, *_COUNTS, *_MAYBE, "max_contracts")}
    for name, parts in (*_RULES.items(), ("drawdown", _DRAWDOWN), ("automation", _AUTOMATION)):
        rule = rules[name] or {}
        form |= {f"{name}.{part}": _text(rule.get(part)) for part in parts}
    form |= {name: "\n".join(rules[name]) for name in _LINES}
    form["scaling"] = "\n".join(
        f"{_START if tier['profit'] is None else tier['profit']} = {tier['contracts']}"
        for tier in rules["scaling"]
    )
    form["breach_on_touch"] = "true" if rules["breach_on_touch"] else "false"
    return form


def typed(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed as a record for ``read_rule_set``, which judges it."""
    text = {name: value.strip() for name, value in form.items()}
    record: dict[str, Any] = {name: text.get(name, "") for name in _PLAIN}
    record |= {name: text.get(name) or None for name in _MAYBE}
    record |= {name: _count(text.get(name) or "0") for name in _COUNTS}
    record |= {name: _lines(text.get(name, "")) for name in _LINES}
    record["max_contracts"] = _count(text["max_contracts"]) if text.get("max_contracts") else None
    record["drawdown"] = {part: text.get(f"drawdown.{part}", "") for part in _DRAWDOWN}
    record["drawdown"]["lock_at"] = record["drawdown"]["lock_at"] or None
    record["automation"] = {part: text.get(f"automation.{part}", "") for part in _AUTOMATION}
    for name, (amount, kind) in _RULES.items():
        given = text.get(f"{name}.{amount}")
        rule = {amount: given, kind: text.get(f"{name}.{kind}", "")}
        record[name] = rule if given else None
    record["scaling"] = [_tier(line) for line in _lines(text.get("scaling", ""))]
    record["breach_on_touch"] = text.get("breach_on_touch") == "true"
    return record


def problems(error: InvalidInput | Conflict) -> dict[str, str]:
    """Return what is wrong by the form's fields; what belongs to none is under ``form``."""
    if isinstance(error, Conflict):
        return {"version": error.detail}
    found: dict[str, str] = {}
    for path, what in error.fields.items():
        field = _field(path)
        place = path.removeprefix(field).strip(".").partition(".")[0]
        line = f"Line {int(place) + 1} " if place.isdecimal() else ""
        found[field] = f"{line}{what}."
    return found or {"form": error.detail}


def _field(path: str) -> str:
    """The field of the form that has the path: a list is one field."""
    top = path.partition(".")[0]
    return top if top in (*_LINES, "scaling") else path


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _count(text: str) -> int | str:
    """A whole number, or what was typed: the reader says what is wrong with it."""
    return int(text) if _DIGITS.fullmatch(text) else text


def _tier(line: str) -> dict[str, Any]:
    profit, _, contracts = (part.strip() for part in line.partition("="))
    return {
        "profit": None if profit == _START else profit,
        "contracts": _count(contracts),
    }
