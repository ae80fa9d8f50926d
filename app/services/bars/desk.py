"""The desk of bars: what charts, bots and backtests ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from app.domain.catalogue import InstrumentKind
from app.domain.errors import InvalidInput
from app.domain.instruments import Contract, resolve
from app.domain.quotes import (
    BarSource,
    KeptBar,
    Range,
    Timeframe,
    begin,
    following,
    merged,
    resampled,
)
from app.services.bars.filling import Filler
from app.services.ports import Clock, Store
from app.services.ports.bars import BarsOf

DEFAULT_BARS: Final = 500
MOST_BARS: Final = 5000
#: Minutes of which longer bars are made for one answer.
MOST_MINUTES: Final = 50_000
_PAGE: Final = 5000
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT: Final = timedelta(microseconds=1)

#: How much longer than its bars a stretch of time is, for nights and weekends, and what is added.
_REACH: Final = {
    InstrumentKind.STOCK: (5.5, timedelta(days=4)),
    InstrumentKind.FUTURE: (1.5, timedelta(days=4)),
    InstrumentKind.CRYPTO: (1.0, timedelta(0)),
}
_REACH_OF_DAYS: Final = (1.5, timedelta(days=7))


@dataclass(frozen=True, slots=True)
class BarAsk:
    """Which bars: those that begin from ``start`` on and before ``end``, and have ended.

    With ``start`` the first ``limit`` of them, without it the last; without ``end`` until now.
    """

    symbol: str
    timeframe: Timeframe = Timeframe.MINUTE
    start: datetime | None = None
    end: datetime | None = None
    limit: int = DEFAULT_BARS


@dataclass(frozen=True, slots=True)
class Found:
    """Bars, oldest first; ``why`` says why some may be missing, None when none are.

    ``coming`` says that those are being asked for at this moment;
    ``following`` is the start to ask for what comes after; None when that is all.
    """

    contract: Contract
    timeframe: Timeframe
    bars: Sequence[KeptBar]
    why: str | None
    coming: bool
    following: datetime | None

    @property
    def complete(self) -> bool:
        """Whether every bar of that time is there."""
        return self.why is None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is looked for: bars that begin within ``whole``, the last or the first ones."""

    contract: Contract
    timeframe: Timeframe
    whole: Range
    limit: int
    newest: bool

    def chosen(self, bars: Sequence[KeptBar]) -> Sequence[KeptBar]:
        return bars[-self.limit :] if self.newest else bars[: self.limit]


class BarDesk:
    """Answers from the store, after what is missing was asked for."""

    def __init__(
        self, store: Store, clock: Clock, filler: Filler, rest: Callable[[], None]
    ) -> None:
        """``rest`` lets others work in between."""
        self._store = store
        self._clock = clock
        self._filler = filler
        self._rest = rest

    def bars(self, ask: BarAsk) -> Found:
        """Return the bars; raises InvalidInput for an unknown symbol or times that cannot be."""
        now = self._clock.now()
        contract = resolve(ask.symbol, now.date())
        closed = begin(ask.timeframe, now, contract.instrument)
        end = closed if ask.end is None else min(ask.end, closed)
        _check(ask)
        reach = _reach(ask, contract)
        start = max(end - reach, _EARLIEST) if ask.start is None else ask.start
        if start >= end:
            return Found(contract, ask.timeframe, [], None, coming=False, following=None)
        newest = ask.start is None
        whole = Range(start, end if newest else min(end, start + reach))
        plan = _Plan(contract, ask.timeframe, whole, ask.limit, newest)
        lack = self._filler.fill(contract, ask.timeframe, whole, newest=newest)
        bars = self._kept(plan, of=ask.timeframe, most=ask.limit)
        if lack is not None and ask.timeframe is not Timeframe.MINUTE:
            bars = plan.chosen(merged(bars, self._made(plan)))
        return Found(
            contract,
            ask.timeframe,
            bars,
            why=lack and lack.why,
            coming=lack is not None and lack.coming,
            following=_following(plan, bars, end),
        )

    def _kept(self, plan: _Plan, of: Timeframe, most: int) -> Sequence[KeptBar]:
        with self._store.read() as uow:
            read = uow.bars.last if plan.newest else uow.bars.first
            return read(BarsOf(plan.contract.symbol, of), plan.whole, most)

    def _made(self, plan: _Plan) -> list[KeptBar]:
        """Longer bars of the minutes that are kept, of each whose minutes were all read."""
        instrument = plan.contract.instrument
        first = begin(plan.timeframe, plan.whole.start, instrument)
        if first < plan.whole.start:
            first = following(plan.timeframe, plan.whole.start, instrument)
        last = following(plan.timeframe, plan.whole.end - _INSTANT, instrument)
        if first >= last:
            return []
        minutes = self._minutes(plan, Range(first, last))
        whole = len(minutes) < MOST_MINUTES
        source = BarSource.BUILT
        if any(each.source is BarSource.SYNTHETIC for each in minutes):
            source = BarSource.SYNTHETIC
        longer = resampled((each.bar for each in minutes), plan.timeframe, instrument)
        made = [KeptBar(bar, source) for bar in longer]
        if whole:
            return made
        return made[1:] if plan.newest else made[:-1]

    def _minutes(self, plan: _Plan, within: Range) -> list[KeptBar]:
        """The last or first minutes of the range, as many as may be read for one answer."""
        found: list[KeptBar] = []
        while len(found) < MOST_MINUTES and within.start < within.end:
            part = _Plan(plan.contract, plan.timeframe, within, _PAGE, plan.newest)
            page = list(self._kept(part, of=Timeframe.MINUTE, most=_PAGE))
            found = page + found if plan.newest else found + page
            if len(page) < _PAGE:
                break
            if plan.newest:
                within = Range(within.start, page[0].bar.at)
            else:
                within = Range(page[-1].bar.at + _INSTANT, within.end)
            self._rest()
        return found


def _check(ask: BarAsk) -> None:
    for name, at in (("start", ask.start), ("end", ask.end)):
        if at is not None and at < _EARLIEST:
            raise InvalidInput(
                f"The {name} must be in 1970 or later.", fields={name: "must be 1970 or later"}
            )
    if ask.start is not None and ask.end is not None and ask.start >= ask.end:
        raise InvalidInput(
            "The start must be earlier than the end.", fields={"start": "must be before the end"}
        )


def _reach(ask: BarAsk, contract: Contract) -> timedelta:
    """How much time holds as many bars as are wanted, as far as can be told beforehand."""
    days = ask.timeframe is Timeframe.DAY
    stretch, more = _REACH_OF_DAYS if days else _REACH[contract.instrument.kind]
    return ask.limit * ask.timeframe.span * stretch + more


def _following(plan: _Plan, bars: Sequence[KeptBar], end: datetime) -> datetime | None:
    if plan.newest:
        return None
    if len(bars) == plan.limit:
        after = following(plan.timeframe, bars[-1].bar.at, plan.contract.instrument)
        return after if after < end else None
    return plan.whole.end if plan.whole.end < end else None
