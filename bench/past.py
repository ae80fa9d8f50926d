"""A past for the bench: a year of curves under the rules of retention, and the trades behind one.

One curve is drawn by lot, from a fixed seed, and rolled up as the server does; the others are
copies of it, for how long reading takes does not depend on what is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from sqlalchemy import Table, insert, literal, select, update

from app.bootstrap import Core
from app.domain import journal, positions
from app.domain.equity import Sample as Equity
from app.domain.equity import summarise
from app.domain.instruments import resolve
from app.domain.orders import Fill, Side
from app.services.calendar.booking import recount_book
from app.services.history.borders import Borders
from app.services.history.rolling import Curve, gathered, instant, minute_of, minutes
from app.services.ports import Book, BookKey, Level, Rolled, Sample
from app.store.tables.history import PNL_SERIES, PNL_SPANS, STRATEGY_PNL_HISTORY

HOUR_S: Final = 3600
DAY_S: Final = 86_400
SECONDS_DAYS: Final = 2
MINUTES_DAYS: Final = 90
DAYS: Final = 365
TRIPS_A_DAY: Final = 10
SYMBOL: Final = "ESZ2026"

_BASE: Final = Decimal(1_000_000)
_CHUNK: Final = 20_000
_SEED: Final = 4
#: Epoch seconds into a span at which its curve is drawn; a value holds for a minute.
_WITHIN: Final = {
    Level.MINUTE: (0, 20, 40, 59),
    Level.HOUR: tuple(range(0, HOUR_S, 60)),
}


@dataclass(slots=True)
class Walk:
    """A curve by lot: P&L that changes with every step, and is open."""

    cents: int = 0
    lots: Random = field(default_factory=lambda: Random(_SEED))  # noqa: S311  no secret

    def step(self) -> Decimal:
        """Return the P&L after the next step."""
        self.cents += self.lots.choice((-2500, -1250, 1250, 2500))
        return Decimal(self.cents).scaleb(-2)

    def samples(self, series_id: int, start: int, end: int) -> Iterator[Sample]:
        """Yield a sample each second."""
        return (Sample(series_id, at, Decimal(0), self.step()) for at in range(start, end))

    def spans(self, series_id: int, level: Level, start: int, end: int) -> Iterator[Rolled]:
        """Yield spans of ``level``, as if they had been rolled up."""
        length = HOUR_S if level is Level.HOUR else 60
        for begins in range(start, end, length):
            drawn = [Equity(instant(begins + at), _BASE + self.step()) for at in _WITHIN[level]]
            span, last = summarise(drawn), Decimal(self.cents).scaleb(-2)
            yield Rolled(series_id, level, begins, begins + length, span, last)


def history(made: Core, series_id: int, now: datetime, days: int) -> None:
    """Write so many days of one curve until ``now``, as the rules of retention leave them."""
    end = minute_of(int(now.timestamp()))
    borders = Borders(made.settings.trading_day_roll)
    first, kept = borders.day(end - days * DAY_S)[0], min(days // 4, MINUTES_DAYS)
    fine, raw = borders.hour(end - kept * DAY_S)[0], end - SECONDS_DAYS * DAY_S
    walk = Walk()
    old = list(walk.spans(series_id, Level.HOUR, first, fine))
    recent = list(walk.spans(series_id, Level.MINUTE, fine, raw))
    samples = list(walk.samples(series_id, raw, end))
    recent += minutes(Curve(series_id, _BASE), samples, raw, end)
    hours = [*old, *gathered(Level.HOUR, recent, borders.hour, fine, end)]
    whole = gathered(Level.DAY, hours, borders.day, first, end)
    _record(made, samples)
    for spans in (recent, hours, whole):
        _keep(made, spans)
    _advance(made, series_id, rolled=end, seconds_from=raw, minutes_from=fine)


def seconds(made: Core, series_id: int, start: int, end: int) -> None:
    """Write a sample of one curve for each second, none of them rolled up."""
    _record(made, list(Walk().samples(series_id, start, end)))


def copied(made: Core, source: int, target: int) -> None:
    """Give another curve the same past."""
    for table in (STRATEGY_PNL_HISTORY, PNL_SPANS):
        _copy(made, table, source, target)
    kept = ("rolled", "seconds_from", "minutes_from")
    like = select(*(PNL_SERIES.c[name] for name in kept)).where(PNL_SERIES.c.id == source)
    with made.store.read() as uow:
        marks = uow.connection.execute(like).one()
    _advance(made, target, **dict(zip(kept, marks, strict=True)))


def curves(made: Core, user_id: str, strategies: Sequence[str]) -> list[int]:
    """Begin a curve for each strategy; returns their ids."""
    with made.store.write() as uow:
        begun = [uow.history.add_series(user_id, each, None, _BASE) for each in strategies]
    return [series.id for series in begun]


def trades(made: Core, key: BookKey, now: datetime) -> int:
    """Book round trips on each day of the past year; returns how many."""
    fills = list(_fills(key, now))
    multiplier = resolve(SYMBOL, now.date()).instrument.multiplier
    steps = list(positions.history(fills, multiplier))
    trips = journal.journal(fills, multiplier)
    with made.store.write() as uow:
        for step in steps:
            uow.fills.insert(step.fill, step.realised_gross, step.fill.at)
        uow.trips.replace(key, trips.closed)
        uow.positions.save(key, Book(steps[-1].after, trips.open), now)
        recount_book(uow, key, steps, trips.closed)
    return len(trips.closed)


def _fills(key: BookKey, now: datetime) -> Iterator[Fill]:
    lots = Random(_SEED)  # noqa: S311  no secret
    for number in range(DAYS * TRIPS_A_DAY, 0, -1):
        entered = now - timedelta(days=number / TRIPS_A_DAY)
        price = Decimal(5000 + lots.randrange(100))
        for side, at in ((Side.BUY, entered), (Side.SELL, entered + timedelta(minutes=20))):
            yield Fill(
                venue_fill_id=f"{number}-{side}",
                account_id=key.account_id,
                symbol=key.symbol,
                side=side,
                quantity=Decimal(1),
                price=price + lots.randrange(-8, 9),
                commission=Decimal("2.25"),
                at=at,
                strategy_id=key.strategy_id,
            )


def _record(made: Core, samples: Sequence[Sample]) -> None:
    for begin in range(0, len(samples), _CHUNK):
        rows = [
            {"series_id": each.series_id, "at": each.at, "realised": each.realised}
            | {"open": each.open}
            for each in samples[begin : begin + _CHUNK]
        ]
        with made.store.write() as uow:
            uow.connection.execute(insert(STRATEGY_PNL_HISTORY), rows)


def _keep(made: Core, spans: Sequence[Rolled]) -> None:
    for begin in range(0, len(spans), _CHUNK):
        with made.store.write() as uow:
            uow.rolled.keep(spans[begin : begin + _CHUNK])


def _copy(made: Core, table: Table, source: int, target: int) -> None:
    others = [column for column in table.columns if column.name != "series_id"]
    rows = select(literal(target), *others).where(table.c.series_id == source)
    names = ["series_id", *(column.name for column in others)]
    with made.store.write() as uow:
        uow.connection.execute(insert(table).from_select(names, rows))


def _advance(made: Core, series_id: int, **marks: int) -> None:
    moved = update(PNL_SERIES).where(PNL_SERIES.c.id == series_id).values(**marks)
    with made.store.write() as uow:
        uow.connection.execute(moved)
