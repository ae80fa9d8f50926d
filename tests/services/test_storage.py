"""Storage: a database that cannot be written halts trading, which is kept until it is written."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text

from app.domain.errors import StoreFailed, StoreUnavailable
from app.domain.events import FactKind
from app.domain.inbox import AlertState
from app.domain.orders import OrderState
from app.domain.safety.switches import Scope, Switch, TradingState
from app.domain.strategies import Strategy
from app.services.alarms import Alarms
from app.services.halts import Halt
from app.services.storage import LARGE_LOG, MIB, Storage
from app.services.trading.switches import trading_state
from app.workers.disk import DiskWorker
from tests.support.floor import Floor

GIB = 1024 * MIB


def trouble(floor: Floor) -> str | None:
    """The code of what is wrong."""
    found = floor.core.storage.trouble
    return None if found is None else found.code


def words(floor: Floor) -> str:
    found = floor.core.storage.trouble
    return "" if found is None else found.detail


def works(floor: Floor) -> tuple[bool, bool, bool]:
    """Whether the storage fails, a halt waits, and P&L may be recorded."""
    storage = floor.core.storage
    return storage.failing, storage.pending, storage.recording


def switch(floor: Floor) -> Switch | None:
    with floor.core.store.read() as uow:
        return uow.switches.get(Scope.SERVER)


def throw(floor: Floor, to: TradingState) -> None:
    """Do what a person does."""
    with floor.core.store.write() as uow:
        uow.switches.throw(Switch(Scope.SERVER, "", to, floor.clock.now(), thrown_by="ann"))


def state(floor: Floor) -> TradingState:
    with floor.core.store.read() as uow:
        return trading_state(uow)


def limit(floor: Floor, pragma: str) -> None:
    """Give SQLite's writing connection a limit, as it has none of the disk to offer."""
    with floor.core.store.write() as uow:
        uow.connection.execute(text(pragma))


def pages(floor: Floor) -> int:
    with floor.core.store.read() as uow:
        return int(uow.connection.execute(text("PRAGMA page_count")).scalar_one())


@pytest.fixture
def strategy(floor: Floor) -> Strategy:
    return floor.strategy()


def fill_the_disk(floor: Floor, strategy: Strategy) -> None:
    limit(floor, f"PRAGMA max_page_count = {pages(floor)}")
    with pytest.raises(StoreFailed, match="full"):
        floor.post(strategy, action="buy", quantity="1", comment="x" * 60_000)


def unlimit(floor: Floor, pragma: str) -> None:
    """Take the limit away, without a transaction that could notice."""
    kept = floor.core.store._durable._kept
    if kept is not None:
        kept.connection.dbapi_connection.execute(pragma)  # type: ignore[union-attr]


def make_room(floor: Floor) -> None:
    """Let the disk have room again."""
    unlimit(floor, "PRAGMA max_page_count = 1073741823")


def worker(floor: Floor, free: int | None = GIB, log: int | None = 0) -> DiskWorker:
    made = floor.core
    alarms = Alarms(made.store, made.clock)
    return DiskWorker(made.storage, made.store, alarms, lambda: free, lambda: log)


def test_f12_a_full_disk_halts_trading_in_memory_and_on_paper_as_soon_as_it_can_be_written(
    floor: Floor, strategy: Strategy
) -> None:
    fill_the_disk(floor, strategy)
    assert works(floor) == (True, True, False)
    assert trouble(floor) == "STORAGE_FAILED"
    assert state(floor) is TradingState.ACTIVE, "nothing could be written"
    make_room(floor)
    worker(floor).step(floor.clock.now())
    found = switch(floor)
    assert found is not None
    assert (found.state, found.code) == (TradingState.HALTED, "STORAGE_FAILED")
    assert found.thrown_by is None
    assert "full" in (found.detail or "")
    assert works(floor) == (False, False, True)
    assert trouble(floor) is None
    told = [fact for fact in floor.facts if fact.kind is FactKind.TRADING_HALTED]
    assert [fact.code for fact in told] == ["STORAGE_FAILED"]


def test_f12_no_order_goes_out_between_the_failure_and_the_written_halt(
    floor: Floor, strategy: Strategy
) -> None:
    fill_the_disk(floor, strategy)
    make_room(floor)
    # The disk has room again and nobody has looked: the first thing written is the halt.
    floor.work()
    assert floor.broker.sent == []
    assert state(floor) is TradingState.HALTED
    floor.resume()
    alert = floor.send(strategy, action="buy", quantity="1")
    assert alert.state is AlertState.EXECUTED


def test_f12_a_person_who_has_halted_trading_is_not_overruled(
    floor: Floor, strategy: Strategy
) -> None:
    floor.halt()
    fill_the_disk(floor, strategy)
    make_room(floor)
    worker(floor).step(floor.clock.now())
    found = switch(floor)
    assert found is not None
    assert found.code is None
    assert not floor.core.storage.pending


@pytest.mark.parametrize("pragma", ["PRAGMA query_only = ON"])
def test_f12_a_disk_that_became_read_only_halts_trading(
    floor: Floor, strategy: Strategy, pragma: str
) -> None:
    limit(floor, pragma)
    with pytest.raises(StoreFailed, match="readonly"):
        floor.post(strategy, action="buy", quantity="1")
    assert floor.core.storage.pending
    assert not floor.core.storage.recording


