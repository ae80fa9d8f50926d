"""The right to trade on a database, held by one process at most and freed when it dies.

SQLite: a lock of the kernel on a file beside the database.  PostgreSQL: an advisory lock of a
session of our own, which ends with its connection.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from threading import Lock
from typing import Final

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from app.domain.errors import ConfigError
from app.services.ports import Clock, Holder, Lease
from app.store.engine import CONNECT_TIMEOUT_S, DatabaseFailure, read_url
from app.store.repos.history import Flags

#: How long an answer of PostgreSQL counts, in seconds: who cannot ask stops after that.
SURE_S: Final = 1.5
#: How long the next server waits when the last one did not give the right back, in seconds.
HANDOVER_S: Final = 2.0

_FLAG: Final = "trading_server"
#: "sgnl", "trad": the two halves of the advisory lock's number.
_KEY: Final = {"one": 0x73676E6C, "two": 0x74726164}
_LOCK: Final = text("SELECT pg_try_advisory_lock(:one, :two)")
_HAS: Final = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND pid = pg_backend_pid() AND classid = :one AND objid = :two AND objsubid = 2"
)
_TABLES: Final = text("SELECT to_regclass('flags') IS NOT NULL")
#: A machine that vanished is noticed within seconds by either side, not after hours.
_ALIVE: Final = "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3"


def make_lease(url: str, clock: Clock) -> Lease:
    """Return the lease of the database at ``url``, not taken; raises ConfigError."""
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        return FileLease(Path(parsed.database or ""))
    return SessionLease(parsed, clock)


class FileLease:
    """A lock on the file ``<database>.lock``, in which the holder's name is written."""

    def __init__(self, database: Path) -> None:
        # However a database is reached, its lock is one file.
        real = database.resolve()
        self._path = real.with_name(f"{real.name}.lock")
        self._guard = Lock()
        self._file: TextIOWrapper | None = None

    def take(self, me: Holder) -> bool:
        """Lock the file and write our name into it, or see that it is still ours."""
        with self._guard:
            if self._file is not None:
                return self._ours()
            file = self._locked()
            if file is None:
                return False
            self._file = file
            if not self._ours():
                return False
            _write(file, _text(me))
            return True

    def held(self) -> bool:
        """Whether the file is locked by us and still in its place."""
        with self._guard:
            return self._ours()

    def holder(self) -> Holder | None:
        """Who wrote the name in the file."""
        try:
            return _holder(self._path.read_text(encoding="utf-8"))
        except OSError:
            return None

    def release(self) -> None:
        """Empty the file and unlock it; it stays where it is."""
        with self._guard:
            if self._file is not None:
                _write(self._file, "")
                self._drop()

    def _locked(self) -> TextIOWrapper | None:
        try:
            file = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise self._unusable(error) from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        except OSError as error:
            file.close()
            raise self._unusable(error) from None
        return file

    def _unusable(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"The file {self._path} cannot be locked: {error.strerror}. It keeps a second server"
            " from trading; the database must be on a local disk that this user may write to."
        )

    def _ours(self) -> bool:
        """Whether the locked file is the one that others would lock."""
        if self._file is None:
            return False
        try:
            there = self._path.stat()
        except OSError:
            there = None
        ours = os.fstat(self._file.fileno())
        if there is not None and os.path.samestat(there, ours):
            return True
        self._drop()
        return False

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class SessionLease:
    """An advisory lock of PostgreSQL; the holder's name is a flag in the database.

    An answer of the database counts for a moment only.  A connection can end without this side
    hearing of it, so whoever takes over from a server that never gave the right back waits until
    that one has stopped by itself.
    """

    def __init__(self, url: URL, clock: Clock) -> None:
        self._clock = clock
        self._guard = Lock()
        self._connection: Connection | None = None
        self._mine = False
        self._sure_until = self._begin_at = 0.0
        self._engine = create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": "signalbox lease",
                "tcp_user_timeout": 3000,
                "options": _ALIVE,
            },
        )

    def take(self, me: Holder) -> bool:
        """Lock in the database, or ask whether we still have the lock."""
        with self._guard:
            try:
                return self._confirm() if self._mine else self._lock(me)
            except DatabaseFailure:
                self._drop()
                return False

    def held(self) -> bool:
        """Whether the last answer still counts; when it does not the database is asked again."""
        with self._guard:
            if not self._mine or self._clock.monotonic() < self._sure_until:
                return self._mine
            try:
                return self._confirm()
            except DatabaseFailure:
                self._drop()
                return False

    def holder(self) -> Holder | None:
        """Who left a name in the database."""
        with self._guard:
            try:
                return _holder(_named(self._connected()))
            except DatabaseFailure:
                self._drop()
                return None

    def release(self) -> None:
        """Take our name away and end the session."""
        with self._guard:
            if self._mine and self._connection is not None:
                with suppress(*DatabaseFailure):
                    if self._connection.scalar(_TABLES):
                        Flags(self._connection).delete(_FLAG)
            self._drop()

    def _lock(self, me: Holder) -> bool:
        connection, asked = self._connected(), self._clock.monotonic()
        if not connection.scalar(_HAS, _KEY):
            if not connection.scalar(_LOCK, _KEY):
                return False
            self._begin_at = asked + (HANDOVER_S if _named(connection) else 0.0)
        if asked < self._begin_at:
            return False
        if connection.scalar(_TABLES):
            Flags(connection).set(_FLAG, _text(me), me.since)
        self._mine, self._sure_until = True, asked + SURE_S
        return True

    def _confirm(self) -> bool:
        asked = self._clock.monotonic()
        if self._connection is None or not self._connection.scalar(_HAS, _KEY):
            self._drop()
            return False
        self._sure_until = asked + SURE_S
        return True

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _drop(self) -> None:
        connection, self._connection, self._mine = self._connection, None, False
        if connection is not None:
            connection.invalidate()
            connection.close()


def _named(connection: Connection) -> str:
    """The name in the database; empty before there are tables, and when nobody left one."""
    known = connection.scalar(_TABLES) and Flags(connection).get(_FLAG)
    return str(known or "")


def _write(file: TextIOWrapper, words: str) -> None:
    file.truncate(0)
    file.write(words)
    file.flush()


def _text(holder: Holder) -> str:
    since = holder.since.isoformat()
    return json.dumps({"host": holder.host, "pid": holder.pid, "since": since})


def _holder(words: str) -> Holder | None:
    """Read a holder's name; None for anything else than one."""
    try:
        found = json.loads(words)
        return Holder(found["host"], found["pid"], datetime.fromisoformat(found["since"]))
    except (ValueError, TypeError, KeyError):
        return None
