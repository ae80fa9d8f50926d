"""Lanes with real threads: order within a strategy and account, and nobody waits for another."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.bootstrap import Core, core
from app.clock import SystemClock
from app.domain.accounts import Account
from app.domain.errors import StoreUnavailable
from app.domain.events import Fact, FactKind
from app.domain.inbox import Alert, AlertState
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy
from app.services.inbox import Delivery
from app.services.pace import Pace
from app.services.trading.execute import Progress
from app.workers.lanes import Lanes
from app.workers.settler import SettleWorker
from app.workers.supervisor import Done, Supervisor
from tests.support.floor import settings_for
from tests.support.venue import ScriptedVenue

NOW = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)


def start_thread(task: Callable[..., object], *args: object) -> None:
    threading.Thread(target=task, args=args, daemon=True).start()


def eventually(what: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.002)


class Hall:
    """The core with its workers in threads, at venues that the test scripts."""

    def __init__(self, folder: Path) -> None:
        clock = SystemClock()
        self.venue = ScriptedVenue(clock)
        self.core: Core = core(
            settings_for(folder), clock=clock, seed=5, venues={"scripted": self.venue.broker}
        )
        self.problems: list[tuple[str, Exception]] = []
        self.facts: list[Fact] = []
        self.core.bus.subscribe(self.facts.extend)
        self.supervisor = Supervisor(
            clock,
            self.core.health,
            start_thread,
            lambda: None,
            lambda *found: self.problems.append(found),
        )
        self.lanes = Lanes(
            self.core.trader,
            start_thread,
            self.supervisor.attempt,
            lambda: self.supervisor.stopping,
            lambda: None,
            Pace(clock.monotonic),
        )
        self.core.bus.subscribe(self.lanes.hear)
        self.executor = self.core.executor(self.lanes)
        worker = self.supervisor.add("executor", self.executor.step, every=0.05)
        self.core.work_arrived.to(worker.wake)
        self.settling = SettleWorker(
            self.core.settler,
            self.core.protector,
            start_thread,
            self.supervisor.attempt,
            self.core.reports_arrived,
        )
        settler = self.supervisor.add("settler", self.settling.step, every=0.2)
        self.core.reports_arrived.to(settler.wake)
        self.keys: dict[str, str] = {}

    @property
    def desk(self) -> Account:
        return self.core.accounts.find(None, "desk")

    def account(self, name: str) -> Account:
        made = self.core.accounts.create_paper(None, name)
        changed = replace(made, venue="scripted")
        with self.core.store.write() as uow:
            uow.accounts.update(changed)
        return changed

    def strategy(self, name: str, account: Account, **settings: object) -> Strategy:
        stored = {"max_age_s": None, "dedupe_window_s": None, **settings}
        links = [AccountLink(account.id)]
        made, key = self.core.strategies.create(
            None, name, "ES", StrategySettings.from_json(stored), links
        )
        self.keys[made.id] = key
        return made

    def post(self, strategy: Strategy, body: str) -> str:
        answer = self.core.inbox.accept(self.keys[strategy.id], Delivery(body.encode()))
        assert answer.status == 202, answer
        return str(answer.body["alert_id"])

    def alert(self, alert_id: str) -> Alert:
        with self.core.store.read() as uow:
            found = uow.alerts.get(alert_id)
        assert found is not None
        return found

    def ended(self, *alert_ids: str) -> bool:
        return all(self.alert(each).state.terminal for each in alert_ids)

    def stop(self) -> bool:
        return self.supervisor.stop(5, lambda: not (self.lanes.running or self.settling.running))


@pytest.fixture
def hall(floor_folder: Path) -> Iterator[Hall]:
    made = Hall(floor_folder)
    yield made
    for broker in made.venue.brokers.values():
        if broker.hangs is not None:
            broker.hangs.set()
    made.stop()
    made.core.close()


def test_a5_two_hundred_alerts_of_twenty_strategies_are_executed_in_order_within_each(
    hall: Hall,
) -> None:
    chance = random.Random(11)
    strategies = [hall.strategy(f"S{number}", hall.desk) for number in range(20)]
    sent: dict[str, list[str]] = defaultdict(list)
    for number in range(200):
        strategy = chance.choice(strategies)
        word = chance.choice(["buy", "sell", "reverse", "exit"])
        sent[strategy.id].append(
            hall.post(strategy, f'{{"id":"{number}","action":"{word}","quantity":"{number + 1}"}}')
        )
    begun = time.monotonic()
    hall.supervisor.start()
    every = [alert_id for ids in sent.values() for alert_id in ids]
    eventually(lambda: hall.ended(every[-1]) and hall.ended(*every), 20)
    assert time.monotonic() - begun < 10
    assert hall.problems == []
    finished: dict[str, list[str]] = defaultdict(list)
    for fact in hall.facts:
        if fact.kind in {FactKind.ALERT_FINISHED, FactKind.ALERT_REFUSED}:
            finished[str(fact.strategy_id)].append(str(fact.alert_id))
    assert finished == sent
    with hall.core.store.read() as uow:
        held = sum(position.quantity for position in uow.positions.all().values())
    assert held == hall.venue.at(hall.desk.id).position
    assert len({o.client_order_id for o in hall.venue.at(hall.desk.id).sent}) == len(
        hall.venue.at(hall.desk.id).sent
    )


def test_d1_a_broker_that_hangs_delays_no_other_strategys_order(hall: Hall) -> None:
    stuck = hall.account("stuck")
    hanging, quick = hall.strategy("Hanging", stuck), hall.strategy("Quick", hall.desk)
    hall.venue.at(stuck.id).hangs = threading.Event()
    hall.supervisor.start()
    first = hall.post(hanging, '{"action":"buy","quantity":"1"}')
    eventually(lambda: bool(hall.venue.at(stuck.id).sent))
    begun = time.monotonic()
    for number in range(10):
        done = hall.post(quick, f'{{"id":"{number}","action":"buy","quantity":"1"}}')
        eventually(lambda done=done: hall.ended(done))  # type: ignore[misc]
    assert time.monotonic() - begun < 3
    assert not hall.ended(first)
    hall.venue.at(stuck.id).hangs.set()  # type: ignore[union-attr]
    eventually(lambda: hall.ended(first))


def test_d1_a_broker_that_hangs_on_a_stop_delays_no_other_accounts_protection(hall: Hall) -> None:
    stuck = hall.account("stuck")
    guard = {"stop_loss": {"value": "20", "unit": "ticks"}}
    hanging = hall.strategy("Hanging", stuck, **guard)
    quick = hall.strategy("Quick", hall.desk, **guard)
    hall.supervisor.start()
    resting = hall.post(
        hanging, '{"action":"buy","quantity":"1","order_type":"limit","limit_price":"4990"}'
    )
    eventually(lambda: hall.ended(resting))
    broker = hall.venue.at(stuck.id)
    broker.hangs = threading.Event()
    broker.fill(broker.sent[0].client_order_id)
    eventually(lambda: len(broker.sent) == 2)
    done = hall.post(quick, '{"action":"buy","quantity":"1"}')
    eventually(lambda: hall.ended(done), 3)
    eventually(lambda: len(hall.venue.at(hall.desk.id).working) == 1, 3)
    assert broker.working == []
    broker.hangs.set()
    eventually(lambda: len(broker.working) == 1)
    assert hall.problems == []


def test_a_lane_that_waits_is_woken_by_news_of_its_order(hall: Hall) -> None:
    strategy = hall.strategy("Turning", hall.desk)
    broker = hall.venue.at(hall.desk.id)
    hall.supervisor.start()
    opened = hall.post(strategy, '{"id":"1","action":"buy","quantity":"1"}')
    eventually(lambda: hall.ended(opened))
    broker.fills_at_once = False
    turned = hall.post(strategy, '{"id":"2","action":"reverse"}')
    eventually(lambda: len(broker.sent) == 2)
    broker.fills_at_once = True
    broker.fill(broker.sent[1].client_order_id)
    eventually(lambda: hall.ended(turned))
    assert broker.position == -1


def test_f20_a_stop_ends_the_lanes_and_gives_back_what_waits(hall: Hall) -> None:
    strategy = hall.strategy("Waiting", hall.desk)
    broker = hall.venue.at(hall.desk.id)
    broker.hangs = threading.Event()
    hall.supervisor.start()
    first, second = (
        hall.post(strategy, f'{{"id":"{number}","action":"buy","quantity":"1"}}')
        for number in range(2)
    )
    eventually(lambda: len(broker.sent) == 1 and hall.lanes.busy == 2)
    threading.Timer(0.1, broker.hangs.set).start()
    assert hall.stop()
    hall.executor.stop()
    assert not hall.lanes.running
    assert hall.alert(first).state is AlertState.EXECUTED
    assert hall.alert(second).state is AlertState.RECEIVED
    assert len(broker.sent) == 1


def test_c20_lanes_that_are_cleared_end_with_what_is_under_way_and_the_next_start_goes_on(
    hall: Hall,
) -> None:
    strategy = hall.strategy("Waiting", hall.desk)
    broker = hall.venue.at(hall.desk.id)
    broker.hangs = threading.Event()
    hall.supervisor.start()
    first, second = (
        hall.post(strategy, f'{{"id":"{number}","action":"buy","quantity":"1"}}')
        for number in range(2)
    )
    eventually(lambda: len(broker.sent) == 1 and hall.lanes.busy == 2)
    hall.supervisor.rest()
    hall.lanes.clear()
    broker.hangs.set()
    eventually(lambda: hall.ended(first))
    assert hall.lanes.busy == 0
    assert hall.alert(second).state is AlertState.CLAIMED
    hall.executor.start()
    hall.supervisor.start()
    eventually(lambda: hall.ended(second))
    assert [order.alert_id for order in broker.sent] == [first, second]


# --- lanes alone ----------------------------------------------------------------------------------


class Traders:
    """Stands where the trader does: waits, raises or is done, as told by the alert's body."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.given_up: list[str] = []
        self.failures = 10_000
        self.done = threading.Event()

    def advance(self, alert: Alert, account_id: str) -> Progress:
        self.calls.append((alert.id, account_id))
        if alert.body == b"raise" and len(self.calls) <= self.failures:
            raise ValueError("It broke.")
        if alert.body == b"no store" and len(self.calls) <= self.failures:
            raise StoreUnavailable("The database did not answer.")
        if alert.body == b"wait" and not self.done.is_set():
            return Progress.WAITING
        return Progress.DONE

    def give_up(self, alert: Alert, account_id: str) -> Progress:
        self.given_up.append(alert.id)
        return Progress.DONE


