from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.world import World, make_template, open_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    make_template(folder)
    return folder


@pytest.fixture
def open_server(template: Path, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Start a server with other settings of the web."""
    opened: list[World] = []

    def start(**web_settings: object) -> World:
        opened.append(open_world(template, tmp_path / str(len(opened)), **web_settings))
        return opened[-1]

    yield start
    for world in opened:
        world.core.close()


@pytest.fixture(scope="module")
def still_world(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One server for all tests of a module that change nothing on it."""
    opened = open_world(template, tmp_path_factory.mktemp("still"))
    yield opened
    opened.core.close()


@pytest.fixture
def world(open_server: Callable[..., World]) -> World:
    return open_server()
