"""The running server as commands see it over HTTP, and a recording shown on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.commands.parts.http import HttpServer, ServerGone
from app.domain.errors import Unauthorised
from tests.cli.conftest import PASSWORD, Shell, Webhook
from tests.support.recordings import Recording

QUOTE = {"symbol": "ES1!", "bid": "1", "ask": "2"}


def test_a_price_goes_with_the_token(webhook: Webhook) -> None:
    HttpServer(webhook.address, token="secret").quote(QUOTE)
    ((path, body),) = webhook.sent
    assert (path, json.loads(body)) == ("/api/paper-trading/quotes", QUOTE)
    assert webhook.tokens == ["Bearer secret"]


def test_without_a_token_no_price_is_sent(webhook: Webhook) -> None:
    HttpServer(webhook.address).quote(QUOTE)
    assert webhook.sent == []


def test_a_token_that_is_not_taken_stops_the_showing(webhook: Webhook) -> None:
    webhook.status, webhook.answer = 401, b'{"detail": "Unknown."}'
    with pytest.raises(Unauthorised):
        HttpServer(webhook.address, token="secret").quote(QUOTE)


@pytest.mark.parametrize(
    ("status", "answer", "word"),
    [
        (202, b'{"status": "accepted"}', "accepted"),
        (404, b'{"error_code": "NOT_FOUND"}', "NOT_FOUND"),
        (503, b"{}", "503"),
    ],
)
def test_what_became_of_an_alert_is_one_word(
    webhook: Webhook, status: int, answer: bytes, word: str
) -> None:
    webhook.status, webhook.answer = status, answer
    assert HttpServer(webhook.address, "k").alert(b"exit", "text/plain") == word


def test_nobody_there_is_no_server() -> None:
    server = HttpServer("http://127.0.0.1:1")
    assert not server.answers()
    with pytest.raises(ServerGone):
        server.alert(b"", "")


def test_another_program_is_no_server(webhook: Webhook) -> None:
    assert not HttpServer(webhook.address).answers()


def test_a_recording_is_shown_with_a_key_and_a_token(
    shell: Shell, webhook: Webhook, tmp_path: Path
) -> None:
    options = [*Recording(tmp_path).write(), "--symbol", "MESH2026", "--speed", "100000"]
    options += ["--server", webhook.address, "--key", "k", "--token", "secret"]
    lines = shell.ok("replay", *options).splitlines()
    assert len(lines) == 6
    assert lines[0] == "2026-03-04 15:01:01  alert 1: accepted"
    paths = [path for path, _ in webhook.sent]
    assert (paths.count("/webhook/k"), paths.count("/api/paper-trading/quotes")) == (6, 4)


def test_a_recording_is_shown_on_an_account_by_a_strategy_that_is_made_once(
    ready: Shell, webhook: Webhook, tmp_path: Path
) -> None:
    options = [*Recording(tmp_path).write(), "--symbol", "MESH2026", "--speed", "100000"]
    for _ in range(2):
        ready.ok("replay", *options, "--account", "paper", "--server", webhook.address)
    assert [each["name"] for each in ready.json("strategy", "list")] == ["Replay of MES1!"]
    alerts = [path for path, _ in webhook.sent if path.startswith("/webhook/")]
    assert (len(alerts), len(set(alerts))) == (12, 1)
    ids = [json.loads(body)["id"] for path, body in webhook.sent if b'"action": "exit"' in body]
    assert len(set(ids)) == len(ids) == 4


def test_a_showing_stays_on_the_account_that_it_began_on(
    ready: Shell, webhook: Webhook, tmp_path: Path
) -> None:
    ready.ok("account", "create", "second")
    options = [*Recording(tmp_path).write(), "--symbol", "MESH2026", "--speed", "100000"]
    ready.ok("replay", *options, "--account", "paper", "--server", webhook.address)
    result = ready.run("replay", *options, "--account", "second", "--server", webhook.address)
    assert result.exit_code == 2
    assert "another account" in result.stderr


def test_a_recording_is_shown_only_once_there_is_a_user(shell: Shell, tmp_path: Path) -> None:
    shell.ok("migrate")
    shell.ok("account", "create", "early")
    options = [*Recording(tmp_path).write(), "--symbol", "MESH2026", "--speed", "60"]
    result = shell.run("replay", *options, "--account", "early")
    assert result.exit_code == 2
    assert "first user" in result.stderr
    shell.ok("user", "create", "ann", "--password", PASSWORD)
