"""The report of a storm: what was sent, what became of it, and the verdict, as JSON."""

from __future__ import annotations

import math
import os
import platform
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.inbox import Alert, AlertState
from app.domain.orders import Order
from app.domain.safety.storms import StormState
from app.storm.evidence import Evidence
from app.storm.judge import Judgment, judge
from app.storm.plan import Message, Shape
from app.storm.sending import Ledger

#: The part of the alerts that must have led to an order for a storm to prove anything.
_LEAST_TRADED: Final = 0.25

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Ending:
    """One end of the server: when its memory was gone, how, and after how many alerts.

    ``down`` and ``up`` are when it began to end and when it answered again, in monotonic seconds.
    """

    at: datetime
    graceful: bool
    after: int
    down: float
    up: float


@dataclass(frozen=True, slots=True)
class Course:
    """How the storm went: what was meant to be sent, what was answered, when the server ended."""

    shape: Shape
    messages: Sequence[Message]
    ledger: Ledger
    endings: Sequence[Ending]
    started_at: datetime
    ended_at: datetime
    release: str
    interrupted: bool = False
    unsettled: int = 0


def compose(course: Course, evidence: Evidence) -> Json:
    """Return the whole report; ``passed`` in it says whether everything held."""
    acknowledged = course.ledger.acknowledged()
    ids = {alert_id for found in acknowledged.values() for alert_id in found}
    judgment = judge(evidence, ids)
    torn = sum(len(found) > 1 for found in acknowledged.values())
    rows = _rows(course, evidence, acknowledged)
    kept = [row for row in rows if row["alert_id"] is not None]
    complete = len(kept) == len(course.messages) and not course.interrupted
    held = judgment.holds and not torn and not course.unsettled and complete
    problem = _too_quiet(kept) if held else None
    return {
        "passed": held and problem is None,
        "interrupted": course.interrupted,
        "problem": problem,
        "settings": course.shape.to_json(),
        "started_at": _wire(course.started_at),
        "ended_at": _wire(course.ended_at),
        "seconds": round((course.ended_at - course.started_at).total_seconds(), 1),
        "machine": machine(course.release),
        "counts": _counts(course, rows, evidence) | {"unsettled": course.unsettled},
        "lost": judgment.lost,
        "open": judgment.open,
        "doubled": judgment.doubled + torn,
        "orders_per_alert": _histogram(rows),
        "invariants": _invariants(judgment),
        "answers_ms": _latencies(course),
        "endings": [_ending(each, course.started_at) for each in course.endings],
        "alerts": rows,
    }


def verdict_of(report: Json) -> StormState:
    """Return how the storm ended: without a verdict where too little happened to prove anything."""
    if report["interrupted"] or report["problem"] is not None:
        return StormState.BROKEN
    return StormState.PASSED if report["passed"] else StormState.FAILED


def _too_quiet(rows: Sequence[Json]) -> str | None:
    """Say why nothing is proven when most alerts never came to an order; None when enough did."""
    traded = sum(row["venue_orders"] != 0 for row in rows)
    if traded >= _LEAST_TRADED * len(rows):
        return None
    return (
        f"Only {traded} of {len(rows)} alerts led to an order at the venue: the others ended"
        " without one, and what is not traded cannot be lost or doubled."
    )


