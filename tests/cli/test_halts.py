"""Halting from the command line: the switch is thrown in the database, a server does the rest."""

from __future__ import annotations

from app.domain.inbox import AlertState
from tests.cli.conftest import Shell
from tests.support.floor import Floor


def test_the_server_is_halted_and_resumed(ready: Shell) -> None:
    said = ready.ok("halt")
    assert said.startswith("Trading is halted on the server since ")
    assert said.rstrip().endswith("by the command line.")
    assert ready.json("halt", "--reduce")["state"] == "reducing"
    assert ready.ok("resume") == "Resumed.\n"
    assert ready.ok("resume") == "Nothing was stopped there.\n"


def test_an_account_or_a_strategy_is_named(ready: Shell) -> None:
    ready.ok("strategy", "create", "First", "--symbol", "ES", "--account", "paper")
    assert "on the strategy First since" in ready.ok("halt", "--strategy", "First")
    assert "pass on the account paper since" in ready.ok("halt", "--account", "paper", "--reduce")
    left = ready.json("resume", "--strategy", "First")["stopped"]
    assert len(left) == 1
    assert left[0].startswith("Only orders that reduce pass on the account paper")
    for wrong in (("--account", "nobody"), ("--account", "paper", "--strategy", "First")):
        assert ready.run("halt", *wrong).exit_code in {1, 2}


def test_f22_a_running_server_sees_it_at_once_and_does_what_was_asked(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.send(strategy, action="buy", quantity="1", order_type="limit", limit_price="4990")
    folder = floor.core.settings.data_dir
    shell = Shell(folder, {"DATA_DIR": str(folder), "DATABASE_URL": None, "PORT": "1"})
    told = shell.ok("halt", "--flatten")
    assert "To cancel: buy 1 ESZ2026 limit at 4990\n" in told
    assert "To close: Breakout: 2 ESZ2026 on desk\n" in told
    assert told.endswith("It is done when a server starts; the log tells what became of each.\n")
    assert floor.send(strategy, action="buy", quantity="1").code == "TRADING_HALTED"
    floor.wait(2)
    assert floor.held(strategy) == 0
    assert floor.working(strategy) == []
    shell.ok("resume")
    assert floor.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
