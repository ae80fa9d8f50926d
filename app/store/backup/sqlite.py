"""Backups of SQLite: one file, copied through SQLite's own backup while others write."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from app.domain.errors import ConfigError, Conflict, InvalidInput, StoreUnavailable
from app.store.backup.contents import Contents, contents, private

_STEP_PAGES: Final = 1000
_LOG: Final = "-wal"
_INDEX: Final = "-shm"


class _Damaged(Exception):
    """The file is not a whole database; the message says what SQLite found."""


def save(url: URL, target: Path) -> Contents:
    """Copy the database to ``target`` step by step and check the copy."""
    source = Path(url.database or "")
    if not source.is_file():
        raise ConfigError(f"There is no database at {source}.")
    with private(target) as partial:
        try:
            _copy(source, partial)
            return _examined(partial)
        except (sqlite3.Error, _Damaged) as error:
            raise StoreUnavailable(
                f"The database could not be copied whole: {_plain(error)}. Nothing was kept."
            ) from None


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(_address(source, "rw"), uri=True, isolation_level=None)) as reading,
        closing(sqlite3.connect(target, isolation_level=None)) as writing,
    ):
        # One state throughout: without it each write of the server would start the copy afresh.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(writing, pages=_STEP_PAGES)
        # A backup is one file, without a log beside it.
        writing.execute("PRAGMA journal_mode = DELETE").fetchone()


def revision(file: Path) -> str | None:
    """Return the backup's revision; raises InvalidInput when the file is damaged."""
    try:
        return _examined(file).revision
    except _Damaged as error:
        raise InvalidInput(f"{file} cannot be restored: {_plain(error)}.") from None


def replace(
    url: URL, file: Path, aside: Path, settle: Callable[[str], None]
) -> tuple[Contents, bool]:
    """Put a settled copy of ``file`` in the database's place once nobody else has it open."""
    database = Path(url.database or "")
    fresh = database.with_name(f"{database.name}.restored")
    fresh.unlink(missing_ok=True)
    with private(fresh) as partial:
        shutil.copyfile(file, partial)
        _reach_disk(partial)
    try:
        found = _examined(fresh)
        settle(url.set(database=str(fresh)).render_as_string(hide_password=False))
        _fold(fresh)
        there = database.is_file()
        if there:
            _alone(database)
            _keep(database, aside)
        fresh.replace(database)
    except (OSError, _Damaged) as error:
        raise ConfigError(f"{database} cannot be replaced: {_plain(error)}.") from None
    finally:
        for ending in ("", _LOG, _INDEX):
            Path(f"{fresh}{ending}").unlink(missing_ok=True)
    return found, there


def _fold(database: Path) -> None:
    """Make one file on the disk of a database and its log."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    _reach_disk(database)


def _alone(database: Path) -> None:
    """Fold the log into the database, which needs it for oneself; raises Conflict otherwise."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise Conflict(
                    f"The database {database} is in use: stop the server first."
                ) from None
            raise ConfigError(f"The database {database} cannot be replaced: {error}.") from None
        except sqlite3.DatabaseError:
            # What is damaged cannot be folded, and a backup is to take its place.
            return


def _keep(database: Path, aside: Path) -> None:
    """Give the present database a second name; it is never without its own, whatever is killed."""
    if aside.exists():
        raise ConfigError(f"The file {aside} is there already: try again.")
    aside.parent.mkdir(parents=True, exist_ok=True)
    for ending in (_INDEX, _LOG):
        with suppress(FileNotFoundError):
            shutil.move(f"{database}{ending}", f"{aside}{ending}")
    try:
        aside.hardlink_to(database)
    except OSError:
        # Another file system, or one without links.
        shutil.copy2(database, aside)


def _examined(file: Path) -> Contents:
    """Return what the file has; raises _Damaged unless every page and reference is whole."""
    try:
        with _opened(file) as connection:
            faults = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
            if faults != "ok":
                raise _Damaged(str(faults))
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken is not None:
                raise _Damaged(f"a row of {broken[0]} refers to one of {broken[2]} that is missing")
            return contents(connection)
    except SQLAlchemyError as error:
        raise _Damaged(str(getattr(error, "orig", error))) from None


@contextmanager
def _opened(file: Path) -> Iterator[Connection]:
    """Open a file that nobody writes, leaving nothing beside it."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(_address(file, "ro&immutable=1"), uri=True),
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        yield connection


def _address(file: Path, mode: str) -> str:
    return f"file:{quote(str(file.absolute()))}?mode={mode}"


def _reach_disk(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _plain(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