class Bench:
    """Lanes on such a trader."""

    def __init__(self) -> None:
        self.trader = Traders()
        self.stopping = False
        self.pauses = 0
        self.reported: list[str] = []
        self.lanes = Lanes(
            self.trader,  # type: ignore[arg-type]
            start_thread,
            self.attempt,
            lambda: self.stopping,
            self.pause,
            Pace(time.monotonic),
        )

    def pause(self) -> None:
        self.pauses += 1

    def attempt(self, name: str, task: Callable[[], Done]) -> Done | None:
        try:
            return task()
        except (ValueError, StoreUnavailable):
            self.reported.append(name)
            return None

    def put(self, name: str, body: bytes = b"", strategy: str = "s") -> None:
        self.lanes.put(Alert(name, strategy, NOW, body, "", AlertState.CLAIMED), "a")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_lane_is_gone_when_it_is_empty(bench: Bench) -> None:
    bench.put("1")
    eventually(lambda: bench.lanes.busy == 0 and not bench.lanes.running)
    assert bench.trader.calls == [("1", "a")]
    assert bench.pauses == 1


def test_a_lane_that_waits_looks_again_by_itself(bench: Bench) -> None:
    bench.put("1", b"wait")
    eventually(lambda: len(bench.trader.calls) >= 2)
    assert bench.lanes.busy == 1
    bench.trader.done.set()
    eventually(lambda: bench.lanes.busy == 0)


