"""A report as text that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


def text(report: Json) -> str:
    """Return the report without its table of alerts, as lines of text (Markdown)."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Json) -> Iterator[str]:
    counts, answers = report["counts"], report["answers_ms"]
    yield f"# Storm: {verdict(report)}"
    yield ""
    if report["problem"]:
        yield report["problem"]
        yield ""
    yield (
        f"{counts['alerts']} alerts, {counts['posts']} posts,"
        f" {counts['acknowledged']} acknowledged, {counts['refused']} refused,"
        f" {counts['unanswered']} posts unanswered, {counts['duplicates']} duplicates recognised."
    )
    yield f"Lost: {report['lost']}. Doubled: {report['doubled']}. Still open: {report['open']}."
    yield ""
    yield "Orders at the venue:"
    yield ""
    for orders, alerts in report["orders_per_alert"].items():
        yield f"- {_orders(orders)}: {_count(alerts, 'alert')}"
    yield ""
    yield (
        f"Answers: p50 {_ms(answers['p50'])}, p99 {_ms(answers['p99'])},"
        f" slowest {_ms(answers['max'])} of {answers['count']} while the server was up."
    )
    yield ""
    yield "Invariants:"
    yield ""
    for each in report["invariants"]:
        word = "holds" if each["holds"] else "BROKEN"
        note = f" ({each['unjudged']})" if each["unjudged"] else ""
        yield f"- {each['number']} {word}: {each['sentence']}.{note}"
        yield from (f"  - {fault}" for fault in each["faults"])
    yield ""
    yield from _endings(report["endings"])
    yield from _conditions(report)


def verdict(report: Json) -> str:
    """Return how it ended, in a few words."""
    if report["interrupted"]:
        return "interrupted, nothing is proven"
    if report["problem"]:
        return "nothing is proven"
    return "passed, nothing lost and nothing doubled" if report["passed"] else "FAILED"


def _ms(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g} ms"


def _orders(number: str) -> str:
    """How many orders an alert led to, in words."""
    plain = {"0": "none", "1": "1 order", "2": "2 orders, which close and then open"}
    return plain.get(number, f"{number} orders")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _endings(endings: Sequence[Json]) -> Iterator[str]:
    if endings:
        kills = sum(each["how"] == "kill -9" for each in endings)
        yield f"Ends of the server: {kills} by kill -9, {len(endings) - kills} graceful."
        yield ""
    for each in endings:
        yield (
            f"- {each['after_s']:g} s: {each['how']} after {each['after_alerts']} alerts,"
            f" up again after {each['down_s']:g} s"
        )
    if endings:
        yield ""


def _conditions(report: Json) -> Iterator[str]:
    machine = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
    chosen = {**report["settings"], "faults": _faults(report["settings"]["faults"])}
    settings = ", ".join(f"{name} {value}" for name, value in chosen.items())
    yield f"Began {report['started_at']}, took {report['seconds']:g} s."
    yield f"Settings: {settings}."
    yield f"Ran on: {machine}."


def _faults(chances: Json) -> str:
    return " ".join(f"{name}={chance:g}" for name, chance in chances.items()) or "none"


def traces(report: Json) -> str:
    """Return one line for each alert: what was asked, what became of it, and its steps."""
    lines = ["Each alert: what it asked for, what became of it, its steps (ms since it came)."]
    for each in report["alerts"]:
        steps = ", ".join(f"{step['ms']:g} {step['step']}" for step in each["trace"])
        words = [each["answer"] or "not answered", each["state"] or "not kept"]
        outcome = ", ".join([*dict.fromkeys(words), _count(each["venue_orders"], "order")])
        lines.append(f"{each['number']:>6}  {each['asked']:<32}  {outcome:<33}  {steps}")
    return "\n".join(lines) + "\n"
