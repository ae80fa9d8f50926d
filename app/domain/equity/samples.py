"""The samples of a curve: put in order, and with deposits and payouts taken out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate

from app.domain.money import ZERO, exact


@dataclass(frozen=True, slots=True)
class Sample:
    """What a curve was worth at an instant, in the quote currency; None while it is unknown."""

    at: datetime
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Point:
    """What a curve was worth at an instant, known for sure."""

    at: datetime
    value: Decimal


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Money that came into an account (positive) or left it (negative), in the quote currency."""

    at: datetime
    amount: Decimal


def arranged(arrivals: Iterable[Sample]) -> tuple[Sample, ...]:
    """Return samples in time order, one for each instant: the one that arrived last.

    Where a value is known for an instant, an unknown one that arrives later does not replace it.
    """
    found: dict[datetime, Sample] = {}
    for sample in arrivals:
        if sample.value is not None or sample.at not in found:
            found[sample.at] = sample
    return tuple(found[at] for at in sorted(found))


@exact
def without_flows(samples: Iterable[Sample], flows: Iterable[CashFlow]) -> tuple[Sample, ...]:
    """Return the samples less all money that had come in until then, so that only P&L moves them.

    A flow at the very instant of a sample is taken out of it; the flows may come in any order.
    """
    at, totals = _running(flows)
    return tuple(
        Sample(each.at, None if each.value is None else each.value - _until(at, totals, each.at))
        for each in samples
    )


def flows_until(flows: Iterable[CashFlow], at: datetime) -> Decimal:
    """Return all money that came in until ``at``, which is in it, less what left."""
    return _until(*_running(flows), at)


@exact
def _running(flows: Iterable[CashFlow]) -> tuple[Sequence[datetime], Sequence[Decimal]]:
    ordered = sorted(flows, key=lambda flow: flow.at)
    return (
        [flow.at for flow in ordered],
        list(accumulate((flow.amount for flow in ordered), initial=ZERO)),
    )


def _until(at: Sequence[datetime], totals: Sequence[Decimal], instant: datetime) -> Decimal:
    return totals[bisect_right(at, instant)]
