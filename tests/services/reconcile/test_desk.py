"""What a person decides about a difference: done once, on the numbers that were shown, and told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.errors import BrokerUnavailable, Conflict, InvalidInput, NotFound
from app.domain.events import FactKind
from app.domain.safety.drift import Drift, DriftState, Resolution
from app.domain.strategies import Strategy
from app.domain.users import User
from app.services.ports import BookKey
from tests.support.floor import OPENING, Floor
from tests.support.reconciling import (
    account_book,
    drift_of,
    drifts,
    held_by,
    look,
    look_until_sure,
    manual,
    numbers,
    told,
)
from tests.support.venue import Lost


@pytest.fixture
def strategy(floor: Floor) -> Strategy:
    return floor.strategy()


ANN = "01m0000000000000000000000a"


@pytest.fixture(autouse=True)
def ann(floor: Floor, strategy: Strategy) -> None:
    """Give the desk and the strategy to a user."""
    with floor.core.store.write() as uow:
        uow.users.insert(User(ANN, "ann", OPENING, "no password"))
        uow.users.adopt_all(ANN)


@pytest.fixture
def drift(floor: Floor, strategy: Strategy) -> Drift:
    """The broker holds one more than the two that we know of."""
    floor.hold(strategy, "2")
    floor.broker.by_hand("1", told=False)
    look_until_sure(floor)
    floor.quote("5020")
    return drifts(floor)[0]


def average(floor: Floor) -> Decimal | None:
    key = BookKey(manual(floor).id, floor.desk.id, "ESZ2026")
    with floor.core.store.read() as uow:
        return uow.positions.get(key).position.average_price


def test_accepting_books_the_difference_into_the_manual_book_and_sends_nothing(
    floor: Floor, strategy: Strategy, drift: Drift
) -> None:
    sent = len(floor.broker.sent)
    done = floor.core.drift.accept(ANN, drift.id, numbers(drift))
    floor.work()
    assert held_by(floor, strategy) == ["2", "1"]
    assert average(floor) == 5020
    assert len(floor.broker.sent) == sent
    assert (done.resolution, done.resolved_by) == (Resolution.ACCEPTED, ANN)
    look_until_sure(floor)
    assert drifts(floor) == []
    assert told(floor, FactKind.DRIFT_RESOLVED) == [
        "ESZ2026 on desk: the broker's number was accepted, by ann"
    ]


def test_flattening_closes_just_the_difference_at_the_broker(
    floor: Floor, strategy: Strategy, drift: Drift
) -> None:
    floor.core.drift.flatten(ANN, drift.id, numbers(drift))
    floor.work()
    assert held_by(floor, strategy) == ["2", "0"]
    assert floor.broker.position == account_book(floor) == 2
    look_until_sure(floor)
    assert drifts(floor) == []


def test_a_flatten_whose_answer_was_lost_is_adopted_by_a_later_look(
    floor: Floor, strategy: Strategy, drift: Drift
) -> None:
    floor.broker.tells = False
    floor.broker.answers.append(Lost(kept=True))
    floor.core.drift.flatten(ANN, drift.id, numbers(drift))
    assert held_by(floor, strategy) == ["2", "1"]
    floor.clock.advance(61)
    look(floor)
    assert held_by(floor, strategy) == ["2", "0"]
    assert len(floor.broker.sent) == 2


def test_a_flatten_that_never_arrived_is_shown_and_not_sent_by_itself(
    floor: Floor, strategy: Strategy, drift: Drift
) -> None:
    floor.broker.answers.append(Lost(kept=False))
    floor.core.drift.flatten(ANN, drift.id, numbers(drift))
    for _ in range(12):
        floor.clock.advance(11)
        look(floor)
    assert len(floor.broker.sent) == 2
    (gone,) = drifts(floor)
    assert (gone.order_id is not None, gone.state) == (True, DriftState.OPEN)
    floor.core.drift.accept(ANN, gone.id, numbers(gone))
    look_until_sure(floor)
    assert drifts(floor) == []
    assert held_by(floor, strategy) == ["2", "1"]


@pytest.mark.parametrize("how", ["accept", "flatten"])
def test_deciding_twice_does_it_once(floor: Floor, drift: Drift, how: str) -> None:
    decide = getattr(floor.core.drift, how)
    first = decide(ANN, drift.id, numbers(drift))
    floor.work()
    sent = len(floor.broker.sent)
    assert decide(ANN, drift.id, numbers(drift)) == first
    floor.work()
    assert len(floor.broker.sent) == sent
    assert floor.held(manual(floor)) == (1 if how == "accept" else 0)


def test_another_decision_afterwards_is_refused(floor: Floor, drift: Drift) -> None:
    floor.core.drift.accept(ANN, drift.id, numbers(drift))
    with pytest.raises(Conflict, match="is resolved"):
        floor.core.drift.flatten(ANN, drift.id, numbers(drift))


def test_numbers_that_changed_meanwhile_are_refused_with_the_new_ones(
    floor: Floor, drift: Drift
) -> None:
    floor.broker.by_hand("1", told=False)
    with pytest.raises(Conflict, match="the broker says 4, our books say 2"):
        floor.core.drift.accept(ANN, drift.id, numbers(drift))
    assert floor.held(manual(floor)) == 0
    assert drift_of(floor, drift.id).state is DriftState.OPEN


def test_a_difference_that_vanished_meanwhile_is_refused(floor: Floor, drift: Drift) -> None:
    floor.broker.by_hand("-1", told=False)
    with pytest.raises(Conflict, match="is resolved"):
        floor.core.drift.flatten(ANN, drift.id, numbers(drift))


def test_what_is_only_suspected_is_not_decided_about(floor: Floor) -> None:
    floor.broker.by_hand("1", told=False)
    look(floor)
    (found,) = drifts(floor)
    with pytest.raises(Conflict, match="still being looked at"):
        floor.core.drift.accept(ANN, found.id, numbers(found))


def test_a_silent_broker_is_not_decided_about(floor: Floor, drift: Drift) -> None:
    floor.broker.deaf = True
    with pytest.raises(BrokerUnavailable):
        floor.core.drift.accept(ANN, drift.id, numbers(drift))
    assert floor.held(manual(floor)) == 0


def test_without_a_price_one_is_asked_for(floor: Floor, drift: Drift) -> None:
    floor.clock.advance(3600)
    with pytest.raises(InvalidInput) as caught:
        floor.core.drift.accept(ANN, drift.id, numbers(drift))
    assert caught.value.fields == {"price": "must be given"}
    floor.core.drift.accept(ANN, drift.id, numbers(drift), Decimal("5001.25"))
    assert average(floor) == Decimal("5001.25")


def test_the_brokers_average_price_makes_our_cost_the_same(floor: Floor, drift: Drift) -> None:
    floor.broker.average = Decimal(5004)
    floor.core.drift.accept(ANN, drift.id, numbers(drift))
    assert average(floor) == Decimal(3 * 5004 - 2 * 5000)


def test_a_position_that_is_not_listed_can_be_accepted_as_gone_and_never_flattened(
    floor: Floor, strategy: Strategy
) -> None:
    floor.hold(strategy, "2")
    floor.quote("5000")
    floor.broker.empty = True
    look_until_sure(floor)
    (found,) = drifts(floor)
    with pytest.raises(Conflict, match="no proof"):
        floor.core.drift.flatten(ANN, found.id, numbers(found))
    floor.core.drift.accept(ANN, found.id, numbers(found))
    assert held_by(floor, strategy) == ["2", "-2"]
    assert account_book(floor) == 0


def test_another_users_drift_is_not_found(floor: Floor, drift: Drift) -> None:
    with pytest.raises(NotFound):
        floor.core.drift.accept("eve", drift.id, numbers(drift))
    with pytest.raises(NotFound):
        floor.core.drift.accounts("eve", floor.desk.id)
    with pytest.raises(NotFound):
        floor.core.drift.check("eve", floor.desk.id)
    assert floor.core.drift.accounts("eve") == []


def test_checking_on_demand_makes_the_account_due(floor: Floor) -> None:
    look(floor)
    assert floor.desk.id not in floor.core.reconciler.due()
    assert floor.core.drift.check(None, floor.desk.id) == [floor.desk.id]
    assert floor.desk.id in floor.core.reconciler.due()
    with pytest.raises(NotFound):
        floor.core.drift.check(None, "nobody")
