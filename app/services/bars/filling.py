"""Asks the connected data service for the bars that are missing, and for none of them twice."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from app.domain.errors import BrokerError
from app.domain.instruments import Contract
from app.domain.quotes import Bar, BarSource, Range, Timeframe, begin, gaps, pieces
from app.services.ports import Clock, MarketSource, MarketSources, Store
from app.services.ports.bars import BarsOf

#: The longest time that is asked for at once, in bars without a gap.
PIECE: Final = 10_000
#: What is younger may still be corrected, or come late: it is asked for again.
SETTLED: Final = timedelta(minutes=15)
#: Seconds for which what is not settled is good enough.
FRESH_S: Final = 60.0
#: Seconds for which a service that failed is not asked for the same symbol again.
FAILED_S: Final = 15.0
#: Seconds that one asker waits for another who asks for the same symbol.
PATIENCE_S: Final = 12.0
#: Pieces that wait to be asked for in the background.
MOST_PIECES: Final = 1000
#: Symbols of which it is remembered when they were asked for last.
_REMEMBERED: Final = 1000
_AT_ONCE: Final = 500


class Lack(NamedTuple):
    """Why bars are missing, and whether they are ``coming`` already."""

    why: str
    coming: bool = False


WAITING: Final = Lack("The rest is being asked of the data service: ask again in a moment.", True)
_FULL: Final = Lack("Too much is being asked of the data service already: ask again in a minute.")


class _Piece(NamedTuple):
    """What is asked for at once."""

    contract: Contract
    timeframe: Timeframe
    range: Range

    @property
    def of(self) -> BarsOf:
        return BarsOf(self.contract.symbol, self.timeframe)


class _Recent(NamedTuple):
    """The last answer: until when it went, or why there was none, and when that was."""

    at: float
    range: Range | None = None
    fault: str | None = None


class Filler:
    """Fills gaps: one piece while the asker waits, the rest in the background.

    ``sources`` open the data service, ``rest`` lets others work in between.
    """

    def __init__(
        self, store: Store, sources: MarketSources, clock: Clock, rest: Callable[[], None]
    ) -> None:
        self._store = store
        self._sources = sources
        self._clock = clock
        self._rest = rest
        self._turns = threading.Condition()
        self._busy: set[BarsOf] = set()
        self._waiting: deque[_Piece] = deque()
        self._recent: OrderedDict[BarsOf, _Recent] = OrderedDict()
        self._wake: Callable[[], None] = rest

    def wake_with(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` when something waits for the background."""
        self._wake = wake

    def serves(self, contract: Contract) -> bool:
        """Whether a data service is connected that has prices of the contract."""
        return self._source(contract) is not None

    def fill(
        self, contract: Contract, timeframe: Timeframe, whole: Range, *, newest: bool
    ) -> Lack | None:
        """Ask for what is missing of bars that have ended, the newest or the oldest piece first.

        Returns why something is missing still; None when nothing is.
        """
        source = self._source(contract)
        if source is None:
            return Lack(
                f"No connected account opens a data service that has prices of {contract.symbol}:"
                " these are bars that were imported, or built of prices as they came."
            )
        of = BarsOf(contract.symbol, timeframe)
        with self._turn(of) as mine:
            if not mine:
                return WAITING
            missing = self._missing(of, whole)
            if not missing:
                return None
            fault = self._fault(of)
            if fault is not None:
                return Lack(fault)
            cut = [_Piece(contract, timeframe, each) for each in missing]
            first = cut.pop(-1 if newest else 0)
            fault = self._ask(source, first)
        if fault is not None:
            return Lack(fault)
        return self._queue(reversed(cut) if newest else iter(cut))

    def step(self, _now: datetime) -> bool:
        """Ask for the next piece that waits; returns whether there was one."""
        try:
            piece = self._waiting.popleft()
        except IndexError:
            return False
        source = self._source(piece.contract)
        with self._turn(piece.of) as mine:
            if mine and source is not None and self._fault(piece.of) is None:
                for each in self._missing(piece.of, piece.range):
                    self._ask(source, piece._replace(range=each))
        return True

    def _source(self, contract: Contract) -> MarketSource | None:
        source = self._sources.source()
        return source if source is not None and source.serves(contract) else None

    @contextmanager
    def _turn(self, of: BarsOf) -> Iterator[bool]:
        """Wait until nobody else asks for the same; False when that took too long."""
        with self._turns:
            mine = self._turns.wait_for(lambda: of not in self._busy, PATIENCE_S)
            if mine:
                self._busy.add(of)
        try:
            yield mine
        finally:
            if mine:
                with self._turns:
                    self._busy.discard(of)
                    self._turns.notify_all()

    def _missing(self, of: BarsOf, whole: Range) -> list[Range]:
        with self._store.read() as uow:
            covered = list(uow.bars.covered(of, whole))
        recent = self._last(of, FRESH_S)
        if recent is not None and recent.range is not None:
            covered.append(recent.range)
        longest = PIECE * of.timeframe.span
        return [piece for gap in gaps(whole, covered) for piece in pieces(gap, longest)]

    def _fault(self, of: BarsOf) -> str | None:
        recent = self._last(of, FAILED_S)
        return None if recent is None else recent.fault

    def _last(self, of: BarsOf, good_for_s: float) -> _Recent | None:
        recent = self._recent.get(of)
        if recent is None or self._clock.monotonic() - recent.at >= good_for_s:
            return None
        return recent

    def _note(self, of: BarsOf, answered: Range | None, fault: str | None) -> None:
        self._recent[of] = _Recent(self._clock.monotonic(), answered, fault)
        self._recent.move_to_end(of)
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)

    def _ask(self, source: MarketSource, piece: _Piece) -> str | None:
        """Ask for one piece and keep the answer; returns why there was none."""
        contract, timeframe, span = piece
        settled = begin(timeframe, self._clock.now() - SETTLED, contract.instrument)
        try:
            answer = source.bars(contract, timeframe, span.start, span.end)
        except BrokerError as error:
            self._note(piece.of, None, error.detail)
            return error.detail
        self._keep(timeframe, [bar for bar in answer if span.start <= bar.at < span.end])
        if span.start < settled:
            with self._store.record() as uow:
                uow.bars.cover(piece.of, Range(span.start, min(span.end, settled)))
        if span.end > settled:
            self._note(piece.of, span, None)
        return None

    def _keep(self, timeframe: Timeframe, bars: Sequence[Bar]) -> None:
        for start in range(0, len(bars), _AT_ONCE):
            with self._store.record() as uow:
                uow.bars.save(timeframe, BarSource.ALPACA, bars[start : start + _AT_ONCE])
            self._rest()

    def _queue(self, more: Iterator[_Piece]) -> Lack | None:
        """Leave the rest to the background; returns what to tell whoever asked."""
        said = None
        for piece in more:
            said = WAITING
            if piece in self._waiting:
                continue
            if len(self._waiting) >= MOST_PIECES:
                return _FULL
            self._waiting.append(piece)
        if said is not None:
            self._wake()
        return said
