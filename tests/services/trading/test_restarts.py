"""What was under way when the server died is carried on, once, and in order."""

from __future__ import annotations

from app.domain.inbox import AlertState
from app.domain.safety.switches import Scope, TradingState
from app.services.trading.switches import state_of
from tests.support.floor import Floor, restarted
from tests.support.venue import Lost


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


def test_c06_what_was_claimed_before_a_crash_is_taken_up_before_anything_newer(
    floor: Floor,
) -> None:
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


def test_c07_an_order_that_was_written_but_not_sent_before_a_crash_is_sent_once(
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
    floor.halt()
    again = restarted(floor)
    assert again.core.halts.state() is TradingState.HALTED
    refused = again.send(strategy, action="buy", quantity="1")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "TRADING_HALTED")
    assert again.send(strategy, action="exit").state is AlertState.EXECUTED
    again.resume()
    assert again.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
    with again.core.store.read() as uow:
        assert state_of(uow, Scope.SERVER) is TradingState.ACTIVE
    again.core.close()
