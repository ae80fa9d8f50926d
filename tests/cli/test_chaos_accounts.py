"""Chaos accounts on the command line: made with faults, changed one fault at a time."""

from __future__ import annotations

from tests.cli.conftest import Shell


def test_a_chaos_account_is_made_with_its_faults(ready: Shell) -> None:
    more = ("--fault", "drop_after=0.05", "--fault", "doubled=1", "--set", "seed=7")
    made = ready.json("account", "create", "storm", "--venue", "chaos", *more)
    assert (made["venue"], made["mode"]) == ("chaos", "paper")
    assert made["settings"] == "faults.doubled=1 faults.drop_after=0.05 seed=7"


def test_a_fault_is_changed_and_the_others_stay(ready: Shell) -> None:
    ready.ok("account", "create", "storm", "--venue", "chaos", "--fault", "drop_after=0.05")
    changed = ready.json("account", "change", "storm", "--fault", "html=0.5")
    assert changed["settings"] == "faults.drop_after=0.05 faults.html=0.5"


def test_what_is_no_fault_or_no_chance_is_refused_by_name(ready: Shell) -> None:
    refused = ready.run("account", "create", "x", "--venue", "chaos", "--fault", "broken=1")
    assert refused.exit_code == 2
    assert "faults.broken: is no fault" in refused.output
    refused = ready.run("account", "create", "x", "--venue", "chaos", "--fault", "html=2")
    assert "must be a number from 0 to 1" in refused.output
    refused = ready.run("account", "change", "paper", "--fault", "html=0.1")
    assert "faults: is no setting" in refused.output


def test_every_fault_is_listed_with_what_it_does(ready: Shell) -> None:
    rows = ready.json("account", "faults")
    assert {"fault": "limited", "what": "429 with Retry-After, nothing was done"} in rows
