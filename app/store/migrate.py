"""The database's schema: brought up to date by Alembic, and checked at each start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.domain.errors import ConfigError, InvariantBroken
from app.store.engine import DatabaseFailure, Engines, make_engines, translate

MIGRATIONS: Final = Path(__file__).resolve().parents[2] / "migrations"
DIRECTION: Final = "run `python -m app migrate`"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


@cache
def head() -> str:
    """Return the newest revision that this program knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def upgrade(url: str, revision: str = "head") -> str:
    """Bring the database to the revision and return the newest; all of it happens or nothing.

    Raises ConfigError when the database cannot be opened, is newer than this program, or does not
    take the change.
    """
    found = current(url)
    if found is not None:
        _refuse_newer(found)
    engines = make_engines(url)
    config = _config()
    try:
        with engines.durable.connect() as connection, _references_at_rest(connection):
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except DatabaseFailure as error:
        raise ConfigError(
            f"The database could not be migrated. {translate(error).detail}"
        ) from error
    finally:
        engines.dispose()
    return head()


@contextmanager
def _references_at_rest(connection: Connection) -> Iterator[None]:
    """A transaction in which SQLite may make a table anew that others refer to.

    References are not followed meanwhile, and all of them are checked before the commit.
    """
    lite = connection.dialect.name == "sqlite"
    if lite:
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
    with connection.begin():
        yield
        if lite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise InvariantBroken("A migration left a row that refers to nothing.")


def current(url: str) -> str | None:
    """Return the database's revision; None when it has no tables yet.

    Raises ConfigError when it cannot be read.
    """
    engines = make_engines(url)
    try:
        return _revision(engines)
    finally:
        engines.dispose()


def _revision(engines: Engines) -> str | None:
    try:
        with engines.reading.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DatabaseFailure as error:
        raise ConfigError(f"The database cannot be read. {translate(error).detail}") from error


def check(url: str) -> None:
    """Raise ConfigError, with what to do, unless the database is at the newest revision."""
    checked(make_engines(url)).dispose()


def checked(engines: Engines) -> Engines:
    """Return the engines of a database at the newest revision; else close them and raise
    ConfigError, with what to do.
    """
    try:
        _judge(_revision(engines))
    except ConfigError:
        engines.dispose()
        raise
    return engines


def _judge(found: str | None) -> None:
    wanted = head()
    if found == wanted:
        return
    if found is None:
        raise ConfigError(f"The database has no tables yet: {DIRECTION}.")
    _refuse_newer(found)
    raise ConfigError(f"The database is at revision {found}, not {wanted}: {DIRECTION}.")


def _refuse_newer(found: str) -> None:
    """Raise ConfigError for a revision that this program does not know."""
    scripts = ScriptDirectory.from_config(_config())
    if found not in {script.revision for script in scripts.walk_revisions()}:
        raise ConfigError(
            f"The database is at revision {found}, which is newer than this program: use the"
            " version of Signalbox that last ran on it, or restore a backup of this one."
        )
