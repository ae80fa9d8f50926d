"""What an account's bounds allow to be opened, real money most of all; exits always pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import core
from app.clock import VirtualClock
from app.domain.accounts import Account, Mode
from app.domain.events import FactKind, Level
from app.domain.inbox import Alert, AlertState
from app.domain.orders import OrderState, Side
from app.services.manual import Ticket
from tests.support.floor import OPENING, Floor, floor_of, scripted, settings_for
from tests.support.venue import Lost, ScriptedVenue

SPY = "SPY"
AMPLE: dict[str, Any] = {
    "max_order_value": Decimal(5000),
    "max_daily_loss": Decimal(1000),
    "max_orders_a_day": 10,
}


def opened(folder: Path, *, live: bool = True) -> Floor:
    clock = VirtualClock(OPENING)
    venue = ScriptedVenue(clock)
    chosen = settings_for(folder).model_copy(update={"live_trading": live})
    floor = floor_of(core(chosen, clock=clock, seed=2, venues=scripted(venue)), venue)
    price(floor, "500")
    return floor


@pytest.fixture
def bounded(floor_folder: Path) -> Iterator[Floor]:
    floor = opened(floor_folder)
    yield floor
    floor.core.close()


def price(floor: Floor, mark: str, account: Account | None = None) -> None:
    floor.quote(mark, symbol=SPY)
    if account is not None:
        floor.venue.at(account.id).price = Decimal(mark)


def live(floor: Floor, mode: Mode = Mode.LIVE, **changes: object) -> Account:
    account = floor.account("live", mode=mode, **{**AMPLE, **changes})
    price(floor, "500", account)
    return account


def buy(floor: Floor, account: Account, quantity: str = "1", **more: object) -> Alert:
    strategy = floor.strategy(f"S{len(floor.keys)}", SPY, accounts=[account])
    return floor.send(strategy, action="buy", quantity=quantity, **more)


def test_an_order_within_all_bounds_goes_out(bounded: Floor) -> None:
    assert buy(bounded, live(bounded), "10").state is AlertState.EXECUTED


def test_an_order_that_is_worth_too_much_is_refused_with_both_amounts(bounded: Floor) -> None:
    alert = buy(bounded, live(bounded), "11")
    assert (alert.state, alert.code) == (AlertState.REFUSED, "ORDER_VALUE_LIMIT")
    assert "worth 5500" in (alert.detail or "")
    assert "5000 at most" in (alert.detail or "")


def test_a_limit_order_is_worth_its_limit(bounded: Floor) -> None:
    account = live(bounded)
    order = {"order_type": "limit", "limit_price": "450"}
    assert buy(bounded, account, "11", **order).state is AlertState.EXECUTED


def test_an_order_whose_worth_is_not_known_is_refused(bounded: Floor) -> None:
    account = live(bounded)
    bounded.clock.advance(3600)
    assert buy(bounded, account).code == "NO_PRICE"


@pytest.mark.parametrize("mode", list(Mode))
def test_any_account_may_be_bounded(bounded: Floor, mode: Mode) -> None:
    account = live(bounded, mode, max_orders_a_day=1)
    assert buy(bounded, account).state is AlertState.EXECUTED
    alert = buy(bounded, account)
    assert (alert.state, alert.code) == (AlertState.REFUSED, "ORDERS_A_DAY_LIMIT")
    assert "before 2026-11-16 22:00 UTC" in (alert.detail or "")


def test_orders_a_day_count_openings_that_were_sent_of_this_day_only(bounded: Floor) -> None:
    account = live(bounded, max_orders_a_day=2)
    strategy = bounded.strategy("One", SPY, accounts=[account])
    bounded.send(strategy, action="buy", quantity="1")
    bounded.send(strategy, action="exit")
    bounded.send(strategy, action="exit")
    assert bounded.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
    assert bounded.send(strategy, action="buy", quantity="1").code == "ORDERS_A_DAY_LIMIT"
    assert bounded.send(strategy, action="exit").state is AlertState.EXECUTED
    bounded.clock.advance(6 * 3600 + 1)
    price(bounded, "500")
    assert bounded.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED


def test_an_order_that_is_sent_again_is_not_counted_twice(bounded: Floor) -> None:
    account = live(bounded, max_orders_a_day=1)
    bounded.venue.at(account.id).answers.append(Lost(kept=False))
    alert = buy(bounded, account)
    for _ in range(8):
        price(bounded, "500")
        bounded.wait(1)
    assert bounded.alert(alert.id).state is AlertState.EXECUTED


def test_after_the_daily_loss_nothing_opens_until_the_next_day_and_it_is_told_once(
    bounded: Floor,
) -> None:
    account = live(bounded, max_daily_loss=Decimal(100))
    strategy = bounded.strategy("One", SPY, accounts=[account])
    bounded.send(strategy, action="buy", quantity="5")
    price(bounded, "483", account)
    assert bounded.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
    price(bounded, "470", account)
    for _ in range(2):
        alert = bounded.send(strategy, action="buy", quantity="1")
        assert (alert.state, alert.code) == (AlertState.REFUSED, "DAILY_LOSS_LIMIT")
    told = [fact for fact in bounded.facts if fact.kind is FactKind.DAILY_LOSS_REACHED]
    assert [(fact.level, fact.account_id) for fact in told] == [(Level.ERROR, account.id)]
    assert "its limit is 100" in told[0].message
    assert bounded.send(strategy, action="exit").state is AlertState.EXECUTED
    assert bounded.held(strategy, account, SPY) == 0
    assert bounded.send(strategy, action="buy", quantity="1").code == "DAILY_LOSS_LIMIT"
    bounded.clock.advance(6 * 3600 + 1)
    price(bounded, "470", account)
    assert bounded.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED


def test_while_the_days_result_is_unknown_nothing_opens_and_exits_pass(bounded: Floor) -> None:
    account = live(bounded, Mode.PAPER, max_order_value=None)
    strategy = bounded.strategy("One", SPY, accounts=[account])
    bounded.send(strategy, action="buy", quantity="1")
    bounded.clock.advance(3600)
    assert bounded.send(strategy, action="buy", quantity="1").code == "DAY_PNL_UNKNOWN"
    assert bounded.send(strategy, action="exit").state is AlertState.EXECUTED


def test_a_reversal_that_may_not_open_still_closes(bounded: Floor) -> None:
    account = live(bounded, max_orders_a_day=1)
    strategy = bounded.strategy("One", SPY, accounts=[account])
    bounded.send(strategy, action="buy", quantity="1")
    alert = bounded.send(strategy, action="reverse")
    assert (alert.state, alert.code) == (AlertState.EXECUTED, "ORDERS_A_DAY_LIMIT")
    assert bounded.held(strategy, account, SPY) == 0


@pytest.mark.parametrize("lacks", sorted(AMPLE))
def test_real_money_opens_nothing_without_all_three_bounds(bounded: Floor, lacks: str) -> None:
    account = live(bounded, Mode.LIVE, **{lacks: None})
    alert = buy(bounded, account)
    assert (alert.state, alert.code) == (AlertState.REFUSED, "LIVE_WITHOUT_LIMITS")


def test_real_money_opens_nothing_on_a_server_that_is_not_set_to_and_exits_pass(
    floor_folder: Path,
) -> None:
    floor = opened(floor_folder)
    account = live(floor)
    strategy = floor.strategy("One", SPY, accounts=[account])
    floor.send(strategy, action="buy", quantity="1")
    floor.core.close()
    again = opened(floor_folder, live=False)
    again.keys.update(floor.keys)
    again.venue.brokers.update(floor.venue.brokers)
    assert again.send(strategy, action="buy", quantity="1", id="x").code == "LIVE_TRADING_OFF"
    assert again.send(strategy, action="exit", id="y").state is AlertState.EXECUTED
    again.core.close()


def test_each_order_with_real_money_is_in_the_log_with_who_sent_it_and_for_what(
    bounded: Floor,
) -> None:
    account = live(bounded)
    strategy = bounded.strategy(
        "One", SPY, accounts=[account], stop_loss={"value": "5", "unit": "amount"}
    )
    alert = bounded.send(strategy, action="buy", quantity="1")
    ticket = Ticket(account.id, SPY, Side.SELL, Decimal(1), strategy_id=strategy.id)
    by_hand = bounded.core.desk.ticket(None, ticket)
    bounded.work()
    told = [fact for fact in bounded.facts if fact.kind is FactKind.LIVE_ORDER]
    sent = [*bounded.orders(alert), *bounded.orders(by_hand)]
    assert {fact.order_id for fact in told} == {order.id for order in sent}
    assert {fact.level for fact in told} == {Level.WARNING}
    assert told[0].message == (
        f"One: real money on live, entry open sent, buy 1 SPY market, for alert {alert.id}"
    )
    assert told[0].alert_id == alert.id
    assert told[-1].message.endswith(", by hand")


def test_an_order_without_real_money_leaves_no_such_line(bounded: Floor) -> None:
    buy(bounded, replace(bounded.desk))
    assert [fact for fact in bounded.facts if fact.kind is FactKind.LIVE_ORDER] == []


def test_what_was_never_sent_counts_for_no_day(bounded: Floor) -> None:
    account = live(bounded)
    alert = buy(bounded, account)
    (order,) = bounded.orders(alert)
    with bounded.core.store.write() as uow:
        assert uow.orders.count_openings(account.id, OPENING) == 1
        assert uow.orders.count_openings(account.id, OPENING, but=order.id) == 0
        uow.orders.update(replace(order, state=OrderState.DENIED), None)
        assert uow.orders.count_openings(account.id, OPENING) == 0
        late = replace(order, state=OrderState.EXPIRED)
        uow.orders.update(late, None)
        assert uow.orders.count_openings(account.id, OPENING) == 1
        uow.orders.update(replace(late, reason_code="EXPIRED_BEFORE_SENDING"), None)
        assert uow.orders.count_openings(account.id, OPENING) == 0
