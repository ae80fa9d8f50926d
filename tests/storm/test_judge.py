"""The judge finds what is wrong: each invariant broken once, on the paper of an honest run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.inbox import AlertState
from app.domain.orders import OrderState
from app.domain.positions import FLAT
from app.sim.ledger import Ledger
from app.storm.evidence import Evidence, Scene
from app.storm.judge import INVARIANTS, judge
from tests.support.floor import Floor, floor, floor_folder, floor_template

__all__ = ["floor", "floor_folder", "floor_template"]


@pytest.fixture
def honest(floor: Floor) -> Evidence:
    """A strategy that was short 1, is long 2 on a paper account, and whose curve was recorded."""
    strategy = floor.strategy(accounts=[floor.paper])
    for action, quantity, price in (("sell", "1", "5000"), ("buy", "3", "5010")):
        floor.send(strategy, action=action, quantity=quantity, price=price)
        for _ in range(5):
            floor.core.recorder.tick(floor.clock.now())
            floor.clock.advance(1)
    return Scene(floor.core.settings.store_url, deaths=()).gather()


def verdict(evidence: Evidence, *more: str) -> set[str]:
    """The numbers of the invariants that are broken; ``more`` was acknowledged besides."""
    found = judge(evidence, {*(alert.id for alert in evidence.alerts), *more})
    return {each.number for each in found.verdicts if each.faults}


def test_an_honest_run_is_without_fault(honest: Evidence) -> None:
    assert (len(honest.venue_orders), honest.held, honest.open_alerts) == (3, Decimal(2), [])
    assert len({series.id for series, _ in honest.curves}) == 3
    assert any(sample.realised for _, sample in honest.curves)
    assert verdict(honest) == set()


def test_what_was_read_for_one_strategy_alone_is_without_fault(
    floor: Floor, honest: Evidence
) -> None:
    other = floor.strategy("Other", accounts=[floor.paper])
    floor.send(other, action="sell", quantity="1", price="5020")
    scene = Scene(floor.core.settings.store_url, strategies=[other.id])
    alone = scene.gather()
    assert (len(alone.venue_orders), alone.held, len(alone.alerts)) == (1, Decimal(-1), 1)
    assert verdict(alone) == set()
    assert verdict(replace(alone, books=dict.fromkeys(alone.books, FLAT))) == {"I4", "I5"}


def test_every_invariant_has_its_verdict_in_its_order(honest: Evidence) -> None:
    found = judge(honest, set())
    assert [each.number for each in found.verdicts] == list(INVARIANTS)
    assert (found.holds, found.lost, found.doubled) == (True, 0, 0)


def test_i1_an_acknowledged_alert_that_is_gone_or_stuck_is_found(honest: Evidence) -> None:
    stuck = [replace(honest.alerts[0], state=AlertState.CLAIMED), *honest.alerts[1:]]
    assert verdict(honest, "another") == {"I1"}
    assert "I1" in verdict(replace(honest, alerts=stuck))
    assert judge(honest, {"another"}).lost == 1


def test_i8_an_end_that_nobody_was_told_of_is_found(honest: Evidence) -> None:
    failed = [replace(honest.alerts[0], state=AlertState.FAILED)]
    denied = [replace(honest.orders[0], state=OrderState.DENIED), *honest.orders[1:]]
    silent = replace(honest, told=frozenset())
    assert verdict(replace(honest, alerts=failed)) == set()
    assert verdict(replace(silent, alerts=failed)) == {"I8"}
    assert verdict(replace(silent, orders=denied)) == {"I8"}


def test_i7_a_row_made_after_a_restart_without_a_new_price_is_found(honest: Evidence) -> None:
    # The server ended two seconds after the last alert was done and forgot its price.
    end = max(alert.finished_at for alert in honest.alerts if alert.finished_at)
    again = {series.id: (series, sample) for series, sample in honest.curves}.values()
    late = [(each, replace(sample, at=int(end.timestamp()) + 9)) for each, sample in again]
    died = replace(honest, deaths=[end + timedelta(seconds=2)], curves=[*honest.curves, *late])
    gaps = [(series, replace(sample, open=None)) for series, sample in died.curves]
    assert verdict(died) == {"I7"}
    assert verdict(replace(died, curves=gaps)) == set()


def test_where_others_set_prices_too_i7_says_that_it_was_not_judged_in_full(
    honest: Evidence,
) -> None:
    found = {
        each.number: each.unjudged for each in judge(replace(honest, deaths=None), ()).verdicts
    }
    assert [number for number, why in found.items() if why] == ["I7"]


def _richer(run: Evidence) -> Evidence:
    return replace(
        run,
        ledgers={
            key: Ledger(each.cash + Decimal("0.01"), each.holdings, each.books)
            for key, each in run.ledgers.items()
        },
    )


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
            "I4",
            lambda run: replace(run, ledgers={k: Ledger(v.cash) for k, v in run.ledgers.items()}),
        ),
        ("I5", _richer),
        ("I5", lambda run: replace(run, books={})),
        (
            "I6",
            lambda run: replace(run, steps=[replace(run.steps[-1], from_state=OrderState.DENIED)]),
        ),
        ("I6", lambda run: replace(run, steps=[run.steps[0], *run.steps])),
    ],
)
def test_a_broken_invariant_is_found(
    honest: Evidence, number: str, spoilt: Callable[[Evidence], Evidence]
) -> None:
    assert number in verdict(spoilt(honest))
