"""Every alert ends in exactly one state, with an order or a reason, and never in two orders."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.accounts import Account, Mode, TradingState
from app.domain.alerts.dialects import ACTIONS
from app.domain.errors import (
    BrokerAuth,
    BrokerError,
    BrokerRejected,
    BrokerUnavailable,
    InvariantBroken,
)
from app.domain.events import FactKind
from app.domain.inbox import AlertState
from app.domain.orders import OrderEvent, OrderState
from app.domain.settings import AccountLink
from app.domain.strategies import Strategy, StrategyState
from app.services.trading.execute import Progress
from app.services.trading.switches import TRADING_FLAG
from tests.support.floor import Floor, restarted
from tests.support.venue import Lost

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
    assert set(OUTCOMES) == set(ACTIONS)


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
        floor.core.halts.halt(None, flatten=False)
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
    with floor.core.store.write() as uow:
        uow.accounts.update(replace(floor.desk, state=TradingState.HALTED))


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


# --- lost answers ---------------------------------------------------------------------------------


def test_c9_an_order_whose_answer_was_lost_is_found_and_adopted(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.tells = False
    floor.broker.answers.append(Lost(kept=True))
    alert = floor.send(strategy, action="buy", quantity="2")
    assert alert.state is AlertState.EXECUTED
    assert floor.held(strategy) == 2
    assert len(floor.broker.sent) == len(floor.broker.held) == 1
    kinds = [fact.kind for fact in floor.facts if fact.order_id]
    assert kinds[:3] == [
        FactKind.ORDER_SUBMITTED,
        FactKind.ORDER_UNKNOWN,
        FactKind.ORDER_ACCEPTED,
    ]


@pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.REJECTED, OrderState.EXPIRED])
def test_c9_an_order_that_ended_meanwhile_is_adopted_as_it_ended(
    floor: Floor, state: OrderState
) -> None:
    events = {
        OrderState.CANCELED: OrderEvent.CANCEL,
        OrderState.REJECTED: OrderEvent.REJECT,
        OrderState.EXPIRED: OrderEvent.EXPIRE,
    }
    strategy = floor.strategy()
    floor.broker.fills_at_once = floor.broker.tells = False
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=True))
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.broker.end(floor.broker.sent[0].client_order_id, events[state])
    floor.broker.deaf = False
    floor.wait(1)
    assert floor.alert(alert.id).state.terminal
    assert [order.state for order in floor.orders(alert)] == [state]


def test_c8_what_the_venue_never_got_is_sent_again_after_the_grace_under_the_same_id(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(4)
    assert len(floor.broker.sent) == 1
    assert [order.state for order in floor.orders(alert)] == [OrderState.UNKNOWN]
    floor.wait(2)
    assert len(floor.broker.sent) == 2
    assert len({order.client_order_id for order in floor.broker.sent}) == 1
    assert len(floor.broker.held) == 1
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 2


def test_an_answer_lost_again_and_again_never_makes_two_orders(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.answers.extend([Lost(kept=False)] * 3)
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(25)
    assert len(floor.broker.sent) == 4
    assert len(floor.broker.held) == 1
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.broker.position == floor.held(strategy) == 2


def test_a_second_try_that_does_not_reach_the_venue_ends_the_alert(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.answers.extend([Lost(kept=False), BrokerUnavailable("No route.")])
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(7)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, "VENUE_UNAVAILABLE")


def test_f2_while_nothing_is_known_nothing_is_sent_and_later_alerts_wait(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=False))
    first = floor.send(strategy, action="buy", quantity="2")
    second = floor.send(strategy, action="buy", quantity="1")
    floor.wait(60)
    assert len(floor.broker.sent) == 1
    assert {floor.alert(each.id).state for each in (first, second)} == {AlertState.CLAIMED}
    floor.broker.deaf = False
    floor.wait(1)
    assert [floor.alert(each.id).state for each in (first, second)] == [AlertState.EXECUTED] * 2
    assert floor.held(strategy) == 3


def test_c7_an_entry_that_became_too_old_meanwhile_expires_and_is_not_sent(floor: Floor) -> None:
    strategy = floor.strategy(max_age_s=30)
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(40)
    floor.broker.deaf = False
    floor.wait(1)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.EXPIRED, "EXPIRED_BEFORE_SENDING")
    assert [order.state for order in floor.orders(alert)] == [OrderState.EXPIRED]
    assert len(floor.broker.sent) == 1


def test_c7_an_exit_is_sent_again_however_late_it_is(floor: Floor) -> None:
    strategy = floor.strategy(max_age_s=30)
    floor.hold(strategy, "2")
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="exit")
    floor.wait(600, step=60)
    floor.broker.deaf = False
    floor.wait(1)
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.held(strategy) == 0


def test_f22_an_entry_whose_answer_was_lost_is_not_sent_again_once_trading_is_halted(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="buy", quantity="2")
    report = floor.core.halts.halt(None, flatten=False)
    assert "unknown" in report.problems[0]
    floor.wait(10)
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, "TRADING_HALTED")
    assert len(floor.broker.sent) == 1


# --- what the venue says --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "state"),
    [
        (BrokerRejected("Market is closed."), "VENUE_REJECTED", OrderState.REJECTED),
        (BrokerUnavailable("Market is closed."), "VENUE_UNAVAILABLE", OrderState.DENIED),
        (BrokerAuth("Market is closed."), "VENUE_AUTH", OrderState.DENIED),
    ],
)
def test_f5_an_order_that_the_venue_does_not_take_fails_with_its_words_and_is_not_sent_again(
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


# --- several accounts -----------------------------------------------------------------------------


def held(floor: Floor, strategy: Strategy, *accounts: Account) -> list[Decimal]:
    return [floor.held(strategy, account) for account in accounts]


def test_an_alert_of_several_accounts_ends_when_the_last_of_them_did(floor: Floor) -> None:
    slow = floor.account("slow")
    strategy = floor.strategy(accounts=[floor.desk, slow])
    floor.venue.at(slow.id).deaf = True
    floor.venue.at(slow.id).tells = False
    floor.venue.at(slow.id).answers.append(Lost(kept=True))
    alert = floor.send(strategy, action="buy", quantity="2")
    assert floor.held(strategy) == 2
    assert alert.state is AlertState.CLAIMED
    floor.venue.at(slow.id).deaf = False
    floor.work()
    assert floor.alert(alert.id).state is AlertState.EXECUTED
    assert floor.held(strategy, slow) == 2


def test_one_account_that_fails_does_not_hide_that_another_one_executed(floor: Floor) -> None:
    other = floor.account("other")
    strategy = floor.strategy(accounts=[floor.desk, other])
    floor.venue.at(other.id).answers.append(BrokerRejected("No funds."))
    alert = floor.send(strategy, action="buy", quantity="1")
    assert alert.state is AlertState.EXECUTED
    assert floor.decision(alert, other).code == "VENUE_REJECTED"


def test_f1_orders_of_two_accounts_have_ids_of_their_own(floor: Floor) -> None:
    other = floor.account("other")
    strategy = floor.strategy(accounts=[floor.desk, other])
    alert = floor.send(strategy, action="buy", quantity="1")
    assert len({order.client_order_id for order in floor.orders(alert)}) == 2


@pytest.mark.parametrize("by", ["id", "name"])
def test_f7_an_alert_that_names_an_account_trades_on_that_one_alone(floor: Floor, by: str) -> None:
    other = floor.account("other")
    strategy = floor.strategy(accounts=[floor.desk, other])
    floor.send(strategy, action="buy", quantity="1", account=getattr(other, by))
    assert held(floor, strategy, floor.desk, other) == [0, 1]


def test_a_paper_route_takes_every_paper_account_of_the_strategy(floor: Floor) -> None:
    second = floor.account("paper_two", "paper")
    strategy = floor.strategy(accounts=[floor.desk, floor.paper, second])
    assert floor.desk.mode is Mode.LIVE
    floor.send(strategy, action="buy", quantity="1", price="5000", account="paper_all")
    assert held(floor, strategy, floor.desk, floor.paper, second) == [0, 1, 1]
    floor.send(strategy, action="buy", quantity="1", price="5000", account="paper_two")
    assert held(floor, strategy, floor.desk, floor.paper, second) == [0, 1, 2]


@pytest.mark.parametrize("named", ["pape", "Desk", "other", "paper_"])
def test_f7_an_account_that_is_not_the_strategys_is_refused(floor: Floor, named: str) -> None:
    floor.account("other")
    strategy = floor.strategy()
    alert = floor.send(strategy, action="buy", quantity="1", account=named)
    assert (alert.state, alert.code) == (AlertState.REFUSED, "UNKNOWN_ACCOUNT")
    assert named in str(alert.detail)


def test_an_alert_of_a_strategy_without_accounts_is_refused(floor: Floor) -> None:
    strategy = floor.strategy()
    with floor.core.store.write() as uow:
        uow.strategies.update(replace(strategy, accounts=()))
    alert = floor.send(strategy, action="buy", quantity="1")
    assert (alert.state, alert.code) == (AlertState.REFUSED, "NO_ACCOUNT")


def test_an_account_that_was_taken_away_meanwhile_breaks_the_invariant(floor: Floor) -> None:
    strategy = floor.strategy()
    answer = floor.post(strategy, action="buy", quantity="1")
    alert = floor.alert(str(answer.body["alert_id"]))
    with floor.core.store.write() as uow:
        uow.strategies.update(replace(strategy, accounts=()))
    with pytest.raises(InvariantBroken):
        floor.core.trader.advance(alert, floor.desk.id)


def test_f2_each_accounts_overrides_are_resolved_once_and_kept_with_the_decision(
    floor: Floor,
) -> None:
    double = floor.account("double")
    strategy = floor.strategy(
        accounts=[
            AccountLink(floor.desk.id),
            AccountLink(double.id, quantity_factor=Decimal(2), max_position=Decimal(5)),
        ]
    )
    alert = floor.send(strategy, action="buy", quantity="3")
    assert held(floor, strategy, floor.desk, double) == [3, 5]
    kept = floor.decision(alert, double)
    assert (kept.settings["quantity_factor"], kept.settings["max_position"]) == ("2", "5")
    assert [(step.name, step.before, step.after) for step in kept.steps][-1] == (
        "max_position",
        Decimal(6),
        Decimal(5),
    )
    floor.core.strategies.update(
        None,
        strategy.id,
        name="Breakout",
        symbol="ES",
        settings=strategy.settings,
        accounts=[AccountLink(double.id)],
    )
    assert floor.decision(alert, double) == kept


def test_two_strategies_on_one_account_never_touch_each_others_position(floor: Floor) -> None:
    first, second = floor.strategy("First"), floor.strategy("Second")
    floor.hold(first, "3")
    floor.hold(second, "-2")
    floor.send(first, action="exit")
    assert floor.held(first) == 0
    assert floor.held(second) == -2
    assert floor.broker.position == -2


# --- restarts -------------------------------------------------------------------------------------


def test_a3_an_alert_that_was_accepted_before_a_crash_is_executed_once_after_it(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    answer = floor.post(strategy, action="buy", quantity="2")
    again = restarted(floor)
    again.work()
    assert again.alert(str(answer.body["alert_id"])).state is AlertState.EXECUTED
    assert again.held(strategy) == 2
    again.core.close()


def test_c6_what_was_claimed_before_a_crash_is_taken_up_before_anything_newer(floor: Floor) -> None:
    strategy = floor.strategy()
    first = floor.post(strategy, action="buy", quantity="2")
    with floor.core.store.write() as uow:
        uow.alerts.claim("executor", floor.clock.now(), floor.clock.now(), 1)
    second = floor.post(strategy, action="exit")
    again = restarted(floor)
    again.work()
    states = [again.alert(str(each.body["alert_id"])).state for each in (first, second)]
    assert states == [AlertState.EXECUTED] * 2
    assert again.held(strategy) == 0
    again.core.close()


def test_c10_an_order_that_was_sent_before_a_crash_is_adopted_after_it(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.tells = False
    floor.broker.answers.append(Lost(kept=True))
    floor.broker.deaf = True
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.broker.deaf, floor.broker.tells = False, True
    again = restarted(floor)
    again.work()
    assert again.alert(alert.id).state is AlertState.EXECUTED
    assert again.held(strategy) == 2
    assert len(floor.broker.sent) == 1
    again.core.close()


def test_c7_an_order_that_was_written_but_not_sent_before_a_crash_is_sent_once(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    answer = floor.post(strategy, action="buy", quantity="2")
    alert = floor.alert(str(answer.body["alert_id"]))
    with floor.core.settler.transaction() as uow:
        floor.core.trader._next(uow, alert, floor.desk.id)
    again = restarted(floor)
    again.work()
    assert again.broker.sent == []
    again.wait(6)
    assert again.alert(alert.id).state is AlertState.EXECUTED
    assert len(again.broker.sent) == 1
    assert again.held(strategy) == 2
    again.core.close()


def test_c17_a_reversal_goes_on_after_a_crash_between_its_legs(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="reverse")
    again = restarted(floor)
    again.broker.fill(again.orders(alert)[0].client_order_id)
    again.broker.fills_at_once = True
    again.work()
    assert again.alert(alert.id).state is AlertState.EXECUTED
    assert again.held(strategy) == -2
    again.core.close()


def test_f22_trading_is_still_halted_after_a_restart(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.core.halts.halt(None, flatten=False)
    again = restarted(floor)
    assert again.core.halts.state() is TradingState.HALTED
    refused = again.send(strategy, action="buy", quantity="1")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "TRADING_HALTED")
    assert again.send(strategy, action="exit").state is AlertState.EXECUTED
    again.core.halts.resume(None)
    assert again.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
    with again.core.store.read() as uow:
        assert uow.flags.get(TRADING_FLAG) == "active"
    again.core.close()


# --- giving up ------------------------------------------------------------------------------------


def test_an_alert_that_cannot_be_executed_at_all_ends_as_failed(floor: Floor) -> None:
    strategy = floor.strategy()
    answer = floor.post(strategy, action="buy", quantity="1")
    alert = floor.alert(str(answer.body["alert_id"]))
    assert floor.core.trader.give_up(alert, floor.desk.id) is Progress.DONE
    ended = floor.alert(alert.id)
    assert (ended.state, ended.code) == (AlertState.FAILED, "INTERNAL_ERROR")