def machine(release: str) -> Json:
    """Return what it ran on: versions and size, nothing that names the machine."""
    return {
        "signalbox": release,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


def _counts(course: Course, rows: Sequence[Json], evidence: Evidence) -> Json:
    answers = course.ledger.answers
    unanswered = sum(course.ledger.unanswered.values())
    return {
        "alerts": len(course.messages),
        "posts": len(answers) + unanswered,
        "acknowledged": sum(row["answer"] in {"accepted", "duplicate"} for row in rows),
        "refused": sum(row["answer"] not in {"accepted", "duplicate", None} for row in rows),
        "duplicates": sum(alert.state is AlertState.DUPLICATE for alert in evidence.alerts),
        "unanswered": unanswered,
        "orders": len(evidence.orders),
        "venue_orders": len(evidence.venue_orders),
        "fills": len(evidence.venue_fills),
    }


def _histogram(rows: Sequence[Json]) -> Json:
    """How many alerts led to 0, 1, 2 ... orders at the venue."""
    counts = Counter(int(str(row["venue_orders"])) for row in rows if row["alert_id"] is not None)
    return {str(orders): counts[orders] for orders in sorted(counts)}


def _invariants(judgment: Judgment) -> list[Json]:
    return [
        {
            "number": each.number,
            "sentence": each.sentence,
            "holds": not each.faults,
            "faults": list(each.faults[:20]),
            "unjudged": each.unjudged,
        }
        for each in judgment.verdicts
    ]


def _latencies(course: Course) -> Json:
    """How long answers took of a server that was up all the while."""
    ordered = sorted(
        answer.seconds
        for answer in course.ledger.answers
        if not any(
            answer.begun < ending.up and ending.down < answer.begun + answer.seconds
            for ending in course.endings
        )
    )
    return {
        "count": len(ordered),
        "p50": _percentile(ordered, 50),
        "p99": _percentile(ordered, 99),
        "max": _percentile(ordered, 100),
    }


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The smallest value that so many percent are not above, in milliseconds."""
    if not ordered:
        return None
    place = max(math.ceil(len(ordered) * percent / 100), 1)
    return round(ordered[place - 1] * 1000, 1)


def _ending(ending: Ending, began: datetime) -> Json:
    return {
        "after_s": round((ending.at - began).total_seconds(), 2),
        "how": "restart" if ending.graceful else "kill -9",
        "after_alerts": ending.after,
        "down_s": round(ending.up - ending.down, 2),
    }


def _rows(course: Course, evidence: Evidence, acknowledged: Mapping[int, set[str]]) -> list[Json]:
    told = _first_words(course.ledger)
    posts = Counter(answer.message for answer in course.ledger.answers)
    posts.update(course.ledger.unanswered)
    kept = {alert.id: alert for alert in evidence.alerts}
    there = {order.client_order_id for order in evidence.venue_orders}
    orders: dict[str | None, list[Order]] = defaultdict(list)
    for order in evidence.orders:
        orders[order.alert_id].append(order)
    traces = _Traces(evidence)
    rows: list[Json] = []
    for message in course.messages:
        word, refused_id = told.get(message.number, (None, None))
        found = sorted(acknowledged.get(message.number, set()))
        alert = kept.get(found[0] if found else refused_id or "")
        own = orders.get(alert.id, []) if alert else []
        rows.append(
            {
                "number": message.number,
                "strategy": message.strategy + 1,
                "asked": message.asked,
                "answer": word,
                "posts": posts[message.number],
                "alert_id": alert.id if alert else None,
                "state": alert.state.value if alert else None,
                "code": alert.code if alert else None,
                "orders": len(own),
                "venue_orders": sum(order.client_order_id in there for order in own),
                "trace": traces.of(alert, own) if alert else [],
            }
        )
    return rows


def _first_words(ledger: Ledger) -> dict[int, tuple[str, str | None]]:
    """What the sender of each message was told; that it was accepted counts more than the rest."""
    told: dict[int, tuple[str, str | None]] = {}
    for answer in ledger.answers:
        if answer.word == "accepted" or answer.message not in told:
            told[answer.message] = answer.word, answer.alert_id
    return told


class _Traces:
    """The steps of each alert, with milliseconds since it came."""

    def __init__(self, evidence: Evidence) -> None:
        self._decided = {each.alert_id: each.at for each in evidence.decisions}
        self._steps: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for step in evidence.steps:
            self._steps[step.order_id].append((step.at, f"order {step.to_state.value}"))

    def of(self, alert: Alert, orders: Sequence[Order]) -> list[Json]:
        """Return the alert's steps in the order of time."""
        moments = [(alert.received_at, "received")]
        if alert.claimed_at is not None:
            moments.append((alert.claimed_at, "taken up"))
        if alert.id in self._decided:
            moments.append((self._decided[alert.id], "decided"))
        for order in orders:
            moments.append((order.created_at, f"{order.leg} order written"))
            moments += self._steps.get(order.id, [])
        if alert.finished_at is not None:
            moments.append((alert.finished_at, alert.state.value))
        moments.sort(key=lambda moment: moment[0])
        return [
            {"ms": round((at - alert.received_at).total_seconds() * 1000, 1), "step": step}
            for at, step in moments
        ]


def _wire(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
