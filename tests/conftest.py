"""What every test shares: no address beyond this machine, and repeatable search for examples."""

from __future__ import annotations

import os
import sys

from hypothesis import settings

pytest_plugins = ["tests.support.chromium", "tests.support.databases", "tests.support.stores"]

HOME = ("127.0.0.1", "::1", "localhost", "", None)

# The machine is shared by two workers and a browser: a slow example is no failure.
settings.register_profile("house", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("house")


def pytest_configure() -> None:
    """Refuse every connection that would leave this machine."""
    sys.addaudithook(stay_home)


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
