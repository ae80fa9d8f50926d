"""The messages to paste: valid, complete and readable once TradingView fills them in."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain.alerts import Action, dedupe_key, message, read

FILLED = {
    "strategy.order.id": "Long",
    "strategy.order.action": "sell",
    "strategy.order.contracts": "3",
    "strategy.order.price": "5000.25",
    "strategy.market_position": "short",
    "strategy.market_position_size": "1",
    "strategy.prev_market_position": "long",
    "strategy.prev_market_position_size": "2",
    "timenow": "2026-03-02T12:00:00Z",
    "interval": "5",
    "close": "5000.25",
}


def fill_in(text: str) -> bytes:
    return re.sub(r"\{\{(.+?)\}\}", lambda match: FILLED[match[1]], text).encode()


def test_a_strategy_s_message_says_everything_once_it_is_filled_in() -> None:
    intent = read(fill_in(message("ES1!"))).intent
    assert intent.symbol == "ES1!"
    assert intent.action is Action.SELL
    assert intent.quantity == Decimal(3)
    assert (intent.previous_position, intent.wanted_position) == (Decimal(2), Decimal(-1))
    assert intent.price == Decimal("5000.25")
    assert intent.sent_at == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert intent.id == "Long-2026-03-02T12:00:00Z-1"
    assert intent.unknown == {}


def test_a_strategy_s_message_has_the_id_that_makes_it_unique() -> None:
    expected = "{{strategy.order.id}}-{{timenow}}-{{strategy.market_position_size}}"
    assert json.loads(message("ES"))["id"] == expected


def test_a_message_is_valid_json_before_it_is_filled_in_and_holds_no_comment() -> None:
    assert "comment" not in json.loads(message("ES"))


@pytest.mark.parametrize("action", [Action.BUY, Action.SELL, Action.EXIT])
def test_an_indicator_s_message_says_its_action(action: Action) -> None:
    reading = read(fill_in(message("NQ", action, quantity=Decimal("2.50"))))
    assert reading.intent.action is action
    assert reading.intent.quantity == Decimal("2.5")
    assert reading.intent.price == Decimal("5000.25")
    found = dedupe_key(reading, datetime(2026, 3, 2, 12, tzinfo=UTC), None, None)
    assert found.key == f"id:{action}-5-2026-03-02T12:00:00Z"


def test_an_indicator_s_message_may_leave_the_quantity_to_the_strategy() -> None:
    assert read(fill_in(message("NQ", Action.BUY))).intent.quantity is None


def test_a_message_may_name_an_account_and_be_a_test() -> None:
    intent = read(fill_in(message("NQ", account="paper_1", test=True))).intent
    assert (intent.account, intent.test) == ("paper_1", True)
