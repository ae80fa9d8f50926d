"""Comparing what is stored with the fills from the command line."""

from __future__ import annotations

from pathlib import Path

from app.clock import VirtualClock
from tests.cli.conftest import Shell, shell_on
from tests.support.agreeing import Ledger, open_ledger
from tests.support.floor import OPENING


def traded(folder: Path, *damage: str) -> Shell:
    """A database with a round trip and an open position, damaged if that is said."""
    ledger: Ledger = open_ledger(folder, VirtualClock(OPENING))
    ledger.trade(ledger.strategy())
    for statement in damage:
        ledger.damage(statement)
    ledger.core.close()
    return shell_on(folder)


def test_books_that_agree_are_counted(floor_folder: Path) -> None:
    shell = traded(floor_folder)
    said = shell.ok("agreement")
    assert said.endswith("Everything that is stored agrees with the fills.\n")
    told = shell.json("agreement")
    assert told.pop("seconds") < "5"
    assert told == {
        "state": "agreed",
        "books": 1,
        "fills": 3,
        "differences": 0,
        "skipped": 0,
        "found": [],
    }


def test_a_difference_is_told_with_both_numbers_and_exits_with_1(floor_folder: Path) -> None:
    shell = traded(floor_folder, "UPDATE positions SET quantity = '2'")
    result = shell.run("agreement")
    assert result.exit_code == 1
    assert "nothing was changed" in result.output
    assert "the position's quantity" in result.output
    (row,) = result.output.rstrip().splitlines()[-1:]
    assert row.split()[-2:] == ["2", "1"]
