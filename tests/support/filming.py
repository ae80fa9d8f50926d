"""What a browser test shows, recorded for people: a trace that plays, and a picture of each step.

Nothing is recorded unless ``RECORD_DIR`` names a folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page


@dataclass
class Film:
    """A recording in ``folder``, or none if that is None."""

    folder: Path | None
    _page: Page | None = None
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def begin(self, page: Page) -> None:
        """Record what is done in the page from now on."""
        self._page = page
        if self.folder is not None:
            page.context.tracing.start(screenshots=True, snapshots=True)

    def show(self, step: str) -> None:
        """Keep a picture of the whole page."""
        if self.folder is not None and self._page is not None:
            name = f"{next(self._numbers):02}-{step.replace(' ', '-')}.png"
            self._page.screenshot(path=self.folder / name, full_page=True)

    def end(self) -> None:
        """Keep the trace, also of a test that failed."""
        if self.folder is not None and self._page is not None:
            self._page.context.tracing.stop(path=self.folder / "trace.zip")


@pytest.fixture
def film() -> Iterator[Film]:
    """The recording of a test; take it after ``desk``, so that it ends before the browser does."""
    named = os.environ.get("RECORD_DIR")
    made = Film(Path(named).absolute() if named else None)
    yield made
    made.end()
