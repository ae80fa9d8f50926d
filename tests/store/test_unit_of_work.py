"""Transactions: whole or not at all, one writer, facts after the commit, and no leaks."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from app.domain.errors import Conflict, InvariantBroken, NotFound, StoreUnavailable
from app.domain.users import User
from app.store.engine import Engines, make_engines
from app.store.unit_of_work import Gate, SqlStore
from tests.support.records import BOOK, NOON, SECOND, USER, alert, fact, fill, furnish, order
from tests.support.stores import Published


def test_what_a_block_wrote_is_there_after_it(store: SqlStore) -> None:
    with store.write() as unit:
        unit.users.insert(USER)
    with store.read() as unit:
        assert unit.users.get("user-1") == USER


def test_an_exception_in_the_block_leaves_nothing(store: SqlStore, published: Published) -> None:
    def fail() -> None:
        with store.write() as unit:
            unit.users.insert(USER)
            unit.facts.append(fact())
            raise NotFound("Something else.")

    with pytest.raises(NotFound, match="Something else"):
        fail()
    with store.read() as unit:
        assert unit.users.count() == 0
        assert unit.facts.after(0, 10) == []
    assert published == []


def test_facts_are_published_together_and_only_after_the_commit(
    store: SqlStore, published: Published
) -> None:
    with store.write() as unit:
        first = unit.facts.append(fact(message="One."))
        second = unit.facts.append(fact(message="Two."))
        assert published == []
    assert published == [[first, second]]
    assert 0 < first.number < second.number


def test_a_listener_may_open_its_own_block(engines: Engines) -> None:
    seen: list[int] = []

    def listen(facts: object) -> None:
        with store.read() as unit:
            seen.append(unit.users.count())
        with store.write() as unit:
            unit.flags.set("heard", "yes", NOON)

    store = SqlStore(engines, listen)
    with store.write() as unit:
        unit.users.insert(USER)
        unit.facts.append(fact())
    assert seen == [1]
    with store.read() as unit:
        assert unit.flags.get("heard") == "yes"
    store.close()


def test_a_block_without_facts_publishes_nothing(store: SqlStore, published: Published) -> None:
    with store.write() as unit:
        unit.users.insert(USER)
    assert published == []


def test_a_block_inside_a_block_is_a_broken_invariant_and_harms_nothing(store: SqlStore) -> None:
    def nest() -> None:
        with store.write() as unit:
            unit.users.insert(USER)
            with store.write():
                raise AssertionError

    with pytest.raises(InvariantBroken, match="inside"):
        nest()
    with store.write() as unit:
        assert unit.users.count() == 0
        unit.users.insert(USER)


def test_recording_inside_a_write_block_is_the_same_fault(store: SqlStore) -> None:
    with pytest.raises(InvariantBroken), store.write(), store.record():
        pass


def test_a_read_inside_a_write_block_sees_the_state_before_it(store: SqlStore) -> None:
    with store.write() as unit:
        unit.users.insert(USER)
        with store.read() as view:
            assert view.users.count() == 0


def test_a_read_block_sees_one_state_throughout(store: SqlStore) -> None:
    with store.read() as view:
        assert view.users.count() == 0
        with store.write() as unit:
            unit.users.insert(USER)
        assert view.users.count() == 0
    with store.read() as view:
        assert view.users.count() == 1


def test_a_read_block_refuses_to_write(store: SqlStore) -> None:
    with pytest.raises(StoreUnavailable), store.read() as unit:
        unit.users.insert(USER)
    with store.read() as unit:
        assert unit.users.count() == 0


def test_writes_of_many_threads_all_arrive_one_at_a_time(engines: Engines) -> None:
    inside, most, store = 0, 0, SqlStore(engines, lambda _: None)
    guard = threading.Lock()

    def write(number: int) -> None:
        nonlocal inside, most
        with store.write() as unit:
            with guard:
                inside += 1
                most = max(most, inside)
            unit.users.insert(User(f"user-{number:03d}", f"name-{number}", NOON, "hash"))
            with guard:
                inside -= 1

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(write, range(60)))
    with store.read() as unit:
        assert unit.users.count() == 60
    assert most == 1 or not engines.one_writer
    store.close()


def test_a_recorded_block_is_whole_or_not_at_all_too(store: SqlStore) -> None:
    def fail() -> None:
        with store.record() as unit:
            unit.history.add_series("user-1", None, None, Decimal(0))
            raise NotFound("Nothing.")

    furnish(store)
    with store.record() as unit:
        unit.history.add_series(None, "strategy-1", None, Decimal(0))
    with pytest.raises(NotFound):
        fail()
    with store.read() as unit:
        assert [each.strategy_id for each in unit.history.series()] == ["strategy-1"]


def test_a_row_that_is_there_already_is_a_conflict(store: SqlStore) -> None:
    furnish(store)
    with pytest.raises(Conflict), store.write() as unit:
        unit.users.insert(replace(USER, id="user-9"))


def test_a_row_that_refers_to_nothing_is_a_conflict(store: SqlStore) -> None:
    with pytest.raises(Conflict), store.write() as unit:
        unit.alerts.insert(alert(1, strategy_id="nobody"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": Decimal(0)},
        {"quantity": Decimal(-1)},
        {"filled_quantity": Decimal(-1)},
        {"quantity": Decimal("NaN")},
        {"quantity": None},
        {"quantity": 0.5},
        {"side": "up"},
        {"created_at": NOON.replace(tzinfo=None)},
    ],
    ids=str,
)
def test_a_value_that_cannot_be_meant_is_a_broken_invariant(
    store: SqlStore, wrong: dict[str, object]
) -> None:
    furnish(store)
    with pytest.raises(InvariantBroken), store.write() as unit:
        unit.orders.insert(order(1, **wrong))
    with store.read() as unit:
        assert unit.orders.get("order-0001") is None


def test_an_error_never_harms_the_next_block(store: SqlStore) -> None:
    with pytest.raises(StoreUnavailable), store.write() as unit:
        unit.connection.execute(text("SELECT * FROM no_such_table"))
    with pytest.raises(StoreUnavailable), store.read() as unit:
        unit.connection.execute(text("SELECT * FROM no_such_table"))
    with store.write() as unit:
        unit.users.insert(USER)
    with store.read() as unit:
        assert unit.users.count() == 1


def test_an_error_that_the_block_swallows_still_ends_in_a_usable_store(store: SqlStore) -> None:
    furnish(store)
    with pytest.raises(NotFound), store.write() as unit:
        unit.orders.update(order(5), None)
    with store.write() as unit:
        unit.orders.insert(order(5))


def test_a_thousand_failing_blocks_leave_no_connection_behind(
    store: SqlStore, engines: Engines
) -> None:
    for number in range(1000):
        block = store.read() if number % 2 else store.write()
        with pytest.raises(StoreUnavailable), block as unit:
            unit.connection.execute(text("SELECT * FROM no_such_table"))
    in_use = [engine.pool.checkedout() for engine in (engines.durable, engines.reading)]  # type: ignore[attr-defined]
    assert in_use == [1 if engines.one_writer else 0, 0]
    with store.write() as unit:
        unit.users.insert(USER)


def test_a_database_that_another_process_locks_is_unavailable_and_then_works_again(
    sqlite_store_url: str,
) -> None:
    store = SqlStore(make_engines(sqlite_store_url, busy_timeout_ms=20), lambda _: None)
    other = sqlite3.connect(sqlite_store_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"), store.write() as unit:
        unit.users.insert(USER)
    other.execute("ROLLBACK")
    other.close()
    with store.write() as unit:
        unit.users.insert(USER)
    store.close()


def test_a_full_disk_is_unavailable_and_keeps_nothing(sqlite_store_url: str) -> None:
    store = SqlStore(make_engines(sqlite_store_url), lambda _: None)
    furnish(store)
    with store.write() as unit:
        pages = unit.connection.execute(text("PRAGMA page_count")).scalar_one()
        unit.connection.execute(text(f"PRAGMA max_page_count = {pages}"))

    def keep_too_much() -> None:
        with store.write() as unit:
            unit.fills.insert(fill(1), Decimal(0), NOON)
            unit.alerts.insert(alert(1, body=b"x" * 100_000))

    with pytest.raises(StoreUnavailable, match="full"):
        keep_too_much()
    with store.read() as unit:
        assert unit.alerts.get("alert-0001") is None
        assert unit.fills.of_book(BOOK) == []
    store.close()


@pytest.mark.postgres
def test_a_lost_connection_is_unavailable_and_the_next_block_finds_a_new_one(
    postgres_store_url: str,
) -> None:
    store = SqlStore(make_engines(postgres_store_url), lambda _: None)

    def lose() -> None:
        with store.write() as unit:
            unit.users.insert(USER)
            own = unit.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with store.read() as view:
                view.connection.execute(text(f"SELECT pg_terminate_backend({own})"))
            unit.users.insert(replace(USER, id="user-2", name="bob"))

    with pytest.raises(StoreUnavailable):
        lose()
    with store.write() as unit:
        assert unit.users.count() == 0
        unit.users.insert(USER)
    store.close()


@pytest.mark.postgres
def test_a_commit_that_is_lost_is_unavailable_and_publishes_nothing(
    postgres_store_url: str, published: Published
) -> None:
    store = SqlStore(make_engines(postgres_store_url), published.append)

    def lose() -> None:
        with store.write() as unit:
            unit.facts.append(fact())
            own = unit.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with store.read() as view:
                view.connection.execute(text(f"SELECT pg_terminate_backend({own})"))

    with pytest.raises(StoreUnavailable):
        lose()
    assert published == []
    with store.write() as unit:
        assert unit.facts.newest() == 0
    store.close()


@pytest.mark.postgres
def test_a_view_that_is_lost_is_unavailable_and_leaves_no_connection_behind(
    postgres_store_url: str,
) -> None:
    engines = make_engines(postgres_store_url)
    store = SqlStore(engines, lambda _: None)

    def lose() -> None:
        with store.read() as view:
            own = view.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with store.write() as unit:
                unit.connection.execute(text(f"SELECT pg_terminate_backend({own})"))

    with pytest.raises(StoreUnavailable):
        lose()
    assert engines.reading.pool.checkedout() == 0  # type: ignore[attr-defined]
    with store.read() as view:
        assert view.users.count() == 0
    store.close()


def test_a_database_that_is_no_longer_there_is_unavailable(
    sqlite_store_url: str, tmp_path: Path
) -> None:
    store = SqlStore(make_engines(sqlite_store_url), lambda _: None)
    store.close()
    path = tmp_path / "signalbox.db"
    kept = path.read_bytes()
    path.write_bytes(b"no database" * 1000)
    for block in (store.read(), store.write(), store.record()):
        with pytest.raises(StoreUnavailable), block:
            raise AssertionError
    path.write_bytes(kept)
    with store.write() as unit:
        unit.users.insert(USER)
    store.close()


def test_whoever_waits_too_long_for_their_turn_is_told() -> None:
    gate = Gate(one_writer=True, patience_s=0.01)
    gate.enter()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gate.enter)
        with pytest.raises(StoreUnavailable, match="Other writes"):
            waiting.result()
    gate.leave()
    gate.enter()


@pytest.mark.postgres
def test_facts_of_two_writers_are_numbered_in_the_order_of_their_commits(
    postgres_store_url: str,
) -> None:
    store = SqlStore(make_engines(postgres_store_url), lambda _: None)
    done: list[str] = []
    begun = threading.Event()

    def second() -> None:
        with store.write() as unit:
            begun.set()
            unit.facts.append(fact(message="second"))
        done.append("second")

    with ThreadPoolExecutor(1) as pool:
        with store.write() as unit:
            unit.facts.append(fact(message="first"))
            later = pool.submit(second)
            begun.wait(5)
            # Were it not made to wait, the second would be numbered and committed by now.
            threading.Event().wait(0.2)
            done.append("first")
        later.result(5)
    assert done == ["first", "second"]
    with store.read() as unit:
        assert [each.message for each in unit.facts.after(0, 10)] == ["first", "second"]
    store.close()


def test_time_is_kept_to_the_microsecond(store: SqlStore) -> None:
    furnish(store)
    early = NOON - 10**9 * SECOND
    with store.write() as unit:
        unit.flags.set("a", "b", early)
        unit.orders.insert(order(1, created_at=early))
    with store.read() as unit:
        kept = unit.orders.get("order-0001")
    assert kept is not None
    assert kept.created_at == early
    assert kept.created_at.tzinfo is not None
