"""What a storm sends and when it strikes: all of it follows from the seed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.safety.storms import TEST_SYMBOLS

MOST_ALERTS: Final = 100_000
MOST_SENDERS: Final = 64
MOST_STRATEGIES: Final = 8
#: One alert of so many cannot be read, because senders make mistakes too.
_BROKEN_EVERY: Final = 50
_LARGEST: Final = 3
_LONGEST_DELAY_S: Final = 0.1

#: What the strategies trade: the symbol as TradingView writes it, a price, and its tick.
MARKETS: Final = (
    ("ES1!", Decimal(5000), Decimal("0.25")),
    ("NQ1!", Decimal(18000), Decimal("0.25")),
    ("SPY", Decimal(550), Decimal("0.01")),
    ("CL1!", Decimal(70), Decimal("0.01")),
)
#: What they trade where somebody else's positions must not feel a price of ours.
TEST_MARKETS: Final = tuple((each, Decimal(20), Decimal("0.01")) for each in TEST_SYMBOLS)

Markets = Sequence[tuple[str, Decimal, Decimal]]


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a storm is; ``resend`` is the share of alerts that are sent more than once.

    ``faults`` are probabilities from 0 to 1, by the names of the broker's faults.
    """

    alerts: int = 500
    senders: int = 8
    strategies: int = 4
    resend: float = 0.3
    kills: int = 3
    restarts: int = 1
    faults: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1

    def __post_init__(self) -> None:
        wrong = {
            name: f"must be from {low} to {high}"
            for name, low, high in (
                ("alerts", 1, MOST_ALERTS),
                ("senders", 1, MOST_SENDERS),
                ("strategies", 1, MOST_STRATEGIES),
                ("resend", 0, 1),
                ("kills", 0, self.alerts),
                ("restarts", 0, self.alerts),
            )
            if not low <= getattr(self, name) <= high
        }
        if wrong:
            raise InvalidInput("There can be no such storm.", fields=wrong)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {**asdict(self), "faults": dict(self.faults)}


@dataclass(frozen=True, slots=True)
class Message:
    """One alert to be sent: its number in the storm, counted from 1, and what is posted.

    ``at_once`` copies are posted together with it; ``later`` ones after its answer has come.
    """

    number: int
    strategy: int
    asked: str
    body: bytes
    at_once: int = 0
    later: int = 0


@dataclass(frozen=True, slots=True)
class Strike:
    """An end of the server, ``delay_s`` after the alert ``after`` was sent; graceful or by -9."""

    after: int
    delay_s: float
    graceful: bool


def messages(shape: Shape, run: str, markets: Markets = MARKETS) -> list[Message]:
    """Return the alerts of the storm in their order; ``run`` makes their ids this run's own."""
    chance = random.Random(f"{shape.seed}|messages")  # noqa: S311  to be repeated
    walks = [
        _Walk(number, run, chance, markets[number % len(markets)])
        for number in range(shape.strategies)
    ]
    return [
        walks[number % shape.strategies].message(number + 1, shape.resend)
        for number in range(shape.alerts)
    ]


def strikes(shape: Shape) -> list[Strike]:
    """Return when the server is ended, in the order of time."""
    chance = random.Random(f"{shape.seed}|strikes")  # noqa: S311  to be repeated
    ends = [False] * shape.kills + [True] * shape.restarts
    chance.shuffle(ends)
    places = sorted(chance.uniform(0.05, 0.95) * shape.alerts for _ in ends)
    return [
        Strike(int(place), chance.uniform(0, _LONGEST_DELAY_S), graceful)
        for place, graceful in zip(places, ends, strict=True)
    ]


class _Walk:
    """One strategy that moves from position to position, as TradingView would tell of it."""

    def __init__(
        self, number: int, run: str, chance: random.Random, market: tuple[str, Decimal, Decimal]
    ) -> None:
        self._number = number
        self._run = run
        self._chance = chance
        self._symbol, self._price, self._tick = market
        self._held = 0

    def message(self, number: int, resend: float) -> Message:
        """Return the next alert."""
        before, self._held = self._held, self._next()
        self._price += self._tick * self._chance.randint(-8, 8)
        fields = self._fields(number, before, self._held)
        body = json.dumps(fields).encode()
        asked = f"{fields['action']} {fields['contracts']} {self._symbol}, then {self._held}"
        if number % _BROKEN_EVERY == 0:
            # Cut off in the middle, and so the position stays what it was.
            self._held, body, asked = before, body[: len(body) // 2], "unreadable"
        again = self._chance.random() < resend
        return Message(
            number=number,
            strategy=self._number,
            asked=asked,
            body=body,
            at_once=self._chance.randint(1, 3) if again else 0,
            later=self._chance.randint(0, 1) if again else 0,
        )

    def _next(self) -> int:
        everywhere = range(-_LARGEST, _LARGEST + 1)
        return self._chance.choice([each for each in everywhere if each != self._held])

    def _fields(self, number: int, before: int, after: int) -> dict[str, str]:
        return {
            "id": f"{self._run}-{number}",
            "symbol": self._symbol,
            "action": "buy" if after > before else "sell",
            "contracts": str(abs(after - before)),
            "market_position": _side(after),
            "market_position_size": str(abs(after)),
            "prev_market_position": _side(before),
            "prev_market_position_size": str(abs(before)),
            "price": str(self._price),
        }


def closing(shape: Shape, run: str, markets: Markets = MARKETS) -> list[Message]:
    """Return one alert for each strategy that takes it out of the market."""
    return [
        Message(
            number=shape.alerts + number + 1,
            strategy=number,
            asked="close everything",
            body=json.dumps(
                {"id": f"{run}-close-{number}", "symbol": symbol, "action": "close"}
            ).encode(),
        )
        for number in range(shape.strategies)
        for symbol, _, _ in [markets[number % len(markets)]]
    ]


def _side(position: int) -> str:
    return "flat" if not position else "long" if position > 0 else "short"
