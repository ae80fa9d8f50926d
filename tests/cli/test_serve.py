"""What ``serve`` does before gunicorn takes its place."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from app.commands.parts.opening import alone, opened, port_fault, prepared
from app.commands.serve import made_ready, server_command, server_environment
from app.config import Settings
from app.domain.errors import ConfigError, Conflict
from app.store import migrate
from tests.support.serving import free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "data", port=free_port(), database_url=None)


def test_the_first_start_makes_the_database_the_account_and_the_link(settings: Settings) -> None:
    link = made_ready(settings)
    assert link is not None
    address, _, token = link.partition("/setup?token=")
    assert address == settings.base_url
    with opened(settings) as made:
        assert [account.name for account in made.accounts.list(None)] == ["paper"]
        assert made.users.setup_token_valid(token)


def test_each_start_without_a_user_makes_a_new_link_and_no_second_account(
    settings: Settings,
) -> None:
    first, second = made_ready(settings), made_ready(settings)
    assert first != second
    with opened(settings) as made:
        assert len(made.accounts.list(None)) == 1


def test_c20_beside_a_server_that_trades_its_link_stays_the_only_one(settings: Settings) -> None:
    first = made_ready(settings)
    assert first is not None
    with alone(settings):
        assert made_ready(settings) is None
    with opened(settings) as made:
        assert made.users.setup_token_valid(first.partition("token=")[2])


def test_c20_a_database_on_which_a_server_trades_is_not_migrated(settings: Settings) -> None:
    settings.data_dir.mkdir()
    with alone(settings), pytest.raises(Conflict, match="trades on this database: stop it first"):
        prepared(settings)
    assert migrate.current(settings.store_url) is None


def test_with_a_user_there_is_no_link(settings: Settings) -> None:
    made_ready(settings)
    with opened(settings) as made:
        made.users.create("ann", "correct horse battery")
    assert made_ready(settings) is None


def test_a_port_in_use_stops_the_start_before_anything_is_made(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind((settings.host, settings.port))
        with pytest.raises(ConfigError) as stopped:
            made_ready(settings)
    assert "PORT" in stopped.value.detail
    assert not settings.data_dir.exists()


def test_an_address_of_another_machine_cannot_be_listened_on(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"host": "192.0.2.1"})
    assert "192.0.2.1" in (port_fault(elsewhere) or "")


def test_a_directory_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings(_env_file=None, data_dir=tmp_path / "file" / "data", port=free_port())
    with pytest.raises(ConfigError) as stopped:
        made_ready(settings)
    assert "DATA_DIR" in stopped.value.detail


def test_gunicorn_is_told_what_the_settings_say(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    told = server_environment(settings.model_copy(update={"async_mode": "threading"}))
    assert (told["HOST"], told["PORT"]) == (settings.host, str(settings.port))
    assert told["ASYNC_MODE"] == "threading"
    assert told["LOG_LEVEL"] == "debug"


def test_the_server_is_started_the_same_from_every_directory() -> None:
    command = server_command()
    paths = [Path(word) for word in command if "/" in word]
    assert [path for path in paths if not (path.is_absolute() and path.exists())] == []
    assert command[-1] == "wsgi:app"
