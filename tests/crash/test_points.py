"""The crash matrix: a real server is killed at a point, and the next one finds its way.

The suite runs a few of the points; `make crash` runs them all (all_points.py).
"""

from __future__ import annotations

from decimal import Decimal

from tests.crash.judge import Evidence
from tests.crash.ward import Ward, crash


def states(evidence: Evidence) -> list[str]:
    return [found.state.value for found in evidence.alerts]


def test_c03_an_alert_whose_sender_got_no_answer_is_executed_once(ward: Ward) -> None:
    evidence = crash(ward, "C03", (0, 2))
    assert states(evidence) == ["executed", "duplicate"]
    assert (len(evidence.venue_orders), evidence.held) == (1, Decimal(2))


def test_c07_an_order_that_was_written_and_not_sent_is_sent_once(ward: Ward) -> None:
    evidence = crash(ward, "C07", (0, 2))
    assert (len(evidence.venue_orders), evidence.held) == (1, Decimal(2))


def test_c09_an_order_that_the_venue_took_unheard_is_adopted(ward: Ward) -> None:
    evidence = crash(ward, "C09", (0, 2))
    assert (len(evidence.venue_orders), evidence.held) == (1, Decimal(2))


def test_c17_a_reversal_goes_on_at_the_missing_leg(ward: Ward) -> None:
    evidence = crash(ward, "C17", (0, 2), (2, -2))
    assert states(evidence)[:2] == ["executed", "executed"]
    assert (len(evidence.venue_orders), evidence.held) == (3, Decimal(-2))
