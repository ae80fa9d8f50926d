"""The form of a rule set: what is shown of a version is that version when it is read again."""

from __future__ import annotations

import pytest

from app.domain.errors import Conflict, InvalidInput
from app.propfirm import library, read_rule_set
from app.propfirm.keeping import kept_rules
from app.web.funded import rule_form

RICH = kept_rules(library()["topstep_xfa_50k"])


@pytest.mark.parametrize("name", library())
def test_a_rule_set_comes_back_from_its_form_as_it_was(name: str) -> None:
    rules = library()[name]
    assert read_rule_set(rule_form.typed(rule_form.shown(kept_rules(rules)))) == rules


def refused(**changes: str) -> dict[str, str]:
    form = {**rule_form.shown(RICH), **{name.replace("__", "."): v for name, v in changes.items()}}
    with pytest.raises(InvalidInput) as caught:
        read_rule_set(rule_form.typed(form))
    return rule_form.problems(caught.value)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"drawdown__amount": "-1"}, "drawdown.amount", "must not be negative."),
        ({"drawdown__amount": ""}, "drawdown.amount", ""),
        ({"drawdown__mode": "weekly"}, "drawdown.mode", "must be eod, intraday or static."),
        ({"drawdown__lock_at": "-2001"}, "drawdown.lock_at", "must not lie below"),
        ({"daily_loss__amount": "many"}, "daily_loss.amount", ""),
        ({"consistency__percent": "101"}, "consistency.percent", "must be 100 or less."),
        ({"max_contracts": "two"}, "max_contracts", "must be a whole number"),
        ({"max_contracts": "0"}, "max_contracts", "must be 1 or more."),
        ({"min_trading_days": "1.5"}, "min_trading_days", "must be a whole number"),
        ({"zone": "Mars"}, "zone", "cannot be used"),
        ({"scaling": "start = 2\n0 = x"}, "scaling", "Line 2 "),
        ({"scaling": "1000 = 2"}, "scaling", "Line 1 must be null"),
        ({"allowed_hours": "Mon-Fri 08:30-15:00 UTC\nalways"}, "allowed_hours", "Line 2 cannot"),
        ({"sources": " \n"}, "sources", "must name where the rules come from."),
        ({"checked_on": "yesterday"}, "checked_on", "must be a year, a month or a day"),
        ({"automation__note": " "}, "automation.note", "must be a text"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    changes: dict[str, str], field: str, words: str
) -> None:
    found = refused(**changes)
    assert list(found) == [field]
    assert words in found[field]


def test_a_rule_whose_amount_is_taken_away_is_gone() -> None:
    rules = library()["topstep_combine_50k_dll"]
    form = rule_form.shown(kept_rules(rules))
    form |= {"daily_loss.amount": "", "consistency.percent": " ", "max_contracts": ""}
    read = read_rule_set(rule_form.typed(form))
    assert (read.daily_loss, read.consistency, read.max_contracts) == (None, None, None)


def test_a_version_that_is_there_already_is_told_at_the_version() -> None:
    assert rule_form.problems(Conflict("There is one.")) == {"version": "There is one."}


def test_what_belongs_to_no_field_is_told_of_the_whole() -> None:
    assert rule_form.problems(InvalidInput("It is too large.")) == {"form": "It is too large."}
