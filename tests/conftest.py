"""What every test shares: no address beyond this machine, and repeatable search for examples."""

from __future__ import annotations

import gc
import os
import sys

from hypothesis import settings

pytest_plugins = ["tests.support.chromium", "tests.support.databases", "tests.support.stores"]

HOME = ("127.0.0.1", "::1", "localhost", "", None)

# The machine is shared by two workers and a browser: a slow example is no failure.
settings.register_profile("house", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("house")


#: Objects made before one looks for cycles among them: the default, 700, is for small programs.
#: Each server of a test makes tens of thousands, and looking took a fifth of the suite's time.
SEARCH_AFTER = 20_000


def pytest_configure() -> None:
    """Refuse every connection that would leave this machine, and look for garbage less often."""
    sys.addaudithook(stay_home)
    gc.set_threshold(SEARCH_AFTER)


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
