"""A floor whose broker breaks on demand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.floor import floor_folder, floor_template
from tests.support.shaky import Shaky, shaky

__all__ = ["desk", "floor_folder", "floor_template"]


@pytest.fixture
def desk(floor_folder: Path) -> Iterator[Shaky]:
    """The core and the fault broker, connected."""
    with shaky(floor_folder) as made:
        yield made
