"""The trading switches: the strictest counts, and each says who threw it, when and why."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from app.domain.errors import BrokerAuth
from app.domain.events import FactKind, Level
from app.domain.inbox import AlertState
from app.domain.orders import Side
from app.domain.safety.switches import Scope, Switch, TradingState
from app.services.manual import Ticket
from app.services.trading.switches import BY_COMMAND, resume, stop_of, throw, tighten
from tests.support.floor import Floor

ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED


def at(floor: Floor, subject_id: str, state: TradingState, code: str | None = None) -> Switch:
    return Switch(Scope.STRATEGY, subject_id, state, floor.clock.now(), code, code)


def standing(floor: Floor, subject_id: str) -> tuple[TradingState, str | None]:
    with floor.core.store.read() as uow:
        found = uow.switches.get(Scope.STRATEGY, subject_id)
    assert found is not None
    return found.state, found.code


@pytest.mark.parametrize("scope", list(Scope))
def test_a_switch_of_any_scope_stops_what_opens_alerts_and_tickets_alike(
    floor: Floor, scope: Scope
) -> None:
    strategy, other = floor.strategy(), floor.strategy("Other", accounts=[floor.account("other")])
    floor.hold(strategy, "2")
    subject = {Scope.SERVER: "", Scope.ACCOUNT: floor.desk.id, Scope.STRATEGY: strategy.id}[scope]
    for state in (REDUCING, HALTED):
        floor.throw(scope, subject, state)
        alert = floor.send(strategy, action="buy", quantity="1")
        assert alert.state is AlertState.REFUSED
        by_hand = Ticket(floor.desk.id, "ES", Side.BUY, Decimal(1), strategy_id=strategy.id)
        ticket = floor.core.desk.ticket(None, by_hand)
        floor.work()
        assert floor.alert(ticket.id).state is AlertState.REFUSED
        passes = floor.send(other, action="buy", quantity="1").state is AlertState.EXECUTED
        assert passes is (scope is not Scope.SERVER)
    assert floor.send(strategy, action="sell", quantity="1").state is AlertState.EXECUTED
    reverse = floor.send(strategy, action="reverse")
    assert reverse.state is AlertState.EXECUTED
    assert floor.held(strategy) == 0


def test_the_strictest_switch_counts_and_of_equals_the_widest(floor: Floor) -> None:
    strategy = floor.strategy()

    def said() -> tuple[TradingState, Scope] | None:
        with floor.core.store.read() as uow:
            stop = stop_of(uow, strategy.id, floor.desk.id)
        return (stop.switch.state, stop.switch.scope) if stop else None

    assert said() is None
    floor.throw(Scope.STRATEGY, strategy.id, HALTED)
    floor.throw(Scope.ACCOUNT, floor.desk.id, REDUCING)
    assert said() == (HALTED, Scope.STRATEGY)
    floor.throw(Scope.ACCOUNT, floor.desk.id, HALTED)
    assert said() == (HALTED, Scope.ACCOUNT)
    floor.throw(Scope.SERVER, "", HALTED)
    assert said() == (HALTED, Scope.SERVER)


@pytest.mark.parametrize(
    ("before", "reason", "after"),
    [
        ((ACTIVE, None), (REDUCING, "OVERFILL"), (REDUCING, "OVERFILL")),
        ((REDUCING, None), (REDUCING, "OVERFILL"), (REDUCING, None)),
        ((HALTED, None), (REDUCING, "OVERFILL"), (HALTED, None)),
        ((REDUCING, None), (HALTED, "VENUE_AUTH"), (HALTED, "VENUE_AUTH")),
        ((REDUCING, "HEARTBEAT_LOST"), (REDUCING, "OVERFILL"), (REDUCING, "OVERFILL")),
        ((REDUCING, "OVERFILL"), (REDUCING, "HEARTBEAT_LOST"), (REDUCING, "OVERFILL")),
    ],
)
def test_a_reason_of_the_servers_own_only_tightens(
    floor: Floor,
    before: tuple[TradingState, str | None],
    reason: tuple[TradingState, str | None],
    after: tuple[TradingState, str | None],
) -> None:
    strategy = floor.strategy()
    with floor.core.store.write() as uow:
        uow.switches.throw(at(floor, strategy.id, *before))
        assert tighten(uow, at(floor, strategy.id, *reason)) is (before != after)
    assert standing(floor, strategy.id) == after


def test_only_the_reason_that_is_named_is_taken_back(floor: Floor) -> None:
    strategy = floor.strategy()
    now = floor.clock.now()
    with floor.core.store.write() as uow:
        tighten(uow, at(floor, strategy.id, REDUCING, "OVERFILL"))
        assert not resume(uow, Scope.STRATEGY, strategy.id, now, only="HEARTBEAT_LOST")
        assert resume(uow, Scope.STRATEGY, strategy.id, now, only="OVERFILL")
        assert not resume(uow, Scope.STRATEGY, strategy.id, now)
    assert standing(floor, strategy.id) == (ACTIVE, None)


def test_what_a_person_throws_again_keeps_its_first_reason_and_time(floor: Floor) -> None:
    strategy = floor.strategy()
    with floor.core.store.write() as uow:
        tighten(uow, at(floor, strategy.id, HALTED, "OVERFILL"))
        assert throw(uow, at(floor, strategy.id, HALTED)).code == "OVERFILL"
        assert throw(uow, at(floor, strategy.id, REDUCING)).code is None
    assert standing(floor, strategy.id) == (REDUCING, None)


def test_the_owner_is_told_of_account_and_strategy_and_everybody_of_the_server(
    floor: Floor,
) -> None:
    user = floor.core.users.create("anna", "correct horse battery")
    account = floor.core.accounts.create_paper(user.id, "hers")
    now = floor.clock.now()
    with floor.core.store.write() as uow:
        throw(uow, Switch(Scope.ACCOUNT, account.id, REDUCING, now, thrown_by=user.id))
        throw(uow, Switch(Scope.SERVER, "", HALTED, now, BY_COMMAND))
        resume(uow, Scope.SERVER, "", now, by=user.id)
    told = [fact for fact in floor.facts if fact.kind.value.startswith("Trading")]
    assert [(fact.kind, fact.user_id, fact.level, fact.message) for fact in told] == [
        (
            FactKind.TRADING_REDUCED,
            user.id,
            Level.WARNING,
            "Trading reduced to exits on the account hers by anna.",
        ),
        (
            FactKind.TRADING_HALTED,
            None,
            Level.WARNING,
            "Trading halted on the server by the command line.",
        ),
        (FactKind.TRADING_RESUMED, None, Level.INFO, "Trading resumed on the server by anna."),
    ]


def submit_meets(floor: Floor) -> None:
    floor.broker.answers.append(BrokerAuth("key revoked."))
    floor.send(floor.strategy("Locked out"), action="buy", quantity="1")


def cancel_meets(floor: Floor) -> None:
    floor.broker.cancel_answers.append(BrokerAuth("key revoked."))
    strategy = floor.strategy("Locked out")
    floor.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4990")
    floor.core.desk.cancel_order(None, floor.working(strategy)[0].id)


def comparison_meets(floor: Floor) -> None:
    floor.broker.locked = True
    assert not floor.core.reconciler.look(floor.desk.id)
    floor.broker.locked = False
    assert floor.core.settler.settle()
    assert floor.core.reconciler.look(floor.desk.id)


@pytest.mark.parametrize("meet", [submit_meets, cancel_meets, comparison_meets])
def test_a_venue_that_refuses_our_credentials_halts_the_account_until_a_person_resumes(
    floor: Floor, meet: Callable[[Floor], None]
) -> None:
    meet(floor)
    floor.work()
    strategy = floor.strategy()
    refused = floor.send(strategy, action="buy", quantity="1")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "TRADING_HALTED")
    assert "The venue refused the account's credentials: key revoked. Enter" in str(refused.detail)
    with floor.core.store.write() as uow:
        found = uow.switches.get(Scope.ACCOUNT, floor.desk.id)
        assert found is not None
        assert (found.state, found.code) == (HALTED, "VENUE_AUTH")
        resume(uow, Scope.ACCOUNT, floor.desk.id, floor.clock.now())
    assert floor.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
