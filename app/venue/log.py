"""The venue's durable order log: one SQLite file of its own, which judges what the server says."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from app.domain.errors import Conflict, StoreUnavailable
from app.domain.orders import WORKING
from app.sim.records import PaperFill, PaperOrder, PaperState

FILE: Final = "venue.db"

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS orders (
    account_id TEXT NOT NULL, client_order_id TEXT NOT NULL, number INTEGER NOT NULL,
    state TEXT NOT NULL, at TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (account_id, client_order_id));
CREATE TABLE IF NOT EXISTS fills (
    account_id TEXT NOT NULL, venue_fill_id TEXT NOT NULL, number INTEGER NOT NULL,
    client_order_id TEXT NOT NULL, at TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (account_id, venue_fill_id));
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, account_id TEXT NOT NULL, verb TEXT NOT NULL,
    client_order_id TEXT, fault TEXT, status INTEGER);
CREATE TABLE IF NOT EXISTS accounts (account_id TEXT PRIMARY KEY, at TEXT NOT NULL, record TEXT);
CREATE INDEX IF NOT EXISTS working ON orders (account_id, state);
"""
_INSERT_ORDER: Final = "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)"
_UPDATE_ORDER: Final = (
    "UPDATE orders SET number = ?, state = ?, at = ?, record = ?"
    " WHERE account_id = ? AND client_order_id = ?"
)
_INSERT_FILL: Final = "INSERT INTO fills VALUES (?, ?, ?, ?, ?, ?)"
_INSERT_REQUEST: Final = (
    "INSERT INTO requests (at, account_id, verb, client_order_id, fault, status)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)


class VenueLog:
    """Implements the port ``PaperLog`` on a file of its own; each ``save`` is on disk."""

    def __init__(self, folder: Path) -> None:
        """Open the log in ``folder``, made if need be; raises StoreUnavailable."""
        self._lock = threading.RLock()
        with _answering():
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = _connected(folder, "FULL")
            self._connection.executescript(_SCHEMA)
            # Requests are only looked at, so that they need not wait for the disk.
            self._relaxed = _connected(folder, "NORMAL")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._relaxed.close()
            self._connection.close()

    def save(
        self,
        new: Sequence[PaperOrder],
        changed: Sequence[PaperOrder],
        fills: Sequence[PaperFill],
    ) -> None:
        """Write it all or nothing; Conflict when one of ``new`` or ``fills`` is kept already."""
        with self._writing() as connection:
            connection.executemany(_INSERT_ORDER, map(_order_row, new))
            connection.executemany(_UPDATE_ORDER, map(_order_change, changed))
            connection.executemany(_INSERT_FILL, map(_fill_row, fills))

    def load(self, account_id: str) -> PaperState:
        """Orders in a working state, all fills, and the highest number of any order or fill."""
        orders = self.orders(account_id)
        fills = self._fills(account_id)
        numbers = [*(one.number for one in orders), *(one.number for one in fills)]
        working = [one for one in orders if one.state in WORKING]
        return PaperState(working, fills, max(numbers, default=0))

    def order(self, account_id: str, client_order_id: str) -> PaperOrder | None:
        """The order as it was last saved, whatever its state."""
        rows = self._rows(
            "SELECT record FROM orders WHERE account_id = ? AND client_order_id = ?",
            account_id,
            client_order_id,
        )
        return PaperOrder.from_json(json.loads(str(rows[0][0]))) if rows else None

    def fills(self, account_id: str, after: datetime) -> Sequence[PaperFill]:
        """Fills at or later than ``after``, by number."""
        return [one for one in self._fills(account_id) if one.at >= after]

    def orders(self, account_id: str) -> list[PaperOrder]:
        """Every order of the account, by number."""
        rows = self._rows(
            "SELECT record FROM orders WHERE account_id = ? ORDER BY number", account_id
        )
        return [PaperOrder.from_json(json.loads(str(row[0]))) for row in rows]

    def accounts(self) -> dict[str, dict[str, object]]:
        """What was said of each account when it was last opened, by its id."""
        rows = self._rows("SELECT account_id, record FROM accounts")
        return {str(row[0]): json.loads(str(row[1])) for row in rows}

    def opened(self, account_id: str, record: dict[str, object], at: datetime) -> None:
        """Remember an account, so that its orders work on after a restart."""
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)",
                (account_id, at.isoformat(), json.dumps(record)),
            )

    def note(
        self,
        at: datetime,
        account_id: str,
        verb: str,
        client_order_id: str | None,
        fault: str | None,
        status: int | None,
    ) -> None:
        """Keep that a request was here; ``status`` is None when it got no answer."""
        with self._writing(self._relaxed) as connection:
            row = (at.isoformat(), account_id, verb, client_order_id, fault, status)
            connection.execute(_INSERT_REQUEST, row)

    def requests(self) -> list[dict[str, object]]:
        """Every request that was kept, oldest first."""
        names = ("at", "account_id", "verb", "client_order_id", "fault", "status")
        rows = self._rows(f"SELECT {', '.join(names)} FROM requests ORDER BY number")  # noqa: S608
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _fills(self, account_id: str) -> list[PaperFill]:
        rows = self._rows(
            "SELECT record FROM fills WHERE account_id = ? ORDER BY number", account_id
        )
        return [PaperFill.from_json(json.loads(str(row[0]))) for row in rows]

    def _rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock, _answering():
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def _writing(self, on: sqlite3.Connection | None = None) -> Iterator[sqlite3.Connection]:
        connection = on or self._connection
        with self._lock, _answering():
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


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise Conflict(f"The venue's log has it already: {error}.") from error
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(f"The venue's log does not answer: {error}.") from error


def _order_row(one: PaperOrder) -> tuple[object, ...]:
    return (one.account_id, one.client_order_id, *_order_values(one))


def _order_change(one: PaperOrder) -> tuple[object, ...]:
    return (*_order_values(one), one.account_id, one.client_order_id)


def _order_values(one: PaperOrder) -> tuple[object, ...]:
    return (one.number, one.state.value, one.at.isoformat(), json.dumps(one.to_json()))


def _fill_row(one: PaperFill) -> tuple[object, ...]:
    return (
        one.account_id,
        one.venue_fill_id,
        one.number,
        one.client_order_id,
        one.at.isoformat(),
        json.dumps(one.to_json()),
    )
