"""A migrated, empty store on each of the two databases, with the facts that it published."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from app.domain.events import Fact
from app.store.engine import Engines, make_engines
from app.store.migrate import head, upgrade
from app.store.tables import METADATA
from app.store.unit_of_work import SqlStore

BUSY_TIMEOUT_MS = 50


class Published(list[Sequence[Fact]]):
    """Every batch of facts that the store handed on, in order."""

    @property
    def messages(self) -> list[str]:
        """The facts' messages, batch after batch."""
        return [fact.message for batch in self for fact in batch]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "signalbox.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_store_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a migrated, empty SQLite file."""
    path = tmp_path / "signalbox.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_store_url(postgres_database: str) -> str:
    """The URL of a migrated, empty PostgreSQL database."""
    address = make_url(postgres_database).set(drivername="postgresql")
    with closing(psycopg2.connect(address.render_as_string(hide_password=False))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT to_regclass('alembic_version') IS NOT NULL")
        if cursor.fetchone() == (True,):
            cursor.execute("SELECT version_num FROM alembic_version")
            if cursor.fetchone() == (head(),):
                # Facts refuse to go, except for a replica.
                cursor.execute("SET session_replication_role = replica")
                # Emptying tables is ten times as fast as truncating them while they are small.
                cursor.execute("SET synchronous_commit = off")
                cursor.execute("; ".join(str(table.delete()) for table in METADATA.sorted_tables))
                return postgres_database
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    upgrade(postgres_database)
    return postgres_database


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database, once for each kind."""
    return str(request.getfixturevalue(f"{request.param}_store_url"))


@pytest.fixture
def engines(store_url: str) -> Iterator[Engines]:
    """The engines of the database."""
    made = make_engines(store_url, busy_timeout_ms=BUSY_TIMEOUT_MS)
    yield made
    made.dispose()


@pytest.fixture
def published() -> Published:
    """What the store published."""
    return Published()


@pytest.fixture
def store(engines: Engines, published: Published) -> Iterator[SqlStore]:
    """The store on an empty database, once for each kind."""
    made = SqlStore(engines, published.append)
    yield made
    made.close()
