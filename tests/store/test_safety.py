"""Switches, drifts and storms: kept whole, one unresolved drift for each subject."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.errors import Conflict, InvariantBroken, NotFound
from app.domain.safety.drift import Drift, DriftCause, DriftState, Resolution
from app.domain.safety.storms import Storm, StormState
from app.domain.safety.switches import Scope, Switch, TradingState
from app.store.unit_of_work import SqlStore
from tests.support.records import NOON, SECOND, furnish

HALTED = Switch(
    Scope.ACCOUNT, "account-1", TradingState.HALTED, NOON, "VENUE_AUTH", "no key", "user-1"
)
DRIFT = Drift(
    id="drift-1",
    account_id="account-1",
    symbol="ESZ2026",
    state=DriftState.SUSPECTED,
    cause=DriftCause.UNKNOWN,
    ours=Decimal(2),
    theirs=None,
    detail="The venue lists no ESZ2026.",
    found_at=NOON,
    seen_at=NOON,
)


def test_a_switch_is_kept_as_it_was_thrown_last(store: SqlStore) -> None:
    resumed = Switch(Scope.ACCOUNT, "account-1", TradingState.ACTIVE, NOON + SECOND)
    server = Switch(Scope.SERVER, "", TradingState.REDUCING, NOON)
    with store.write() as unit:
        for switch in (HALTED, server):
            unit.switches.throw(switch)
        assert unit.switches.get(Scope.ACCOUNT, "account-1") == HALTED
        assert unit.switches.get(Scope.STRATEGY, "account-1") is None
        unit.switches.throw(resumed)
    with store.read() as unit:
        assert list(unit.switches.all()) == [resumed, server]


def test_f22_a_switch_is_thrown_only_after_who_decided_by_it_has_ended(store: SqlStore) -> None:
    thrown = threading.Event()

    def throw() -> None:
        with store.write() as unit:
            unit.switches.throw(HALTED)
        thrown.set()

    thread = threading.Thread(target=throw)
    with store.write() as unit:
        assert unit.switches.get(Scope.SERVER) is None
        thread.start()
        assert not thrown.wait(0.1)
        assert unit.switches.get(HALTED.scope, HALTED.subject_id) is None
    assert thrown.wait(5)
    thread.join()


def test_of_one_subject_only_one_drift_is_unresolved(store: SqlStore) -> None:
    furnish(store)
    ended = replace(
        DRIFT,
        state=DriftState.RESOLVED,
        resolution=Resolution.ACCEPTED,
        resolved_at=NOON + SECOND,
        resolved_by="user-1",
        theirs=Decimal(3),
    )
    of_order = replace(DRIFT, id="drift-2", order_id="order-1")
    later = replace(DRIFT, id="drift-3", found_at=NOON + SECOND)
    with store.write() as unit:
        unit.drifts.insert(DRIFT)
        unit.drifts.insert(of_order)
    with pytest.raises(Conflict), store.write() as unit:
        unit.drifts.insert(later)
    with store.write() as unit:
        unit.drifts.update(ended)
        unit.drifts.insert(later)
    with store.read() as unit:
        assert unit.drifts.get("drift-1") == ended
        assert list(unit.drifts.unresolved("account-1")) == [of_order, later]
        assert [each.id for each in unit.drifts.latest("account-1", 2)] == ["drift-3", "drift-2"]


def test_a_drift_that_ended_says_how_and_when(store: SqlStore) -> None:
    furnish(store)
    with pytest.raises(InvariantBroken), store.write() as unit:
        unit.drifts.insert(replace(DRIFT, state=DriftState.RESOLVED))
    with pytest.raises(NotFound), store.write() as unit:
        unit.drifts.update(DRIFT)


def test_a_suspicion_that_came_to_nothing_is_forgotten(store: SqlStore) -> None:
    furnish(store)
    with store.write() as unit:
        unit.drifts.insert(DRIFT)
        unit.drifts.remove(DRIFT.id)
    with store.read() as unit:
        assert unit.drifts.get(DRIFT.id) is None


def test_a_storm_is_kept_with_its_report(store: SqlStore) -> None:
    furnish(store)
    begun = Storm("storm-1", StormState.RUNNING, NOON, {"alerts": 100}, user_id="user-1")
    ended = replace(
        begun, state=StormState.PASSED, ended_at=NOON + SECOND, report={"lost": 0, "doubled": 0}
    )
    other = replace(begun, id="storm-2", started_at=NOON + SECOND, account_id="account-1")
    with store.write() as unit:
        for storm in (begun, other, ended):
            unit.storms.save(storm)
        assert unit.storms.get("storm-1") == ended
        assert [each.id for each in unit.storms.latest(5)] == ["storm-2", "storm-1"]


def test_a_list_of_storms_is_ones_own_and_leaves_out_the_alerts(store: SqlStore) -> None:
    furnish(store)
    ours = Storm("storm-1", StormState.RUNNING, NOON, user_id="user-1")
    report = {"lost": 0, "alerts": [{"number": 1}]}
    nobodys = Storm("storm-2", StormState.PASSED, NOON + SECOND, report=report)
    with store.write() as unit:
        unit.storms.save(ours)
        unit.storms.save(nobodys)
    with store.read() as unit:
        assert unit.storms.running() == [ours]
        assert unit.storms.latest(5, "user-1") == [replace(nobodys, report={"lost": 0}), ours]
        assert [each.id for each in unit.storms.latest(5, "another")] == ["storm-2"]
        assert [each.id for each in unit.storms.latest(1)] == ["storm-2"]
