"""Whoever enforces the rules of a funded account is killed at every statement of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from app.clock import VirtualClock
from app.domain.events import FactKind
from app.domain.safety.switches import TradingState
from app.domain.strategies import Strategy
from tests.faults import killed_enforcing
from tests.faults.killed_enforcing import LATER
from tests.propfirm.making import SOFT
from tests.support.floor import OPENING, Floor, floor_folder, floor_template, open_floor, restarted
from tests.support.ruled import Ruled, versioned
from tests.support.tree import ROOT
from tests.support.venue import ScriptedVenue

pytestmark = pytest.mark.hardship

__all__ = ["floor_folder", "floor_template"]

RULES = versioned(SOFT)


def opened(folder: Path) -> Floor:
    clock = VirtualClock(OPENING)
    return open_floor(folder, clock, ScriptedVenue(clock))


def broken(folder: Path) -> Strategy:
    """Let an account hold a contract, and lose its daily limit; nothing is enforced yet."""
    floor = opened(folder)
    ruled = Ruled(floor, RULES)
    ruled.accept()
    floor.quote("5000")
    strategy = ruled.strategy()
    ruled.send(strategy, action="buy", quantity="1")
    floor.clock.advance(LATER.total_seconds())
    floor.quote("4980")
    floor.core.funded.watching.step(floor.clock.now())
    assert len(ruled.told(FactKind.RULE_BREACHED)) == 1
    floor.core.close()
    return strategy


def killed(folder: Path, before: int) -> bool:
    """Enforce in a process of its own; whether it was killed."""
    done = subprocess.run(
        [sys.executable, killed_enforcing.__file__, str(folder), str(before)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


def after_the_restart(folder: Path, strategy: Strategy) -> tuple[object, ...]:
    """What is held, the switch, and how often it was told, a few seconds after the start."""
    floor = opened(folder)
    floor.clock.advance(LATER.total_seconds())
    floor.quote("4980")
    ruled = Ruled(restarted(floor), RULES)
    for _ in range(3):
        ruled.floor.quote("4980")
        ruled.second()
    with ruled.floor.core.store.read() as uow:
        kinds = [fact.kind for fact in uow.facts.after(0, 1000)]
        closes = [order for order in uow.orders.of_alert(_newest(ruled)) if order.reduce_only]
    found = (
        str(ruled.held(strategy)),
        None if ruled.switch is None else (ruled.switch.state, ruled.switch.code),
        kinds.count(FactKind.FUNDED_ENFORCED),
        len(closes),
    )
    ruled.floor.core.close()
    return found


def _newest(ruled: Ruled) -> str:
    with ruled.floor.core.store.read() as uow:
        return uow.alerts.newest()


def test_what_was_begun_before_a_kill_is_done_once_after_the_restart(
    floor_folder: Path, tmp_path: Path
) -> None:
    strategy = broken(floor_folder)
    deaths = 0
    for statement in count():
        cut = Path(shutil.copytree(floor_folder, tmp_path / str(statement)))
        dead = killed(cut, statement)
        halted = TradingState.HALTED, "FUNDED_CLOSED"
        assert after_the_restart(cut, strategy) == ("0", halted, 1, 1), statement
        if not dead:
            break
        deaths += 1
    assert deaths >= 10
