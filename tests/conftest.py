"""What every test shares: no address beyond this machine, and repeatable search for examples."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from pathlib import Path

from hypothesis import settings

pytest_plugins = ["tests.support.chromium", "tests.support.databases", "tests.support.stores"]

HOME = ("127.0.0.1", "::1", "localhost", "", None)

# The machine is shared by two workers and a browser: a slow example is no failure.
settings.register_profile("house", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("house")


#: Objects made before one looks for cycles among them: the default, 700, is for small programs.
#: Each server of a test makes tens of thousands, and looking took a fifth of the suite's time.
SEARCH_AFTER = 20_000
#: Where the tests' files are kept if it has room: waiting for a disk took a twelfth of the time.
MEMORY, ROOM = Path("/dev/shm"), 4 * 1024**3  # noqa: S108  memory that looks like a folder


def pytest_configure() -> None:
    """Refuse every connection that would leave this machine, and spare what only costs time."""
    sys.addaudithook(stay_home)
    gc.set_threshold(SEARCH_AFTER)
    if "TMPDIR" not in os.environ and in_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def in_memory() -> bool:
    """Whether all that the suite keeps at one time has room in memory."""
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM


def pytest_collection_finish() -> None:
    """Leave the modules and tests, which stay to the end, out of every search for garbage."""
    gc.collect()
    gc.freeze()


def stay_home(event: str, arguments: tuple[object, ...]) -> None:
    """Raise ConnectionRefusedError for an address elsewhere, by number or by name."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host not in HOME:
        raise ConnectionRefusedError(f"A test may not reach {host!r}.")
