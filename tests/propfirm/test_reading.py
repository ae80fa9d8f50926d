"""A rule set is read strictly, and what is wrong is refused with its field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from app.domain.errors import InvalidInput, NotFound
from app.propfirm import (
    Automation,
    Mode,
    Policy,
    Tier,
    gathered,
    library,
    read_rule_set,
    rule_set,
)

TEXT = files("app.propfirm").joinpath("firms", "topstep.json").read_text("utf-8")


def record(**changes: object) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in json.loads(TEXT) if each["id"] == "topstep_combine_50k_dll"
    )
    return {**found, **changes}


def part(name: str, **changes: object) -> dict[str, Any]:
    return {name: {**record()[name], **changes}}


WRONG: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "a negative loss": (part("drawdown", amount="-2000"), "drawdown.amount", "negative"),
    "a loss of nothing": (part("drawdown", amount="0"), "drawdown.amount", "more than 0"),
    "an amount that is none": (part("drawdown", amount="many"), "drawdown.amount", "a number"),
    "an amount without end": (part("drawdown", amount="Infinity"), "drawdown.amount", "range"),
    "an unknown mode": (part("drawdown", mode="weekly"), "drawdown.mode", "eod, intraday or st"),
    "a mode that is a number": (part("drawdown", mode=1), "drawdown.mode", "eod, intraday or st"),
    "a lock below the floor": (part("drawdown", lock_at="47999.99"), "drawdown.lock_at", "48000"),
    "a lock of a static floor": (part("drawdown", mode="static"), "drawdown.lock_at", "null"),
    "a negative daily loss": (part("daily_loss", amount="-1"), "daily_loss.amount", "negative"),
    "an unknown kind": (part("daily_loss", kind="mild"), "daily_loss.kind", "soft or hard"),
    "a part that is no object": ({"daily_loss": 5}, "daily_loss", "an object"),
    "a part that lacks a field": ({"daily_loss": {"amount": "1"}}, "daily_loss.kind", "missing"),
    "a field too many": ({"trailing": "1"}, "trailing", "no field"),
    "a negative start": ({"start_balance": "-1"}, "start_balance", "negative"),
    "a negative target": ({"profit_target": "-1"}, "profit_target", "negative"),
    "more than all": (part("consistency", percent="101"), "consistency.percent", "100 or less"),
    "an unknown comparison": (part("consistency", compare="="), "consistency.compare", "< or <="),
    "negative days": ({"min_trading_days": -1}, "min_trading_days", "0 or more"),
    "days that are a flag": ({"min_trading_days": True}, "min_trading_days", "whole"),
    "half a contract": ({"max_contracts": 0.5}, "max_contracts", "whole"),
    "no contract": ({"max_contracts": 0}, "max_contracts", "1 or more"),
    "a plan that is no list": ({"scaling": "2, 3"}, "scaling", "a list"),
    "a plan that begins late": (
        {"scaling": [{"profit": "1500", "contracts": 3}]},
        "scaling.0.profit",
        "null",
    ),
    "a plan that turns back": (
        {
            "scaling": [
                {"profit": None, "contracts": 1},
                {"profit": "1500", "contracts": 2},
                {"profit": "1500", "contracts": 3},
            ]
        },
        "scaling.2.profit",
        "more than that of the step before",
    ),
    "a plan that begins twice": (
        {"scaling": [{"profit": None, "contracts": 1}, {"profit": None, "contracts": 2}]},
        "scaling.1.profit",
        "more than",
    ),
    "a plan beyond the limit": (
        {"scaling": [{"profit": None, "contracts": 6}]},
        "scaling",
        "which is 5",
    ),
    "an unknown zone": ({"zone": "Chicago"}, "zone", "America/Chicago"),
    "a time that is none": ({"session_end": "25:00"}, "session_end", "09:30"),
    "a flat time that is none": ({"flat_time": 15}, "flat_time", "a text"),
    "a flag that is a text": ({"breach_on_touch": "yes"}, "breach_on_touch", "true or false"),
    "hours that are none": ({"allowed_hours": ["always"]}, "allowed_hours.0", "Mon-Fri"),
    "a product without a name": ({"allowed_products": ["ES", " "]}, "allowed_products.1", "empty"),
    "an unknown policy": (part("automation", policy="maybe"), "automation.policy", "anywhere, own"),
    "a date that is none": ({"checked_on": "2026-13-01"}, "checked_on", "like 2026-10-04"),
    "no source": ({"sources": []}, "sources", "where the rules come from"),
    "no version": ({"version": ""}, "version", "empty"),
}


@pytest.mark.parametrize(("changes", "field", "what"), WRONG.values(), ids=WRONG)
def test_a_wrong_rule_set_is_refused_with_the_field(
    changes: dict[str, Any], field: str, what: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_rule_set(record(**changes))
    assert set(refused.value.fields) == {field}
    assert what in refused.value.detail + refused.value.fields[field]


def test_what_lacks_a_field_or_is_no_object_is_refused() -> None:
    row = record()
    del row["drawdown"]
    with pytest.raises(InvalidInput, match="drawdown is missing"):
        read_rule_set(row)
    with pytest.raises(InvalidInput, match="must be an object"):
        read_rule_set(["topstep"])


def test_a_rule_set_is_read_with_all_its_parts() -> None:
    rules = read_rule_set(
        record(
            allowed_hours=["Mon-Fri 08:30-15:00 America/Chicago"],
            allowed_products=["ES", "NQ"],
            scaling=[{"profit": None, "contracts": 2}, {"profit": "1500", "contracts": 3}],
            checked_on="2026-10",
        )
    )
    assert (rules.drawdown.mode, rules.drawdown.lock_at) == (Mode.END_OF_DAY, Decimal(50000))
    assert rules.flat_time == time(15, 10)
    assert rules.scaling == (Tier(None, 2), Tier(Decimal(1500), 3))
    assert [str(each) for each in rules.allowed_hours] == ["Mon-Fri 08:30-15:00 America/Chicago"]
    assert rules.allowed_products == {"ES", "NQ"}
    assert rules.checked_on == "2026-10"


def test_the_library_holds_the_rule_sets_of_five_firms_and_one_of_ones_own() -> None:
    firms: dict[str, int] = {}
    for rules in library().values():
        firms[rules.firm] = firms.get(rules.firm, 0) + 1
    assert firms == {
        "Topstep": 9,
        "Apex": 9,
        "Take Profit Trader": 6,
        "MyFundedFutures": 4,
        "Tradeify": 9,
        "custom": 1,
    }


def test_every_rule_set_says_where_it_comes_from_and_what_programs_may_do() -> None:
    policies: dict[str, Automation] = {
        rules.firm: rules.automation for rules in library().values() if rules.sources
    }
    assert len({rules.version for rules in library().values() if rules.confidence}) == 1
    assert policies["Topstep"].policy is Policy.OWN_DEVICE
    assert policies["Apex"].policy is Policy.FORBIDDEN
    assert policies["Tradeify"].policy is Policy.UNKNOWN


def test_a_rule_set_is_found_by_its_id_or_not_at_all() -> None:
    assert rule_set("apex_eod_eval_50k").daily_loss is not None
    with pytest.raises(NotFound, match="no rule set 'apex'"):
        rule_set("apex")


def test_a_rule_set_cannot_be_there_twice() -> None:
    with pytest.raises(InvalidInput, match="there twice"):
        gathered([json.dumps([record()]), json.dumps([record()])])
