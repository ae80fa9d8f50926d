"""When an account's trading day begins, on the command line."""

from __future__ import annotations

from tests.cli.conftest import Shell


def test_an_accounts_trading_day_is_set_when_it_is_made_and_changed_later(ready: Shell) -> None:
    roll = "16:00 America/Chicago holidays CMES"
    made = ready.json("account", "create", "stocks", "--roll", roll, "--set", "seed=7")
    assert made["roll"] == roll
    changed = ready.json("account", "change", "stocks", "--roll", "close XNYS")
    assert (changed["roll"], changed["settings"]) == ("close XNYS", "seed=7")


def test_a_trading_day_that_cannot_be_read_is_refused_with_what_to_write(ready: Shell) -> None:
    refused = ready.run("account", "change", "paper", "--roll", "close NEVER")
    assert refused.exit_code == 2
    assert "write CMES or XNYS" in refused.output
