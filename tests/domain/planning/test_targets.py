"""What an alert means for the position: all words, all dialects of the same wish (B1 to B4)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.alerts import Action, Intent, QuantityType, Sentiment
from app.domain.alerts.dialects import ACTIONS
from app.domain.decisions import Denied, NoAction
from app.domain.planning import Context, Target, target
from app.domain.settings import Resolved
from tests.support.trading import ES, asked, rules

#: Every action word with a quantity of 2, for each position held: the position that is wanted.
WORDS = {
    "buy": {"-3": "-1", "-2": "0", "-1": "1", "0": "2", "1": "3", "3": "5"},
    "sell": {"-3": "-5", "-1": "-3", "0": "-2", "1": "-1", "2": "0", "3": "1"},
    "long": {"-3": "2", "-2": "2", "0": "2", "1": "3"},
    "short": {"3": "-2", "2": "-2", "0": "-2", "-1": "-3"},
    "add": {"-3": "-5", "0": "NO_POSITION", "1": "3"},
    "exit": {"-3": "-1", "-2": "0", "-1": "0", "0": "ALREADY_FLAT", "1": "0", "3": "1"},
    "close": {"-3": "-1", "-1": "0", "0": "ALREADY_FLAT", "1": "0", "3": "1"},
    "flat": {"-3": "0", "0": "ALREADY_FLAT", "3": "0"},
    "reverse": {"-3": "2", "0": "ALREADY_FLAT", "1": "-2", "2": "-2"},
    "cancel": {"-3": "-3", "0": "0", "3": "3"},
}
#: The same without a quantity, which only some words need.
BARE = {
    "buy": {"-1": "NO_QUANTITY", "0": "NO_QUANTITY", "1": "NO_QUANTITY"},
    "sell": {"-1": "NO_QUANTITY", "0": "NO_QUANTITY", "1": "NO_QUANTITY"},
    "long": {"-1": "0", "0": "NO_QUANTITY", "1": "1"},
    "short": {"-1": "-1", "0": "NO_QUANTITY", "1": "0"},
    "add": {"-1": "NO_QUANTITY", "0": "NO_POSITION", "1": "NO_QUANTITY"},
    "exit": {"-1": "0", "0": "ALREADY_FLAT", "1": "0"},
    "close": {"-1": "0", "0": "ALREADY_FLAT", "1": "0"},
    "flat": {"-1": "0", "0": "ALREADY_FLAT", "1": "0"},
    "reverse": {"-3": "3", "0": "ALREADY_FLAT", "1": "-1"},
    "cancel": {"-1": "-1", "0": "0"},
}
#: With a sizing of our own (fixed 4), whatever quantity of 2 the alert says.
SIZED = {
    "buy": {"-3": "1", "0": "4", "1": "5"},
    "sell": {"-3": "-7", "0": "-4", "1": "-3"},
    "long": {"-3": "4", "0": "4", "1": "4", "5": "5"},
    "short": {"-3": "-4", "0": "-4", "1": "-4", "-5": "-5"},
    "add": {"-3": "-7", "0": "NO_POSITION", "1": "5"},
    "exit": {"-3": "-1", "0": "ALREADY_FLAT", "1": "0"},
    "close": {"-3": "-1", "0": "ALREADY_FLAT", "1": "0"},
    "flat": {"-3": "0", "0": "ALREADY_FLAT", "1": "0"},
    "reverse": {"-3": "4", "0": "ALREADY_FLAT", "1": "-4"},
    "cancel": {"-3": "-3"},
}
HALF = "percent_of_position"
OWN = rules(sizing="fixed", size="4")


def rows(table: dict[str, dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(word, held, wish) for word, row in table.items() for held, wish in row.items()]


def meant(intent: Intent, held: str = "0", settings: Resolved | None = None) -> str:
    """Return the wanted position, or the code of the reason why there is none."""
    context = Context(ES, Decimal(held), Decimal(5000), Decimal(100_000))
    found = target(intent, settings or rules(), context)
    if isinstance(found, NoAction | Denied):
        return found.code
    assert isinstance(found, Target)
    return str(found.position + 0)


def test_the_tables_know_every_action_word() -> None:
    words = {"buy", "sell", "long", "short", "add", "exit", "close", "flat", "reverse", "cancel"}
    assert set(ACTIONS) == words | {"heartbeat"}
    assert set(WORDS) == set(BARE) == set(SIZED) == words


@pytest.mark.parametrize(("word", "held", "wish"), rows(WORDS))
def test_each_word_with_a_quantity_means_one_position(word: str, held: str, wish: str) -> None:
    assert meant(asked(action=word, quantity="2"), held) == wish


@pytest.mark.parametrize(("word", "held", "wish"), rows(BARE))
def test_each_word_without_a_quantity_means_one_position(word: str, held: str, wish: str) -> None:
    assert meant(asked(action=word), held) == wish


@pytest.mark.parametrize(("word", "held", "wish"), rows(SIZED))
def test_each_word_with_our_own_sizing_means_one_position(word: str, held: str, wish: str) -> None:
    assert meant(asked(action=word, quantity="2"), held, OWN) == wish


def strategy(
    action: str, contracts: str, now: str, before: str | None = None, **more: object
) -> Intent:
    """Return the alert of a TradingView strategy: positions after and before, signed."""
    fields: dict[str, object] = {"action": action, **more}
    fields |= dict(zip(("market_position", "market_position_size"), position(now), strict=True))
    if before is not None:
        names = ("prev_market_position", "prev_market_position_size")
        fields |= dict(zip(names, position(before), strict=True))
    intent = asked(**fields)
    return replace(intent, quantity=Decimal(contracts))


def position(signed: str) -> tuple[str, str]:
    number = Decimal(signed)
    direction = "long" if number > 0 else "short" if number else "flat"
    return direction, str(abs(number))


@pytest.mark.parametrize(
    ("intent", "held", "wish"),
    [
        (strategy("buy", "2", "2", "0"), "0", "2"),
        (strategy("buy", "4", "2", "-2"), "-2", "2"),
        (strategy("sell", "4", "-2", "2"), "2", "-2"),
        (strategy("sell", "2", "1", "3"), "3", "1"),
        (strategy("buy", "1", "-1", "-2"), "-2", "-1"),
        (strategy("buy", "3", "2", "-1"), "-1", "2"),
        (strategy("buy", "2", "0", "-2"), "-2", "0"),
        (strategy("sell", "0", "-2", "-2"), "-2", "-2"),
        (strategy("buy", "1", "3", "2"), "2", "3"),
        (strategy("exit", "2", "0", "2"), "0", "ALREADY_FLAT"),
        (strategy("exit", "2", "1", "3"), "3", "1"),
    ],
)
def test_a_strategy_alert_wants_the_position_it_names(intent: Intent, held: str, wish: str) -> None:
    assert meant(intent, held) == wish


@pytest.mark.parametrize(
    ("intent", "held", "wish"),
    [
        (strategy("buy", "4", "2", "-2"), "0", "2"),
        (strategy("buy", "1", "3", "2"), "0", "3"),
        (strategy("buy", "1", "2", "1"), "3", "2"),
        (strategy("buy", "2", "0", "-2"), "1", "0"),
        (strategy("sell", "0", "-2", "-2"), "0", "-2"),
    ],
)
def test_the_named_position_wins_when_an_earlier_alert_was_missed(
    intent: Intent, held: str, wish: str
) -> None:
    assert meant(intent, held) == wish


@pytest.mark.parametrize(
    ("held", "wish"), [("3", "1"), ("2", "1"), ("1", "1"), ("0", "ALREADY_FLAT"), ("-2", "0")]
)
def test_an_alert_that_only_shrinks_the_position_never_opens_one(held: str, wish: str) -> None:
    assert meant(strategy("sell", "2", "1", "3"), held) == wish
    assert meant(strategy("sell", "2", "1"), held) == wish


@pytest.mark.parametrize(
    ("fields", "held", "wish"),
    [
        ({"market_position": "long", "quantity": "2"}, "3", "1"),
        ({"market_position": "long", "quantity": "2"}, "1", "0"),
        ({"market_position": "long"}, "3", "NO_QUANTITY"),
        (
            {"market_position": "long", "quantity": "50", "quantity_type": "percent_of_position"},
            "3",
            "2",
        ),
    ],
)
def test_a_sell_that_ends_long_is_a_partial_exit(
    fields: dict[str, object], held: str, wish: str
) -> None:
    assert meant(asked(action="sell", **fields), held) == wish


def test_a_partial_exit_of_nothing_does_nothing() -> None:
    intent = asked(action="sell", market_position="long")
    assert meant(replace(intent, quantity=Decimal(0)), "3") == "ZERO_QUANTITY"


@pytest.mark.parametrize(
    ("intent", "held", "wish"),
    [
        (strategy("buy", "1", "1", "0"), "0", "4"),
        (strategy("buy", "1", "2", "1"), "4", "4"),
        (strategy("buy", "1", "2", "1"), "6", "6"),
        (strategy("sell", "2", "1", "3"), "4", "2"),
        (strategy("sell", "2", "1"), "4", "2"),
        (strategy("sell", "1", "2", "3"), "1", "QUANTITY_ROUNDS_TO_ZERO"),
        (strategy("sell", "4", "-2", "2"), "4", "-4"),
        (strategy("sell", "2", "0", "2"), "4", "0"),
        (strategy("exit", "2", "1", "4"), "8", "2"),
    ],
)
def test_with_our_own_sizing_the_alert_says_direction_and_proportion(
    intent: Intent, held: str, wish: str
) -> None:
    assert meant(intent, held, OWN) == wish


def test_with_our_own_sizing_a_part_without_proportion_is_the_senders_quantity() -> None:
    assert meant(asked(action="sell", market_position="long", quantity="3"), "4", OWN) == "1"


def test_a_target_alone_is_enough() -> None:
    assert meant(asked(market_position="long", market_position_size="2"), "-1") == "2"
    assert meant(asked(market_position="short", quantity="2"), "-1") == "-2"
    assert meant(asked(market_position="long"), "3") == "3"
    assert meant(asked(market_position="flat"), "3") == "0"
    shrinking = asked(
        market_position="long",
        market_position_size="1",
        prev_market_position="long",
        prev_market_position_size="3",
    )
    assert meant(shrinking, "0") == "ALREADY_FLAT"
    assert meant(Intent(Action.TARGET)) == "MISSING_ACTION"


def test_sizes_are_scaled_by_the_accounts_factor() -> None:
    half = rules(factor="0.5")
    assert meant(strategy("buy", "4", "4", "0"), "0", half) == "2"
    assert meant(strategy("sell", "2", "2", "4"), "2", half) == "1"
    assert meant(asked(action="exit", quantity="2"), "2", half) == "1"


@pytest.mark.parametrize(
    ("word", "fields", "held"),
    [
        ("buy", {}, "1"),
        ("long", {}, "0"),
        ("exit", {}, "1"),
        ("add", {}, "1"),
        ("reverse", {}, "1"),
    ],
)
def test_a_quantity_of_zero_trades_nothing_and_is_not_a_missing_one(
    word: str, fields: dict[str, object], held: str
) -> None:
    assert meant(replace(asked(action=word), quantity=Decimal(0)), held) == "ZERO_QUANTITY"


@pytest.mark.parametrize(
    ("held", "wanted", "wish"),
    [("2", "long", "2"), ("2", "flat", "0"), ("2", "short", "-2"), ("-2", "long", "2")],
)
def test_a_reversal_goes_to_the_side_that_is_named(held: str, wanted: str, wish: str) -> None:
    assert meant(asked(action="reverse", market_position=wanted), held) == wish


def test_a_reversal_takes_the_size_that_is_named() -> None:
    named = asked(action="reverse", market_position="short", market_position_size="5")
    assert meant(named, "2") == "-5"
    assert meant(asked(action="reverse", market_position_size="0"), "2") == "0"


def test_adding_needs_a_position_or_a_direction_and_never_turns_one() -> None:
    assert meant(asked(action="add", quantity="2", market_position="short"), "0") == "-2"
    assert meant(asked(action="add", quantity="2", market_position="flat"), "0") == "NO_POSITION"
    against = asked(action="add", quantity="2", market_position="short")
    assert meant(against, "1") == "ADD_AGAINST_POSITION"


PERCENT = rules(sizing="percent_of_position", size="50")


@pytest.mark.parametrize(
    ("intent", "held", "wish"),
    [
        (asked(action="exit"), "4", "2"),
        (asked(action="exit", quantity="3"), "4", "2"),
        (asked(action="flat"), "4", "0"),
        (strategy("sell", "3", "1", "4"), "4", "2"),
        (asked(action="buy", quantity="3"), "0", "3"),
        (asked(action="exit"), "1", "QUANTITY_ROUNDS_TO_ZERO"),
    ],
)
def test_a_percentage_of_the_position_is_what_exits_close(
    intent: Intent, held: str, wish: str
) -> None:
    assert meant(intent, held, PERCENT) == wish


@pytest.mark.parametrize(
    ("kind", "quantity", "held", "wish"),
    [
        ("percent_of_position", "50", "4", "2"),
        ("percent_of_position", "500", "4", "0"),
        ("dollar_amount", "500000", "4", "2"),
        ("risk_dollar_amount", "500", "4", "0"),
    ],
)
def test_an_exit_closes_as_much_as_it_says_and_never_more_than_is_held(
    kind: str, quantity: str, held: str, wish: str
) -> None:
    assert meant(asked(action="exit", quantity=quantity, quantity_type=kind), held) == wish


@pytest.mark.parametrize("word", ["short", "reverse"])
def test_an_entry_that_cannot_be_sized_still_closes_what_is_held(word: str) -> None:
    risky = rules(sizing="risk_dollar_amount", size="500")
    context = Context(ES, Decimal(2), Decimal(5000))
    found = target(asked(action=word), risky, context)
    assert isinstance(found, Target)
    assert found.position == 0
    assert found.refused is not None
    assert found.refused.code == "STOP_NEEDED_FOR_RISK_SIZE"


def test_a_percentage_that_is_not_said_closes_everything() -> None:
    assert meant(Intent(Action.EXIT, quantity_type=QuantityType.PERCENT_OF_POSITION), "4") == "0"


def test_a_position_with_size_zero_is_flat() -> None:
    intent = replace(asked(action="sell"), wanted=Sentiment.LONG, wanted_size=Decimal(0))
    assert meant(intent, "2") == "0"
    assert meant(replace(intent, action=Action.EXIT), "2") == "0"
