"""Backups from the command line: taken while others write, checked, and put back."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.domain.inbox import AlertState
from app.store.engine import make_engines
from app.store.migrate import head
from app.store.unit_of_work import SqlStore
from tests.cli.conftest import PASSWORD, Shell
from tests.support.databases import execute
from tests.support.records import alert
from tests.support.serving import free_port

EMPTY = {"alerts": 0, "orders": 0, "fills": 0}


@pytest.fixture(params=["sqlite", "postgres"])
def installed(request: pytest.FixtureRequest, shell: Shell) -> Shell:
    """A terminal after a first user ann, once for each kind of database."""
    if request.param == "sqlite":
        return cast("Shell", request.getfixturevalue("ready"))
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not on the PATH")
    shell.env["DATABASE_URL"] = request.getfixturevalue("postgres_store_url")
    shell.ok("migrate")
    shell.ok("user", "create", "ann", "--password", PASSWORD)
    return shell


def names(shell: Shell) -> list[str]:
    """The users, read past the program."""
    address = shell.env["DATABASE_URL"] or f"sqlite:///{shell.data_dir / 'signalbox.db'}"
    engine = create_engine(address)
    with engine.connect() as connection:
        found = connection.scalars(text("SELECT name FROM users ORDER BY name")).all()
    engine.dispose()
    return list(found)


def database(shell: Shell) -> Path:
    return shell.data_dir / "signalbox.db"


def change(file: Path, statement: str) -> None:
    """Change a SQLite file without asking what it thinks of that."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_backup_brings_back_what_was_there_and_keeps_what_it_replaces(
    installed: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "kept"
    made = installed.json("backup", str(file))
    size = file.stat().st_size
    counts = {"revision": head(), **EMPTY, "pictures": 0}
    assert made == {"file": str(file), "bytes": size, **counts}
    installed.ok("user", "create", "bob", "--password", PASSWORD)
    put_back = installed.json("restore", str(file))
    assert names(installed) == ["ann"]
    assert {name: put_back[name] for name in EMPTY} == EMPTY
    aside = Path(put_back["kept_before"])
    assert aside.name.startswith("before-restore-")
    installed.ok("restore", str(aside))
    assert names(installed) == ["ann", "bob"]
    # What was put back is a database to go on with.
    installed.ok("user", "create", "eve", "--password", PASSWORD)


def test_c21_alerts_that_waited_in_a_backup_have_expired_once_it_is_put_back(
    installed: Shell, tmp_path: Path
) -> None:
    address = installed.env["DATABASE_URL"] or f"sqlite:///{database(installed)}"
    store = SqlStore(make_engines(address), lambda _: None)
    mine = installed.json("strategy", "create", "First", "--symbol", "ES")["id"]
    with store.write() as unit:
        unit.alerts.insert(alert(1, strategy_id=mine))
        unit.alerts.insert(alert(2, strategy_id=mine, state=AlertState.EXECUTED))
    store.close()
    file = tmp_path / "kept"
    installed.json("backup", str(file))
    kept = file.read_bytes()
    put_back = installed.json("restore", str(file))
    assert (put_back["alerts_expired"], put_back["alerts_begun"]) == (1, 0)
    assert file.read_bytes() == kept
    if address.startswith("sqlite"):
        there = {path.name for path in installed.data_dir.glob("signalbox.db*")}
        assert there <= {"signalbox.db", "signalbox.db.lock"}
    store = SqlStore(make_engines(address), lambda _: None)
    with store.read() as unit:
        ended, other = unit.alerts.get("alert-0001"), unit.alerts.get("alert-0002")
        told = unit.facts.of_alert("alert-0001")
    store.close()
    assert ended is not None
    assert (ended.state, ended.code) == (AlertState.EXPIRED, "RESTORED_FROM_BACKUP")
    assert other is not None
    assert other.state is AlertState.EXECUTED
    assert [each.code for each in told] == ["RESTORED_FROM_BACKUP"]


