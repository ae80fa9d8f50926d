"""P&L each second: each active strategy's curve, high-water mark, drawdown and live figures.

An unknown price writes a gap, never a zero.  A curve is a strategy, a strategy on one of several
accounts, an account, or everything of one user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from app.domain.money import ZERO, exact
from app.services.pnl.books import Books, Pair
from app.services.pnl.live import LivePosition, LiveSink, StrategyLine, Summary, Tick
from app.services.ports import Clock, Quotes, Sample, Series, Store

CurveKey = tuple[str | None, str | None, str | None]
"""User, strategy (None: all), account (None: all)."""


@dataclass(slots=True)
class _Curve:
    """One recorded curve and the pairs that it adds up."""

    series: Series
    pairs: list[Pair] = field(default_factory=list)
    realised: Decimal = ZERO
    open_pnl: Decimal | None = ZERO
    drawdown: Decimal | None = ZERO

    @property
    def pnl(self) -> Decimal | None:
        """Realised plus open; None while a price is unknown."""
        return None if self.open_pnl is None else self.realised + self.open_pnl

    def add_up(self) -> None:
        """Sum the pairs; the high-water mark stays, so reading it between ticks moves nothing."""
        self.realised = sum((pair.realised for pair in self.pairs), ZERO)
        self.open_pnl = _known(pair.open_pnl for pair in self.pairs)
        pnl = self.pnl
        self.drawdown = None if pnl is None else max(self.series.peak - pnl, ZERO)

    def observe(self) -> bool:
        """Move the high-water mark and the worst fall; returns whether either moved."""
        pnl, before = self.pnl, self.series
        if pnl is None or self.drawdown is None:
            return False
        peak = max(before.peak, pnl)
        worst = max(before.max_drawdown, self.drawdown)
        if peak == before.peak and worst == before.max_drawdown:
            return False
        self.series = replace(before, peak=peak, max_drawdown=worst)
        return True

    def sample(self, at: int) -> Sample:
        """The curve's row for this second."""
        return Sample(self.series.id, at, self.realised, self.open_pnl, self.pnl, self.drawdown)


