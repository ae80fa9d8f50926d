"""Transactions: all of a block is kept or none of it, and its facts are told after the commit."""

from __future__ import annotations

import sys
import threading
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from app.domain.errors import InvariantBroken, SignalboxError, StoreFailed, StoreUnavailable
from app.services.ports import Publish, UnitOfWork
from app.store.engine import DatabaseFailure, Engines, translate
from app.store.repos.addon import AddonKeys, Addons
from app.store.repos.agreement import Agreements, StoredBooks
from app.store.repos.bars import Bars
from app.store.repos.books import Positions, Trips
from app.store.repos.days import BookDays, DayNotes
from app.store.repos.funded import FundedAccounts, RuleSets
from app.store.repos.history import Facts, Flags, History
from app.store.repos.inbox import Alerts, Decisions
from app.store.repos.journal import Attachments, Excursions, TripRemarks
from app.store.repos.measured import MetricDays
from app.store.repos.notices import Channels
from app.store.repos.orders import Fills, Orders
from app.store.repos.paper import PaperRecords
from app.store.repos.people import Accounts, Keys, Strategies, Users
from app.store.repos.rolled import RolledHistory
from app.store.repos.safety import Drifts, Storms, Switches
from app.store.repos.statements import Statements

#: Longer than SQLite's own wait for another process, so that its answer comes first.
PATIENCE_S: Final = 10.0


class Witness(Protocol):
    """Sees how the disk does, and may have something that is written before anything else."""

    @property
    def failing(self) -> bool:
        """Whether a failure was seen, and no success since."""
        ...

    @property
    def pending(self) -> bool:
        """Whether something waits to be written."""
        ...

    def failed(self, error: StoreFailed) -> None:
        """Hear that the disk or the file failed; called from any thread, inside no transaction."""

    def worked(self) -> None:
        """Hear that a durable transaction was kept."""

    def write_down(self, uow: UnitOfWork) -> None:
        """Write what waits."""

    def kept(self) -> None:
        """Hear that what waited is kept."""


class Nobody:
    """A witness who looks away: for tools that only open the database for a moment."""

    failing = False
    pending = False

    def failed(self, error: StoreFailed) -> None:
        """Do nothing."""

    def worked(self) -> None:
        """Do nothing."""

    def write_down(self, uow: UnitOfWork) -> None:
        """Do nothing."""

    def kept(self) -> None:
        """Do nothing."""


