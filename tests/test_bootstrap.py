"""The composition root: a core that refuses to start wrongly, a server that starts and stops."""

from __future__ import annotations

import gc
import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import structlog
from cryptography.fernet import Fernet
from pydantic import SecretStr

from app.bootstrap import Core, Runtime, build, core, release
from app.bootstrap.parts import Wake
from app.bootstrap.server import Spawner
from app.clock import VirtualClock
from app.config import Settings
from app.domain.errors import ConfigError
from app.domain.events import Fact
from app.domain.instruments import resolve
from app.domain.quotes import Quote, QuoteSource
from app.domain.settings import AccountLink, StrategySettings
from app.services.inbox import Delivery
from app.services.pnl import Tick
from app.services.ports import BookKey
from app.store import migrate
from tests.support.counting import counting_template

__all__ = ["counting_template"]

START = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    """Leave logging as it was found."""
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    structlog.reset_defaults()


@pytest.fixture
def folder(counting_template: Path, tmp_path: Path) -> Path:
    """A data directory with a migrated database."""
    shutil.copy(counting_template, tmp_path / "signalbox.db")
    return tmp_path


def settings(folder: Path, **changes: object) -> Settings:
    given = {"data_dir": folder, "database_url": None, "async_mode": "threading", **changes}
    return Settings(_env_file=None, **given)  # type: ignore[arg-type]


@pytest.fixture
def made(folder: Path) -> Iterator[Core]:
    opened = core(settings(folder), clock=VirtualClock(START), seed=1)
    yield opened
    opened.close()


