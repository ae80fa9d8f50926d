from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.support.following import EOD, Station
from tests.support.stores import sqlite_template

__all__ = ["sqlite_template"]


@pytest.fixture
def open_station(sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[..., Station]]:
    """Open a station under other rules."""
    opened: list[SqlStore] = []

    def start(rules: str = EOD) -> Station:
        path = tmp_path / f"{len(opened)}.db"
        shutil.copy(sqlite_template, path)
        opened.append(SqlStore(make_engines(f"sqlite:///{path}"), lambda _: None))
        return Station(opened[-1], rules)

    yield start
    for store in opened:
        store.close()


@pytest.fixture
def station(open_station: Callable[..., Station]) -> Station:
    return open_station()
