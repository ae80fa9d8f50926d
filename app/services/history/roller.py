"""How far each curve is rolled up: forward minute by minute, and back when a sample comes late."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.errors import InvalidInput, InvariantBroken, NotFound
from app.services.history.borders import Borders
from app.services.history.rolling import (
    HOLDS,
    Bounds,
    Curve,
    gathered,
    minute_of,
    minutes,
)
from app.services.ports import Level, Rolled, Rolling, Sample, Store, UnitOfWork

#: A tick may be written this many seconds after its own.
SETTLED_S: Final = 20
#: Curves of one step, and samples that are read of each: about 5 ms of work.
_CURVES: Final = 2
_SAMPLES: Final = 180


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one curve that is rolled up: until when, of how many samples, to what."""

    known: Rolling
    until: int
    samples: int
    spans: Sequence[Rolled]


class Roller:
    """Rolls curves up to the last whole minute; ``roll`` says when a day begins where none does.

    Readers see a curve rolled up to one and the same second in minutes, hours and days.
    """

    def __init__(self, store: Store, roll: str) -> None:
        self._store = store
        self._roll = roll
        self._lock = threading.Lock()
        self._until = 0
        self._over = False
        self._damaged: set[int] = set()

    def step(self, now: datetime) -> bool:
        """Roll a few curves on; whether any was due.

        Raises InvariantBroken when a curve's rolled history cannot be read; the others are rolled
        all the same, and it is tried again the next minute.
        """
        until = minute_of(int(now.timestamp()) - SETTLED_S)
        if until != self._until:
            self._until, self._over = until, False
            self._damaged.clear()
        if self._over:
            return False
        with self._lock:
            pieces = self._pieces(until)
            if pieces:
                with self._store.record() as uow:
                    for each in pieces:
                        _write(uow, each)
        self._over = not pieces
        return bool(pieces)

    def _pieces(self, until: int) -> Sequence[Piece]:
        """What the next few curves come to; one that cannot be read is left out from then on."""
        pieces = []
        with self._store.read() as uow:
            due = uow.rolled.due(until, _CURVES + len(self._damaged))
            for known in due:
                if known.id in self._damaged:
                    continue
                try:
                    pieces.append(piece(uow, known, self._borders(known), until))
                except InvariantBroken:
                    self._damaged.add(known.id)
                    raise
        return pieces

    def arrive(self, sample: Sample) -> None:
        """Take in a sample that comes late; what it is part of is rolled up again.

        A known value beats an unknown one of the same second, else what came last does.  Raises
        NotFound without such a curve, InvalidInput where its samples are no longer kept.
        """
        with self._lock, self._store.record() as uow:
            known = uow.rolled.of(sample.series_id)
            if known is None:
                raise NotFound("There is no such curve.")
            # The minute begins with what held over from the one before.
            if minute_of(sample.at) - HOLDS < known.seconds_from:
                raise InvalidInput(
                    "The samples of that time are deleted: it can no longer be rolled up again.",
                    fields={"at": "too old"},
                )
            uow.rolled.amend(sample)
            if sample.at < known.rolled:
                uow.rolled.set_back(known, minute_of(sample.at))
                self._over = False

    def _borders(self, known: Rolling) -> Borders:
        return Borders(known.roll or self._roll)


def _write(uow: UnitOfWork, each: Piece) -> None:
    """Keep the piece; when the curve changed since it was read, a later step rolls it."""
    if uow.rolled.advance(each.known, each.until, each.samples):
        uow.rolled.keep(each.spans)


def piece(uow: UnitOfWork, known: Rolling, borders: Borders, until: int) -> Piece:
    """Return what the curve's next stretch comes to, at most until ``until``."""
    start = known.rolled
    fresh = uow.rolled.samples(known.id, start, until, _SAMPLES)
    if len(fresh) == _SAMPLES:
        until = minute_of(fresh[-1].at)
        fresh = [sample for sample in fresh if sample.at < until]
    before = uow.rolled.last_sample(known.id, start - HOLDS, start) if fresh else None
    start = start or (minute_of(fresh[0].at) if fresh else until)
    read = [before, *fresh] if before else fresh
    spans = minutes(Curve(known.id, known.base), read, start, until)
    stretch = (start, until)
    return Piece(known, until, len(fresh), [*spans, *_longer(uow, known, borders, stretch, spans)])


def _longer(
    uow: UnitOfWork,
    known: Rolling,
    borders: Borders,
    stretch: tuple[int, int],
    fresh: Sequence[Rolled],
) -> Sequence[Rolled]:
    """The hours and days that end in the stretch, of what is stored and the ``fresh`` minutes."""
    start, until = stretch
    found: list[Rolled] = []
    levels: tuple[tuple[Level, Bounds], ...] = (
        (Level.HOUR, borders.hour),
        (Level.DAY, borders.day),
    )
    for level, bounds in levels:
        if bounds(start)[1] > until:
            break
        since = uow.rolled.end(known.id, level)
        stored = uow.rolled.spans(known.id, Level(level - 1), since, start)
        fresh = gathered(level, [*stored, *fresh], bounds, since, until)
        found += fresh
    return found
