"""Entries on a funded account, through the whole pipeline: what passes, what shrinks, what not.

ES at 5,000 with a stop 80 ticks below loses 1,000 a contract; the floor lies 2,000 below.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.decisions import Decision, Denied
from app.domain.inbox import AlertState
from app.domain.money import wire
from app.domain.orders import OrderState, Side
from app.domain.strategies import Strategy
from app.propfirm import Automation, Policy, Status
from app.services.manual import Ticket
from tests.propfirm.making import SOFT, STATIC, D
from tests.support.floor import Floor
from tests.support.ruled import Ruled, versioned

STOP = {"value": "80", "unit": "ticks"}


@pytest.fixture
def ruled(floor: Floor) -> Ruled:
    made = Ruled(floor, versioned(STATIC))
    made.accept()
    floor.quote("5000")
    return made


def stopped(ruled: Ruled, name: str = "Breakout", **settings: object) -> Strategy:
    return ruled.strategy(name, stop_loss=STOP, **settings)


def test_an_entry_that_could_break_the_floor_is_refused_in_words_and_numbers(ruled: Ruled) -> None:
    refused = ruled.send(stopped(ruled), action="buy", quantity="3")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "FUNDED_MAX_LOSS")
    assert refused.detail == (
        "The order could lose 3000 at its stop of 4980, and the equity of 50000 is 2000 above the"
        " floor of 48000; 1 fit. Send at most 1, or bring the stop nearer."
    )
    assert ruled.floor.orders(refused) == []


def test_an_entry_that_fits_goes_out(ruled: Ruled) -> None:
    strategy = stopped(ruled)
    assert ruled.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
    assert ruled.held(strategy) == 1


def test_an_account_without_rules_is_not_asked(ruled: Ruled) -> None:
    free = ruled.floor.strategy("Free", stop_loss=STOP)
    assert ruled.send(free, action="buy", quantity="30").state is AlertState.EXECUTED


def test_costs_and_the_spread_are_part_of_the_worst_case(ruled: Ruled) -> None:
    floor = ruled.floor
    with floor.core.store.write() as uow:
        settings = {"commission_per_unit": "2", "slippage_ticks": "1"}
        uow.accounts.update(replace(ruled.account, settings=settings))
    floor.core.brokers.forget(ruled.account.id)
    floor.quote("4999.5", "5000.5")
    refused = ruled.send(stopped(ruled), action="buy", quantity="2")
    # Per contract, each way: 2 of commission, a tick of slippage, half a point of the spread.
    each = 1000 + 2 * (2 + D("12.5") + 25)
    assert f"could lose {wire(2 * each)} at its stop" in str(refused.detail)


def test_an_exit_passes_even_when_the_account_has_failed(ruled: Ruled) -> None:
    strategy = ruled.strategy()
    ruled.send(strategy, action="buy", quantity="1")
    ruled.floor.quote("4960")
    failed = ruled.send(stopped(ruled, "Other"), action="buy", quantity="1")
    assert failed.code == "FUNDED_FAILED"
    assert ruled.send(strategy, action="exit").state is AlertState.EXECUTED
    assert ruled.held(strategy) == 0


def test_a_reversal_closes_and_does_not_open_what_could_break_a_rule(ruled: Ruled) -> None:
    strategy = stopped(ruled)
    ruled.send(strategy, action="buy", quantity="1")
    turned = ruled.send(strategy, action="sell", quantity="4")
    assert ruled.held(strategy) == 0
    assert (turned.state, turned.code) == (AlertState.EXECUTED, "FUNDED_MAX_LOSS")


def test_what_is_too_large_is_sized_down_where_its_owner_wants_that(ruled: Ruled) -> None:
    ruled.change(preferences=replace(ruled.funded.preferences, size_down=True))
    strategy = stopped(ruled)
    sent = ruled.send(strategy, action="buy", quantity="5")
    assert (sent.state, sent.code) == (AlertState.EXECUTED, "FUNDED_SIZED_DOWN")
    assert ruled.held(strategy) == 1
    decision = ruled.floor.decision(sent, ruled.account)
    step = decision.steps[-1]
    assert (step.name, step.before, step.after) == ("funded_rules", D(5), D(1))
    assert str(decision.detail).startswith("The order was sized down from 5 to 1: The order could")
    refused = ruled.send(strategy, action="buy", quantity="5")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "FUNDED_MAX_LOSS")
    assert ruled.held(strategy) == 1


@pytest.mark.parametrize(
    ("touch", "state", "held"), [(True, AlertState.REFUSED, 1), (False, AlertState.EXECUTED, 2)]
)
def test_a_smaller_addition_whose_stop_lies_further_away_is_counted_with_that_stop(
    floor: Floor, state: AlertState, held: int, *, touch: bool
) -> None:
    ruled = Ruled(floor, versioned(STATIC, breach_on_touch=touch))
    ruled.accept(size_down=True)
    floor.quote("5000")
    strategy = stopped(ruled)
    ruled.send(strategy, action="buy", quantity="1")
    floor.quote("5006")
    # Of 5 more with their stop at 4985 one would fit; the stop of one more lies at 4983, where
    # both lose 2 * 23 * 50, which is just the room of 2,300.
    assert ruled.send(strategy, action="buy", quantity="5").state is state
    assert ruled.held(strategy) == held


def test_two_entries_that_only_fit_alone_do_not_both_pass(ruled: Ruled) -> None:
    first, second = stopped(ruled, "First"), stopped(ruled, "Second")
    resting = {"order_type": "limit", "limit_price": "4990"}
    working = ruled.send(first, action="buy", quantity="1", **resting)
    assert ruled.floor.orders(working)[0].state is OrderState.ACCEPTED
    refused = ruled.send(second, action="buy", quantity="1", **resting)
    assert refused.code == "FUNDED_MAX_LOSS"
    against = ruled.send(second, action="sell", quantity="1")
    assert against.code == "FUNDED_MAX_LOSS"
    ruled.send(first, action="cancel")
    assert ruled.send(second, action="sell", quantity="1").state is AlertState.EXECUTED


def test_what_an_entry_replaces_is_not_counted_beside_it(ruled: Ruled) -> None:
    strategy = stopped(ruled)
    ruled.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4990")
    again = ruled.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4995")
    assert again.state is AlertState.EXECUTED
    assert [order.limit_price for order in ruled.floor.working(strategy)] == [D(4995)]


def test_a_position_whose_stop_was_taken_away_counts_with_the_stop_that_it_wanted(
    ruled: Ruled,
) -> None:
    strategy, other = stopped(ruled), stopped(ruled, "Other")
    ruled.send(strategy, action="buy", quantity="1")
    (guard,) = ruled.floor.working(strategy)
    assert ruled.send(other, action="sell", quantity="1").code == "FUNDED_MAX_LOSS"
    ruled.floor.core.desk.cancel_order(None, guard.id)
    ruled.floor.work()
    assert ruled.send(other, action="sell", quantity="1").code == "FUNDED_MAX_LOSS"


def test_a_stop_that_trails_counts_with_the_distance_that_it_trails_by(ruled: Ruled) -> None:
    trailing = ruled.strategy("Trailing", trail={"value": "80", "unit": "ticks"})
    other = stopped(ruled, "Other")
    assert ruled.send(trailing, action="buy", quantity="2").code == "FUNDED_MAX_LOSS"
    assert ruled.send(trailing, action="buy", quantity="1").state is AlertState.EXECUTED
    assert ruled.send(other, action="sell", quantity="1").code == "FUNDED_MAX_LOSS"


def test_contracts_of_every_strategy_and_of_what_works_count_together(floor: Floor) -> None:
    ruled = Ruled(floor, versioned(STATIC, max_contracts=3))
    ruled.accept()
    floor.quote("5000")
    one, two = ruled.strategy("One"), ruled.strategy("Two")
    ruled.send(one, action="buy", quantity="1")
    ruled.send(two, action="buy", quantity="1", order_type="limit", limit_price="4990")
    floor.quote("20000", symbol="NQZ2026")
    three = ruled.strategy("Three", symbol="NQ")
    refused = ruled.send(three, action="buy", quantity="2")
    assert (refused.code, "1 fit" in str(refused.detail)) == ("FUNDED_CONTRACTS", True)
    assert ruled.send(three, action="buy", quantity="1").state is AlertState.EXECUTED


def test_nothing_is_opened_while_a_price_is_not_known(ruled: Ruled) -> None:
    strategy, other = stopped(ruled), ruled.strategy("Other", symbol="NQ")
    assert ruled.send(other, action="buy", quantity="1").code == "FUNDED_NO_PRICE"
    priced = ruled.send(other, action="buy", quantity="1", order_type="limit", limit_price="20000")
    assert priced.state is AlertState.EXECUTED
    ruled.send(strategy, action="buy", quantity="1")
    ruled.floor.clock.advance(60)
    refused = ruled.send(other, action="buy", quantity="1", price="20000")
    assert refused.code == "FUNDED_UNKNOWN"


def test_a_failed_account_says_so_though_the_price_is_not_known(ruled: Ruled) -> None:
    strategy, other = ruled.strategy(), ruled.strategy("Other", symbol="NQ")
    ruled.send(strategy, action="buy", quantity="1")
    ruled.floor.quote("4960")
    assert ruled.send(other, action="buy", quantity="1").code == "FUNDED_FAILED"


def test_an_entry_that_works_without_a_known_price_lets_nothing_else_open(floor: Floor) -> None:
    ruled = Ruled(floor, versioned(STATIC), "desk")
    ruled.accept()
    floor.quote("5000")
    floor.quote("20000", symbol="NQZ2026")
    floor.broker.fills_at_once = False
    waiting = ruled.send(ruled.strategy("Other", symbol="NQ"), action="buy", quantity="1")
    assert floor.orders(waiting)[0].state is OrderState.ACCEPTED
    floor.clock.advance(60)
    floor.quote("5000")
    refused = ruled.send(stopped(ruled), action="buy", quantity="1")
    assert (refused.code, "NQZ2026" in str(refused.detail)) == ("FUNDED_NO_PRICE", True)


def test_where_the_firm_wants_hands_a_ticket_passes_and_an_alert_does_not(floor: Floor) -> None:
    by_hand = Automation(Policy.FORBIDDEN, "Only by hand.")
    ruled = Ruled(floor, versioned(STATIC, automation=by_hand))
    ruled.accept()
    floor.quote("5000")
    strategy = ruled.strategy()
    refused = ruled.send(strategy, action="buy", quantity="1")
    assert (refused.code, "Only by hand." in str(refused.detail)) == ("FUNDED_AUTOMATION", True)
    ticket = Ticket(ruled.account.id, "ES", Side.BUY, Decimal(1), strategy_id=strategy.id)
    floor.core.desk.ticket(None, ticket)
    floor.work()
    assert ruled.held(strategy) == 1


def test_a_pause_is_told_rather_than_the_switch_that_it_threw(floor: Floor) -> None:
    ruled = Ruled(floor, versioned(SOFT))
    ruled.accept()
    assert ruled.funded.state is not None
    ruled.change(state=replace(ruled.funded.state, status=Status.PAUSED_DAY))
    floor.quote("5000")
    assert ruled.send(ruled.strategy(), action="buy", quantity="1").code == "FUNDED_PAUSED"


@pytest.mark.parametrize(
    ("size_down", "held", "state", "code"),
    [
        (False, 0, AlertState.FAILED, "FUNDED_MAX_LOSS"),
        (True, -1, AlertState.EXECUTED, "FUNDED_SIZED_DOWN"),
    ],
)
def test_the_opening_of_a_reversal_is_judged_again_once_the_exit_is_filled(
    floor: Floor, held: int, state: AlertState, code: str, *, size_down: bool
) -> None:
    rules = versioned(STATIC, drawdown=replace(STATIC.drawdown, amount=D(2500)))
    ruled = Ruled(floor, rules, "desk")
    ruled.accept(size_down=size_down)
    floor.quote("5000")
    first, second = stopped(ruled, "First"), stopped(ruled, "Second")
    floor.hold(first, "1")
    floor.broker.fills_at_once = False
    turned = ruled.send(first, action="sell", quantity="3")
    assert [order.leg for order in floor.orders(turned)] == ["close"]
    # Another strategy takes room while the exit waits for its fill.
    between = ruled.send(second, action="buy", quantity="1", order_type="limit", limit_price="4990")
    assert between.state is AlertState.EXECUTED
    floor.broker.fills_at_once = True
    floor.broker.fill(floor.orders(turned)[0].client_order_id)
    floor.work()
    ended = floor.alert(turned.id)
    assert (ended.state, ended.code, ruled.held(first)) == (state, code, D(held))


def test_an_entry_whose_answer_was_lost_is_not_sent_again_into_a_limit(ruled: Ruled) -> None:
    strategy = stopped(ruled)
    sent = ruled.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4990")
    decision = ruled.floor.decision(sent, ruled.account)
    decider, store = ruled.floor.core.decider, ruled.floor.core.store
    with store.write() as uow:
        assert decider.still_wanted(uow, decision, decision.legs[0]) is None
    ruled.change(preferences=replace(ruled.funded.preferences, size_down=True))
    larger = replace(decision, legs=(replace(decision.legs[0], quantity=D(2)),))
    with store.write() as uow:
        smaller = decider.last_look(uow, larger, larger.legs[0])
        refusal = decider.still_wanted(uow, larger, larger.legs[0])
    assert isinstance(smaller, Decision)
    assert (smaller.code, smaller.legs[0].quantity) == ("FUNDED_SIZED_DOWN", D(1))
    assert isinstance(refusal, Denied)
    assert refusal.code == "FUNDED_SIZED_DOWN"
    ruled.floor.clock.advance(timedelta(hours=4).total_seconds())
    with store.write() as uow:
        late = decider.last_look(uow, decision, decision.legs[0])
    assert late.code == "EXPIRED_BEFORE_SENDING"
