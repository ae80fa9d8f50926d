"""Sending an alert from the command line, to a server that answers like ours or not at all."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Shell, Webhook


def test_a_message_goes_to_the_webhook_of_the_named_strategy(
    ready: Shell, webhook: Webhook
) -> None:
    made = ready.json("strategy", "create", "First", "--symbol", "ES")
    answer = ready.json("alert", "send", "First", "action=exit", PORT=str(webhook.port))
    assert answer == {"status_code": 202, "alert_id": "a1", "status": "accepted"}
    assert webhook.sent == [(f"/webhook/{made['webhook_key']}", b"action=exit")]


def test_a_key_needs_no_database(shell: Shell, webhook: Webhook) -> None:
    arguments = ["--key", "k", "--server", webhook.address]
    shell.ok("alert", "send", *arguments, '{"action": "exit"}')
    assert webhook.sent == [("/webhook/k", b'{"action": "exit"}')]


def test_a_message_is_read_from_the_standard_input(shell: Shell, webhook: Webhook) -> None:
    result = shell.run("alert", "send", "--key", "k", "-", "--server", webhook.address, said="exit")
    assert result.exit_code == 0
    assert webhook.sent == [("/webhook/k", b"exit")]


def test_options_make_a_message_with_an_id_of_its_own(shell: Shell, webhook: Webhook) -> None:
    arguments = ["--action", "buy", "--quantity", "2", "--price", "5000.25"]
    for _ in range(2):
        shell.ok("alert", "send", "--key", "k", *arguments, "--server", webhook.address)
    first, second = (json.loads(body) for _, body in webhook.sent)
    assert first["id"] != second["id"]
    assert {**first, "id": ""} == {
        "id": "",
        "action": "buy",
        "quantity": "2",
        "price": "5000.25",
    }


def test_the_id_can_be_given(shell: Shell, webhook: Webhook) -> None:
    arguments = ["--action", "exit", "--id", "mine", "--server", webhook.address]
    shell.ok("alert", "send", "--key", "k", *arguments)
    assert json.loads(webhook.sent[0][1])["id"] == "mine"


def test_an_alert_that_is_not_taken_exits_with_1_and_shows_the_answer(
    shell: Shell, webhook: Webhook
) -> None:
    webhook.status, webhook.answer = 400, b'{"detail": "It cannot be read."}'
    result = shell.run("alert", "send", "--key", "k", "{", "--server", webhook.address, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"status_code": 400, "detail": "It cannot be read."}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["First"],
        ["First", "action=exit", "and more"],
        ["--key", "k", "First", "action=exit"],
        ["--key", "k", "action=exit", "--action", "exit"],
        ["--key", "k", "--quantity", "2"],
    ],
)
def test_what_makes_no_alert_is_bad_input(shell: Shell, arguments: list[str]) -> None:
    assert shell.run("alert", "send", *arguments).exit_code == 2


def test_no_server_is_one_sentence(shell: Shell) -> None:
    result = shell.run("alert", "send", "--key", "k", "action=exit")
    assert result.exit_code == 1
    assert "No server answers at http://127.0.0.1:1" in result.stderr


@pytest.mark.parametrize("answer", [b"<html>", b"[]"])
def test_another_server_is_not_taken_for_ours(
    shell: Shell, webhook: Webhook, answer: bytes
) -> None:
    webhook.answer = answer
    result = shell.run("alert", "send", "--key", "k", "action=exit", "--server", webhook.address)
    assert result.exit_code == 1
    assert "is not Signalbox" in result.stderr
