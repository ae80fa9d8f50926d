"""Every alert ends in exactly one state, with an order or a reason, and never in two orders."""

from __future__ import annotations

import pytest

from app.domain.alerts.dialects import ACTIONS
from app.domain.errors import (
    BrokerAuth,
    BrokerError,
    BrokerRejected,
    BrokerUnavailable,
)
from app.domain.events import FactKind
from app.domain.inbox import AlertState
from app.domain.orders import OrderEvent, OrderState
from app.domain.safety.switches import Scope, TradingState
from app.domain.strategies import StrategyState
from app.services.trading.execute import Progress
from tests.support.floor import Floor

#: What each action word with a quantity of 2 leads to: (state, code, position), from flat, from
#: long 3 and from short 3.
OUTCOMES: dict[str, tuple[tuple[str, str | None, int], ...]] = {
    "buy": (("executed", None, 2), ("executed", None, 5), ("executed", None, -1)),
    "sell": (("executed", None, -2), ("executed", None, 1), ("executed", None, -5)),
    "long": (("executed", None, 2), ("executed", None, 5), ("executed", None, 2)),
    "short": (("executed", None, -2), ("executed", None, -2), ("executed", None, -5)),
    "add": (("refused", "NO_POSITION", 0), ("executed", None, 5), ("executed", None, -5)),
    "exit": (("no_action", "ALREADY_FLAT", 0), ("executed", None, 1), ("executed", None, -1)),
    "close": (("no_action", "ALREADY_FLAT", 0), ("executed", None, 1), ("executed", None, -1)),
    "flat": (("no_action", "ALREADY_FLAT", 0), ("executed", None, 0), ("executed", None, 0)),
    "reverse": (("no_action", "ALREADY_FLAT", 0), ("executed", None, -2), ("executed", None, 2)),
    "cancel": (
        ("no_action", "NOTHING_TO_CANCEL", 0),
        ("no_action", "NOTHING_TO_CANCEL", 3),
        ("no_action", "NOTHING_TO_CANCEL", -3),
    ),
}


def test_b2_the_table_covers_every_action_word() -> None:
    # A heartbeat never reaches the executor: tests/services/test_sources.py.
    assert set(OUTCOMES) | {"heartbeat"} == set(ACTIONS)


@pytest.mark.parametrize("word", OUTCOMES)
@pytest.mark.parametrize(("column", "held"), [(0, "0"), (1, "3"), (2, "-3")])
def test_b2_every_action_word_ends_in_one_state_with_an_order_or_a_code(
    floor: Floor, word: str, column: int, held: str
) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, held)
    alert = floor.send(strategy, action=word, quantity="2")
    state, code, position = OUTCOMES[word][column]
    assert (alert.state.value, alert.code) == (state, code)
    assert floor.held(strategy) == position
    assert bool(floor.orders(alert)) is (alert.code is None)
    assert floor.broker.position == floor.held(strategy)
    endings = [
        fact
        for fact in floor.facts
        if fact.alert_id == alert.id
        and fact.kind in {FactKind.ALERT_FINISHED, FactKind.ALERT_REFUSED}
    ]
    assert len(endings) == 1


def test_a_day_of_tradingview_alerts_leads_to_exact_positions(floor: Floor) -> None:
    strategy = floor.strategy()
    day = [
        ("buy", "2", "flat", "0", "long", "2", 2),
        ("buy", "1", "long", "2", "long", "3", 3),
        ("sell", "2", "long", "3", "long", "1", 1),
        ("sell", "4", "long", "1", "short", "3", -3),
        ("buy", "3", "short", "3", "flat", "0", 0),
    ]
    for action, contracts, before, size_before, after, size, position in day:
        alert = floor.send(
            strategy,
            ticker="ES1!",
            action=action,
            contracts=contracts,
            market_position=after,
            market_position_size=size,
            prev_market_position=before,
            prev_market_position_size=size_before,
        )
        assert alert.state is AlertState.EXECUTED
        assert floor.held(strategy) == position
    assert floor.broker.position == 0


def test_i1_what_was_executed_again_after_it_ended_changes_nothing(floor: Floor) -> None:
    strategy = floor.strategy()
    alert = floor.send(strategy, action="buy", quantity="1")
    told = len(floor.facts)
    assert floor.core.trader.advance(alert, floor.desk.id) is Progress.DONE
    assert len(floor.facts) == told
    assert len(floor.broker.sent) == 1


# --- reversals ------------------------------------------------------------------------------------


