"""P&L each second: samples of curves that move, high-water marks, and what the pages are told.

An unknown price writes a gap, never a zero.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from app.domain.errors import Conflict
from app.domain.events import Fact
from app.domain.money import ZERO, exact
from app.services.pnl import figures
from app.services.pnl.books import Books
from app.services.pnl.curves import Curve, Curves
from app.services.pnl.excursions import ExcursionBook
from app.services.pnl.live import LivePosition, LiveSink, StrategyLine, Summary, Tick
from app.services.pnl.pairs import Pair
from app.services.ports import Clock, Quotes, Sample, Series, Store

_Placed = dict[tuple[str, str, str], LivePosition]


class Recorder:
    """Watches every active curve each second, records what moved, and tells the live layer.

    ``pause`` is called between the parts of a tick, so that requests are served in between.  While
    ``may_keep`` says no, the figures are shown and not written.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        quotes: Quotes,
        books: Books,
        sink: LiveSink,
        pause: Callable[[], None],
        may_keep: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._quotes = quotes
        self._books = books
        self._sink = sink
        self._pause = pause
        self._may_keep = may_keep
        self._lock = threading.RLock()
        self._curves = Curves(store)
        self._reached = ExcursionBook(store, quotes)
        self._arranged = -1
        self._second: int | None = None
        self._shown: dict[str | None, dict[str, StrategyLine]] = {}
        self._placed: dict[str | None, _Placed] = {}

    def show(self, sink: LiveSink) -> None:
        """Tell ``sink`` from now on what changed each second."""
        self._sink = sink

    def follow(self, facts: Sequence[Fact]) -> None:
        """Listen to the bus: round trips that fills changed are read again."""
        self._reached.follow(facts)

    def forget(self) -> None:
        """Read the curves' high-water marks anew: another server may have moved them."""
        with self._lock:
            self._curves = Curves(self._store)
            self._reached.forget()
            self._arranged = -1

    def tick(self, now: datetime) -> bool:
        """Record the second of ``now`` once; returns whether it had not been recorded before."""
        second = int(now.timestamp())
        if second == self._second:
            return False
        self._second = second
        with self._lock:
            self._renew()
        self._pause()
        with self._lock:
            self._value(now)
            samples = [(curve, curve.sample(second)) for curve in self._curves.due(second)]
            marks = [(curve, curve.series) for curve in self._curves.moved()]
        self._pause()
        with self._lock:
            self._reached.observe(now)
        self._pause()
        fresh = self._may_keep() and self._keep(samples, marks)
        self._pause()
        ticks = {}
        for user_id in self._curves.users():
            ticks[user_id] = self._tick_of(user_id, now)
            self._pause()
        self._sink.tick(ticks)
        return fresh

    def summary(
        self, user_id: str | None, account_id: str | None = None, strategy_id: str | None = None
    ) -> Summary:
        """Return the figures of one user now, for all accounts or one, all strategies or one."""
        now = self._clock.now()
        with self._lock:
            self._value(now)
            pairs = self._within(user_id, strategy_id, account_id)
            return figures.summary(pairs, self._curve(user_id, strategy_id, account_id), now)

    def positions(
        self, user_id: str | None, strategy_id: str | None = None, account_id: str | None = None
    ) -> Sequence[LivePosition]:
        """Return the open positions of one user at their marks."""
        self._books.refresh()
        pairs = self._within(user_id, strategy_id, account_id)
        return figures.positions(pairs, self._quotes, self._clock.now())

    def strategy_lines(self, user_id: str) -> Sequence[StrategyLine]:
        """Return the figures of each of the user's strategies now."""
        with self._lock:
            self._value(self._clock.now())
            return figures.lines(self._curves.strategies(user_id))

    def curve_id(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> int | None:
        """Return the id of the recorded curve; a strategy's only account is the strategy itself."""
        with self._lock:
            self._renew()
            curve = self._curve(user_id, strategy_id, account_id)
        return None if curve is None else curve.series.id

    @exact
    def open_now(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> Decimal | None:
        """Return the open P&L of the curve's pairs at this moment; None while one is unknown."""
        with self._lock:
            self._value(self._clock.now())
            opens = [pair.open_pnl for pair in self._within(user_id, strategy_id, account_id)]
        known = [each for each in opens if each is not None]
        return sum(known, ZERO) if len(known) == len(opens) else None

    def _curve(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> Curve | None:
        exactly = self._curves.get((user_id, strategy_id, account_id))
        whole = self._curves.get((user_id, strategy_id, None))
        if exactly is not None or whole is None or strategy_id is None:
            return exactly
        only = {pair.account.id for pair in whole.pairs}
        return whole if only == {account_id} else None

    def _within(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> list[Pair]:
        return [
            pair
            for pair in self._books.of_user(user_id)
            if strategy_id in {None, pair.strategy.id} and account_id in {None, pair.account.id}
        ]

    def _renew(self) -> None:
        self._books.refresh()
        version = self._books.version
        if self._arranged != version:
            self._curves.arrange(self._books.of_user(None))
            self._arranged = version

    def _value(self, now: datetime) -> None:
        self._renew()
        self._books.value(now)
        self._curves.add_up()

    def _keep(
        self, samples: Sequence[tuple[Curve, Sample]], marks: Sequence[tuple[Curve, Series]]
    ) -> bool:
        """Write one second; False when it has rows already, from before a restart within it.

        What is written counts as kept only after the commit: until then every second writes it.
        """
        try:
            with self._store.record() as uow:
                uow.history.record([each for _, each in samples], [each for _, each in marks])
        except Conflict:
            return False
        for curve, sample in samples:
            curve.recorded = sample
        for curve, series in marks:
            curve.kept = series
        self._pause()
        reached = self._reached.moved()
        if reached:
            with self._store.record() as uow:
                uow.excursions.save(reached)
            self._reached.wrote(reached)
        return True

    def _tick_of(self, user_id: str | None, now: datetime) -> Tick:
        with self._lock:
            lines = {
                line.strategy_id: line for line in figures.lines(self._curves.strategies(user_id))
            }
            whole = self._curves.get((user_id, None, None))
            pairs = whole.pairs if whole else ()
            total = figures.summary(pairs, whole, now)
        self._pause()
        with self._lock:
            placed = {
                (each.strategy_id, each.account_id, each.symbol): each
                for each in figures.positions(pairs, self._quotes, now)
            }
        shown, self._shown[user_id] = self._shown.get(user_id, {}), lines
        before, self._placed[user_id] = self._placed.get(user_id, {}), placed
        return Tick(
            summary=total,
            strategies=[line for key, line in lines.items() if shown.get(key) != line],
            positions=[
                each for key, each in placed.items() if figures.moved(before.get(key), each)
            ],
        )