def test_what_comes_later_waits_behind_what_waits_and_other_lanes_go_on(bench: Bench) -> None:
    bench.put("1", b"wait")
    bench.put("2")
    bench.put("3", strategy="other")
    eventually(lambda: ("3", "a") in bench.trader.calls)
    assert ("2", "a") not in bench.trader.calls
    bench.trader.done.set()
    eventually(lambda: bench.lanes.busy == 0)
    assert bench.trader.calls[-1] == ("2", "a")


def test_only_news_about_an_order_of_the_lane_wakes_it(bench: Bench) -> None:
    bench.put("1", b"wait")
    eventually(lambda: len(bench.trader.calls) == 1)
    calls = len(bench.trader.calls)
    bench.lanes.hear(
        [
            Fact(FactKind.ORDER_FILLED, NOW, "", strategy_id="s", account_id="a"),
            Fact(FactKind.ORDER_FILLED, NOW, "", strategy_id="t", account_id="a", order_id="o"),
        ]
    )
    time.sleep(0.05)
    assert len(bench.trader.calls) == calls
    own = Fact(FactKind.ORDER_FILLED, NOW, "", strategy_id="s", account_id="a", order_id="o")
    bench.lanes.hear([own])
    eventually(lambda: len(bench.trader.calls) == calls + 1, 0.2)
    bench.trader.done.set()


