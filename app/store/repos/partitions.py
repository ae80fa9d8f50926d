"""Samples of each UTC day in a table of their own, on PostgreSQL: dropped whole, at no cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, select, text

from app.store.tables.history import STRATEGY_PNL_HISTORY

DAY_S: Final = 86400

_PREFIX: Final = f"{STRATEGY_PNL_HISTORY.name}_"
_ALL: Final = text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'strategy_pnl_history'::regclass ORDER BY c.relname"
)
#: Nobody may wait for long behind a change of tables that itself waits for a reader.
_LOCK_TIMEOUT: Final = text("SET LOCAL lock_timeout = '300ms'")


def make_room(connection: Connection, day: int) -> None:
    """Make the table of the UTC day that begins at ``day``, unless it or a sample is there."""
    name, end = f"{_PREFIX}{datetime.fromtimestamp(day, UTC):%Y%m%d}", day + DAY_S
    at = STRATEGY_PNL_HISTORY.c.at
    inside = select(at).where(at >= day, at < end).limit(1)
    if name in _names(connection) or connection.execute(inside).first() is not None:
        return
    connection.execute(_LOCK_TIMEOUT)
    connection.execute(
        text(
            f"CREATE TABLE {name} PARTITION OF {STRATEGY_PNL_HISTORY.name}"
            f" FOR VALUES FROM ({day:d}) TO ({end:d})"
        )
    )


def drop_day(connection: Connection, before: int) -> int | None:
    """Drop the oldest table of a day that ended by ``before``; when it ended, None without one."""
    for name in _names(connection):
        end = _end(name)
        if end is not None and end <= before:
            connection.execute(_LOCK_TIMEOUT)
            connection.execute(text(f"DROP TABLE {name}"))
            return end
    return None


def _names(connection: Connection) -> Sequence[str]:
    return list(connection.execute(_ALL).scalars())


def _end(name: str) -> int | None:
    """When the UTC day of a table ends; None for the one of all other days."""
    day = name.removeprefix(_PREFIX)
    if not day.isdigit():
        return None
    began = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    return int(began.timestamp()) + DAY_S
