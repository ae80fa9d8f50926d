"""Alerts that go to several accounts, or to the one that they name."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.accounts import Account, Mode
from app.domain.errors import (
    BrokerRejected,
    InvariantBroken,
)
from app.domain.inbox import AlertState
from app.domain.settings import AccountLink
from app.domain.strategies import Strategy
from tests.support.floor import Floor
from tests.support.venue import Lost


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
    live = floor.account("live", mode=Mode.LIVE)
    strategy = floor.strategy(accounts=[live, floor.paper, second])
    floor.send(strategy, action="buy", quantity="1", price="5000", account="paper_all")
    assert held(floor, strategy, live, floor.paper, second) == [0, 1, 1]
    floor.send(strategy, action="buy", quantity="1", price="5000", account="paper_two")
    assert held(floor, strategy, live, floor.paper, second) == [0, 1, 2]


@pytest.mark.parametrize("named", ["pape", "Desk", "other", "paper_"])
def test_f7_an_account_that_is_not_the_strategys_is_refused(floor: Floor, named: str) -> None:
    floor.account("other")
    strategy = floor.strategy(accounts=[floor.account("live", mode=Mode.LIVE)])
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
