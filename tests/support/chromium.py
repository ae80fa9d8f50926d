"""The Chromium that browser tests drive: the system's, else the one that Playwright fetched.

Run as a script it fails when there is none or Playwright does not start, so the set-up knows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that drive a browser; skip them where there is none, except in CI."""
    driving = [item for item in items if "playwright" in getattr(item, "fixturenames", ())]
    skip = driving and os.environ.get("CI") != "true" and not ready()
    for item in driving:
        item.add_marker(pytest.mark.e2e)
        if skip:
            item.add_marker(pytest.mark.skip(reason="no Chromium: run `make setup-test`"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Playwright's arguments with our executable."""
    # Chromium's sandbox refuses to work for root.
    sandbox = [] if os.getuid() else ["--no-sandbox"]
    return {**browser_type_launch_args, "executable_path": find(), "args": sandbox}


def ready() -> bool:
    """Whether Playwright starts and there is a Chromium for it."""
    asked = subprocess.run([sys.executable, __file__], capture_output=True, check=False)
    return asked.returncode == 0


def find() -> str | None:
    """Return the path of a Chromium that starts, or None."""
    on_path = (shutil.which(name) for name in SYSTEM_NAMES)
    return next((path for path in on_path if path and starts(path)), None) or fetched()


def starts(path: str) -> bool:
    """Whether it runs: on Ubuntu the program of this name may only point at a missing snap."""
    return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0


def fetched() -> str | None:
    """Return the path of the build that Playwright fetched, or None."""
    path = driven()
    return str(path) if path.exists() else None


def driven() -> Path:
    """Return where Playwright would put its own build; fails when Playwright does not start."""
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


if __name__ == "__main__":
    driven()
    sys.exit(find() is None)
