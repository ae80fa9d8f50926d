"""The verdict of a storm, from what was sent and what is on paper."""

from __future__ import annotations

from app.domain.safety.storms import StormState
from app.storm.evidence import Scene
from app.storm.plan import Shape, messages
from app.storm.report import Course, Json, compose, verdict_of
from app.storm.sending import Answer, Ledger
from app.storm.show import text
from tests.support.floor import Floor, floor, floor_folder, floor_template

__all__ = ["floor", "floor_folder", "floor_template"]


def report_of(floor: Floor, actions: list[str], *, interrupted: bool = False) -> Json:
    """The report of a storm whose alerts, each acknowledged, ask for these actions."""
    shape = Shape(alerts=8, senders=1, strategies=1, resend=0.0, kills=0, restarts=0, seed=1)
    strategy = floor.strategy(accounts=[floor.paper])
    sent, ledger = messages(shape, "run")[: len(actions)], Ledger()
    for message, action in zip(sent, actions, strict=True):
        alert = floor.send(strategy, action=action, quantity="1", price="5000")
        ledger.note(Answer(message.number, 202, "accepted", alert.id, 0.0, 0.01))
    now = floor.clock.now()
    evidence = Scene(floor.core.settings.store_url, deaths=()).gather()
    return compose(Course(shape, sent, ledger, (), now, now, "1", interrupted), evidence)


def test_a_storm_whose_alerts_trade_and_come_to_their_end_passes(floor: Floor) -> None:
    report = report_of(floor, ["buy", "sell", "close", "close"])
    assert (report["passed"], report["problem"]) == (True, None)
    assert verdict_of(report) is StormState.PASSED


def test_a_storm_in_which_hardly_anything_was_traded_proves_nothing(floor: Floor) -> None:
    report = report_of(floor, ["buy", *["cancel"] * 4])
    assert not report["passed"]
    assert str(report["problem"]).startswith("Only 1 of 5 alerts led to an order at the venue")
    assert verdict_of(report) is StormState.BROKEN
    assert text(report).startswith("# Storm: nothing is proven\n\nOnly 1 of 5 alerts")


def test_a_storm_that_was_interrupted_has_no_verdict(floor: Floor) -> None:
    report = report_of(floor, ["buy", "close"], interrupted=True)
    assert (report["passed"], verdict_of(report)) == (False, StormState.BROKEN)
