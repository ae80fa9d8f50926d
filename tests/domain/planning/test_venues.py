"""What a venue cannot do is known before anything is sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.accounts import ALPACA
from app.domain.decisions import Denied
from app.domain.protection import Protection
from tests.support.trading import BTC, ES, SPY, asked, code, legs, market, offset, outcome, planned
from tests.support.trading import rules as settings

AT_500 = market("500")


def test_a_future_is_refused_where_only_stocks_and_crypto_are_traded() -> None:
    found = outcome(asked(action="buy", quantity="1"), contract=ES, venue=ALPACA)
    assert isinstance(found, Denied)
    assert found.code == "NOT_TRADED_THERE"
    assert "Alpaca trades stocks and crypto, not futures." in found.detail


def test_what_is_held_there_all_the_same_can_be_closed() -> None:
    found = planned(outcome(asked(action="exit"), "2", contract=ES, venue=ALPACA))
    assert legs(found) == ["close sell 2"]


def test_a_guarded_entry_is_rounded_down_to_whole_shares_and_says_so() -> None:
    intent = asked(action="buy", quantity="2.75", stop_loss="5 amount")
    found = planned(outcome(intent, contract=SPY, at=AT_500, venue=ALPACA))
    assert legs(found) == ["open buy 2"]
    (step,) = found.steps
    assert (step.name, step.before, step.after) == ("whole_units", Decimal("2.75"), Decimal(2))
    assert "only whole shares can be guarded at Alpaca" in step.reason


def test_an_entry_that_is_not_guarded_may_be_a_fraction() -> None:
    intent = asked(action="buy", quantity="2.75")
    assert legs(planned(outcome(intent, contract=SPY, at=AT_500, venue=ALPACA))) == [
        "open buy 2.75"
    ]


@pytest.mark.parametrize("symbol", ["paper", "chaos"])
def test_elsewhere_a_fraction_is_guarded(symbol: str) -> None:
    intent = asked(action="buy", quantity="2.75", stop_loss="5 amount")
    found = planned(outcome(intent, contract=SPY, at=AT_500, venue=symbol))
    assert legs(found) == ["open buy 2.75"]


def test_less_than_a_whole_share_is_refused_with_the_reason() -> None:
    intent = asked(action="buy", quantity="0.4", stop_loss="5 amount")
    found = outcome(intent, contract=SPY, at=AT_500, venue=ALPACA)
    assert isinstance(found, Denied)
    assert found.code == "QUANTITY_ROUNDS_TO_ZERO"
    assert found.detail.endswith("Only whole shares can be guarded at Alpaca.")


def test_a_part_of_a_guarded_position_is_closed_in_whole_shares_and_all_of_it_to_the_last() -> None:
    guarding = Protection(stop_loss=offset("5 amount"))
    half = settings(sizing="percent_of_position", size="50")
    part = outcome(
        asked(action="exit"), "3", half, contract=SPY, at=AT_500, guarding=guarding, venue=ALPACA
    )
    assert legs(planned(part)) == ["close sell 1"]
    whole = outcome(
        asked(action="exit"), "1.5", contract=SPY, at=AT_500, guarding=guarding, venue=ALPACA
    )
    assert legs(planned(whole)) == ["close sell 1.5"]


def test_a_reversal_closes_what_is_held_also_when_the_other_side_is_less_than_a_share() -> None:
    guarding = Protection(stop_loss=offset("5 amount"))
    intent = asked(action="short", quantity="0.5", stop_loss="5 amount")
    found = planned(outcome(intent, "2", contract=SPY, at=AT_500, guarding=guarding, venue=ALPACA))
    assert legs(found) == ["close sell 2"]
    assert found.refused is not None
    assert "Only whole shares" in found.refused.detail


@pytest.mark.parametrize("guard", ["stop_loss", "trail"])
def test_a_stop_for_crypto_is_refused_where_none_is_taken(guard: str) -> None:
    intent = asked(action="buy", quantity="1", **{guard: "5 amount"})
    at = market("50000")
    assert code(outcome(intent, contract=BTC, at=at, venue=ALPACA)) == "STOP_NOT_TAKEN"
    assert planned(outcome(intent, contract=BTC, at=at)).legs
    profit = asked(action="buy", quantity="0.5", take_profit="5 amount")
    assert legs(planned(outcome(profit, contract=BTC, at=at, venue=ALPACA))) == ["open buy 0.5"]


def test_beside_a_trailing_stop_the_take_profit_is_left_out_and_that_is_said() -> None:
    intent = asked(action="buy", quantity="1", take_profit="10 amount", trail="5 amount")
    found = planned(outcome(intent, contract=SPY, at=AT_500, venue=ALPACA))
    assert found.protection == Protection(trail=offset("5 amount"))
    assert found.refused is not None
    assert found.refused.code == "TAKE_PROFIT_LEFT_OUT"
    elsewhere = planned(outcome(intent, contract=SPY, at=AT_500))
    assert elsewhere.protection == Protection(offset("10 amount"), trail=offset("5 amount"))
    assert elsewhere.refused is None


def test_an_exit_says_that_the_protection_goes_first() -> None:
    guarding = Protection(stop_loss=offset("5 amount"))
    found = planned(
        outcome(asked(action="exit"), "2", contract=SPY, guarding=guarding, venue=ALPACA)
    )
    assert [step.name for step in found.steps] == ["protection"]
