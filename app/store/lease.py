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
from pathlib import Path
from threading import Lock
from typing import Final

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from app.domain.errors import ConfigError
from app.services.ports import Clock, Holder, Lease
from app.store.engine import CONNECT_TIMEOUT_S, DatabaseFailure, read_url, translate
from app.store.repos.history import Flags

#: How long an answer of PostgreSQL counts, in seconds: who cannot ask stops after that.
SURE_S: Final = 1.5
#: How long the next server waits when the last one did not give the right back, in seconds.
HANDOVER_S: Final = 2.0

#: The name that PostgreSQL lists the session under.
LEASE_NAME: Final = "signalbox lease"

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

    #: The kernel frees the lock when its holder is gone, and not before.
    handover_s = 0.0

    def __init__(self, database: Path) -> None:
        # However a database is reached, its lock is one file.
        real = database.resolve()
        self._path = real.with_name(f"{real.name}.lock")
        self._guard = Lock()
        self._file: int | None = None

    def take(self, me: Holder) -> bool:
        """Lock the file and write our name into it, or see that it is still ours."""
        with self._guard:
            if self._file is not None:
                return self._ours()
            self._file = self._locked()
            if self._file is None or not self._ours():
                return False
            _write(self._file, _text(me))
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
        """Remove the file and unlock it; who has it open already sees that it is no more."""
        with self._guard:
            if self._ours():
                self._path.unlink(missing_ok=True)
            self._drop()

    def _locked(self) -> int | None:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        except OSError as error:
            os.close(file)
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
        ours = os.fstat(self._file)
        if there is not None and os.path.samestat(there, ours):
            return True
        self._drop()
        return False

    def _drop(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class SessionLease:
    """An advisory lock of PostgreSQL; the holder's name is a flag in the database.

    An answer of the database counts for a moment only.  A connection can end without this side
    hearing of it, so whoever takes over from a server that never gave the right back waits until
    that one has stopped by itself.
    """

    handover_s = HANDOVER_S

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
                "application_name": LEASE_NAME,
                "tcp_user_timeout": 3000,
                "options": _ALIVE,
            },
        )

    def take(self, me: Holder) -> bool:
        """Lock in the database, or ask whether we still have the lock."""
        with self._guard:
            try:
                return self._confirm() if self._mine else self._lock(me)
            except DatabaseFailure as error:
                self._drop()
                raise translate(error) from error

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
            self._begin_at = asked + (self.handover_s if _named(connection) else 0.0)
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


def _write(file: int, words: str) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, words.encode(), 0)


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
