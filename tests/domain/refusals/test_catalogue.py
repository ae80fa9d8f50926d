"""The catalogue of refusals: every code that is used is in it, and reads like a sentence."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal

import pytest

from app.config import Settings
from app.domain.accounts import Account
from app.domain.decisions import Denied, NoAction
from app.domain.errors import SignalboxError
from app.domain.refusals import (
    CATALOGUE,
    GROUPS,
    Place,
    Refusal,
    denied,
    explain,
    no_action,
    setting_of,
)
from app.domain.refusals.settings import NO_SETTING, SET_BY
from app.domain.settings import StrategySettings
from app.domain.strategies import Strategy
from app.web.problems import CODES
from tests.support.tree import modules, name, parsed


def places(refusal: Refusal) -> set[str]:
    formatter = string.Formatter()
    texts = (refusal.sentence, refusal.change)
    return {field for text in texts for _, field, *_ in formatter.parse(text) if field}


def used_codes(tree: ast.AST) -> Iterator[str]:
    """Codes given to ``denied``, ``no_action``, ``Denied``, ``NoAction``, or as ``code=``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        first = node.args[:1] if called in {"denied", "no_action", "Denied", "NoAction"} else []
        named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        for value in (*first, *named):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def test_every_code_that_the_core_uses_is_in_the_catalogue() -> None:
    folders = ("app/domain", "app/propfirm", "app/services")
    found = {
        (code, name(path))
        for folder in folders
        for path in modules(folder)
        for code in used_codes(parsed(path))
    }
    assert found
    assert {(code, at) for code, at in found if code not in CATALOGUE} == set()


def test_d4_every_code_of_a_failure_or_of_an_answer_is_in_the_catalogue() -> None:
    def kinds(root: type[SignalboxError]) -> Iterator[type[SignalboxError]]:
        yield root
        for each in root.__subclasses__():
            yield from kinds(each)

    codes = {kind.code for kind in kinds(SignalboxError)} | set(CODES.values())
    assert codes - set(CATALOGUE) == set()


def test_no_code_is_in_the_catalogue_twice() -> None:
    assert len(CATALOGUE) == sum(len(group) for group in GROUPS.values())


def test_d4_every_code_names_the_setting_behind_it_or_says_that_there_is_none() -> None:
    assert set(SET_BY) & NO_SETTING == set()
    assert set(CATALOGUE) - set(SET_BY) - NO_SETTING == set()
    assert (set(SET_BY) | NO_SETTING) - set(CATALOGUE) == set()


@pytest.mark.parametrize("code", SET_BY)
def test_the_setting_behind_a_code_exists(code: str) -> None:
    setting = setting_of(code)
    assert setting is not None
    known = {
        Place.STRATEGY: {
            field.name for kind in (StrategySettings, Strategy) for field in fields(kind)
        },
        Place.ACCOUNT: {field.name for field in fields(Account)},
        Place.SERVER: set(Settings.model_fields),
        Place.SWITCH: {"trading_state"},
    }
    assert setting.name in known[setting.place]
    assert setting.shown[0].isupper()


@pytest.mark.parametrize("refusal", CATALOGUE.values(), ids=CATALOGUE)
def test_a_refusal_is_a_sentence_with_what_to_change(refusal: Refusal) -> None:
    details = dict.fromkeys(places(refusal), "x")
    told = explain(refusal.code, **details)
    assert refusal.code == refusal.code.upper()
    assert refusal.sentence.format(**details)[0].isupper()
    assert refusal.sentence.format(**details)[-1] in ".x"
    assert refusal.change
    assert "{" not in told
    assert told.startswith(refusal.sentence.format(**details))


def test_what_to_change_is_told_unless_nothing_is_wrong() -> None:
    assert denied("NO_QUANTITY").detail.endswith("set a sizing in the strategy.")
    assert no_action("ALREADY_FLAT", symbol="ESZ2026").detail == (
        "The strategy holds no ESZ2026, so there is nothing to close."
    )


def test_numbers_are_written_without_exponents_or_trailing_zeros() -> None:
    told = denied("MAX_POSITION", held=Decimal("-1E+1"), symbol="ESZ2026", limit=Decimal("10.00"))
    assert told.detail.startswith("The strategy holds -10 ESZ2026, and its max position is 10.")


def test_a_refusal_and_a_reason_to_do_nothing_are_different_values() -> None:
    assert isinstance(denied("STRATEGY_OFF"), Denied)
    assert isinstance(no_action("ZERO_QUANTITY"), NoAction)


@pytest.mark.parametrize("code", ["NO_SUCH_CODE", "STALE_ALERT"])
def test_an_unknown_code_or_an_unfilled_place_is_an_error(code: str) -> None:
    with pytest.raises(KeyError):
        denied(code)
