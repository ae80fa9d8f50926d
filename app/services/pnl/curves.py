"""The recorded curves: a strategy, one of its several accounts, an account, all of one user.

Each adds up its pairs and keeps its high-water mark and the largest fall from one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from app.domain.money import ZERO, exact
from app.services.pnl.pairs import Pair
from app.services.ports import Sample, Series, Store

#: Seconds after which a curve that does not move gets a sample all the same, which says that it was
#: watched; up to ``SPREAD_S`` sooner, so that not all of them are due at once.
HEARTBEAT_S: Final = 58
SPREAD_S: Final = 15

CurveKey = tuple[str | None, str | None, str | None]
"""User, strategy (None: all), account (None: all)."""


@dataclass(slots=True)
class Curve:
    """One recorded curve and the pairs that it adds up; None where a price is unknown.

    ``kept`` is the series as it is stored, ``recorded`` its last sample, None before the first.
    """

    series: Series
    kept: Series
    pairs: Sequence[Pair] = field(default_factory=list)
    realised: Decimal = ZERO
    open_pnl: Decimal | None = ZERO
    pnl: Decimal | None = ZERO
    drawdown: Decimal | None = ZERO
    recorded: Sample | None = None
    active: bool = False

    def add_up(self) -> None:
        """Sum the pairs; the high-water mark stays, so reading it between ticks moves nothing."""
        self.realised = sum((pair.realised for pair in self.pairs), ZERO)
        self.open_pnl = known(pair.open_pnl for pair in self.pairs)
        self.pnl = self.drawdown = None
        if self.open_pnl is not None:
            self.pnl = self.realised + self.open_pnl
            self.drawdown = max(self.series.peak - self.pnl, ZERO)

    def observe(self) -> None:
        """Move the high-water mark and the largest fall."""
        if self.pnl is None or self.drawdown is None:
            return
        if self.pnl > self.series.peak or self.drawdown > self.series.max_drawdown:
            self.series = replace(
                self.series,
                peak=max(self.series.peak, self.pnl),
                max_drawdown=max(self.series.max_drawdown, self.drawdown),
            )

    def stirs(self) -> bool:
        """Whether this second counts: the curve is active, or it was a second ago.

        So the last sample of a curve shows where it ended, not where it was just before.
        """
        before = self.active
        self.active = any(pair.active for pair in self.pairs)
        return self.active or before

    def due(self, at: int) -> bool:
        """Whether the curve moved since its last sample, or that one will soon hold no longer."""
        last = self.recorded
        if last is None or (last.realised, last.open) != (self.realised, self.open_pnl):
            return True
        return abs(at - last.at) >= HEARTBEAT_S - self.series.id % SPREAD_S

    def sample(self, at: int) -> Sample:
        """The curve's sample of this second."""
        return Sample(self.series.id, at, self.realised, self.open_pnl)


class Curves:
    """Every curve by its key; ``arrange`` follows what pairs there are."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._curves: dict[CurveKey, Curve] = {}
        self._strategies: dict[str | None, list[Curve]] = {}

    def arrange(self, pairs: Iterable[Pair]) -> None:
        """Find or make the curve of every strategy, account and user of ``pairs``."""
        wanted = _keys(pairs)
        new = wanted.keys() - self._curves.keys()
        stored = self._stored({key: wanted[key] for key in new}) if new else {}
        curves: dict[CurveKey, Curve] = {}
        strategies: dict[str | None, list[Curve]] = {}
        for key, members in wanted.items():
            curve = self._curves.get(key) or Curve(stored[key], stored[key])
            curve.pairs = members
            curves[key] = curve
            user, strategy, account = key
            of_user = strategies.setdefault(user, [])
            if strategy is not None and account is None:
                of_user.append(curve)
        self._curves, self._strategies = curves, strategies

    @exact
    def add_up(self) -> None:
        """Sum every curve."""
        for curve in self._curves.values():
            curve.add_up()

    def due(self, at: int) -> list[Curve]:
        """Observe, and return the curves that get a sample for the second ``at``."""
        stirring = [curve for curve in self._curves.values() if curve.stirs()]
        for curve in stirring:
            curve.observe()
        return [curve for curve in stirring if curve.due(at)]

    def moved(self) -> list[Curve]:
        """The curves whose high-water mark or largest fall is not stored yet."""
        return [curve for curve in self._curves.values() if curve.series != curve.kept]

    def get(self, key: CurveKey) -> Curve | None:
        """The curve of that user, strategy and account; None when there is none."""
        return self._curves.get(key)

    def users(self) -> Sequence[str | None]:
        """Whoever has a curve; None stands for what nobody owns yet."""
        return tuple(self._strategies)

    def strategies(self, user_id: str | None) -> Sequence[Curve]:
        """The user's curves of whole strategies."""
        return self._strategies.get(user_id, ())

    def _stored(self, wanted: Mapping[CurveKey, Iterable[Pair]]) -> Mapping[CurveKey, Series]:
        with self._store.read() as uow:
            found = {(s.user_id, s.strategy_id, s.account_id): s for s in uow.history.series()}
        missing = [key for key in wanted if key not in found]
        if missing:
            with self._store.write() as uow:
                for key in missing:
                    found[key] = uow.history.add_series(*key, _base(wanted[key]))
        return found


@exact
def _base(pairs: Iterable[Pair]) -> Decimal:
    """The capital of the pairs' accounts, each once."""
    capital = {pair.account.id: pair.account.capital for pair in pairs}
    return sum(capital.values(), ZERO)


def known(values: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum; None when one of the values is unknown."""
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _keys(pairs: Iterable[Pair]) -> dict[CurveKey, list[Pair]]:
    """Which curves there are, and the pairs of each."""
    listed = list(pairs)
    accounts: dict[str, int] = {}
    for pair in listed:
        accounts[pair.strategy.id] = accounts.get(pair.strategy.id, 0) + 1
    wanted: dict[CurveKey, list[Pair]] = {}
    for pair in listed:
        for key in _keys_of(pair, alone=accounts[pair.strategy.id] == 1):
            wanted.setdefault(key, []).append(pair)
    return wanted


def _keys_of(pair: Pair, *, alone: bool) -> Iterator[CurveKey]:
    user, (strategy, account) = pair.strategy.user_id, pair.key
    yield (user, None, None)
    yield (user, None, account)
    yield (user, strategy, None)
    if not alone:
        yield (user, strategy, account)
