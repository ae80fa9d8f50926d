"""Tests of the agreement run on a whole core whose books are written by the code that settles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.clock import VirtualClock
from tests.support.agreeing import Ledger, open_ledger
from tests.support.floor import OPENING


@pytest.fixture
def ledger(floor_folder: Path) -> Iterator[Ledger]:
    """Books on a database of the test's own."""
    made = open_ledger(floor_folder, VirtualClock(OPENING))
    yield made
    made.core.close()