def test_an_execution_that_raises_is_tried_again_before_anything_behind_it(bench: Bench) -> None:
    bench.trader.failures = 2
    bench.put("1", b"raise")
    bench.put("2")
    eventually(lambda: bench.lanes.busy == 0)
    assert [name for name, _ in bench.trader.calls] == ["1", "1", "1", "2"]
    assert bench.reported == ["executor"] * 2
    assert bench.trader.given_up == []


@pytest.mark.slow
def test_an_execution_that_always_raises_is_given_up_after_a_few_tries(bench: Bench) -> None:
    bench.put("1", b"raise")
    bench.put("2")
    eventually(lambda: bench.lanes.busy == 0, 20)
    assert [name for name, _ in bench.trader.calls] == ["1"] * 5 + ["2"]
    assert bench.trader.given_up == ["1"]


@pytest.mark.slow
def test_f11_an_alert_is_never_given_up_because_the_database_was_away(bench: Bench) -> None:
    bench.trader.failures = 8
    bench.put("1", b"no store")
    bench.put("2")
    eventually(lambda: bench.lanes.busy == 0, 20)
    assert [name for name, _ in bench.trader.calls] == ["1"] * 9 + ["2"]
    assert bench.trader.given_up == []


def test_f11_an_alert_that_is_handed_out_again_is_executed_once_and_in_its_order(
    bench: Bench,
) -> None:
    bench.put("2", b"wait")
    eventually(lambda: len(bench.trader.calls) == 1)
    for name in ("4", "2", "1", "3", "4"):
        bench.put(name)
    assert bench.lanes.busy == 4
    bench.trader.done.set()
    eventually(lambda: bench.lanes.busy == 0)
    done = [name for name, _ in bench.trader.calls]
    assert done[done.index("1") :] == ["1", "3", "4"]


def test_a_stopping_server_begins_nothing_new(bench: Bench) -> None:
    bench.stopping = True
    bench.put("1")
    eventually(lambda: not bench.lanes.running)
    assert bench.trader.calls == []
    assert bench.lanes.busy == 1


def test_execution_stands_back_while_alerts_press_in(bench: Bench) -> None:
    pace = Pace(time.monotonic)
    lanes = Lanes(
        bench.trader,  # type: ignore[arg-type]
        start_thread,
        bench.attempt,
        lambda: False,
        bench.pause,
        pace,
    )
    pace.arrived()
    pace.began()
    pace.ended()
    begun = time.monotonic()
    lanes.put(Alert("1", "s", NOW, b"", "", AlertState.CLAIMED), "a")
    eventually(lambda: lanes.busy == 0)
    assert time.monotonic() - begun >= 0.0015
