"""What is done to a funded account: pauses, closes, warnings, and what is taken back by itself.

ES moves 50 a point: 20 points against one contract are the daily loss of 1,000.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from app.bootstrap.funded import enforcer
from app.domain.events import FactKind
from app.domain.inbox import Alert, AlertState
from app.domain.orders import OrderState
from app.domain.safety.switches import Scope, Switch, TradingState
from app.domain.settings import AccountLink
from app.domain.strategies import Strategy
from app.propfirm import Event, Held, Near, RuleSet, Source, Status, Update
from app.services.funded.enforcing import Enforcer
from app.services.trading.switches import impose, stop_account
from tests.propfirm.making import SOFT, STATIC, D
from tests.support.floor import Floor, restarted
from tests.support.ruled import Ruled, versioned

ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED


def under(floor: Floor, rules: RuleSet = SOFT, **preferences: object) -> Ruled:
    ruled = Ruled(floor, versioned(rules))
    ruled.accept(**preferences)
    floor.quote("5000")
    ruled.second()
    return ruled


def holding(ruled: Ruled, quantity: str = "1") -> Strategy:
    strategy = ruled.strategy()
    assert ruled.send(strategy, action="buy", quantity=quantity).state is AlertState.EXECUTED
    return strategy


def at_price(ruled: Ruled, price: str, seconds: float = 1) -> None:
    """Let the price be so, and the account be looked at after it."""
    ruled.floor.clock.advance(seconds - 1)
    ruled.floor.quote(price)
    ruled.second()


def until(floor: Floor, clock: str) -> None:
    """Let it become that time of the day, UTC."""
    then = datetime.fromisoformat(f"2026-11-16T{clock}+00:00")
    floor.clock.advance((then - floor.clock.now()).total_seconds())


def resting(ruled: Ruled) -> Alert:
    """An entry of another strategy, far away from the price."""
    other = ruled.strategy("Other")
    sent = ruled.send(other, action="sell", quantity="1", order_type="limit", limit_price="5100")
    assert sent.state is AlertState.EXECUTED
    return sent


def stands(ruled: Ruled) -> tuple[TradingState, str | None]:
    switch = ruled.switch
    return (ACTIVE, None) if switch is None else (switch.state, switch.code)


def status(ruled: Ruled) -> Status:
    assert ruled.funded.state is not None
    return ruled.funded.state.status


def test_a_soft_breach_cancels_closes_pauses_and_ends_with_the_session(floor: Floor) -> None:
    ruled = under(floor)
    strategy = holding(ruled)
    entry = resting(ruled)
    at_price(ruled, "4980")
    assert status(ruled) is Status.PAUSED_DAY
    ruled.second()
    assert (ruled.held(strategy), floor.orders(entry)[0].state) == (D(0), OrderState.CANCELED)
    assert stands(ruled) == (HALTED, "FUNDED_CLOSED")
    assert ruled.told(FactKind.FUNDED_ENFORCED) == [
        (
            "Funded account paper: The day's P&L of -1,000.00 reached the daily loss of 1,000.00;"
            " nothing opens until 2026-11-16 22:00 UTC. Working entries are cancelled, and 1"
            " position closed: Breakout: 1 ESZ2026 on paper."
        )
    ]
    assert ruled.send(strategy, action="buy", quantity="1").code == "FUNDED_PAUSED"
    until(floor, "21:59:57")
    at_price(ruled, "4980")
    assert stands(ruled)[0] is HALTED
    at_price(ruled, "4980", 2)
    assert (stands(ruled)[0], status(ruled)) == (ACTIVE, Status.ACTIVE)
    assert ruled.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
    assert len(ruled.told(FactKind.FUNDED_ENFORCED)) == 1


def test_a_hard_breach_closes_and_stops_for_good(floor: Floor) -> None:
    ruled = under(floor, STATIC)
    strategy = holding(ruled)
    at_price(ruled, "4960")
    ruled.second()
    assert (status(ruled), ruled.held(strategy)) == (Status.FAILED, D(0))
    assert "nothing opens on the account any more" in ruled.told(FactKind.FUNDED_ENFORCED)[0]
    for _ in range(3):
        at_price(ruled, "4960", 24 * 3600)
    assert stands(ruled) == (HALTED, "FUNDED_CLOSED")
    assert ruled.send(strategy, action="buy", quantity="1").code == "FUNDED_FAILED"
    assert len(ruled.told(FactKind.FUNDED_ENFORCED)) == 1


def test_what_opens_again_on_a_stopped_account_is_closed_again(floor: Floor) -> None:
    ruled = Ruled(floor, versioned(SOFT), "desk")
    ruled.accept()
    floor.quote("5000")
    strategy = holding(ruled)
    (order,) = floor.orders(resting(ruled))
    at_price(ruled, "4980")
    ruled.second()
    assert (ruled.held(strategy), floor.broker.position) == (D(0), D(0))
    # The venue had filled it before its cancel, and says so late.
    floor.broker.fill(order.client_order_id)
    for _ in range(2):
        at_price(ruled, "4980")
    assert floor.broker.position == 0
    first, second = ruled.told(FactKind.FUNDED_ENFORCED)
    assert ("Breakout: 1 ESZ2026" in first, "Other: -1 ESZ2026" in second) == (True, True)


def test_a_person_cannot_resume_what_the_rules_stopped(floor: Floor) -> None:
    ruled = under(floor)
    holding(ruled)
    at_price(ruled, "4980")
    assert floor.resume(Scope.ACCOUNT, ruled.account.id)
    ruled.second()
    assert stands(ruled) == (HALTED, "FUNDED_CLOSED")


def test_a_persons_halt_is_not_undone_by_the_rules(floor: Floor) -> None:
    ruled = under(floor)
    holding(ruled)
    floor.halt(Scope.ACCOUNT, ruled.account.id)
    at_price(ruled, "4980")
    assert stands(ruled) == (HALTED, None)
    assert len(ruled.told(FactKind.FUNDED_ENFORCED)) == 1
    until(floor, "22:00:00")
    at_price(ruled, "4980")
    assert (stands(ruled), status(ruled)) == ((HALTED, None), Status.ACTIVE)


def test_a_halt_by_hand_after_the_rules_stays_too(floor: Floor) -> None:
    ruled = under(floor)
    holding(ruled)
    at_price(ruled, "4980")
    floor.halt(Scope.ACCOUNT, ruled.account.id)
    until(floor, "22:00:00")
    at_price(ruled, "4980")
    assert stands(ruled) == (HALTED, None)


def test_a_milder_switch_of_a_person_stands_again_after_the_pause(floor: Floor) -> None:
    ruled = under(floor)
    holding(ruled)
    floor.halt(Scope.ACCOUNT, ruled.account.id, REDUCING)
    at_price(ruled, "4980")
    assert stands(ruled) == (HALTED, "FUNDED_CLOSED")
    until(floor, "22:00:00")
    at_price(ruled, "4980")
    assert stands(ruled) == (REDUCING, None)


def test_refused_credentials_outdo_the_rules_and_stay(floor: Floor) -> None:
    ruled = under(floor)
    holding(ruled)
    at_price(ruled, "4980")
    with floor.core.store.write() as uow:
        stop_account(uow, ruled.account.id, floor.clock.now(), "no")
    until(floor, "22:00:00")
    at_price(ruled, "4980")
    assert stands(ruled) == (HALTED, "VENUE_AUTH")


def test_near_a_limit_it_is_told_once_and_again_when_it_was_left(floor: Floor) -> None:
    ruled = under(floor)
    strategy = holding(ruled)
    for price in ("4984", "4983", "4984.5"):
        at_price(ruled, price)
    assert ruled.told(FactKind.RULE_NEAR) == [
        (
            "Funded account paper: 200.00 of the daily loss of 1,000.00 (20.0%) is left. This is a"
            " warning only, as its preferences say."
        )
    ]
    at_price(ruled, "4990")
    at_price(ruled, "4983")
    assert len(ruled.told(FactKind.RULE_NEAR)) == 2
    assert (ruled.held(strategy), stands(ruled)) == (D(1), (ACTIVE, None))


def test_near_a_limit_nothing_more_opens_where_its_owner_wants_that(floor: Floor) -> None:
    ruled = under(floor, near=Near.REDUCE)
    strategy = holding(ruled)
    entry = resting(ruled)
    at_price(ruled, "4984")
    ruled.second()
    assert stands(ruled) == (HALTED, "FUNDED_REDUCED")
    assert (ruled.held(strategy), floor.orders(entry)[0].state) == (D(1), OrderState.CANCELED)
    refused = ruled.send(strategy, action="buy", quantity="1")
    assert (refused.code, "its firm's rules" in str(refused.detail)) == ("TRADING_HALTED", True)
    at_price(ruled, "4986")
    assert stands(ruled) == (ACTIVE, "FUNDED_REDUCED")


def test_near_a_limit_everything_is_closed_where_its_owner_wants_that(floor: Floor) -> None:
    ruled = under(floor, near=Near.FLATTEN)
    strategy = holding(ruled)
    at_price(ruled, "4984")
    ruled.second()
    assert (ruled.held(strategy), status(ruled)) == (D(0), Status.ACTIVE)
    at_price(ruled, "5010")
    assert stands(ruled) == (HALTED, "FUNDED_CLOSED")
    ruled.change(preferences=replace(ruled.funded.preferences, near=Near.WARN))
    ruled.second()
    assert stands(ruled)[0] is ACTIVE


def test_before_the_flat_time_it_is_warned_and_then_closed_until_the_session_ends(
    floor: Floor,
) -> None:
    ruled = under(floor)
    strategy = holding(ruled)
    for clock, count in (("20:59:50", 0), ("21:00:00", 1), ("21:05:00", 1)):
        until(floor, clock)
        at_price(ruled, "5000")
        assert len(ruled.told(FactKind.RULE_NEAR)) == count
    assert ruled.told(FactKind.RULE_NEAR) == [
        (
            "Funded account paper must be flat at 15:10 (America/Chicago), in 10 minutes."
            " Everything that is open (1 contract) is closed shortly before."
        )
    ]
    until(floor, "21:09:43")
    at_price(ruled, "5000")
    assert ruled.held(strategy) == 1
    at_price(ruled, "5000")
    ruled.second()
    assert (ruled.held(strategy), stands(ruled)) == (D(0), (HALTED, "FUNDED_CLOSED"))
    until(floor, "21:30:00")
    floor.quote("5000")
    assert ruled.send(strategy, action="buy", quantity="1").code == "FUNDED_FLAT_TIME"
    until(floor, "22:00:00")
    at_price(ruled, "5000")
    assert stands(ruled)[0] is ACTIVE


def test_at_the_flat_time_nothing_is_done_to_an_account_that_is_flat(floor: Floor) -> None:
    ruled = under(floor)
    until(floor, "21:09:50")
    at_price(ruled, "5000")
    assert (stands(ruled), ruled.told(FactKind.FUNDED_ENFORCED)) == ((ACTIVE, None), [])


def test_an_entry_that_works_at_the_flat_time_is_cancelled(floor: Floor) -> None:
    ruled = under(floor)
    entry = resting(ruled)
    until(floor, "21:09:50")
    at_price(ruled, "5000")
    ruled.second()
    assert floor.orders(entry)[0].state is OrderState.CANCELED


def test_a_book_that_cannot_be_closed_from_here_is_told(floor: Floor) -> None:
    ruled = under(floor)
    strategy = holding(ruled)
    elsewhere = [AccountLink(floor.desk.id)]
    changed = replace(strategy, accounts=tuple(elsewhere))
    with floor.core.store.write() as uow:
        uow.strategies.update(changed)
    at_price(ruled, "4980")
    (told,) = ruled.told(FactKind.FUNDED_ENFORCED)
    assert "cannot be closed from here: the strategy no longer trades on the account" in told


def test_a_restart_goes_on_with_what_was_begun(floor: Floor) -> None:
    ruled = under(floor)
    strategy = holding(ruled)
    floor.clock.advance(1)
    floor.quote("4980")
    floor.core.funded.watching.step(floor.clock.now())
    enforcer(floor.core).step(floor.clock.now())
    # The switch and the closing alert are written, and then the server is gone.
    assert (ruled.held(strategy), stands(ruled)) == (D(1), (HALTED, "FUNDED_CLOSED"))
    again = Ruled(restarted(floor), ruled.rules)
    again.floor.quote("4980")
    again.second()
    assert (again.held(strategy), stands(again)) == (D(0), (HALTED, "FUNDED_CLOSED"))
    assert again.told(FactKind.FUNDED_ENFORCED) == []
    until(again.floor, "22:00:00")
    at_price(again, "4980")
    assert stands(again)[0] is ACTIVE
    again.floor.core.close()


def test_an_account_that_is_tracked_no_more_is_let_go(floor: Floor) -> None:
    ruled = under(floor)
    holding(ruled)
    at_price(ruled, "4980")
    with floor.core.store.write() as uow:
        uow.funded.delete(ruled.account.id)
    ruled.second()
    assert stands(ruled)[0] is ACTIVE


def test_of_an_account_that_is_only_watched_it_is_said_that_nothing_can_be_closed(
    floor: Floor,
) -> None:
    ruled = under(floor)
    now = floor.clock.now()
    with floor.core.store.write() as uow:
        held = uow.funded.hold(ruled.account.id)
        assert held is not None
        uow.funded.delete(ruled.account.id)
        uow.funded.insert(replace(held, source=Source.ADDON))
        events: list[Event] = [Held(now, D(2)), Update(now, D(50000), D(-900))]
        floor.core.tracker.apply(uow, ruled.account.id, events, now)
    ruled.second()
    with floor.core.store.write() as uow:
        events = [Update(floor.clock.now(), D(50000), D(-1000))]
        floor.core.tracker.apply(uow, ruled.account.id, events, floor.clock.now())
    for _ in range(3):
        ruled.second()
    assert ruled.told(FactKind.RULE_NEAR) == [
        (
            "Funded account paper: 100.00 of the daily loss of 1,000.00 (10.0%) is left. This is a"
            " warning only, as its preferences say."
        )
    ]
    assert ruled.told(FactKind.FUNDED_ENFORCED) == [
        (
            "Funded account paper: The day's P&L of -1,000.00 reached the daily loss of 1,000.00;"
            " nothing opens until 2026-11-16 22:00 UTC. Signalbox only watches this account and"
            " cannot close what it holds (2 contracts): close it in NinjaTrader now."
        )
    ]
    assert ruled.switch is None


def test_near_a_limit_of_a_watched_account_its_owner_has_to_act(floor: Floor) -> None:
    ruled = under(floor, near=Near.FLATTEN)
    with floor.core.store.write() as uow:
        held = uow.funded.hold(ruled.account.id)
        assert held is not None
        uow.funded.delete(ruled.account.id)
        uow.funded.insert(replace(held, source=Source.ADDON))
        now = floor.clock.now()
        events: list[Event] = [Held(now, D(1)), Update(now, D(50000), D(-900))]
        floor.core.tracker.apply(uow, ruled.account.id, events, now)
    ruled.second()
    (told,) = ruled.told(FactKind.RULE_NEAR)
    assert told.endswith("Signalbox only watches this account: trade smaller or close there.")
    assert (ruled.switch, ruled.told(FactKind.FUNDED_ENFORCED)) == (None, [])


def test_a_breach_is_a_reason_to_look_at_once(floor: Floor) -> None:
    ruled = under(floor)
    holding(ruled)
    before = len(floor.facts)
    at_price(ruled, "4980")
    assert Enforcer.hears(floor.facts[before:])
    assert not Enforcer.hears(floor.facts[:0])


@pytest.mark.parametrize("state", [REDUCING, HALTED])
def test_what_the_rules_threw_is_named_so(floor: Floor, state: TradingState) -> None:
    ruled = under(floor)
    own = ruled.account.id
    with floor.core.store.write() as uow:
        impose(uow, Switch(Scope.ACCOUNT, own, state, floor.clock.now(), "FUNDED_CLOSED", "Why."))
    assert floor.facts[-1].message.endswith("on the account paper by its firm's rules. Why.")
