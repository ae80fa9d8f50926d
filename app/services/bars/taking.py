"""Bars of files: read twice, compared with what is kept, and only then taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from app.domain.errors import Conflict, InvalidInput
from app.domain.instruments import Contract, resolve
from app.domain.money import wire
from app.domain.quotes import Bar, BarSource, KeptBar, Timeframe
from app.domain.quotes.reading import read_bars
from app.services.ports import Clock, Store
from app.services.ports.bars import BarsOf

_AT_ONCE: Final = 500
_PRICES: Final = ("open", "high", "low", "close")

Numbered = Sequence[tuple[int, Bar]]
"""Bars with the lines that they stand on."""


@dataclass(frozen=True, slots=True)
class BarFile:
    """A CSV or CSV.gz file, and whose bars it holds."""

    name: str
    data: bytes = field(repr=False)
    symbol: str
    timeframe: Timeframe


@dataclass(frozen=True, slots=True)
class Imported:
    """How many bars a file held: not known before, known as they are, and known to be otherwise.

    Those ``contradicting`` were put in the place of what was kept.
    """

    contract: Contract
    timeframe: Timeframe
    new: int
    equal: int
    contradicting: int
    first: datetime
    last: datetime

    @property
    def bars(self) -> int:
        """All bars of the file."""
        return self.new + self.equal + self.contradicting


@dataclass(slots=True)
class _Count:
    new: int = 0
    equal: int = 0
    contradicting: int = 0
    first: datetime | None = None
    last: datetime | None = None
    contradiction: str = ""


class Taker:
    """Takes bars from files; ``rest`` lets others work in between."""

    def __init__(self, store: Store, clock: Clock, rest: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._rest = rest

    def take(self, file: BarFile, *, replace: bool = False) -> Imported:
        """Keep the bars of a file.

        Raises InvalidInput with the line and column of the first fault, and Conflict when a bar
        contradicts one that is kept, unless it may ``replace`` it; nothing is kept then.
        """
        now = self._clock.now()
        contract = resolve(file.symbol, now.date())
        count = _Count()
        for part in self._parts(file, contract, now):
            self._compare(file, part, count)
        if count.first is None or count.last is None:
            raise InvalidInput(f"{file.name} holds no bars.", code="BAD_BARS")
        if count.contradicting and not replace:
            raise Conflict(
                f"{file.name} contradicts {count.contradicting} bars that are kept, the first in"
                f" {count.contradiction}. Nothing was imported; import it with replace to put the"
                " file's bars in their place."
            )
        for part in self._parts(file, contract, now):
            self._write(file.timeframe, part)
        return Imported(
            contract,
            file.timeframe,
            count.new,
            count.equal,
            count.contradicting,
            count.first,
            count.last,
        )

    def _parts(self, file: BarFile, contract: Contract, now: datetime) -> Iterator[Numbered]:
        bars = read_bars(file.name, file.data, contract, file.timeframe, now)
        while part := list(islice(bars, _AT_ONCE)):
            yield part
            self._rest()

    def _compare(self, file: BarFile, part: Numbered, count: _Count) -> None:
        kept = self._kept(file.timeframe, part)
        for line, bar in part:
            known = kept.get(bar.at)
            if known is None or _adds(bar, known):
                count.new += 1
            elif _agrees(bar, known.bar):
                count.equal += 1
            else:
                count.contradicting += 1
                count.contradiction = count.contradiction or _told(line, bar, known)
        count.first = count.first or part[0][1].at
        count.last = part[-1][1].at

    def _write(self, timeframe: Timeframe, part: Numbered) -> None:
        kept = self._kept(timeframe, part)
        changed = [
            bar
            for _, bar in part
            if (known := kept.get(bar.at)) is None
            or _adds(bar, known)
            or not _agrees(bar, known.bar)
        ]
        with self._store.write() as uow:
            uow.bars.save(timeframe, BarSource.CSV, changed)

    def _kept(self, timeframe: Timeframe, part: Numbered) -> dict[datetime, KeptBar]:
        of = BarsOf(part[0][1].symbol, timeframe)
        with self._store.read() as uow:
            found = uow.bars.at(of, [bar.at for _, bar in part])
        return {each.bar.at: each for each in found}


def _adds(bar: Bar, known: KeptBar) -> bool:
    """Whether the bar says more than what is kept: that was built of quotes, or has no volume."""
    if known.source in BarSource.BUILT.replaceable:
        return True
    return _same_prices(bar, known.bar) and known.bar.volume is None and bar.volume is not None


def _agrees(bar: Bar, known: Bar) -> bool:
    return _same_prices(bar, known) and bar.volume in {None, known.volume}


def _same_prices(bar: Bar, known: Bar) -> bool:
    return all(getattr(bar, name) == getattr(known, name) for name in _PRICES)


def _told(line: int, bar: Bar, known: KeptBar) -> str:
    """The line, and the first number that differs."""
    name = next((each for each in _PRICES if getattr(bar, each) != getattr(known.bar, each)), None)
    column = name or "volume"
    ours = getattr(known.bar, column)
    said = "unknown" if ours is None else wire(ours)
    return (
        f"line {line}, column {column}: {wire(getattr(bar, column))} where"
        f" {said} ({known.source.value}) is kept"
    )
