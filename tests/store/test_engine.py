"""Connections: what the database is told, and which addresses stop the start."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from app.domain.errors import ConfigError, StoreFailed
from app.store import integrity
from app.store.engine import make_engines, read_url
from app.store.unit_of_work import Nobody, SqlStore


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "cannot be read"),
        ("nonsense", "cannot be read"),
        ("mysql://u:secret@host/db", "not supported"),
        ("postgresql+psycopg://u:secret@host/db", "not supported"),
        ("postgresql+nodriver://host/db", "not supported"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///file:x?mode=memory&uri=true", "must name a file"),
        ("sqlite:////no/such/folder/signalbox.db", "cannot be opened"),
        ("postgresql://u:secret@127.0.0.1:1/db", "cannot be opened"),
        ("postgresql://127.0.0.1:port/db", "cannot be read"),
    ],
)
def test_a_wrong_address_stops_the_start_with_one_sentence(url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        make_engines(url)
    assert "secret" not in caught.value.detail
    assert "\n" not in caught.value.detail


def test_a_file_that_is_no_database_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "signalbox.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(ConfigError, match="not a database"):
        make_engines(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"this is no database")


@pytest.mark.postgres
def test_a_database_that_does_not_exist_stops_the_start(postgres_database: str) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        make_engines(postgres_database.rsplit("/", 1)[0] + "/no_such_database")


@pytest.mark.parametrize("name", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_name_of_postgresql_means_the_driver_that_lets_greenlets_run(name: str) -> None:
    assert read_url(f"{name}://h/d").drivername == "postgresql+psycopg2"


def test_a_new_file_can_get_smaller_again(tmp_path: Path) -> None:
    engines = make_engines(f"sqlite:///{tmp_path / 'signalbox.db'}")
    with engines.durable.begin() as connection:
        connection.execute(text("CREATE TABLE filling (data TEXT)"))
        assert connection.execute(text("PRAGMA auto_vacuum")).scalar_one() == 2
    engines.dispose()


def test_sqlite_is_told_to_be_careful(tmp_path: Path) -> None:
    engines = make_engines(f"sqlite:///{tmp_path / 'signalbox.db'}", busy_timeout_ms=5)
    seen = {}
    for name in ("durable", "relaxed", "reading"):
        with getattr(engines, name).connect() as connection:
            seen[name] = tuple(
                connection.execute(text(f"PRAGMA {pragma}")).scalar_one()
                for pragma in (
                    "journal_mode",
                    "foreign_keys",
                    "busy_timeout",
                    "synchronous",
                    "query_only",
                )
            )
    engines.dispose()
    assert seen == {
        "durable": ("wal", 1, 5, 2, 0),
        "relaxed": ("wal", 1, 5, 1, 0),
        "reading": ("wal", 1, 5, 1, 1),
    }


@pytest.mark.postgres
def test_postgresql_waits_for_the_disk_only_where_it_matters(postgres_database: str) -> None:
    engines = make_engines(postgres_database)
    seen = {}
    for name in ("durable", "relaxed", "reading"):
        with getattr(engines, name).connect() as connection:
            seen[name] = tuple(
                connection.execute(text(f"SHOW {setting}")).scalar_one()
                for setting in (
                    "synchronous_commit",
                    "transaction_isolation",
                    "transaction_read_only",
                )
            )
    engines.dispose()
    assert seen == {
        "durable": ("on", "read committed", "off"),
        "relaxed": ("off", "read committed", "off"),
        "reading": ("on", "repeatable read", "on"),
    }


GREENLETS = """
import warnings; warnings.simplefilter("ignore")
import eventlet; eventlet.monkey_patch()
import sys, time
from datetime import UTC, datetime
from sqlalchemy import text
from app.domain.errors import InvariantBroken
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
store = SqlStore(make_engines(sys.argv[1]), lambda facts: None)
ticks = []
def tick():
    while True:
        ticks.append(time.monotonic()); eventlet.sleep(0.02)
def write(number):
    with store.write() as unit:
        if len(sys.argv) > 2:
            unit.connection.execute(text("SELECT pg_sleep(0.5)"))
        eventlet.sleep(0.01)
        unit.flags.set(str(number), "x", datetime(2026, 1, 1, tzinfo=UTC))
    return True
