"""The stand-in's durable log: orders, executions and settings on disk before anybody is told."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from tests.venues.alpaca.orders import Execution, Ticket
from tests.venues.alpaca.words import Json

FILE: Final = "alpaca.db"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS orders (
    account TEXT NOT NULL, id TEXT NOT NULL, client_order_id TEXT NOT NULL,
    number INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (account, id), UNIQUE (account, client_order_id));
CREATE TABLE IF NOT EXISTS fills (
    account TEXT NOT NULL, number INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (account, number));
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, account TEXT NOT NULL, verb TEXT NOT NULL,
    client_order_id TEXT, fault TEXT, status INTEGER);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, record TEXT NOT NULL);
"""
_ORDER: Final = (
    "INSERT INTO orders VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (account, id) DO UPDATE SET record = excluded.record"
)
_REQUESTS: Final = ("at", "account", "verb", "client_order_id", "fault", "status")


class Log:
    """One SQLite file in ``folder``, which a test may read while the stand-in runs."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._durable = _connected(folder, "FULL")
        self._durable.executescript(_SCHEMA)
        # Requests are only looked at, so that they need not wait for the disk.
        self._relaxed = _connected(folder, "NORMAL")

    def close(self) -> None:
        with self._lock:
            self._relaxed.close()
            self._durable.close()

    def save(self, account: str, orders: Sequence[Ticket], fills: Sequence[Execution]) -> None:
        """Write it all or nothing; it is on disk afterwards."""
        rows = [
            (account, one.id, one.client_order_id, one.number, json.dumps(one.to_record()))
            for one in orders
        ]
        done = [(account, one.number, json.dumps(one.to_record())) for one in fills]
        with self._writing(self._durable) as connection:
            connection.executemany(_ORDER, rows)
            connection.executemany("INSERT INTO fills VALUES (?, ?, ?)", done)

    def orders(self, account: str) -> list[Ticket]:
        """Every order of the account, in the order in which they came."""
        rows = self._rows("SELECT record FROM orders WHERE account = ? ORDER BY number", account)
        return [Ticket.from_record(json.loads(str(row[0]))) for row in rows]

    def fills(self, account: str) -> list[Execution]:
        """Every execution of the account, in the order in which they happened."""
        rows = self._rows("SELECT record FROM fills WHERE account = ? ORDER BY number", account)
        return [Execution.from_record(json.loads(str(row[0]))) for row in rows]

    def keep(self, name: str, record: Json) -> None:
        """Remember a setting over restarts."""
        with self._writing(self._durable) as connection:
            row = (name, json.dumps(record))
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", row)

    def kept(self) -> dict[str, Json]:
        """Every setting that was remembered."""
        rows = self._rows("SELECT name, record FROM settings")
        return {str(name): json.loads(str(record)) for name, record in rows}

    def note(
        self,
        at: datetime,
        account: str,
        verb: str,
        client_order_id: str | None,
        fault: str | None,
        status: int | None,
    ) -> None:
        """Keep that a request was here."""
        row = (at.isoformat(), account, verb, client_order_id, fault, status)
        with self._writing(self._relaxed) as connection:
            connection.execute(
                f"INSERT INTO requests ({', '.join(_REQUESTS)}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
                row,
            )

    def requests(self) -> list[Json]:
        """Every submit, replace and cancel that came in, oldest first."""
        rows = self._rows(f"SELECT {', '.join(_REQUESTS)} FROM requests ORDER BY number")  # noqa: S608
        return [dict(zip(_REQUESTS, row, strict=True)) for row in rows]

    def _rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock:
            return self._durable.execute(statement, values).fetchall()

    @contextmanager
    def _writing(self, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def _connected(folder: Path, synchronous: str) -> sqlite3.Connection:
    made = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
    made.execute("PRAGMA busy_timeout = 5000")
    made.execute("PRAGMA journal_mode = WAL")
    made.execute(f"PRAGMA synchronous = {synchronous}")
    return made