def test_f12_a_read_block_that_tries_to_write_halts_nothing(floor: Floor) -> None:
    with pytest.raises(StoreUnavailable), floor.core.store.read() as uow:
        uow.flags.set("a", "b", floor.clock.now())
    assert not floor.core.storage.failing


def test_f12_a_lock_or_a_lost_connection_is_waited_for_and_halts_nothing(floor: Floor) -> None:
    storage = floor.core.storage
    with pytest.raises(StoreUnavailable), floor.core.store.write() as uow:
        uow.connection.execute(text("SELECT * FROM no_such_table"))
    assert not storage.failing
    assert not storage.pending


def test_f12_below_the_wanted_space_recording_pauses_and_below_a_quarter_trading_halts(
    floor: Floor,
) -> None:
    def seen(free: int) -> tuple[str | None, bool, TradingState]:
        worker(floor, free * MIB).step(floor.clock.now())
        return trouble(floor), floor.core.storage.recording, state(floor)

    assert seen(500) == (None, True, TradingState.ACTIVE)
    assert seen(499) == ("DISK_LOW", False, TradingState.ACTIVE)
    assert "499 MiB" in words(floor)
    assert "halted" not in words(floor)
    assert seen(125) == ("DISK_LOW", False, TradingState.ACTIVE)
    assert seen(124) == ("DISK_LOW", False, TradingState.HALTED)
    assert "halted" in words(floor)
    assert seen(600) == (None, True, TradingState.HALTED), "a person resumes"


def test_f12_who_resumes_on_a_disk_that_is_still_low_is_not_halted_again(floor: Floor) -> None:
    look = worker(floor, 10 * MIB)
    look.step(floor.clock.now())
    floor.resume()
    look.step(floor.clock.now())
    assert state(floor) is TradingState.ACTIVE


def test_f12_while_recording_pauses_the_figures_go_on(floor: Floor, strategy: Strategy) -> None:
    floor.quote("5000")
    floor.hold(strategy, "1")
    recorder = floor.core.recorder
    assert recorder.tick(floor.clock.now())
    floor.core.storage.measured(1, 0)
    floor.clock.advance(1)
    floor.quote("5010")
    assert not recorder.tick(floor.clock.now())
    assert recorder.summary(None).open_pnl == 500
    floor.core.storage.measured(GIB, 0)
    floor.clock.advance(1)
    assert recorder.tick(floor.clock.now())


def test_f12_a_log_that_grows_without_end_is_said(floor: Floor) -> None:
    worker(floor, GIB, LARGE_LOG + 1).step(floor.clock.now())
    trouble = floor.core.storage.trouble
    assert trouble is not None
    assert trouble.code == "LOG_GROWN"
    assert floor.core.storage.recording


def test_f12_nothing_is_concluded_from_a_size_that_is_not_known(floor: Floor) -> None:
    storage = Storage(floor.clock, GIB)
    storage.measured(None, None)
    assert storage.trouble is None
    assert storage.recording
    assert not storage.pending


def test_f12_the_alarm_is_in_the_log(floor: Floor) -> None:
    made = floor.core
    alarms = Alarms(made.store, made.clock)
    DiskWorker(made.storage, made.store, alarms, lambda: 400 * MIB, lambda: 0).step(
        floor.clock.now()
    )
    alarms.write()
    assert floor.codes() == ["DISK_LOW"]


def test_f12_a_cancel_by_hand_reaches_the_venue_although_it_cannot_be_recorded(
    floor: Floor, strategy: Strategy
) -> None:
    resting = floor.send(
        strategy, action="buy", quantity="1", order_type="limit", limit_price="4000"
    )
    (order,) = floor.orders(resting)
    limit(floor, "PRAGMA query_only = ON")
    assert floor.core.desk.cancel_order(None, order.id) is False
    assert floor.broker.cancelled == [order.client_order_id]
    assert floor.orders(resting)[0].state is OrderState.ACCEPTED
    unlimit(floor, "PRAGMA query_only = OFF")
    floor.work()
    assert floor.orders(resting)[0].state is OrderState.CANCELED, "what the venue said is kept"


def test_f12_halt_all_cancels_at_the_venues_although_it_cannot_be_recorded(
    floor: Floor, strategy: Strategy
) -> None:
    floor.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4000")
    limit(floor, "PRAGMA query_only = ON")
    report = floor.core.halts.halt(None, Halt())
    assert len(report.cancelled) == len(floor.broker.cancelled) == 1
    assert "Nothing could be written down" in report.problems[-1]
    unlimit(floor, "PRAGMA query_only = OFF")
    floor.work()
    assert state(floor) is TradingState.HALTED


def test_f11_a_halt_that_a_locked_database_does_not_take_is_no_halt_and_says_so(
    floor: Floor, strategy: Strategy
) -> None:
    floor.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4000")
    file = str(floor.core.settings.database_file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="Halt again"):
            floor.core.halts.halt(None, Halt())
        other.execute("ROLLBACK")
    assert len(floor.broker.cancelled) == 1
    assert state(floor) is TradingState.ACTIVE
