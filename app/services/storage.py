"""Storage: whether the database can be written and has room, and what follows for trading.

What cannot be written down must not be traded: when the disk is full or read-only, or the file is
damaged, trading halts.  The halt is kept here for as long as it cannot be written, and is written
before anything else once the database takes a write.  A person resumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final

from app.domain.errors import StoreFailed
from app.domain.safety.switches import Scope, Switch, TradingState
from app.services.ports import Clock, UnitOfWork
from app.services.trading.switches import tighten

#: Trading halts when less than this part of the wanted space is free.
CRITICAL_PART: Final = 4
MIB: Final = 1024 * 1024
#: The database's log is cut back to 64 MiB again and again; so much means that something holds it.
LARGE_LOG: Final = 512 * MIB


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the storage now: a code, and a sentence that says what to do."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Halt:
    at: datetime
    detail: str


class Storage:
    """Watches over the storage; ``min_free`` is the space in bytes that should be free, 0 for any.

    It listens to the store: ``failed`` and ``worked`` are told of every failure of the disk and
    of the first success after one, ``write_down`` and ``kept`` put a halt into its transaction.
    """

    def __init__(self, clock: Clock, min_free: int) -> None:
        self._clock = clock
        self._min_free = min_free
        self._lock = Lock()
        self._failure: str | None = None
        self._free: int | None = None
        self._log: int | None = None
        self._critical = False
        self._halt: _Halt | None = None

    # --- what the store tells ---------------------------------------------------------------------

    @property
    def failing(self) -> bool:
        """Whether the last durable write failed because of the disk or the file."""
        return self._failure is not None

    @property
    def pending(self) -> bool:
        """Whether a halt waits to be written down."""
        return self._halt is not None

    def failed(self, error: StoreFailed) -> None:
        """Halt, because the disk or the file did not take or give what was asked."""
        with self._lock:
            if self._failure is None:
                self._demand(f"The database cannot be used. {error.detail}")
            self._failure = error.detail

    def worked(self) -> None:
        """Note that the database takes writes again; the halt stays."""
        self._failure = None

    def write_down(self, uow: UnitOfWork) -> None:
        """Write the halt that waits into the transaction, unless trading is halted already."""
        halt = self._halt
        if halt is not None:
            halted = TradingState.HALTED
            tighten(uow, Switch(Scope.SERVER, "", halted, halt.at, "STORAGE_FAILED", halt.detail))

    def kept(self) -> None:
        """Forget the halt: it is written."""
        self._halt = None

    # --- what the disk is like --------------------------------------------------------------------

    def measured(self, free: int | None, log: int | None) -> None:
        """Take the free space and the size of the database's log, in bytes; None when unknown."""
        with self._lock:
            self._free, self._log = free, log
            critical = free is not None and free * CRITICAL_PART < self._min_free
            if critical and not self._critical:
                self._demand(f"Only {_mib(free)} are free on the disk of the database.")
            self._critical = critical

    @property
    def recording(self) -> bool:
        """Whether P&L may be recorded: it is the first thing to stop."""
        return self._failure is None and not self._low

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong now, the worst of it; None when nothing is."""
        if self._failure is not None:
            words = (
                f"{self._failure} Alerts are answered with 503, so that their senders try again,"
                " and trading is halted. Make room or mend the disk; then resume trading."
            )
            return Trouble("STORAGE_FAILED", words)
        if self._low:
            halted = "trading is halted, and" if self._critical else ""
            words = (
                f"Only {_mib(self._free)} are free on the disk of the database,"
                f" {_mib(self._min_free)} are wanted: {halted} P&L is not recorded."
                " Make room on the disk."
            )
            return Trouble("DISK_LOW", " ".join(words.split()))
        if self._log is not None and self._log > LARGE_LOG:
            words = (
                f"The database's log has grown to {_mib(self._log)}: another program reads the"
                " database without an end. Find and end it."
            )
            return Trouble("LOG_GROWN", words)
        return None

    @property
    def _low(self) -> bool:
        return self._free is not None and self._free < self._min_free

    def _demand(self, detail: str) -> None:
        self._halt = self._halt or _Halt(self._clock.now(), detail)


def _mib(size: int | None) -> str:
    return f"{(size or 0) // MIB:,} MiB"