# --- refusing to start ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me@host/db", "DATABASE_URL names 'mysql'"),
        ("nonsense", "DATABASE_URL cannot be read"),
        ("sqlite://", "DATABASE_URL must name a file"),
        ("sqlite:////nowhere/at/all/signalbox.db", "cannot be opened"),
        ("postgresql+psycopg2://me:hidden@127.0.0.1:1/db", "cannot be opened"),
    ],
)
def test_a_wrong_database_url_refuses_to_start_and_makes_no_other_database(
    tmp_path: Path, url: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        core(settings(tmp_path, database_url=url))
    assert "hidden" not in refused.value.detail
    assert list(tmp_path.glob("*.db*")) == []


def test_a_database_without_tables_refuses_to_start_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no tables yet: run `python -m app migrate`"):
        core(settings(tmp_path))


def test_another_secret_key_refuses_to_start_and_the_right_one_starts_again(folder: Path) -> None:
    right, wrong = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
    core(settings(folder, secret_key=right)).close()
    with pytest.raises(ConfigError) as refused:
        core(settings(folder, secret_key=wrong))
    assert refused.value.detail.count(".") == 1
    assert "SECRET_KEY" in refused.value.detail
    core(settings(folder, secret_key=right)).close()


def test_a_key_of_another_shape_refuses_to_start(folder: Path) -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY must be"):
        core(settings(folder, secret_key=SecretStr("short")))


# --- the core -------------------------------------------------------------------------------------


def test_a_seed_makes_every_id_repeatable(folder: Path) -> None:
    made = []
    for seed in (7, 7, 8, None):
        opened = core(settings(folder), clock=VirtualClock(START), seed=seed)
        made.append(opened.ids())
        opened.close()
    assert made[0] == made[1]
    assert len(set(made)) == 3


def test_an_alert_is_executed_booked_and_counted_by_the_core_alone(made: Core) -> None:
    account = made.accounts.ensure_first()
    strategy, key = made.strategies.create(
        None, "Breakout", "ES", StrategySettings(), [AccountLink(account.id)]
    )
    symbol = resolve("ES", START.date()).symbol
    price = Decimal(5000)
    made.quotes.put(Quote(symbol, price, price, START, QuoteSource.STREAM))
    body = {"symbol": "ES", "action": "buy", "quantity": "2"}
    assert made.inbox.accept(key, Delivery(body=json.dumps(body).encode())).status == 202
    executor = made.executor()
    while executor.step(START):
        pass
    while made.settler.settle():
        pass
    with made.store.read() as uow:
        held = uow.positions.get(BookKey(strategy.id, account.id, symbol)).position
    assert held.quantity == 2
    assert made.books.equity(account.id) == 100_000


def test_a_listener_that_fails_is_logged_and_the_write_stands(made: Core) -> None:
    def broken(_facts: Sequence[Fact]) -> None:
        raise KeyError("page")

    made.bus.subscribe(broken)
    with structlog.testing.capture_logs() as lines:
        made.accounts.ensure_first()
    assert [(line["event"], line["log_level"]) for line in lines] == [("listener_failed", "error")]
    assert len(made.accounts.list(None)) == 1


def test_a_quote_that_is_no_price_is_logged_and_not_taken(made: Core) -> None:
    with structlog.testing.capture_logs() as lines:
        made.quotes.put(Quote("SPY", Decimal(2), Decimal(1), START, QuoteSource.STREAM))
    assert [(line["event"], line["reason"]) for line in lines] == [("quote_refused", "crossed")]
    assert made.quotes.latest("SPY") is None


def test_a_bell_rings_whatever_was_hung_on_it_last() -> None:
    rung: list[str] = []
    bell = Wake()
    bell()
    bell.to(lambda: rung.append("one"))
    bell()
    bell.to(lambda: rung.append("two"))
    bell()
    assert rung == ["one", "two"]


# --- the server -----------------------------------------------------------------------------------


@pytest.fixture(params=["alerts"])
def runtime(folder: Path, request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """A server with that market, not yet started."""
    built = build(settings(folder, market_data=request.param, log_format="json"))
    yield built
    built.core.close()
    gc.unfreeze()


def eventually(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something holds that other threads bring about."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "It never happened."
        time.sleep(0.02)


@pytest.mark.parametrize("runtime", ["synthetic"], indirect=True)
def test_a_server_executes_an_alert_records_it_and_stops_in_time(runtime: Runtime) -> None:
    made = runtime.core
    account = made.accounts.ensure_first()
    strategy, key = made.strategies.create(
        None, "Breakout", "ES", StrategySettings(), [AccountLink(account.id)]
    )
    made.strategies.create(None, "Other", "SPY", StrategySettings(), [AccountLink(account.id)])
    symbol = resolve("ES", made.clock.now().date()).symbol
    known = Decimal("4321.25")
    made.quotes.put(Quote(symbol, known, known, made.clock.now(), QuoteSource.ALERT))
    runtime.start()
    assert gc.get_freeze_count() > 100_000
    quotes = made.quotes
    eventually(lambda: getattr(quotes.latest(symbol), "source", "") is QuoteSource.SYNTHETIC)
    eventually(lambda: quotes.latest("SPY") is not None)
    anchored = quotes.latest(symbol)
    assert anchored is not None
    assert abs(anchored.mark - known) < 100
    body = {"symbol": "ES", "action": "buy", "quantity": "1"}
    answer = runtime.app.test_client().post(f"/webhook/{key}", json=body)
    assert answer.status_code == 202
    eventually(lambda: made.recorder.summary(None).active_positions == 1)
    eventually(lambda: made.recorder.curve_id(None, strategy.id, None) is not None)
    health = runtime.app.test_client().get("/health").get_json()
    trading = ["disk", "executor", "halts", "market", "paper", "reconciler", "recorder", "settler"]
    trading += ["agreement", "historian", "measurer", "notices", "sources", "storms"]
    trading += ["alpaca", "enforcer", "funded", "resets", "bars", "bar_keeper", "market_monitor"]
    always = ["follower", "live", "ownership", "pulse", "relief", "watch", "prices", "bar_filler"]
    assert sorted(health["workers"]) == sorted([*trading, *always])
    assert health["hub_latency_ms"] >= 0
    runtime.begin_stop()
    assert runtime.app.test_client().post(f"/webhook/{key}", json=body).status_code == 503
    assert runtime.stop()


class BrokenSink:
    """A live layer that raises."""

    def tick(self, ticks: Mapping[str | None, Tick]) -> None:
        raise RuntimeError("no socket")


def test_a_worker_that_fails_is_logged_shown_and_goes_on(runtime: Runtime) -> None:
    runtime.core.recorder.show(BrokenSink())
    with structlog.testing.capture_logs() as lines:
        runtime.start()
        eventually(lambda: not runtime.core.health.healthy)
        runtime.stop()
    failed = [line for line in lines if line["event"] == "worker_failed"]
    assert {line["worker"] for line in failed} == {"recorder"}


def test_without_a_server_tasks_start_in_threads_of_their_own() -> None:
    ran: list[tuple[str, bool]] = []
    done = threading.Event()

    def task(name: str) -> None:
        ran.append((name, threading.current_thread() is threading.main_thread()))
        done.set()

    spawn = Spawner()
    spawn(task, "first")
    assert done.wait(5)
    spawn.use(lambda task, *args: task(*args))
    spawn(task, "second")
    assert ran == [("first", False), ("second", True)]


def test_the_release_has_a_number() -> None:
    assert release().split(".")[0].isdigit()


def test_the_template_of_these_tests_is_at_the_newest_revision(folder: Path) -> None:
    assert migrate.current(settings(folder).store_url) == migrate.head()
