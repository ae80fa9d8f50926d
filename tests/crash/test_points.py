"""The crash matrix: a real server is killed at a point, and the next one finds its way.

The suite runs a few of the points, one after the other on one directory; `make crash` runs them
all (all_points.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.crash.conftest import copied
from tests.crash.trips import crash
from tests.crash.ward import Ward

pytestmark = pytest.mark.hardship


@pytest.fixture(scope="module")
def running(crash_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """A server that runs on a directory of its own."""
    ward = copied(crash_template, tmp_path_factory.mktemp("points") / "data")
    ward.start()
    yield ward
    ward.stop()


def test_c01_an_alert_of_which_half_had_come_is_taken_when_it_is_sent_again(running: Ward) -> None:
    crash(running, "C01")
    evidence = running.judged()
    assert [found.state.value for found in evidence.alerts] == ["executed"]
    assert evidence.held == Decimal(running.desk.held)


def test_c03_an_alert_whose_sender_got_no_answer_is_executed_once(running: Ward) -> None:
    crash(running, "C03")
    evidence = running.judged()
    assert [found.state.value for found in evidence.alerts[-2:]] == ["executed", "duplicate"]
    assert evidence.held == Decimal(running.desk.held)


def test_c09_an_order_that_the_venue_took_unheard_is_adopted(running: Ward) -> None:
    before = len(running.judged().venue_orders)
    crash(running, "C09")
    evidence = running.judged()
    assert (len(evidence.venue_orders) - before, evidence.held) == (1, Decimal(running.desk.held))


def test_c17_a_reversal_goes_on_at_the_missing_leg(running: Ward) -> None:
    crash(running, "C17")
    evidence = running.judged()
    assert [order.leg for order in evidence.orders[-2:]] == ["close", "open"]
    assert evidence.held == Decimal(-2)
