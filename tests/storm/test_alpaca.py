"""The storm through Alpaca's adapter: a line that breaks and kills lose nothing, double nothing.

With the official client's own ways the same faults double orders: tests/venues shows that.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from app.storm.evidence import Evidence, Scene
from app.storm.judge import judge
from app.storm.paper import Placed
from app.storm.plan import Shape
from app.storm.show import text
from tests.storm.alpaca import CASH, StandInPaper, storm
from tests.support.alpaca import OuterStandIn, outer_stand_in
from tests.venues.alpaca.log import FILE

pytestmark = pytest.mark.hardship

SHAPE: Final = Shape(alerts=44, senders=4, strategies=4, resend=0.3, kills=2, restarts=0, seed=4)
#: What every second order meets: mostly, the answer is lost after the order was taken.
ANSWERS: Final = (
    *("error_after", "drop_after", "limited", "drop_before", "hang_after", "error_after"),
    *("truncated", "drop_after", "error_before", "html", "limited_untimed", "drop_after"),
)
#: What some orders and their events meet besides.
REPORTS: Final = ("fill_first", "partial_cancel", "late_reject")
EVENTS: Final = ("lost_event", "doubled", "shuffled", "lost_event")


@dataclass(frozen=True)
class Run:
    """A storm that is over, with the stand-in that still knows of it."""

    venue: OuterStandIn
    database: Path
    report: dict[str, Any]

    def evidence(self) -> Evidence:
        """What is on paper now."""
        url = f"sqlite:///{self.database}"
        (account,) = Scene(url).gather().accounts
        return Scene(url, StandInPaper(self.venue, account)).gather()

    @property
    def drawn(self) -> dict[str, int]:
        """How often each fault happened."""
        found: dict[str, int] = self.venue.tell("faults")["drawn"]
        return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("storm")
    with outer_stand_in(folder / "alpaca", "--walk") as venue:
        for faults, skip in ((ANSWERS, 1), (REPORTS, 5), (EVENTS, 3), (("stream_close",), 12)):
            venue.next(*faults, verb="submit", skip=skip, seconds=3)
        said: list[str] = []
        running = storm(venue, folder / "server", SHAPE, said.append)
        report: dict[str, Any] = running.run()
        yield Run(venue, folder / "server" / "signalbox.db", report)


def test_f02_faults_and_kills_lose_no_alert_and_double_no_order(run: Run) -> None:
    report, words = run.report, text(run.report)
    assert report["passed"], words
    assert (report["lost"], report["doubled"], report["open"]) == (0, 0, 0)
    assert [each["how"] for each in report["endings"]] == ["kill -9", "kill -9"]
    # A storm in which nothing was traded, or nothing went wrong, would prove nothing.
    assert report["counts"]["venue_orders"] > SHAPE.alerts / 2
    assert set(run.drawn) == {*ANSWERS, *REPORTS, *EVENTS, "stream_close"}
    assert run.drawn["drop_after"] + run.drawn["error_after"] == 5


def test_f02_after_the_storm_both_books_are_flat_and_have_the_same_money(run: Run) -> None:
    books = run.evidence().books
    realised = sum((each.realised_net for each in books.values()), Decimal(0))
    assert run.venue.get("/positions") == []
    assert {each.quantity for each in books.values()} == {Decimal(0)}
    assert Decimal(run.venue.get("/account")["cash"]) == CASH + realised


def found(evidence: Evidence, run: Run) -> Sequence[str]:
    """The numbers of the invariants that do not hold."""
    acknowledged = [row["alert_id"] for row in run.report["alerts"] if row["alert_id"]]
    verdicts = judge(evidence, acknowledged).verdicts
    return [each.number for each in verdicts if each.faults]


def test_an_order_that_the_venue_has_twice_is_found_out(run: Run) -> None:
    honest = run.evidence()
    assert found(honest, run) == []
    twice = replace(honest, venue_orders=[*honest.venue_orders, honest.venue_orders[0]])
    assert found(twice, run) == ["I2"]
    again = Placed(honest.venue_orders[0].account_id, "sb-again")
    assert found(replace(honest, venue_orders=[*honest.venue_orders, again]), run) == ["I2"]


def test_a_doubled_order_that_is_forged_into_the_venues_log_is_found_out(run: Run) -> None:
    with closing(sqlite3.connect(run.venue.folder / FILE, isolation_level=None)) as log:
        account, execution = log.execute("SELECT account, record FROM fills").fetchone()
        fill = json.loads(execution)
        (record,) = log.execute(
            "SELECT record FROM orders WHERE id = ?", (fill["order_id"],)
        ).fetchone()
        order = {**json.loads(record), "id": "again", "client_order_id": "again", "number": 10**6}
        fill |= {"id": "again", "order_id": "again", "number": 10**6 + 1}
        row = (account, "again", "again", order["number"], json.dumps(order))
        log.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", row)
        log.execute(
            "INSERT INTO fills VALUES (?, ?, ?)", (account, fill["number"], json.dumps(fill))
        )
    # The order is nobody's, its fill is not booked, and the account is not flat.
    assert {"I2", "I3"} <= set(found(run.evidence(), run))
