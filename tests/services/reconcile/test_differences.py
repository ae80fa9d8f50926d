"""Differences to the venue: shown once they are sure, never mended, in nobody else's way."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.errors import BrokerUnknown
from app.domain.events import FactKind
from app.domain.inbox import AlertState
from app.domain.orders import OrderState
from app.domain.reports import LinkReport
from app.domain.safety.drift import DriftCause, DriftState, Resolution
from app.domain.strategies import Strategy
from app.services.reconcile.run import SOON_S
from tests.support.floor import Floor, restarted
from tests.support.reconciling import (
    drift_of,
    drifts,
    held_by,
    look,
    look_until_sure,
    numbers,
    said,
    told,
)
from tests.support.venue import Lost


@pytest.fixture
def strategy(floor: Floor) -> Strategy:
    return floor.strategy()


def test_j1_a_position_that_only_the_broker_has_is_shown(floor: Floor) -> None:
    floor.broker.by_hand("3", told=False)
    look_until_sure(floor)
    (drift,) = drifts(floor)
    assert (drift.symbol, numbers(drift)) == ("ESZ2026", said("0", "3"))
    assert (drift.state, drift.cause) == (DriftState.OPEN, DriftCause.MANUAL_TRADE)
    (message,) = told(floor, FactKind.DRIFT_FOUND)
    assert message == (
        "The broker holds 3 ESZ2026 on desk, and our books say 0: 3 more bought than we know of."
        " Most likely a trade by hand at the broker."
    )


def test_j1_symbols_of_both_sides_are_compared(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    floor.broker.by_hand("-1", symbol="NQZ2026", told=False)
    floor.broker.by_hand("1", told=False)
    look_until_sure(floor)
    assert {(d.symbol, d.ours, d.theirs) for d in drifts(floor)} == {
        ("ESZ2026", Decimal(2), Decimal(3)),
        ("NQZ2026", Decimal(0), Decimal(-1)),
    }


def test_j1_the_cause_is_guessed_from_our_orders(floor: Floor, strategy: Strategy) -> None:
    floor.broker.fills_at_once = False
    floor.send(strategy, action="buy", quantity="4")
    floor.broker.forgets.add(f"{floor.desk.id}-00001")
    floor.broker.fill(next(iter(floor.broker.held)), "1")
    look_until_sure(floor)
    assert [drift.cause for drift in drifts(floor)] == [DriftCause.MISSED_FILL]


def test_two_strategies_that_cancel_out_are_no_difference(floor: Floor) -> None:
    floor.hold(floor.strategy("Long"), "2")
    floor.hold(floor.strategy("Short"), "-2")
    look_until_sure(floor)
    assert drifts(floor) == []


def test_j2_a_position_that_vanished_is_not_flat(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    floor.broker.empty = True
    look_until_sure(floor)
    (drift,) = drifts(floor)
    assert (numbers(drift), drift.state) == (said("2", None), DriftState.OPEN)
    assert "no proof" in drift.detail
    assert floor.held(strategy) == 2
    refused = floor.send(strategy, action="buy", quantity="1")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "POSITION_DRIFT")


def test_g7_an_empty_answer_of_the_wrong_environment_changes_no_book_and_holds_up_no_exit(
    floor: Floor, strategy: Strategy
) -> None:
    floor.hold(strategy, "2")
    floor.broker.empty = True
    for _ in range(5):
        look_until_sure(floor)
    assert floor.held(strategy) == 2
    assert floor.send(strategy, action="exit").state is AlertState.EXECUTED
    assert floor.held(strategy) == 0


def test_j3_reconciling_sends_nothing_and_changes_no_book(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    floor.broker.by_hand("-5", told=False)
    sent = len(floor.broker.sent)
    for _ in range(10):
        look_until_sure(floor)
    assert (len(floor.broker.sent), floor.broker.cancelled) == (sent, [])
    assert held_by(floor, strategy) == ["2", "0"]
    assert len(drifts(floor)) == 1


def test_j4_what_just_filled_is_no_difference(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    floor.broker.empty = True
    look(floor)
    floor.clock.advance(9)
    look(floor)
    assert [drift.state for drift in drifts(floor)] == [DriftState.SUSPECTED]
    assert told(floor, FactKind.DRIFT_FOUND) == []
    floor.broker.empty = False
    look(floor)
    assert drifts(floor) == []
    assert told(floor, FactKind.DRIFT_RESOLVED) == []


def test_j4_another_gap_is_suspected_anew(floor: Floor) -> None:
    floor.broker.by_hand("1", told=False)
    look(floor)
    floor.clock.advance(11)
    floor.broker.by_hand("1", told=False)
    look(floor)
    assert [drift.state for drift in drifts(floor)] == [DriftState.SUSPECTED]


def test_j4_an_order_under_way_holds_a_difference_back_for_a_minute(
    floor: Floor, strategy: Strategy
) -> None:
    floor.broker.fills_at_once = False
    floor.broker.answers.append(Lost(kept=False))
    floor.broker.deaf = True
    floor.send(strategy, action="buy", quantity="1")
    floor.broker.deaf = False
    floor.broker.by_hand("1", told=False)
    seen = []
    for _ in range(7):
        floor.core.reconciler.look(floor.desk.id)
        seen.append(drifts(floor)[0].state)
        floor.clock.advance(10)
    assert seen == [DriftState.SUSPECTED] * 6 + [DriftState.OPEN]
    assert drifts(floor)[0].cause is DriftCause.LATE_FILL


def test_b8_a_difference_blocks_entries_of_that_instrument_and_nothing_else(
    floor: Floor, strategy: Strategy
) -> None:
    nasdaq = floor.strategy("Nasdaq", "NQ")
    elsewhere = floor.strategy("Elsewhere", accounts=[floor.account("other")])
    floor.hold(strategy, "2")
    floor.broker.by_hand("1", told=False)
    look_until_sure(floor)
    refused = floor.send(strategy, action="buy", quantity="1")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "POSITION_DRIFT")
    assert "2" in (refused.detail or "")
    assert floor.send(nasdaq, action="buy", quantity="1").state is AlertState.EXECUTED
    assert floor.send(elsewhere, action="buy", quantity="1").state is AlertState.EXECUTED
    assert floor.send(strategy, action="exit").state is AlertState.EXECUTED


def test_b8_a_reversal_closes_and_does_not_open(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    floor.broker.by_hand("1", told=False)
    look_until_sure(floor)
    alert = floor.send(strategy, action="reverse")
    assert floor.decision(alert).code == "POSITION_DRIFT"
    assert floor.held(strategy) == 0


@pytest.mark.parametrize(
    ("by_hand", "left", "state"), [("-1", "1", "executed"), ("-3", "2", "refused")]
)
def test_b8_an_exit_closes_no_more_than_the_broker_holds(
    floor: Floor, strategy: Strategy, by_hand: str, left: str, state: str
) -> None:
    floor.hold(strategy, "2")
    floor.broker.by_hand(by_hand, told=False)
    look_until_sure(floor)
    alert = floor.send(strategy, action="exit")
    assert (alert.state, alert.code) == (AlertState(state), "POSITION_DRIFT")
    assert floor.held(strategy) == Decimal(left)
    assert abs(floor.broker.position) <= abs(2 + Decimal(by_hand))


def test_f24_a_book_that_says_more_than_the_broker_is_found_within_a_minute(
    floor: Floor, strategy: Strategy
) -> None:
    floor.hold(strategy, "2")
    look(floor)
    floor.broker.by_hand("-1", told=False)
    for _ in range(72):
        floor.clock.advance(1)
        for account_id in floor.core.reconciler.due():
            floor.core.reconciler.look(account_id)
    (drift,) = drifts(floor)
    assert (numbers(drift), drift.state) == (said("2", "1"), DriftState.OPEN)


def test_a_difference_that_vanishes_is_resolved_and_said(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    floor.broker.empty = True
    look_until_sure(floor)
    (drift,) = drifts(floor)
    floor.broker.empty = False
    look(floor)
    ended = drift_of(floor, drift.id)
    assert (ended.resolution, ended.resolved_by) == (Resolution.VANISHED, None)
    assert told(floor, FactKind.DRIFT_RESOLVED) == [
        "ESZ2026 on desk: the broker and our books agree again"
    ]
    assert floor.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED


def test_a_suspicion_that_came_to_nothing_leaves_no_trace(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    floor.broker.empty = True
    look(floor)
    floor.broker.empty = False
    look(floor)
    with floor.core.store.read() as uow:
        assert list(uow.drifts.latest(floor.desk.id, 10)) == []


def test_a_connection_that_came_back_is_a_reason_to_look(floor: Floor) -> None:
    look(floor)
    now = floor.clock.now()
    assert floor.desk.id not in floor.core.reconciler.due()
    floor.core.reconciler.linked(LinkReport(floor.desk.id, up=False, at=now))
    assert floor.core.reconciler.check(floor.desk.id).linked is False
    floor.core.reconciler.linked(LinkReport(floor.desk.id, up=True, at=now))
    assert floor.core.reconciler.check(floor.desk.id).linked is True
    assert floor.desk.id in floor.core.reconciler.due()


def test_f15_while_nobody_hears_the_venue_a_fill_is_found_within_seconds(
    floor: Floor, strategy: Strategy
) -> None:
    look(floor)
    floor.broker.tells = False
    floor.core.reconciler.linked(LinkReport(floor.desk.id, up=False, at=floor.clock.now()))
    look(floor)
    floor.send(strategy, action="buy", quantity="2")
    assert floor.held(strategy) == 0
    floor.clock.advance(SOON_S)
    assert floor.desk.id in floor.core.reconciler.due()
    look(floor)
    assert floor.held(strategy) == 2


def test_a_failed_answer_is_not_flat_and_is_said_once(floor: Floor, strategy: Strategy) -> None:
    floor.hold(strategy, "2")
    look(floor)
    floor.broker.deaf = True
    assert [look(floor), look(floor)] == [False, False]
    assert drifts(floor) == []
    assert floor.held(strategy) == 2
    assert len(told(floor, FactKind.VENUE_SILENT)) == 1
    check = floor.core.reconciler.check(floor.desk.id)
    assert check.problem == "The venue does not answer."
    floor.broker.deaf = False
    look(floor)
    assert told(floor, FactKind.VENUE_ANSWERS) == ["desk: the broker answers again"]


def test_an_account_whose_venue_was_silent_at_the_start_opens_nothing_until_it_was_compared(
    floor: Floor, strategy: Strategy
) -> None:
    elsewhere = floor.strategy("Elsewhere", accounts=[floor.account("other")])
    floor.hold(strategy, "2")
    floor.broker.deaf = True
    again = restarted(floor)
    waiting = again.send(strategy, action="buy", quantity="1")
    assert waiting.state is AlertState.CLAIMED
    again.wait(61, step=5)
    refused = again.alert(waiting.id)
    assert (refused.state, refused.code) == (AlertState.REFUSED, "ACCOUNT_NOT_RECONCILED")
    assert again.send(elsewhere, action="buy", quantity="1").state is AlertState.EXECUTED
    assert again.send(strategy, action="exit").state is AlertState.EXECUTED
    again.broker.deaf = False
    look(again)
    assert again.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
    again.core.close()


def test_a_difference_found_at_the_start_lets_nothing_be_opened_while_it_is_looked_at(
    floor: Floor, strategy: Strategy
) -> None:
    floor.broker.by_hand("1", told=False)
    again = restarted(floor)
    waiting = again.send(strategy, action="buy", quantity="1")
    assert (waiting.state, again.orders(waiting)) == (AlertState.CLAIMED, [])
    again.core.close()


def test_an_entry_waits_for_the_comparison_after_a_start_and_is_then_executed(
    floor: Floor, strategy: Strategy
) -> None:
    floor.broker.deaf = True
    again = restarted(floor)
    waiting = again.send(strategy, action="buy", quantity="1")
    again.wait(3)
    assert (again.alert(waiting.id).state, again.broker.sent) == (AlertState.CLAIMED, [])
    again.broker.deaf = False
    look(again)
    again.work()
    assert again.alert(waiting.id).state is AlertState.EXECUTED
    assert again.held(strategy) == again.broker.position == 1
    again.core.close()


def test_an_order_of_ours_that_the_venue_has_not_is_shown_and_never_dropped(
    floor: Floor, strategy: Strategy
) -> None:
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="buy", quantity="4")
    floor.broker.held.clear()
    look_until_sure(floor)
    (drift,) = drifts(floor)
    (order,) = floor.orders(alert)
    assert (drift.order_id, numbers(drift)) == (order.id, said("4", None))
    assert order.state is OrderState.ACCEPTED
    floor.core.drift.accept(None, drift.id, numbers(drift))
    assert floor.orders(alert)[0].state is OrderState.CANCELED


def test_a_cancel_whose_answer_was_lost_is_settled_by_the_next_look(
    floor: Floor, strategy: Strategy
) -> None:
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="buy", quantity="4")
    floor.broker.cancel_answers.append(BrokerUnknown("The answer was lost."))
    floor.core.desk.cancel_order(None, floor.orders(alert)[0].id)
    assert floor.orders(alert)[0].state is OrderState.PENDING_CANCEL
    floor.clock.advance(6)
    look(floor)
    assert floor.orders(alert)[0].state is OrderState.CANCELED
