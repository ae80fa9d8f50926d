"""A synthetic market: a seeded walk of one contract's price, for the demo and for tests.

The log price moves by a normal step whose volatility itself wanders around its mean, so that calm
and busy stretches follow each other.  Floats make the walk; a quote is always on the tick.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from app.domain.instruments import Contract, InstrumentKind
from app.domain.money import to_step
from app.domain.quotes import Quote, QuoteSource

_YEAR_S: Final = 252 * 23 * 3600.0
#: A pause moves the price no further than this many seconds would.
_LONGEST_STEP_S: Final = 60.0
#: How fast volatility returns to its mean, per second, and how much it wanders.
_RETURN_RATE: Final = 0.01
_WANDER: Final = 0.08


@dataclass(frozen=True, slots=True)
class Character:
    """How a kind of contract trades: yearly volatility, and the spread in ticks, least and most."""

    volatility: float
    spread: tuple[int, int]


CHARACTERS: Final = {
    InstrumentKind.FUTURE: Character(0.18, (1, 1)),
    InstrumentKind.STOCK: Character(0.30, (1, 2)),
    InstrumentKind.CRYPTO: Character(0.60, (1, 40)),
}

#: root: where a walk begins and its yearly volatility, if not its kind's.  Any other contract
#: begins at a price drawn from its seed.
MARKETS: Final[dict[str, tuple[float, float | None]]] = {
    **dict.fromkeys(("ES", "MES"), (6800.0, None)),
    **dict.fromkeys(("NQ", "MNQ"), (25200.0, 0.22)),
    **dict.fromkeys(("RTY", "M2K"), (2450.0, 0.22)),
    **dict.fromkeys(("YM", "MYM"), (47000.0, 0.16)),
    **dict.fromkeys(("CL", "MCL"), (60.0, 0.35)),
    **dict.fromkeys(("GC", "MGC"), (4100.0, None)),
    "NG": (4.2, 0.50),
    "SI": (50.0, 0.30),
    "ZN": (112.5, 0.06),
    "ZB": (117.0, 0.11),
    "6E": (1.16, 0.08),
    "SPY": (680.0, 0.16),
    "QQQ": (610.0, 0.20),
    "AAPL": (270.0, None),
    "MSFT": (500.0, None),
    "NVDA": (190.0, 0.45),
    "TSLA": (420.0, 0.55),
    **dict.fromkeys(("BTCUSD", "BTCUSDT", "BTCUSDC"), (95000.0, 0.45)),
    **dict.fromkeys(("ETHUSD", "ETHUSDT", "ETHUSDC"), (3200.0, None)),
    **dict.fromkeys(("SOLUSD", "SOLUSDT", "SOLUSDC"), (145.0, None)),
}


class SyntheticMarket:
    """One contract's market; the same seed, anchors and instants give the same quotes."""

    def __init__(self, contract: Contract, seed: int) -> None:
        """Begin at the root's usual price; ``seed`` and the symbol decide everything after."""
        self._symbol = contract.symbol
        self._tick = contract.instrument.tick_size
        self._chance = random.Random(f"{seed}|{contract.symbol}")  # noqa: S311 - a walk, no secret
        character = CHARACTERS[contract.instrument.kind]
        drawn = self._chance.uniform(20.0, 400.0)
        self._price, volatility = MARKETS.get(contract.root, (drawn, None))
        self._volatility = volatility or character.volatility
        self._spread = character.spread
        self._heat = 0.0
        self._at: datetime | None = None

    @property
    def symbol(self) -> str:
        """The contract's symbol."""
        return self._symbol

    def anchor(self, price: Decimal) -> None:
        """Go on from ``price``, which must be above zero."""
        self._price = float(price)

    def next(self, now: datetime) -> Quote:
        """Walk to ``now`` and quote: bid below ask, both multiples of the tick and above zero."""
        elapsed = 1.0 if self._at is None else (now - self._at).total_seconds()
        self._at = now
        self._walk(min(max(elapsed, 0.0), _LONGEST_STEP_S))
        ticks = self._chance.randint(*self._spread)
        middle = Decimal(repr(self._price)) - self._tick * (ticks - 1) / 2
        bid = max(to_step(middle, self._tick, ROUND_FLOOR), self._tick)
        ask = bid + self._tick * ticks
        last = bid if self._chance.random() < 0.5 else ask
        return Quote(self._symbol, bid, ask, now, QuoteSource.SYNTHETIC, last)

    def _walk(self, seconds: float) -> None:
        root = math.sqrt(seconds)
        self._heat += -_RETURN_RATE * self._heat * seconds + self._chance.gauss(0.0, _WANDER) * root
        self._heat = min(max(self._heat, -1.5), 1.5)
        sigma = self._volatility / math.sqrt(_YEAR_S) * math.exp(self._heat) * root
        self._price *= math.exp(self._chance.gauss(0.0, sigma))
