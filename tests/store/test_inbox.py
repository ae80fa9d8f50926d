"""The inbox: each alert once, claimed by one worker, in the order of arrival."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.domain.decisions import Decision, Leg, Outcome, Step
from app.domain.errors import InvariantBroken, NotFound
from app.domain.inbox import Alert, AlertSource, AlertState
from app.domain.orders import OrderRole, OrderType, Side, TimeInForce
from app.store.unit_of_work import SqlStore
from tests.support.records import ACCOUNT, NOON, SECOND, STRATEGY, alert, furnish

LEASE = 30 * SECOND


def keep(store: SqlStore, *alerts: Alert) -> None:
    with store.write() as unit:
        for each in alerts:
            assert unit.alerts.insert(each)


def claim(store: SqlStore, worker: str, limit: int = 10, now: timedelta = SECOND * 0) -> list[str]:
    with store.write() as unit:
        claimed = unit.alerts.claim(worker, NOON + now, NOON + now + LEASE, limit)
    assert all(each.claimed_by == worker for each in claimed)
    assert all(each.state is AlertState.CLAIMED for each in claimed)
    return [each.id for each in claimed]


@pytest.fixture(autouse=True)
def furnished(store: SqlStore) -> None:
    furnish(store)


def test_an_alert_is_kept_whole(store: SqlStore) -> None:
    whole = alert(
        1,
        source=AlertSource.MANUAL,
        key_id="key-1",
        code="OK",
        detail="All of it.",
        claimed_by="w",
        claimed_at=NOON,
        lease_until=NOON + LEASE,
        finished_at=NOON,
        state=AlertState.EXECUTED,
    )
    keep(store, whole, alert(2, dedupe_key=None, duplicate_of=whole.id))
    with store.read() as unit:
        assert unit.alerts.get("alert-0001") == whole
        assert unit.alerts.by_key("strategy-1", "key-1") == whole
        copy = unit.alerts.get("alert-0002")
        assert copy is not None
        assert copy.duplicate_of == whole.id
        assert unit.alerts.get("nothing") is None
        assert unit.alerts.by_key("strategy-1", "nothing") is None


def test_a_key_counts_once_within_its_strategy_only(store: SqlStore) -> None:
    with store.write() as unit:
        unit.strategies.insert(replace(STRATEGY, id="strategy-2", name="Other"))
        assert unit.alerts.insert(alert(1, dedupe_key="same"))
        assert not unit.alerts.insert(alert(2, dedupe_key="same"))
        assert unit.alerts.insert(alert(3, dedupe_key="same", strategy_id="strategy-2"))
        assert unit.alerts.insert(alert(4, dedupe_key=None))
        assert unit.alerts.insert(alert(5, dedupe_key=None))
        assert unit.alerts.get("alert-0002") is None


def test_of_twenty_equal_alerts_at_once_one_is_kept(store: SqlStore) -> None:
    def send(number: int) -> bool:
        with store.write() as unit:
            return unit.alerts.insert(alert(number, dedupe_key="same"))

    with ThreadPoolExecutor(20) as pool:
        kept = list(pool.map(send, range(20)))
    assert kept.count(True) == 1


def test_claims_come_in_the_order_of_arrival(store: SqlStore) -> None:
    keep(store, *(alert(number) for number in (3, 1, 2)))
    assert claim(store, "w", limit=2) == ["alert-0001", "alert-0002"]
    assert claim(store, "w", limit=2) == ["alert-0003"]
    assert claim(store, "w") == []


def test_two_workers_never_hold_the_same_alert(store: SqlStore) -> None:
    keep(store, *(alert(number) for number in range(60)))

    def work(worker: str) -> list[str]:
        held: list[str] = []
        while taken := claim(store, worker, limit=3):
            held += taken
        return held

    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(work, ["a", "b", "c", "d"]))
    together = [each for part in parts for each in part]
    assert sorted(together) == [f"alert-{number:04d}" for number in range(60)]
    assert all(part == sorted(part) for part in parts)


def test_a_lease_keeps_others_away_until_it_ends(store: SqlStore) -> None:
    keep(store, alert(1))
    assert claim(store, "a") == ["alert-0001"]
    assert claim(store, "b", now=LEASE - SECOND) == []
    assert claim(store, "b", now=LEASE) == ["alert-0001"]
    assert claim(store, "a", now=LEASE) == []


def test_a_finished_alert_is_never_claimed_again(store: SqlStore) -> None:
    keep(store, alert(1))
    claim(store, "a")
    with store.write() as unit:
        unit.alerts.finish("alert-0001", AlertState.REFUSED, "STRATEGY_OFF", "It is off.", NOON)
    assert claim(store, "b", now=2 * LEASE) == []
    with store.read() as unit:
        kept = unit.alerts.get("alert-0001")
    assert kept is not None
    assert (kept.state, kept.code, kept.detail, kept.finished_at, kept.lease_until) == (
        AlertState.REFUSED,
        "STRATEGY_OFF",
        "It is off.",
        NOON,
        None,
    )
    assert kept.claimed_by == "a"


def test_finishing_what_does_not_exist_is_said(store: SqlStore) -> None:
    with pytest.raises(NotFound), store.write() as unit:
        unit.alerts.finish("nothing", AlertState.EXECUTED, None, None, NOON)


def test_a_released_alert_is_claimed_again_and_a_finished_one_cannot_be_released(
    store: SqlStore,
) -> None:
    keep(store, alert(1), alert(2, state=AlertState.EXECUTED))
    claim(store, "a")
    with store.write() as unit:
        unit.alerts.release_all("a")
    assert claim(store, "b") == ["alert-0001"]


def test_a_renewed_claim_outlives_its_first_lease(store: SqlStore) -> None:
    keep(store, alert(1))
    claim(store, "a")
    with store.write() as unit:
        unit.alerts.renew("a", NOON + timedelta(hours=2))
    with store.write() as unit:
        later = NOON + timedelta(hours=1)
        assert not unit.alerts.claim("b", later, later + timedelta(hours=2), 5)


def test_a_claim_without_a_lease_is_refused_by_the_database(store: SqlStore) -> None:
    with pytest.raises(InvariantBroken), store.write() as unit:
        unit.alerts.insert(alert(1, state=AlertState.CLAIMED))


def test_alerts_are_counted_by_state_since_an_instant(store: SqlStore) -> None:
    keep(
        store,
        alert(1, state=AlertState.EXECUTED),
        alert(2, state=AlertState.EXECUTED),
        alert(3, state=AlertState.REFUSED),
        alert(4),
    )
    with store.read() as unit:

        def count(since: int, *states: AlertState) -> int:
            return unit.alerts.count_since("strategy-1", NOON + since * SECOND, states)

        assert count(2, AlertState.EXECUTED) == 1
        assert count(0, AlertState.EXECUTED, AlertState.REFUSED) == 3
        assert count(5, AlertState.EXECUTED) == 0
        assert count(0) == 0


def test_the_last_executed_alert_is_told_by_when_it_came(store: SqlStore) -> None:
    with store.read() as unit:
        assert unit.alerts.last_executed_at("strategy-1") is None
    keep(store, *(alert(n, state=AlertState.EXECUTED) for n in (1, 3, 2)), alert(4))
    with store.read() as unit:
        assert unit.alerts.last_executed_at("strategy-1") == NOON + 3 * SECOND


def test_the_chain_goes_over_accepted_alerts_only(store: SqlStore) -> None:
    keep(
        store,
        alert(1, state=AlertState.NO_ACTION),
        alert(2, state=AlertState.INVALID, dedupe_key=None),
        alert(3, state=AlertState.DUPLICATE, dedupe_key=None),
        alert(4, state=AlertState.CONFLICT, dedupe_key=None),
        alert(5),
    )
    with store.read() as unit:
        before = unit.alerts.last_chained("strategy-1", "alert-0005")
        assert before is not None
        assert before.id == "alert-0001"
        assert unit.alerts.last_chained("strategy-1", "alert-0001") is None


def test_manual_tickets_and_heartbeats_are_no_links_of_the_senders_chain(store: SqlStore) -> None:
    keep(
        store,
        alert(1, state=AlertState.EXECUTED),
        alert(2, state=AlertState.NO_ACTION, code="HEARTBEAT"),
        alert(3, source=AlertSource.MANUAL),
        alert(4),
    )
    with store.read() as unit:
        before = unit.alerts.last_chained("strategy-1", "alert-0004")
    assert before is not None
    assert before.id == "alert-0001"


def test_an_empty_inbox_has_no_newest_alert(store: SqlStore) -> None:
    with store.read() as unit:
        assert unit.alerts.newest() == ""


def test_arrivals_are_what_senders_delivered_once_readable_or_not(store: SqlStore) -> None:
    keep(
        store,
        alert(1),
        alert(2, state=AlertState.INVALID, dedupe_key=None),
        alert(3, state=AlertState.DUPLICATE, dedupe_key=None),
        alert(4, source=AlertSource.MANUAL),
        alert(5, state=AlertState.NO_ACTION, code="HEARTBEAT"),
    )
    with store.read() as unit:
        assert unit.alerts.newest() == "alert-0005"
        arrived = unit.alerts.arrived("", 10)
        assert [(each.id, each.readable) for each in arrived] == [
            ("alert-0001", True),
            ("alert-0002", False),
            ("alert-0005", True),
        ]
        assert [each.id for each in unit.alerts.arrived("alert-0001", 1)] == ["alert-0002"]
        assert list(unit.alerts.last_arrivals("strategy-1", 2)) == list(arrived[1:])
        assert unit.alerts.last_arrivals("nothing", 2) == []


def decision(**changes: object) -> Decision:
    made = Decision(
        alert_id="alert-0001",
        account_id="account-1",
        strategy_id="strategy-1",
        outcome=Outcome.WORKING,
        at=NOON,
        symbol="ESZ2026",
        held=Decimal(-2),
        wanted=Decimal("2.5"),
        legs=(
            Leg("close", Side.BUY, Decimal(2), OrderRole.EXIT, reduce_only=True),
            Leg(
                "open",
                Side.BUY,
                Decimal("2.5"),
                OrderRole.ENTRY,
                OrderType.STOP_LIMIT,
                TimeInForce.DAY,
                limit_price=Decimal("5000.25"),
                stop_price=Decimal("4999.75"),
                trail=Decimal("0.5"),
            ),
        ),
        steps=(Step("quantity", None, Decimal(12), "alert"), Step("cap", Decimal(12), None, "x")),
        cancel_working=True,
        signal_price=Decimal("5000.1"),
        settings={"max_position": "10", "windows": ["a"]},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_decision_is_kept_whole_and_replaced_by_a_later_one(store: SqlStore) -> None:
    keep(store, alert(1))
    later = decision(outcome=Outcome.EXECUTED, finished_at=NOON, legs=(), code="DONE")
    with store.write() as unit:
        unit.decisions.save(decision())
        assert unit.decisions.get("alert-0001", "account-1") == decision()
        unit.decisions.save(later)
    with store.read() as unit:
        assert unit.decisions.of_alert("alert-0001") == [later]
        assert unit.decisions.get("alert-0001", "account-2") is None


def test_each_account_has_its_own_decision(store: SqlStore) -> None:
    keep(store, alert(1))
    with store.write() as unit:
        unit.accounts.insert(replace(ACCOUNT, id="account-0", name="second"))
        unit.decisions.save(decision())
        unit.decisions.save(decision(account_id="account-0"))
    with store.read() as unit:
        found = unit.decisions.of_alert("alert-0001")
    assert [each.account_id for each in found] == ["account-0", "account-1"]


def test_clearing_an_alert_away_takes_its_decisions_along(store: SqlStore) -> None:
    keep(store, alert(1))
    with store.write() as unit:
        unit.decisions.save(decision())
        unit.connection.execute(text("DELETE FROM alerts"))
        assert unit.decisions.of_alert("alert-0001") == []