class Recorder:
    """Records every active curve once a second and tells the live layer what changed.

    ``pause`` is called between the parts of a tick, so that requests are served in between.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        quotes: Quotes,
        books: Books,
        sink: LiveSink,
        pause: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._quotes = quotes
        self._books = books
        self._sink = sink
        self._pause = pause
        self._curves: dict[CurveKey, _Curve] = {}
        self._built = -1
        self._second = 0
        self._shown: dict[str | None, dict[str, StrategyLine]] = {}
        self._placed: dict[str | None, dict[tuple[str, str, str], LivePosition]] = {}

    def show(self, sink: LiveSink) -> None:
        """Tell ``sink`` from now on what changed each second."""
        self._sink = sink

    def tick(self, now: datetime) -> bool:
        """Record the second of ``now`` once; returns whether it had not been recorded before."""
        second = int(now.timestamp())
        if second <= self._second:
            return False
        self._second = second
        self._value(now)
        self._pause()
        self._add_up()
        samples, moved = self._observe(second)
        with self._store.record() as uow:
            uow.history.record(samples, moved)
        self._pause()
        self._sink.tick({user: self._tick_of(user, now) for user in self._users()})
        return True

    def summary(self, user_id: str | None, account_id: str | None = None) -> Summary:
        """Return the figures of one user now, for all accounts or one."""
        now = self._clock.now()
        self._value(now)
        self._add_up()
        return self._summary(user_id, account_id, now)

    def positions(
        self, user_id: str | None, strategy_id: str | None = None, account_id: str | None = None
    ) -> Sequence[LivePosition]:
        """Return the open positions of one user at their marks."""
        now = self._clock.now()
        self._value(now)
        return [
            position
            for pair in self._books.of_user(user_id)
            if strategy_id in {None, pair.strategy.id} and account_id in {None, pair.account.id}
            for position in self._positions_of(pair, now)
        ]

    def strategy_lines(self, user_id: str | None) -> Sequence[StrategyLine]:
        """Return the figures of each of the user's strategies now."""
        self._value(self._clock.now())
        self._add_up()
        return [
            _line(curve)
            for (owner, strategy, account), curve in self._curves.items()
            if strategy is not None and account is None and user_id in {None, owner}
        ]

    def curve_id(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> int | None:
        """Return the id of the recorded curve; a strategy's only account is the strategy itself."""
        self._value(self._clock.now())
        exactly = self._curves.get((user_id, strategy_id, account_id))
        if exactly is not None:
            return exactly.series.id
        whole = self._curves.get((user_id, strategy_id, None))
        if whole is None or strategy_id is None:
            return None
        only = {pair.account.id for pair in whole.pairs}
        return whole.series.id if only == {account_id} else None

    def _value(self, now: datetime) -> None:
        self._books.refresh()
        if self._built != self._books.version:
            self._build()
        self._books.value(now)

    def _build(self) -> None:
        """Find or make the curve of every strategy, account and user."""
        self._built = self._books.version
        with self._store.read() as uow:
            known = {(s.user_id, s.strategy_id, s.account_id): s for s in uow.history.series()}
        for key, curve in self._curves.items():
            known[key] = curve.series
        wanted = _keys(self._books.pairs.values())
        missing = [key for key in wanted if key not in known]
        if missing:
            with self._store.write() as uow:
                for key in missing:
                    known[key] = uow.history.add_series(*key)
        self._curves = {key: _Curve(known[key], pairs) for key, pairs in wanted.items()}

    @exact
    def _add_up(self) -> None:
        for curve in self._curves.values():
            curve.add_up()

    def _observe(self, second: int) -> tuple[list[Sample], list[Series]]:
        active = [c for c in self._curves.values() if any(pair.active for pair in c.pairs)]
        moved = [curve.series for curve in active if curve.observe()]
        return [curve.sample(second) for curve in active], moved

    def _users(self) -> set[str | None]:
        return {user for user, strategy, account in self._curves if strategy is account is None}

    def _tick_of(self, user_id: str | None, now: datetime) -> Tick:
        lines = {
            strategy: _line(curve)
            for (owner, strategy, account), curve in self._curves.items()
            if owner == user_id and strategy is not None and account is None
        }
        placed = {
            (each.strategy_id, each.account_id, each.symbol): each
            for pair in self._books.of_user(user_id)
            if pair.strategy.user_id == user_id
            for each in self._positions_of(pair, now)
        }
        shown, self._shown[user_id] = self._shown.get(user_id, {}), lines
        before, self._placed[user_id] = self._placed.get(user_id, {}), placed
        return Tick(
            summary=self._summary(user_id, None, now),
            strategies=[line for key, line in lines.items() if shown.get(key) != line],
            positions=[each for key, each in placed.items() if _moved(before.get(key), each)],
        )

    @exact
    def _summary(self, user_id: str | None, account_id: str | None, now: datetime) -> Summary:
        pairs = [
            pair for pair in self._books.of_user(user_id) if account_id in {None, pair.account.id}
        ]
        realised = sum((pair.realised for pair in pairs), ZERO)
        today = sum((pair.realised - pair.day_realised for pair in pairs), ZERO)
        cash = {pair.account.id: pair.account.starting_cash for pair in pairs}
        curve = self._curves.get((user_id, None, account_id))
        open_pnl = _known(pair.open_pnl for pair in pairs)
        change = None if open_pnl is None else open_pnl - sum((p.day_open for p in pairs), ZERO)
        total = None if open_pnl is None else realised + open_pnl
        return Summary(
            at=now,
            realised=realised,
            open_pnl=open_pnl,
            total_pnl=total,
            today_pnl=None if change is None else today + change,
            realised_today=today,
            equity=None if total is None else sum(cash.values(), ZERO) + total,
            drawdown=curve.drawdown if curve else ZERO,
            max_drawdown=curve.series.max_drawdown if curve else ZERO,
            active_positions=sum(len(pair.holdings) for pair in pairs),
        )

    def _positions_of(self, pair: Pair, now: datetime) -> list[LivePosition]:
        found = []
        for symbol, holding in pair.holdings.items():
            quote = self._quotes.latest(symbol)
            fresh = self._quotes.fresh(symbol, now)
            position = holding.position
            value = None
            if fresh is not None:
                value = (position.quantity * fresh.mark - position.basis) * holding.multiplier
            found.append(
                LivePosition(
                    strategy_id=pair.strategy.id,
                    strategy_name=pair.strategy.name,
                    account_id=pair.account.id,
                    account_name=pair.account.name,
                    symbol=symbol,
                    quantity=position.quantity,
                    average_price=position.average_price or ZERO,
                    last_price=None if quote is None else quote.mark,
                    unrealised=value,
                    quote_age_s=None if quote is None else quote.age(now).total_seconds(),
                    stale=fresh is None,
                )
            )
        return found


def _keys(pairs: Iterable[Pair]) -> dict[CurveKey, list[Pair]]:
    """Which curves there are, and the pairs of each."""
    wanted: dict[CurveKey, list[Pair]] = {}
    accounts: dict[str, int] = {}
    listed = list(pairs)
    for pair in listed:
        accounts[pair.strategy.id] = accounts.get(pair.strategy.id, 0) + 1
    for pair in listed:
        user, strategy, account = pair.strategy.user_id, pair.strategy.id, pair.account.id
        keys: list[CurveKey] = [(user, None, None), (user, None, account), (user, strategy, None)]
        if accounts[strategy] > 1:
            keys.append((user, strategy, account))
        for key in keys:
            wanted.setdefault(key, []).append(pair)
    return wanted


def _known(values: Iterable[Decimal | None]) -> Decimal | None:
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _line(curve: _Curve) -> StrategyLine:
    strategy = curve.pairs[0].strategy
    started = sum((pair.day_realised + pair.day_open for pair in curve.pairs), ZERO)
    return StrategyLine(
        strategy_id=strategy.id,
        strategy_name=strategy.name,
        realised=curve.realised,
        open_pnl=curve.open_pnl,
        pnl=curve.pnl,
        drawdown=curve.drawdown,
        today_pnl=None if curve.pnl is None else curve.pnl - started,
    )


def _moved(before: LivePosition | None, now: LivePosition) -> bool:
    """Whether anything but the age of the price changed."""
    return before is None or replace(before, quote_age_s=now.quote_age_s) != now
