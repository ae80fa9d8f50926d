"""Curves for tests: their samples, the roller on a database, and what readers make of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from app.domain.equity import Sample as Instant
from app.domain.equity import Summary, summarise
from app.services.history.roller import SETTLED_S, Roller
from app.services.history.rolling import instant
from app.services.ports import Level, Rolled, Sample
from app.store.unit_of_work import SqlStore

#: A Monday, 21:00 UTC: an hour before the trading day ends in Chicago.
START = 1_772_485_200
ROLL = "16:00 America/Chicago"
BASE = Decimal(50000)


def curve(store: SqlStore, base: Decimal = BASE) -> int:
    """Begin a curve of nobody's; its number."""
    with store.record() as unit:
        return unit.history.add_series(None, None, None, base).id


def sample(series: int, at: int, pnl: str | int | None) -> Sample:
    """A second of a curve with nothing realised; None is unknown."""
    return Sample(series, at, Decimal(0), None if pnl is None else Decimal(pnl))


def record(store: SqlStore, samples: Iterable[Sample]) -> None:
    """Write samples that come in their order."""
    with store.record() as unit:
        unit.history.record(list(samples), [])


def roll(store: SqlStore, until: int, roll: str = ROLL) -> Roller:
    """Roll everything up to ``until``; returns who did it."""
    roller = Roller(store, roll)
    now = datetime.fromtimestamp(until + SETTLED_S, UTC)
    while roller.step(now):
        pass
    return roller


def spans(store: SqlStore, series: int, level: Level) -> Sequence[Rolled]:
    """Every span of that level."""
    with store.read() as unit:
        return unit.rolled.spans(series, level, 0, 2**40)


def samples_summary(samples: Iterable[Sample], base: Decimal = BASE) -> Summary | None:
    """What raw samples come to at once."""
    return summarise(
        Instant(instant(each.at), None if each.open is None else base + each.realised + each.open)
        for each in samples
    )
