"""Connections: one URL becomes a durable, a relaxed and a reading engine, or a refusal to start."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    SQLAlchemyError,
    StatementError,
)

from app.domain.errors import (
    ConfigError,
    Conflict,
    InvariantBroken,
    SignalboxError,
    StoreFailed,
    StoreUnavailable,
)

#: A tick of P&L touches about a page a curve: SQLite's own 1,000 would copy the log back at each.
CHECKPOINT_PAGES: Final = 4000
#: What the log is cut back to after a checkpoint, so that one long reader does not keep the disk.
LOG_BYTES: Final = 64 * 1024 * 1024
#: How long a write waits for another process: a sender gives up after three seconds.
BUSY_TIMEOUT_MS: Final = 2000
#: How long SQLite itself may wait, because that stops every greenlet, and the rest in between.
STALL_MS: Final = 10
REST_MS: Final = 20
CONNECT_TIMEOUT_S: Final = 5
POOL_TIMEOUT_S: Final = 5

#: What a database says when a row is there already, or refers to one that is not.
_CONTRADICTIONS: Final = frozenset(
    {
        "SQLITE_CONSTRAINT_UNIQUE",
        "SQLITE_CONSTRAINT_PRIMARYKEY",
        "SQLITE_CONSTRAINT_FOREIGNKEY",
        "23503",  # foreign_key_violation
        "23505",  # unique_violation
    }
)

#: What a database says when its disk or its file is at fault, and not another user of it.
_FAILURES: Final = frozenset(
    {
        "SQLITE_FULL",
        "SQLITE_IOERR",
        "SQLITE_READONLY",
        "SQLITE_CORRUPT",
        "SQLITE_NOTADB",
        "SQLITE_CANTOPEN",
        "53100",  # disk_full
        "58030",  # io_error
        "XX001",  # data_corrupted
        "XX002",  # index_corrupted
    }
)

_FORMS: Final = "sqlite:///FILE or postgresql+psycopg2://USER:PASSWORD@HOST/DATABASE"

DatabaseFailure = (SQLAlchemyError, sqlite3.Error)


@dataclass(frozen=True, slots=True)
class Engines:
    """Three ways into one database.

    ``durable`` waits for the disk at each commit, ``relaxed`` does not, ``reading`` cannot write
    and sees one state throughout a transaction.  ``one_writer`` says that write transactions
    exclude each other.
    """

    durable: Engine
    relaxed: Engine
    reading: Engine
    one_writer: bool

    def dispose(self) -> None:
        """Close every pooled connection."""
        for engine in (self.durable, self.relaxed, self.reading):
            engine.dispose()


def make_engines(url: str, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engines:
    """Return the engines of ``url``; raises ConfigError when nothing answers there as it should.

    ``busy_timeout_ms`` is how long SQLite waits for another process that writes.
    """
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        engines = _sqlite(parsed, busy_timeout_ms)
    else:
        engines = _postgres(parsed)
    _try(engines)
    return engines


def read_url(url: str) -> URL:
    """Return the URL with its driver; raises ConfigError for any database but our two."""
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError):
        raise ConfigError(f"DATABASE_URL cannot be read; it must look like {_FORMS}.") from None
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg2"}:
        return parsed.set(drivername="postgresql+psycopg2")
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise ConfigError(
            f"DATABASE_URL names {parsed.drivername!r}, which is not supported; use {_FORMS}."
        )
    if parsed.database in {None, "", ":memory:"} or "mode" in parsed.query:
        raise ConfigError("DATABASE_URL must name a file: a database in memory keeps no alert.")
    return parsed


def _try(engines: Engines) -> None:
    """Connect once each way, so that a wrong address stops the start and not the first alert."""
    for engine in (engines.durable, engines.relaxed, engines.reading):
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except (*DatabaseFailure, UnicodeError) as error:
            engines.dispose()
            where = engine.url.render_as_string(hide_password=True)
            raise ConfigError(
                f"The database at {where} cannot be opened: {_said(error)}."
            ) from None


def _said(error: Exception) -> str:
    """What the driver said, on one line and without its full stop."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return " ".join(str(cause).split()).rstrip(".")