def test_a_backup_without_a_name_is_for_its_owner_alone_beside_the_others(
    installed: Shell,
) -> None:
    made = Path(installed.json("backup")["file"])
    assert made.parent == installed.data_dir / "backups"
    assert made.name.startswith("signalbox-2")
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [made] == list(made.parent.iterdir())


def test_a_backup_overwrites_nothing(installed: Shell, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("A letter.")
    result = installed.run("backup", str(file))
    assert result.exit_code == 2
    assert "there already" in result.stderr
    assert file.read_text() == "A letter."


def test_a_file_that_is_cut_short_is_refused_and_changes_nothing(
    installed: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "kept"
    size = installed.json("backup", str(file))["bytes"]
    with file.open("r+b") as cut:
        cut.truncate(size // 2)
    result = installed.run("restore", str(file))
    assert result.exit_code == 2
    assert "cannot be restored" in result.stderr
    assert names(installed) == ["ann"]
    assert not (installed.data_dir / "backups").exists()


@pytest.mark.parametrize("content", ["This is a letter." * 300, ""])
def test_a_file_that_is_no_backup_is_refused(
    installed: Shell, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "letter"
    file.write_text(content)
    result = installed.run("restore", str(file))
    assert result.exit_code == 2
    assert "letter" in result.stderr
    assert names(installed) == ["ann"]


def test_a_file_that_is_missing_is_refused(ready: Shell) -> None:
    result = ready.run("restore", "nowhere.db")
    assert result.exit_code == 2
    assert "There is no file nowhere.db." in result.stderr


def test_a_backup_of_another_revision_is_refused_with_what_to_do(
    installed: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "kept"
    address = installed.env["DATABASE_URL"]
    other = "UPDATE alembic_version SET version_num = '9' || version_num"
    back = "UPDATE alembic_version SET version_num = substr(version_num, 2)"
    for statement in (other, back):
        if address is None:
            change(database(installed), statement)
        else:
            execute(make_url(address), statement)
        if statement is other:
            assert installed.json("backup", str(file))["revision"] == f"9{head()}"
    result = installed.run("restore", str(file))
    assert result.exit_code == 2
    assert f"at revision 9{head()}" in result.stderr
    assert "the version of Signalbox that made it" in result.stderr
    assert names(installed) == ["ann"]


def test_people_are_told_that_the_broker_can_know_of_more(ready: Shell, tmp_path: Path) -> None:
    ready.ok("backup", str(tmp_path / "kept"))
    assert "it asks your brokers for it" in ready.ok("restore", str(tmp_path / "kept"))


# --- while somebody else has the database ---------------------------------------------------------


@contextmanager
def writer(file: Path) -> Iterator[list[int]]:
    """Somebody who writes two rows at a time for 5 s at most; yields what was written."""
    written: list[int] = []
    done = threading.Event()
    end = time.monotonic() + 5

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as connection:
            while not done.is_set() and time.monotonic() < end:
                number = len(written)
                connection.execute("BEGIN IMMEDIATE")
                for half in ("left", "right"):
                    connection.execute(
                        "INSERT INTO flags (name, value, at) VALUES (?, ?, 0)",
                        (f"{half}-{number:06}", "x" * 20_000),
                    )
                connection.execute("COMMIT")
                written.append(number)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        done.set()
        thread.join()


def test_a_backup_is_one_state_of_a_database_that_is_written_all_the_time(
    ready: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "kept"
    with writer(database(ready)) as written:
        while len(written) < 200:
            threading.Event().wait(0.01)
        before = len(written)
        ready.ok("backup", str(file))
        during = len(written)
    with closing(sqlite3.connect(file)) as copy:
        halves = "SELECT count(*) FROM flags WHERE name LIKE ?"
        left, right = (copy.execute(halves, (f"{h}-%",)).fetchone()[0] for h in ("left", "right"))
    assert left == right
    # As it was when the copying began, which did not wait for a pause of the writer.
    assert before <= left < during
    assert not list(tmp_path.glob("kept?*"))


def test_nothing_is_restored_while_somebody_has_the_database_open(
    ready: Shell, tmp_path: Path
) -> None:
    ready.ok("backup", str(tmp_path / "kept"))
    with closing(sqlite3.connect(database(ready))) as other:
        assert other.execute("SELECT count(*) FROM users").fetchone() == (1,)
        result = ready.run("restore", str(tmp_path / "kept"))
        assert result.exit_code == 1
        assert "stop the server" in result.stderr
    assert sorted(path.name for path in ready.data_dir.glob("signalbox*")) == ["signalbox.db"]
    ready.ok("restore", str(tmp_path / "kept"))


def test_nothing_is_restored_while_somebody_is_connected_to_postgres(
    shell: Shell, postgres_store_url: str, tmp_path: Path
) -> None:
    shell.env["DATABASE_URL"] = postgres_store_url
    shell.ok("backup", str(tmp_path / "kept"))
    engine = create_engine(postgres_store_url)
    with engine.connect() as other:
        assert other.scalar(text("SELECT count(*) FROM users")) == 0
        result = shell.run("restore", str(tmp_path / "kept"))
    engine.dispose()
    assert result.exit_code == 1
    assert "stop the server" in result.stderr


def test_nothing_is_restored_while_something_answers_on_the_port(
    ready: Shell, tmp_path: Path
) -> None:
    ready.ok("backup", str(tmp_path / "kept"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
        result = ready.run("restore", str(tmp_path / "kept"), PORT=port)
    assert result.exit_code == 1
    assert port in result.stderr
    ready.ok("restore", str(tmp_path / "kept"), PORT=str(free_port()))


# --- what is damaged, or missing ------------------------------------------------------------------


def test_a_row_that_refers_to_a_missing_one_makes_no_backup(ready: Shell, tmp_path: Path) -> None:
    change(database(ready), "PRAGMA foreign_keys = OFF")
    change(database(ready), "UPDATE accounts SET user_id = 'nobody'")
    result = ready.run("backup", str(tmp_path / "kept"))
    assert result.exit_code == 1
    assert "a row of accounts refers to one of users that is missing" in result.stderr
    assert not list(tmp_path.glob("kept*"))


def test_a_damaged_database_is_kept_and_its_log_is_none_of_the_new_ones(
    ready: Shell, tmp_path: Path
) -> None:
    ready.ok("backup", str(tmp_path / "kept"))
    damaged = b"This is no database, it is a letter." * 500
    database(ready).write_bytes(damaged)
    Path(f"{database(ready)}-wal").write_bytes(b"log")
    aside = Path(ready.json("restore", str(tmp_path / "kept"))["kept_before"])
    assert aside.read_bytes() == damaged
    assert not Path(f"{database(ready)}-wal").exists()
    assert names(ready) == ["ann"]


def test_a_backup_is_restored_where_there_was_no_database(ready: Shell, tmp_path: Path) -> None:
    ready.ok("backup", str(tmp_path / "kept"))
    shutil.rmtree(ready.data_dir)
    found: dict[str, Any] = json.loads(ready.ok("restore", str(tmp_path / "kept"), "--json"))
    assert found["kept_before"] is None
    assert names(ready) == ["ann"]


def test_without_a_database_there_is_nothing_to_back_up_and_none_is_made(shell: Shell) -> None:
    result = shell.run("backup")
    assert result.exit_code == 2
    assert "There is no database" in result.stderr
    assert not shell.data_dir.exists()


@pytest.mark.parametrize("command", [("backup",), ("restore", "kept")])
def test_without_the_programs_of_postgres_it_is_said_what_to_install(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    (tmp_path / "kept").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    result = shell.run(*command, DATABASE_URL="postgresql://ann@127.0.0.1:1/box")
    assert result.exit_code == 2
    assert "postgresql-client" in result.stderr


def test_a_database_that_does_not_answer_is_said_without_its_password(shell: Shell) -> None:
    result = shell.run("backup", DATABASE_URL="postgresql://ann:hidden@127.0.0.1:1/box")
    assert result.exit_code == 2
    assert "hidden" not in result.output
