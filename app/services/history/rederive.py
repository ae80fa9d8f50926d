"""Rolls all that is kept up again, and says what comes to something else than what is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.services.history.rolling import HOLDS, MINUTE, Curve, joined, minutes
from app.services.ports import Level, Rolled, Rolling, Store

#: How much of a curve is rolled again in one look at the database.
_STRETCH_S: Final = 6 * 3600


@dataclass(frozen=True, slots=True)
class Difference:
    """What is stored of the span at ``at``, and what its parts come to; None where nothing is."""

    at: int
    stored: Rolled | None
    derived: Rolled | None


@dataclass(slots=True)
class Rederived:
    """How many spans were rolled again so far."""

    spans: int = 0


def rederive(store: Store, count: Rederived) -> Iterator[Difference]:
    """Yield what differs: minutes from samples, hours from minutes, days from hours.

    Nothing is changed.  Minutes are looked at as far as all their samples are kept, hours and days
    as far as their parts are.  ``count`` is kept up to date.
    """
    with store.read() as uow:
        curves = uow.rolled.rolling()
    for known in curves:
        yield from _minutes(store, known, count)
        for level in (Level.HOUR, Level.DAY):
            yield from _longer(store, known.id, level, count)


def _minutes(store: Store, known: Rolling, count: Rederived) -> Iterator[Difference]:
    with store.read() as uow:
        first = uow.rolled.samples(known.id, 0, known.rolled, most=1)
    # The first minute that is kept begins with what held over from one that is not.
    start = max(known.seconds_from + MINUTE, first[0].at - first[0].at % MINUTE) if first else 0
    while first and start < known.rolled:
        with store.read() as uow:
            now = uow.rolled.of(known.id) or known
            end = min(start + _STRETCH_S, now.rolled)
            samples = uow.rolled.samples(known.id, start - HOLDS, end)
            stored = uow.rolled.spans(known.id, Level.MINUTE, start, end)
        derived = minutes(Curve(known.id, known.base), samples, start, end)
        count.spans += len(derived)
        yield from _differences(stored, derived)
        start += _STRETCH_S


def _longer(store: Store, series_id: int, level: Level, count: Rederived) -> Iterator[Difference]:
    with store.read() as uow:
        known = uow.rolled.of(series_id)
        whole = uow.rolled.spans(series_id, level, 0, known.rolled) if known else []
    for span in whole:
        with store.read() as uow:
            known = uow.rolled.of(series_id)
            stored = uow.rolled.spans(series_id, level, span.at, span.at + 1)
            parts = uow.rolled.spans(series_id, Level(level - 1), span.at, span.until)
        if known is None or span.at < _parts_from(known, level):
            continue
        count.spans += 1
        derived = [joined(level, span.at, span.until, parts)] if parts else []
        yield from _differences(stored, derived)


def _parts_from(known: Rolling, level: Level) -> int:
    return known.minutes_from if level is Level.HOUR else known.hours_from


def _differences(stored: Sequence[Rolled], derived: Sequence[Rolled]) -> Iterator[Difference]:
    before, now = _by_start(stored), _by_start(derived)
    for at in sorted(before.keys() | now.keys()):
        one, other = before.get(at), now.get(at)
        if one != other:
            yield Difference(at, one, other)


def _by_start(spans: Sequence[Rolled]) -> Mapping[int, Rolled]:
    return {span.at: span for span in spans}
