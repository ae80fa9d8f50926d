"""Backups: a copy taken while the server runs, checked, and put back when it does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy.engine import URL

from app.domain.errors import InvalidInput
from app.store import migrate
from app.store.backup import postgres, sqlite
from app.store.backup.contents import Contents
from app.store.backup.pictures import archive_of, restore_pictures, save_pictures
from app.store.engine import read_url

__all__ = [
    "Contents",
    "archive_of",
    "restore",
    "restore_pictures",
    "save",
    "save_pictures",
    "suffix",
]


def suffix(url: str) -> str:
    """Return how the name of a backup of the database at ``url`` ends."""
    return ".db" if _on_sqlite(read_url(url)) else ".dump"


def save(url: str, target: Path) -> Contents:
    """Copy the database to the new file ``target``, for its owner alone; return what it has.

    The copy is one state of the database, and nobody who writes waits for it.  Raises ConfigError
    when it cannot be made, StoreUnavailable when the database is damaged; then no file is left.
    """
    parsed = read_url(url)
    if _on_sqlite(parsed):
        return sqlite.save(parsed, target)
    return postgres.save(parsed, target)


def restore(
    url: str,
    file: Path,
    aside: Path,
    alone: AbstractContextManager[None],
    settle: Callable[[str], None],
) -> tuple[Contents, bool]:
    """Replace the database by the backup ``file``, the present one being kept as ``aside``.

    The file is judged first; within ``alone`` no server may trade.  ``settle`` is given the
    address of what was restored, on SQLite before it takes its place.
    Returns what was restored, and whether there was a database to keep.  Raises InvalidInput for
    a file that is no whole backup of this revision, Conflict while the database is in use,
    ConfigError when a file or a program cannot be used; then nothing has changed.
    """
    parsed = read_url(url)
    if not file.is_file():
        raise InvalidInput(f"There is no file {file}.")
    if _on_sqlite(parsed):
        _judge(sqlite.revision(file), file)
        with alone:
            return sqlite.replace(parsed, file, aside, settle)
    _judge(postgres.revision(file), file)
    with alone:
        return postgres.replace(parsed, file, aside, settle)


def _judge(found: str | None, file: Path) -> None:
    wanted = migrate.head()
    if found is None:
        raise InvalidInput(f"{file} is no backup of Signalbox.")
    if found != wanted:
        raise InvalidInput(
            f"{file} is at revision {found}, this program at {wanted}: restore it with the version"
            " of Signalbox that made it, then let this version bring the database up to date."
        )


def _on_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"
