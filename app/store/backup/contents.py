"""What a database holds, and the files that backups are written to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table, func, select

from app.domain.errors import ConfigError
from app.store.tables import ALERTS
from app.store.tables.trading import FILLS, ORDERS


@dataclass(frozen=True, slots=True)
class Contents:
    """A database's revision, None before it has tables, and how many of what it holds."""

    revision: str | None
    alerts: int
    orders: int
    fills: int


def contents(connection: Connection) -> Contents:
    """Count what the database holds, within the connection's transaction."""

    def count(table: Table) -> int:
        return connection.scalar(select(func.count()).select_from(table)) or 0

    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return Contents(None, 0, 0, 0)
    return Contents(revision, count(ALERTS), count(ORDERS), count(FILLS))


@contextmanager
def private(target: Path) -> Iterator[Path]:
    """Give an empty file for its owner alone, which becomes ``target`` at the end.

    After a failure neither is left.  Raises ConfigError when ``target`` is there already or cannot
    be written.
    """
    if target.exists():
        raise ConfigError(f"The file {target} is there already: name another one.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        partial.chmod(0o600)
        yield partial
        partial.replace(target)
    except OSError as error:
        raise ConfigError(f"The file {target} cannot be written: {error.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)
