"""What the demo's strategies do: a seeded play of entries, adds, scale-outs, reversals and exits,
with the mishaps that every trader meets.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.domain.money import ZERO, wire
from app.domain.orders import Side

#: A position grows to this many times the size of an entry.
_MOST_ENTRIES: Final = 3
_COMMENTS: Final = {"long": "cross up", "short": "cross down", "flat": "take profit"}


@dataclass(frozen=True, slots=True)
class Part:
    """One strategy of the demo: its chart's symbol, its account, and the size of its entries."""

    name: str
    symbol: str
    account: str
    size: Decimal


FUTURES, SHARES = "Demo futures", "Demo shares and coins"

CAST: Final = (
    Part("ES trend", "ES1!", FUTURES, Decimal(2)),
    Part("NQ breakout", "NQ1!", FUTURES, Decimal(1)),
    Part("Gold reversal", "MGC1!", FUTURES, Decimal(3)),
    Part("SPY mean reversion", "SPY", SHARES, Decimal(50)),
    Part("Bitcoin swing", "BTCUSD", SHARES, Decimal("0.1")),
)


@dataclass(frozen=True, slots=True)
class Message:
    """One request of the sender: for which strategy, its body, and a word for the terminal."""

    part: Part
    body: str
    what: str


class Actor:
    """One strategy on a chart; it knows its position, as TradingView's own emulator does."""

    def __init__(self, part: Part, position: Decimal, chance: random.Random) -> None:
        self._part = part
        self._position = position
        self._chance = chance
        self._number = 0

    def act(self, now: datetime) -> Message:
        """Trade once: enter when flat, else add, scale out, reverse or exit."""
        return self._trade(self._wanted(), now)

    def leave(self, now: datetime) -> Message:
        """Exit; an alert too many when it is flat already, which must do nothing."""
        return self._trade(ZERO, now)

    def _wanted(self) -> Decimal:
        held, size = self._position, self._part.size
        if not held:
            return size * self._chance.choice((1, 1, -1))
        side = 1 if held > 0 else -1
        choices = [ZERO, -side * size]
        if abs(held) < size * _MOST_ENTRIES:
            choices += [held + side * size] * 2
        if abs(held) > size:
            choices += [held - side * size] * 2
        return self._chance.choice(choices)

    def _trade(self, wanted: Decimal, now: datetime) -> Message:
        before, self._position = self._position, wanted
        change = wanted - before
        self._number += 1
        time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        after = _direction(wanted)
        fields = {
            "id": f"{_COMMENTS[after]} {self._number}-{time}-{wire(abs(wanted))}",
            "symbol": self._part.symbol,
            "action": str(Side.BUY if change > 0 else Side.SELL),
            "contracts": wire(abs(change)),
            "market_position": after,
            "market_position_size": wire(abs(wanted)),
            "prev_market_position": _direction(before),
            "prev_market_position_size": wire(abs(before)),
            "comment": _COMMENTS[after],
            "timenow": time,
        }
        what = f"{fields['action']} {fields['contracts']}, then {after} {wire(abs(wanted))}"
        return Message(self._part, json.dumps(fields), what)


def play(
    actors: Sequence[Actor], chance: random.Random, now: Callable[[], datetime]
) -> Iterator[Message]:
    """Yield messages without end: every actor in turn first, then whoever chance picks.

    Now and then one is sent twice, one is broken, and one exits what is flat already.
    """
    for actor in actors:
        yield actor.act(now())
    while True:
        message = chance.choice(actors).act(now())
        yield message
        yield Message(message.part, message.body, "the same once more, as after a timeout")
        yield from (chance.choice(actors).act(now()) for _ in range(4))
        yield _broken(chance.choice(actors).act(now()))
        yield from (chance.choice(actors).act(now()) for _ in range(4))
        actor = chance.choice(actors)
        yield actor.leave(now())
        yield actor.leave(now())


def _broken(message: Message) -> Message:
    """The message with a quote in its comment, which breaks JSON: the usual mistake."""
    body = message.body.replace('"comment": "', '"comment": "the "big" ')
    return Message(message.part, body, "a message with a quote too many")


def _direction(position: Decimal) -> str:
    return "flat" if not position else "long" if position > 0 else "short"
