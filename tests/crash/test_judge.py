"""The judge finds what is wrong: each invariant broken once, on the paper of an honest run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.inbox import AlertState
from app.domain.orders import OrderState
from app.domain.positions import FLAT
from tests.crash.judge import Evidence, faults, gather
from tests.support.floor import Floor, floor, floor_folder, floor_template

__all__ = ["floor", "floor_folder", "floor_template"]


@pytest.fixture
def honest(floor: Floor) -> Evidence:
    """A strategy that is long 2 on a paper account."""
    strategy = floor.strategy(accounts=[floor.paper])
    floor.quote("5000")
    floor.send(strategy, action="buy", quantity="2")
    return gather(floor.core.settings.data_dir)


def verdict(evidence: Evidence, *more: str) -> set[str]:
    """The numbers of the invariants that are broken; ``more`` was acknowledged besides."""
    known = {alert.id for alert in evidence.alerts}
    return {fault[:2] for fault in faults(evidence, {*known, *more})}


def test_an_honest_run_is_without_fault(honest: Evidence) -> None:
    assert (len(honest.venue_orders), honest.held, honest.open_alerts) == (1, Decimal(2), [])
    assert verdict(honest) == set()


def test_i1_an_acknowledged_alert_that_is_gone_or_stuck_is_found(honest: Evidence) -> None:
    stuck = [replace(honest.alerts[0], state=AlertState.CLAIMED)]
    assert verdict(honest, "another") == {"I1"}
    assert "I1" in verdict(replace(honest, alerts=stuck))


def test_i8_an_end_that_nobody_was_told_of_is_found(honest: Evidence) -> None:
    failed = [replace(honest.alerts[0], state=AlertState.FAILED)]
    denied = [replace(honest.orders[0], state=OrderState.DENIED)]
    silent = replace(honest, told=frozenset())
    assert verdict(replace(honest, alerts=failed)) == set()
    assert verdict(replace(silent, alerts=failed)) == {"I8"}
    assert verdict(replace(silent, orders=denied)) == {"I8"}


@pytest.mark.parametrize(
    ("number", "spoilt"),
    [
        ("I2", lambda run: replace(run, venue_orders=[*run.venue_orders, *run.venue_orders])),
        ("I2", lambda run: replace(run, orders=[*run.orders, *run.orders])),
        ("I2", lambda run: replace(run, orders=[])),
        ("I3", lambda run: replace(run, venue_fills=[])),
        ("I3", lambda run: replace(run, fills=[replace(run.fills[0], price=Decimal(1))])),
        ("I4", lambda run: replace(run, books=dict.fromkeys(run.books, FLAT))),
        ("I4", lambda run: replace(run, books={})),
        (
            "I6",
            lambda run: replace(run, steps=[replace(run.steps[-1], from_state=OrderState.DENIED)]),
        ),
    ],
)
def test_a_broken_invariant_is_found(
    honest: Evidence, number: str, spoilt: Callable[[Evidence], Evidence]
) -> None:
    assert number in verdict(spoilt(honest))
