"""Connected accounts on the command line, at the stand-in for Alpaca; keys are never arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.support.alpaca import KEY, SECRET, StandIn, inner_stand_in


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[StandIn]:
    with inner_stand_in(tmp_path / "alpaca") as made:
        yield made


@pytest.fixture
def shell(ready: Shell, venue: StandIn) -> Shell:
    """A terminal whose environment has the keys, and the stand-in in the place of Alpaca."""
    hosts = dict.fromkeys(("ALPACA_PAPER_URL", "ALPACA_DATA_URL"), venue.address)
    keys = {"SIGNALBOX_KEY": KEY, "SIGNALBOX_SECRET": SECRET}
    return replace(ready, env={**ready.env, **hosts, **keys})


def test_an_account_is_connected_tested_disconnected_and_connected_again(shell: Shell) -> None:
    made = shell.json("account", "connect", "stocks", "--set", "extended_hours=true")
    assert (made["venue"], made["mode"], made["starting_cash"]) == ("alpaca", "paper", "100000")
    assert made["settings"] == "extended_hours=True"
    tested = shell.json("account", "test", "stocks")
    assert (tested["status"], tested["equity"], tested["blocked"]) == ("ACTIVE", "100000", [])
    gone = shell.json("account", "disconnect", "stocks")
    assert (gone["name"], gone["orders_that_stay"]) == ("stocks", 0)
    refused = shell.run("account", "test", "stocks")
    assert refused.exit_code == 1
    assert "is not connected" in refused.output
    again = shell.json("account", "connect", "stocks")
    assert again["id"] == made["id"]
    assert shell.json("account", "test", "stocks")["account"] == tested["account"]


def test_keys_are_asked_for_without_showing_them(shell: Shell) -> None:
    asking = replace(shell, env={**shell.env, "SIGNALBOX_KEY": None, "SIGNALBOX_SECRET": None})
    result = asking.run("account", "connect", "stocks", said=f"{KEY}\n{SECRET}\n")
    assert result.exit_code == 0, result.output
    assert KEY not in result.output
    assert SECRET not in result.output


def test_wrong_keys_are_refused_in_the_venues_words_without_a_word_of_them(shell: Shell) -> None:
    result = shell.run("account", "connect", "stocks", SIGNALBOX_SECRET="not-the-secret")
    assert result.exit_code == 2
    assert "The keys open nothing at Alpaca" in result.output
    assert "not-the-secret" not in result.output
    assert "stocks" not in shell.ok("account", "list")


def test_real_money_stays_out_unless_the_server_lets_it_in(shell: Shell) -> None:
    result = shell.run("account", "connect", "real", "--live", "--confirm", "real")
    assert result.exit_code == 2
    assert "LIVE_TRADING=true" in result.output
    assert "max_daily_loss: must be given" in result.output


def test_what_is_connected_already_takes_new_keys_and_nothing_else(shell: Shell) -> None:
    shell.ok("account", "connect", "stocks")
    result = shell.run("account", "connect", "stocks", "--max-orders-a-day", "3")
    assert result.exit_code == 2
    assert "only its keys are replaced" in result.output


def test_a_strategy_made_beside_the_server_says_that_its_symbol_was_not_checked(
    shell: Shell,
) -> None:
    shell.ok("account", "connect", "stocks")
    made = shell.run("strategy", "create", "First", "--symbol", "XYZQ", "--account", "stocks")
    assert made.exit_code == 0
    assert "Whether Alpaca trades XYZQ could not be checked" in made.output