eventlet.spawn(tick)
started = time.monotonic()
assert all(eventlet.GreenPool(10).imap(write, range(10)))
with store.write():
    try:
        with store.write(): raise SystemExit("nested")
    except InvariantBroken:
        pass
longest = max(b - a for a, b in zip(ticks, ticks[1:]))
print(longest < 0.3, len(ticks) > 5, time.monotonic() - started < 4)
store.close()
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_greenlets_take_turns_and_the_hub_never_stops(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_store_url")
    command = [sys.executable, "-c", GREENLETS, url, *(["sleep"] if kind == "postgres" else [])]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=root, check=False
    )
    assert done.stdout.split() == ["True", "True", "True"], done.stderr


LOCKED = """
import warnings; warnings.simplefilter("ignore")
import eventlet; eventlet.monkey_patch()
import sqlite3, sys, time
from datetime import UTC, datetime
from app.domain.errors import StoreUnavailable
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
store = SqlStore(make_engines(sys.argv[1], busy_timeout_ms=600), lambda facts: None)
other = sqlite3.connect(sys.argv[1].removeprefix("sqlite:///"), isolation_level=None)
ticks = []
def tick():
    while True:
        ticks.append(time.monotonic()); eventlet.sleep(0.005)
def write(number):
    began = time.monotonic()
    try:
        with store.write() as unit:
            unit.flags.set(str(number), "x", datetime(2026, 1, 1, tzinfo=UTC))
    except StoreUnavailable:
        return time.monotonic() - began
    return None
eventlet.spawn(tick)
eventlet.sleep(0)
other.execute("BEGIN EXCLUSIVE")
waits = list(eventlet.GreenPool(20).imap(write, range(20)))
other.execute("ROLLBACK")
longest = max(b - a for a, b in zip(ticks, ticks[1:]))
print(None not in waits, max(waits) < 1.3, longest < 0.2, write(99) is None)
store.close()
"""


def test_f11_while_another_process_holds_the_lock_greenlets_run_on_and_all_are_told_in_time(
    sqlite_store_url: str,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOCKED, sqlite_store_url],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.stdout.split() == ["True"] * 4, (done.stdout, done.stderr)


def damage(path: Path, *tables: str) -> None:
    """Flip the first bytes of the first page of each table, and of each of its indexes."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT tbl_name, rootpage FROM sqlite_master").fetchall()
    whole = bytearray(path.read_bytes())
    for start in [4096 * (page - 1) for name, page in rows if name in tables]:
        whole[start : start + 16] = bytes(255 - each for each in whole[start : start + 16])
    path.write_bytes(whole)


def test_f12_a_damaged_file_is_seen_before_anything_trusts_it(
    sqlite_store_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "signalbox.db"
    integrity.check(sqlite_store_url)
    damage(path, "fills")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"is damaged .* `python -m app restore") as caught:
        integrity.check(sqlite_store_url)
    assert "\n" not in caught.value.detail
    assert path.read_bytes() == before


def test_f12_only_what_is_there_is_looked_at(tmp_path: Path) -> None:
    integrity.check(f"sqlite:///{tmp_path / 'none.db'}")
    integrity.check("postgresql://u@127.0.0.1:1/db")
    assert list(tmp_path.iterdir()) == []


def test_f12_a_page_that_breaks_while_the_server_runs_is_a_failure_of_the_storage(
    sqlite_store_url: str, tmp_path: Path
) -> None:
    damage(tmp_path / "signalbox.db", "alerts", "flags")
    seen: list[StoreFailed] = []

    class Seen(Nobody):
        def failed(self, error: StoreFailed) -> None:
            seen.append(error)

    store = SqlStore(make_engines(sqlite_store_url), lambda _: None, Seen())
    with pytest.raises(StoreFailed, match="malformed"), store.read() as unit:
        unit.alerts.get("x")
    with pytest.raises(StoreFailed, match="malformed"), store.write() as unit:
        unit.flags.set("a", "b", datetime(2026, 1, 1, tzinfo=UTC))
    store.close()
    assert len(seen) == 2
