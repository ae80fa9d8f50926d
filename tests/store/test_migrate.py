"""Migrations: they lead to exactly the tables that the program means, and the start checks them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from app.domain.errors import ConfigError
from app.store import migrate
from app.store.engine import make_engines
from app.store.repos.inbox import _WAITING
from app.store.tables import METADATA


def schema(path: Path) -> dict[str, str]:
    """Every table and index of a SQLite file, as declared, but for white space and quotes."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index')"
            " AND sql IS NOT NULL AND name NOT IN ('alembic_version', 'sqlite_sequence')"
        ).fetchall()
    return {name: " ".join(sql.replace('"', "").split()) for name, sql in rows}


def parts(declared: dict[str, str]) -> dict[str, list[str]]:
    """Each declaration's columns and constraints, whatever their order."""
    return {
        name: sorted(part.strip(" )") for part in sql.split(", ")) for name, sql in declared.items()
    }


def whole(name: str | None, *_: object) -> bool:
    """Whether it is a table of ours, and no part of one."""
    return not (name or "").startswith("strategy_pnl_history_")


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_migrations_and_tables_agree(store_url: str) -> None:
    engines = make_engines(store_url)
    with engines.reading.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": whole}
        )
        assert compare_metadata(context, METADATA) == []
    engines.dispose()


def test_migrations_declare_every_constraint_as_the_tables_do(
    sqlite_template: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made.db"
    engine = create_engine(f"sqlite:///{made}")
    METADATA.create_all(engine)
    engine.dispose()
    assert parts(schema(made)) == parts(schema(sqlite_template))


def test_both_databases_check_the_same(postgres_store_url: str, sqlite_template: Path) -> None:
    engines = make_engines(postgres_store_url)
    with engines.reading.connect() as connection:
        found = connection.execute(
            text("SELECT conname FROM pg_constraint WHERE contype = 'c'")
        ).scalars()
        checks = {name for name in found if name.startswith("ck_")}
    engines.dispose()
    declared = " ".join(schema(sqlite_template).values())
    assert checks
    assert all(f"CONSTRAINT {name} " in declared for name in checks)
    assert declared.count("CONSTRAINT ck_") == len(checks)


def test_there_is_one_newest_revision() -> None:
    scripts = ScriptDirectory(str(migrate.MIGRATIONS))
    assert scripts.get_heads() == [migrate.head()]


def test_a_new_database_is_brought_up_to_date_and_then_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'signalbox.db'}"
    assert migrate.current(url) is None
    with pytest.raises(ConfigError, match="no tables yet: run `python -m app migrate`"):
        migrate.check(url)
    assert migrate.upgrade(url) == migrate.head()
    before = schema(tmp_path / "signalbox.db")
    assert migrate.upgrade(url) == migrate.current(url) == migrate.head()
    assert schema(tmp_path / "signalbox.db") == before
    migrate.check(url)


def test_another_revision_than_ours_stops_the_start(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "signalbox.db"
    shutil.copy(sqlite_template, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="newer than this program"):
        migrate.check(f"sqlite:///{path}")


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "signalbox.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE orders (id TEXT)")
    with pytest.raises(ConfigError, match="could not be migrated"):
        migrate.upgrade(f"sqlite:///{path}")
    assert list(schema(path)) == ["orders"]


@pytest.mark.parametrize("url", ["", "sqlite:////no/such/folder/x.db"])
def test_a_wrong_address_is_a_setting_to_mend(url: str) -> None:
    for act in (migrate.upgrade, migrate.current, migrate.check):
        with pytest.raises(ConfigError):
            act(url)


def test_the_queue_is_found_by_its_own_small_index(sqlite_store_url: str) -> None:
    engines = make_engines(sqlite_store_url)
    with engines.reading.connect() as connection:
        compiled = _WAITING.compile(engines.reading)
        values = tuple(1 for _ in compiled.positiontup or ())
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values).all()
    engines.dispose()
    assert [row[3] for row in plan] == ["SCAN alerts USING INDEX ix_alerts_open"]


def test_switches_that_were_kept_elsewhere_are_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "signalbox.db"
    url = f"sqlite:///{path}"
    migrate.upgrade(url, "0001")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO flags VALUES ('trading_state', 'halted', 5)")
        connection.execute(
            "INSERT INTO accounts VALUES"
            " ('a', 'paper', 'paper', 'paper', '100', 1, '00:00 UTC', 'reducing', NULL, '{}')"
        )
        connection.execute("INSERT INTO pnl_series VALUES (1, NULL, NULL, 'a', '0', '0')")
    assert migrate.upgrade(url) == migrate.head()
    with closing(sqlite3.connect(path)) as connection:
        switches = connection.execute("SELECT scope, subject_id, state FROM switches").fetchall()
        assert set(switches) == {("server", "", "halted"), ("account", "a", "reducing")}
        assert connection.execute("SELECT id, starting_cash FROM accounts").fetchall() == [
            ("a", "100")
        ]
        assert connection.execute("SELECT account_id FROM pnl_series").fetchall() == [("a",)]
        assert connection.execute("SELECT count(*) FROM flags").fetchall() == [(0,)]
