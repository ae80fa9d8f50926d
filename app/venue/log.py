"""The venue's durable order log: one SQLite file of its own, which judges what the server says."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
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
CREATE INDEX IF NOT EXISTS filled ON fills (account_id, at);
"""
#: Requests that are kept; older ones are forgotten when the log is opened.
_REQUESTS: Final = 200_000
_FORGET: Final = "DELETE FROM requests WHERE number <= (SELECT max(number) FROM requests) - ?"
_WORKING: Final = ", ".join(f"'{state.value}'" for state in sorted(WORKING))
_LAST: Final = (
    "SELECT max(number) FROM (SELECT number FROM orders WHERE account_id = ?"
    " UNION ALL SELECT number FROM fills WHERE account_id = ?)"
)
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
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
            self._relaxed.execute(_FORGET, (_REQUESTS,))

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
        working = self._orders(f"account_id = ? AND state IN ({_WORKING})", account_id)
        last = self._rows(_LAST, account_id, account_id)[0][0]
        return PaperState(working, self._fills(account_id), int(str(last or 0)))

    def order(self, account_id: str, client_order_id: str) -> PaperOrder | None:
        """The order as it was last saved, whatever its state."""
        found = self._orders("account_id = ? AND client_order_id = ?", account_id, client_order_id)
        return found[0] if found else None

    def fills(self, account_id: str, after: datetime) -> Sequence[PaperFill]:
        """Fills at or later than ``after``, by number."""
        return self._fills(account_id, after)

    def orders(self, account_id: str) -> list[PaperOrder]:
        """Every order of the account, by number."""
        return self._orders("account_id = ?", account_id)

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

    def _orders(self, where: str, *values: object) -> list[PaperOrder]:
        statement = f"SELECT record FROM orders WHERE {where} ORDER BY number"  # noqa: S608
        return [
            PaperOrder.from_json(json.loads(str(row[0]))) for row in self._rows(statement, *values)
        ]

    def _fills(self, account_id: str, after: datetime = _ALWAYS) -> list[PaperFill]:
        # Instants in ISO 8601 of one zone sort as text, with and without a fraction.
        rows = self._rows(
            "SELECT record FROM fills WHERE account_id = ? AND at >= ? ORDER BY number",
            account_id,
            after.astimezone(UTC).isoformat(),
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
