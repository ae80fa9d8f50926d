"""The venue's process: one at a time on a directory, and gone when its parent is."""

from __future__ import annotations

import fcntl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from app.clock import SystemClock
from app.domain.errors import ConfigError, SignalboxError, StoreUnavailable
from app.venue.house import House
from app.venue.log import VenueLog
from app.venue.server import VenueServer

_STEP_S: Final = 0.05
#: How long to wait for another venue on the same directory to end.
_PATIENCE_S: Final = 2.0


@contextmanager
def running(
    folder: Path, port: int, token: str, quote_age: timedelta, alert_age: timedelta
) -> Iterator[VenueServer]:
    """Serve the venue on 127.0.0.1; raises ConfigError when that is not possible."""
    with _alone(folder):
        try:
            log = VenueLog(folder)
        except StoreUnavailable as error:
            raise ConfigError(error.detail) from error
        house = House(log, SystemClock(), quote_age, alert_age)
        try:
            server = VenueServer(("127.0.0.1", port), house, token)
        except OSError as error:
            raise ConfigError(f"Port {port} cannot be listened on: {error.strerror}.") from error
        house.reopen()
        server.start()
        try:
            yield server
        finally:
            server.stop()
            log.close()


def serve(server: VenueServer, *, with_parent: bool) -> None:
    """Move the market until the server ends; with the parent, when standard input ends."""
    if with_parent:
        threading.Thread(target=_end_with_input, args=(server.ending.set,), daemon=True).start()
    while not server.ending.wait(_STEP_S):
        try:
            server.house.step()
        except SignalboxError as error:
            sys.stderr.write(f"The market stood still: {error.detail}\n")


def _end_with_input(end: Callable[[], None]) -> None:
    """Call ``end`` once whoever started this process has closed its end of the pipe, or died."""
    while sys.stdin.buffer.read(4096):
        continue
    end()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep every other venue away from the directory: two would not know of each other's fills."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "venue.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be used: {error.strerror}.") from error
    with lock:
        waiting, waited = threading.Event(), 0.0
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if waited >= _PATIENCE_S:
                    raise ConfigError(f"Another venue works in {folder}: stop it first.") from None
            waiting.wait(_STEP_S)
            waited += _STEP_S
        yield
