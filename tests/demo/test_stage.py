"""The demo's database is made once, and a later start goes on from it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from app.commands.parts.opening import opened, prepared
from app.config import Settings
from app.demo.script import CAST
from app.demo.stage import USER, staged


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(_env_file=None, data_dir=tmp_path / "demo", database_url=None)
    prepared(made)
    return made


def test_two_accounts_and_five_strategies_belong_to_the_demos_user(settings: Settings) -> None:
    with opened(settings) as made:
        stage = staged(made, "a password of it", random.Random(1))
        user = made.users.by_name(USER)
        assert len(made.accounts.list(user.id)) == 2
        assert {each.name for each in made.strategies.list(user.id)} == {p.name for p in CAST}
        assert made.users.verify(USER, "a password of it") == user
    assert stage.keys.keys() == {part.name for part in CAST}
    assert len(stage.actors) == len(CAST)


def test_a_second_start_finds_everything_and_changes_nothing(settings: Settings) -> None:
    with opened(settings) as made:
        first = staged(made, "a password of it", random.Random(1))
        second = staged(made, "another password", random.Random(1))
        assert second.keys == first.keys
        assert len(made.users.list()) == 1
        assert made.users.verify(USER, "another password") is None