class SqlUnit:
    """The repositories of one transaction."""

    __slots__ = (
        "accounts",
        "addon_keys",
        "addons",
        "agreements",
        "alerts",
        "attachments",
        "bars",
        "channels",
        "connection",
        "day_notes",
        "days",
        "decisions",
        "drifts",
        "excursions",
        "facts",
        "fills",
        "flags",
        "funded",
        "history",
        "keys",
        "metric_days",
        "orders",
        "paper",
        "positions",
        "remarks",
        "rolled",
        "rule_sets",
        "statements",
        "stored",
        "storms",
        "strategies",
        "switches",
        "trips",
        "users",
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.accounts = Accounts(connection)
        self.addon_keys = AddonKeys(connection)
        self.addons = Addons(connection)
        self.agreements = Agreements(connection)
        self.alerts = Alerts(connection)
        self.attachments = Attachments(connection)
        self.bars = Bars(connection)
        self.channels = Channels(connection)
        self.day_notes = DayNotes(connection)
        self.days = BookDays(connection)
        self.decisions = Decisions(connection)
        self.drifts = Drifts(connection)
        self.excursions = Excursions(connection)
        self.facts = Facts(connection)
        self.fills = Fills(connection)
        self.flags = Flags(connection)
        self.funded = FundedAccounts(connection)
        self.history = History(connection)
        self.keys = Keys(connection)
        self.metric_days = MetricDays(connection)
        self.orders = Orders(connection)
        self.paper = PaperRecords(connection)
        self.positions = Positions(connection)
        self.remarks = TripRemarks(connection)
        self.rolled = RolledHistory(connection)
        self.rule_sets = RuleSets(connection)
        self.stored = StoredBooks(connection)
        self.statements = Statements(connection)
        self.storms = Storms(connection)
        self.strategies = Strategies(connection)
        self.switches = Switches(connection)
        self.trips = Trips(connection)
        self.users = Users(connection)


class Gate:
    """Lets one write transaction through at a time where the database has one writer.

    Threads and greenlets wait here, because SQLite's own wait would stop every greenlet.  When the
    one whose turn it is cannot begin, those behind have waited as long and are told the same.
    """

    def __init__(self, *, one_writer: bool, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._lock = threading.Lock() if one_writer else None
        self._here = threading.local()
        self._misses = 0

    def enter(self) -> None:
        """Wait for the turn; InvariantBroken inside another write block of the same thread."""
        if getattr(self._here, "writing", False):
            raise InvariantBroken("A write block was opened inside another one.")
        if self._lock is not None:
            self._wait(self._lock)
        self._here.writing = True

    def miss(self) -> None:
        """Leave without having begun, and turn away whoever waits."""
        self._misses += 1
        self.leave()

    def leave(self) -> None:
        """Let the next one through."""
        self._here.writing = False
        if self._lock is not None:
            self._lock.release()

    def _wait(self, lock: threading.Lock) -> None:
        misses = self._misses
        if not lock.acquire(timeout=self._patience_s):
            raise StoreUnavailable(f"Other writes took longer than {self._patience_s:g} seconds.")
        if misses != self._misses:
            lock.release()
            raise StoreUnavailable("The database let nobody write.")


class Lane:
    """Where write transactions get their connection.

    With one writer it is kept open between transactions, which saves a third of a small one's cost.
    ``durable`` says that its commits wait for the disk.
    """

    def __init__(self, engine: Engine, *, keep: bool, durable: bool) -> None:
        self.durable = durable
        self._engine = engine
        self._keep = keep
        self._kept: Connection | None = None

    def begin(self) -> Connection:
        """Return a connection on which a transaction has begun."""
        connection = self._kept or self._engine.connect()
        try:
            connection.begin()
        except BaseException:
            self.drop(connection)
            raise
        if self._keep:
            self._kept = connection
        return connection

    def release(self, connection: Connection) -> None:
        """Take back a connection whose transaction has ended."""
        if not self._keep:
            connection.close()

    def drop(self, connection: Connection) -> None:
        """Throw away a connection in an unknown state, so that it harms no later transaction."""
        self._kept = None
        connection.invalidate()
        connection.close()

    def close(self) -> None:
        """Close the connection that is kept."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None


class _Writing:
    """A write transaction as a context manager."""

    __slots__ = ("_connection", "_gate", "_lane", "_publish", "_unit", "_witness", "_writes_down")

    _connection: Connection
    _unit: SqlUnit

    def __init__(self, gate: Gate, lane: Lane, publish: Publish, witness: Witness) -> None:
        self._gate = gate
        self._lane = lane
        self._publish = publish
        self._witness = witness
        self._writes_down = False

    def __enter__(self) -> SqlUnit:
        self._gate.enter()
        try:
            self._connection = self._lane.begin()
        except DatabaseFailure as error:
            self._gate.miss()
            raise _meaning(error, self._witness) from error
        self._unit = SqlUnit(self._connection)
        if self._lane.durable and self._witness.pending:
            self._write_down()
        return self._unit

    def _write_down(self) -> None:
        self._writes_down = True
        try:
            self._witness.write_down(self._unit)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._end(keep=error is None)
        finally:
            self._gate.leave()
        if isinstance(error, SQLAlchemyError):
            raise _meaning(error, self._witness) from error
        if error is None and self._unit.facts.appended:
            self._publish(self._unit.facts.appended)

    def _end(self, *, keep: bool) -> None:
        """Commit or roll back; a connection that can do neither is thrown away."""
        connection = self._connection
        try:
            if keep:
                connection.commit()
            else:
                connection.rollback()
        except DatabaseFailure as failure:
            self._lane.drop(connection)
            if keep:
                raise _meaning(failure, self._witness) from failure
        else:
            self._lane.release(connection)
            if keep and self._lane.durable:
                self._bear_witness()

    def _bear_witness(self) -> None:
        if self._writes_down:
            self._witness.kept()
        if self._witness.failing:
            self._witness.worked()


class _Reading:
    """A read transaction as a context manager."""

    __slots__ = ("_connection", "_engine", "_witness")

    _connection: Connection

    def __init__(self, engine: Engine, witness: Witness) -> None:
        self._engine = engine
        self._witness = witness

    def __enter__(self) -> SqlUnit:
        try:
            self._connection = self._engine.connect()
            self._connection.begin()
        except DatabaseFailure as error:
            raise _meaning(error, self._witness, reading=True) from error
        return SqlUnit(self._connection)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._connection.close()
        except DatabaseFailure as failure:
            raise _meaning(failure, self._witness, reading=True) from failure
        if isinstance(error, DatabaseFailure):
            raise _meaning(error, self._witness, reading=True) from error


def _meaning(error: BaseException, witness: Witness, *, reading: bool = False) -> SignalboxError:
    """Return what the failure means to us, after the witness heard of it.

    That a read block may not write is our own rule, and no fault of the disk.
    """
    meaning = translate(error)
    if isinstance(meaning, StoreFailed) and not (reading and "readonly" in meaning.detail):
        witness.failed(meaning)
    return meaning


class SqlStore:
    """The database behind the port ``Store``; ``publish`` gets the facts of each commit.

    ``witness`` hears of every failure of the disk or the file.
    """

    def __init__(self, engines: Engines, publish: Publish, witness: Witness | None = None) -> None:
        self._engines = engines
        self._publish = publish
        self._witness = witness or Nobody()
        self._gate = Gate(one_writer=engines.one_writer)
        self._durable = Lane(engines.durable, keep=engines.one_writer, durable=True)
        self._relaxed = Lane(engines.relaxed, keep=engines.one_writer, durable=False)

    @property
    def on_postgres(self) -> bool:
        """Whether the database is PostgreSQL; SQLite is the only other one."""
        return not self._engines.one_writer

    def write(self) -> AbstractContextManager[SqlUnit]:
        """A durable transaction, as the port says; InvariantBroken inside another write block."""
        return _Writing(self._gate, self._durable, self._publish, self._witness)

    def record(self) -> AbstractContextManager[SqlUnit]:
        """A transaction for history, which may be lost with the machine's power."""
        return _Writing(self._gate, self._relaxed, self._publish, self._witness)

    def read(self) -> AbstractContextManager[SqlUnit]:
        """A consistent view; whatever it is asked to write is refused."""
        return _Reading(self._engines.reading, self._witness)

    def close(self) -> None:
        """Close every connection."""
        self._durable.close()
        self._relaxed.close()
        self._engines.dispose()