def _sqlite(url: URL, busy_timeout_ms: int) -> Engines:
    def engine(synchronous: str, begin: str, *pragmas: str) -> Engine:
        made = create_engine(url, pool_timeout=POOL_TIMEOUT_S)
        _give_room_back(made)
        _prepare(
            made,
            f"PRAGMA busy_timeout = {min(busy_timeout_ms, STALL_MS):d}",
            "PRAGMA journal_mode = WAL",
            "PRAGMA foreign_keys = ON",
            f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES:d}",
            f"PRAGMA journal_size_limit = {LOG_BYTES:d}",
            f"PRAGMA synchronous = {synchronous}",
            *pragmas,
        )
        _begin_with(made, begin, busy_timeout_ms)
        return made

    return Engines(
        durable=engine("FULL", "BEGIN IMMEDIATE"),
        relaxed=engine("NORMAL", "BEGIN IMMEDIATE"),
        reading=engine("NORMAL", "BEGIN", "PRAGMA query_only = ON"),
        one_writer=True,
    )


def _give_room_back(engine: Engine) -> None:
    """Let a new file get smaller where history was deleted; one with tables cannot learn it.

    There the statement would only wait for whoever writes.
    """

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's own
        if connection.execute("PRAGMA page_count").fetchone() == (0,):
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")


def _prepare(engine: Engine, *statements: str) -> None:
    """Run ``statements`` on each new connection, which leaves transactions to us alone."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's own
        connection.isolation_level = None
        for statement in statements:
            connection.execute(statement)


def _begin_with(engine: Engine, statement: str, busy_timeout_ms: int) -> None:
    """Begin transactions with ``statement``: IMMEDIATE takes the write lock before any read.

    While another process has it, greenlets and threads run on; after the time the failure is
    raised.
    """

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        rest = threading.Event()
        for _ in range(busy_timeout_ms // (STALL_MS + REST_MS)):
            if _got(raw.execute, statement):
                return
            rest.wait(REST_MS / 1000)
        raw.execute(statement)


def _got(execute: Callable[[str], object], statement: str) -> bool:
    """Whether the statement went through; False while another process has the lock."""
    try:
        execute(statement)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _postgres(url: URL) -> Engines:
    def engine(options: str, size: int) -> Engine:
        return create_engine(
            url,
            pool_size=size,
            max_overflow=size,
            pool_timeout=POOL_TIMEOUT_S,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": "signalbox",
                "options": options,
            },
        )

    return Engines(
        durable=engine("-c synchronous_commit=on", 5),
        relaxed=engine("-c synchronous_commit=off", 2),
        reading=engine(
            r"-c default_transaction_isolation=repeatable\ read"
            " -c default_transaction_read_only=on",
            5,
        ),
        one_writer=False,
    )


def translate(error: BaseException) -> SignalboxError:
    """Return what a database's error means to us.

    Conflict: the row is there already, or refers to one that is not.  InvariantBroken: a constraint
    or a type refused what we should never have written.  StoreFailed: the disk or the file is at
    fault.  StoreUnavailable: all else.  After the last two nothing was kept.
    """
    cause = error.orig if isinstance(error, StatementError) else error
    if isinstance(cause, SignalboxError):
        return cause
    if isinstance(error, IntegrityError):
        if _constraint(cause) in _CONTRADICTIONS:
            return Conflict(f"This contradicts what is stored: {_said(error)}.")
        return InvariantBroken(f"The database refused a row: {_said(error)}.")
    if isinstance(error, DataError) or (
        isinstance(error, StatementError) and not isinstance(error, DBAPIError)
    ):
        return InvariantBroken(f"A value cannot be stored: {_said(error)}.")
    said = f"The database did not answer as it should: {_said(error)}."  # type: ignore[arg-type]
    return StoreFailed(said) if _at_fault(cause) else StoreUnavailable(said)


def _at_fault(cause: BaseException | None) -> bool:
    """Whether the disk or the file is what failed; SQLite names the family of a code first."""
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "pgcode", None) or ""
    return code in _FAILURES or "_".join(code.split("_")[:2]) in _FAILURES


def _constraint(cause: BaseException | None) -> str | None:
    if str(cause).startswith("FOREIGN KEY"):
        # SQLite keeps ON DELETE RESTRICT by a trigger, and says so.
        return "SQLITE_CONSTRAINT_FOREIGNKEY"
    return getattr(cause, "sqlite_errorname", None) or getattr(cause, "pgcode", None)
