"""An upgrade keeps every row: databases that older programs wrote, brought up to date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, select
from sqlalchemy.engine import make_url

from app.domain.safety.switches import Scope, TradingState
from app.services.calendar.booking import recount_account
from app.store import migrate
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.support.databases import execute

DATA = Path(__file__).parent / "data"
Row = dict[str, Any]

#: What a later revision keeps elsewhere: switches were flags of the server, and of an account.
#: What samples add up to is no longer stored.
MOVED = {
    ("flags", "trading_state"),
    ("accounts", "state"),
    ("strategy_pnl_history", "pnl"),
    ("strategy_pnl_history", "drawdown"),
}


@pytest.fixture(params=["sqlite", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database at revision 0001 with rows in every table."""
    rows = (DATA / f"at_0001.{request.param}.sql").read_text(encoding="utf-8")
    if request.param == "sqlite":
        file = tmp_path / "signalbox.db"
        migrate.upgrade(f"sqlite:///{file}", "0001")
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(rows)
        return f"sqlite:///{file}"
    url = str(request.getfixturevalue("postgres_url"))
    migrate.upgrade(url, "0001")
    execute(make_url(url), f"SET session_replication_role = replica; {rows}")
    return url


def rows_of(connection: Connection) -> dict[str, list[Row]]:
    """Every row of every table, as it is stored."""
    tables = MetaData()
    tables.reflect(connection, resolve_fks=False)
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table))]
        for table in tables.sorted_tables
    }


def stored(url: str) -> dict[str, list[Row]]:
    engines = make_engines(url)
    with engines.reading.connect() as connection:
        found = rows_of(connection)
    engines.dispose()
    del found["alembic_version"]
    # Who migrates holds the right to trade meanwhile, and says so there.
    found["flags"] = [row for row in found["flags"] if row["name"] != "trading_server"]
    return found


def without_moved(table: str, rows: list[Row]) -> list[str]:
    """The rows as text, but for what a later revision keeps in another table."""
    gone = {name for where, name in MOVED if where == table}
    kept = [row for row in rows if row.get("name") not in gone or table == "accounts"]
    return sorted(str(sorted((k, v) for k, v in row.items() if k not in gone)) for row in kept)


@pytest.mark.filterwarnings("ignore:.*expression-based index")
@pytest.mark.filterwarnings("ignore:.*expression index")
def test_c19_an_upgrade_from_the_first_revision_keeps_every_row(old: str) -> None:
    before = stored(old)
    empty = {table for table, rows in before.items() if not rows}
    assert empty == set()
    assert migrate.upgrade(old) == migrate.head()
    after = stored(old)
    for table, rows in before.items():
        now = [{name: row[name] for name in rows[0] if name in row} for row in after[table]]
        assert without_moved(table, now) == without_moved(table, rows), table


def test_c19_a_halt_that_was_set_before_an_upgrade_holds_after_it(old: str) -> None:
    migrate.upgrade(old)
    store = SqlStore(make_engines(old), lambda _: None)
    with store.read() as unit:
        server = unit.switches.get(Scope.SERVER)
        accounts = {account.name: account.id for account in unit.accounts.list()}
        desk = unit.switches.get(Scope.ACCOUNT, accounts["desk"])
        paper = unit.switches.get(Scope.ACCOUNT, accounts["paper"])
    store.close()
    assert server is not None
    assert server.state is TradingState.HALTED
    assert desk is not None
    assert desk.state is TradingState.REDUCING
    assert paper is None


def test_c19_an_upgraded_database_takes_new_rows(old: str) -> None:
    migrate.upgrade(old)
    store = SqlStore(make_engines(old), lambda _: None)
    with store.write() as unit:
        newest = unit.facts.newest()
        told = unit.facts.after(newest - 1, 1)[0]
        assert unit.facts.append(told).number > newest
    store.close()


def test_c19_an_upgrade_counts_the_days_of_every_book_that_was_there(old: str) -> None:
    migrate.upgrade(old)
    store = SqlStore(make_engines(old), lambda _: None)
    with store.write() as unit:
        books = {key: unit.days.of_book(key) for key in unit.positions.all()}
        for account in unit.accounts.list():
            recount_account(unit, account.id)
        assert {key: unit.days.of_book(key) for key in books} == books
    store.close()
    assert sum(day.fills for days in books.values() for day in days) > 0
    assert sum(day.trades for days in books.values() for day in days) > 0
