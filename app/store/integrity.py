"""The look at a database's file before anything trusts it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from app.domain.errors import ConfigError
from app.store.engine import read_url


def check(url: str) -> None:
    """Read every page of a SQLite file; raises ConfigError, with what to do, when it is damaged.

    A file that is not there yet is whole; PostgreSQL looks after its own.
    """
    parsed = read_url(url)
    if parsed.get_backend_name() != "sqlite" or not Path(parsed.database or "").is_file():
        return
    fault = _fault(parsed.database or "")
    if fault is not None:
        raise ConfigError(
            f"The database {parsed.database} is damaged ({fault}), and nothing may trade on it: put"
            " a backup in its place with `python -m app restore FILE`; what is there now is kept."
        )


def _fault(file: str) -> str | None:
    """What SQLite found first, on one line; None when every page is whole."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            # Locked, or not to be opened: who opens it next says so.
            return None
        found = error
    return None if found == "ok" else " ".join(str(found).split()).removeprefix("*** ").rstrip(".")