def test_b3_a_reversal_waits_for_the_fill_of_its_close_before_it_opens(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="reverse")
    assert alert.state is AlertState.CLAIMED
    assert [(order.leg, order.state) for order in floor.orders(alert)] == [("close", "accepted")]
    floor.broker.fill(floor.orders(alert)[0].client_order_id, "1")
    floor.wait(2)
    assert [order.leg for order in floor.orders(alert)] == ["close"]
    floor.broker.fill(floor.orders(alert)[0].client_order_id)
    floor.broker.fills_at_once = True
    floor.work()
    assert [(order.leg, order.state) for order in floor.orders(alert)] == [
        ("close", "filled"),
        ("open", "filled"),
    ]
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == -2


def test_a_reversal_whose_close_does_not_fill_in_time_fails_and_opens_nothing(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="reverse")
    floor.wait(floor.core.settings.reversal_wait_s + 1)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, "REVERSAL_CLOSE_NOT_FILLED")
    floor.broker.fill(floor.orders(alert)[0].client_order_id)
    floor.wait(2)
    assert [order.leg for order in floor.orders(alert)] == ["close"]
    assert floor.held(strategy) == 0


def test_a_reversal_whose_close_the_venue_ends_fails(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="reverse")
    floor.broker.end(floor.orders(alert)[0].client_order_id, OrderEvent.EXPIRE)
    floor.work()
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, "REVERSAL_CLOSE_NOT_FILLED")
    assert floor.held(strategy) == 2


@pytest.mark.parametrize(
    ("throw", "code"),
    [
        ("no_new_entries", "NO_NEW_ENTRIES"),
        ("off", "STRATEGY_OFF"),
        ("halt", "TRADING_HALTED"),
        ("account", "TRADING_HALTED"),
    ],
)
def test_the_switches_are_looked_at_again_before_a_reversal_opens(
    floor: Floor, throw: str, code: str
) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="reverse")
    if throw == "halt":
        floor.halt()
    elif throw == "account":
        halt_account(floor)
    else:
        floor.core.strategies.set_state(None, strategy.id, StrategyState(throw))
    floor.broker.fill(floor.orders(alert)[0].client_order_id)
    floor.work()
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, code)
    assert [order.leg for order in floor.orders(alert)] == ["close"]
    assert floor.held(strategy) == 0


def halt_account(floor: Floor) -> None:
    floor.throw(Scope.ACCOUNT, floor.desk.id, TradingState.HALTED)


def test_the_second_leg_of_a_reversal_is_not_opened_much_later(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="reverse")
    floor.broker.fill(floor.orders(alert)[0].client_order_id)
    floor.clock.advance(3600)
    floor.work()
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.EXPIRED, "EXPIRED_BEFORE_SENDING")
    assert floor.held(strategy) == 0


# --- what the venue says --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "state"),
    [
        (BrokerRejected("Market is closed."), "VENUE_REJECTED", OrderState.REJECTED),
        (BrokerUnavailable("Market is closed."), "VENUE_UNAVAILABLE", OrderState.DENIED),
        (BrokerAuth("Market is closed."), "VENUE_AUTH", OrderState.DENIED),
    ],
)
def test_f05_an_order_that_the_venue_does_not_take_fails_with_its_words_and_is_not_sent_again(
    floor: Floor, error: BrokerError, code: str, state: OrderState
) -> None:
    strategy = floor.strategy()
    floor.broker.answers.append(error)
    alert = floor.send(strategy, action="buy", quantity="2")
    assert (alert.state, alert.code, alert.detail) == (AlertState.FAILED, code, "Market is closed.")
    assert [order.state for order in floor.orders(alert)] == [state]
    floor.wait(20)
    assert len(floor.broker.sent) == 1


def test_a_venue_that_rejects_without_a_word_still_gives_a_reason(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.answers.append(BrokerRejected(""))
    alert = floor.send(strategy, action="buy", quantity="2")
    assert alert.detail == "The venue gave no reason."


def test_every_step_of_an_order_is_a_fact(floor: Floor) -> None:
    strategy = floor.strategy()
    alert = floor.send(strategy, action="buy", quantity="2")
    assert [fact.kind for fact in floor.facts if fact.alert_id == alert.id] == [
        FactKind.ALERT_RECEIVED,
        FactKind.ORDER_SUBMITTED,
        FactKind.ORDER_FILLED,
        FactKind.POSITION_CHANGED,
        FactKind.ALERT_FINISHED,
    ]
    assert all(fact.strategy_id == strategy.id for fact in floor.facts if fact.alert_id)


# --- giving up ------------------------------------------------------------------------------------


def test_an_alert_that_cannot_be_executed_at_all_ends_as_failed(floor: Floor) -> None:
    strategy = floor.strategy()
    answer = floor.post(strategy, action="buy", quantity="1")
    alert = floor.alert(str(answer.body["alert_id"]))
    assert floor.core.trader.give_up(alert, floor.desk.id) is Progress.DONE
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, "INTERNAL_ERROR")
