"""The demo's play: believable alerts whose positions chain, with the mishaps that traders meet."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

import pytest

from app.demo.script import CAST, Actor, Message, play
from app.domain.alerts import read
from app.domain.errors import InvalidInput
from app.domain.money import ZERO

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def messages(count: int, seed: int = 1) -> list[Message]:
    chance = random.Random(seed)
    actors = [Actor(part, ZERO, chance) for part in CAST]
    return list(islice(play(actors, chance, lambda: NOW), count))


def readable(message: Message) -> bool:
    try:
        read(message.body.encode())
    except InvalidInput:
        return False
    return True


def test_every_strategy_trades_first() -> None:
    assert [message.part for message in messages(5)] == list(CAST)


def test_the_first_minute_shows_a_resend_a_broken_message_and_an_exit_while_flat() -> None:
    first = messages(20)
    bodies = Counter(message.body for message in first)
    assert max(bodies.values()) == 2
    assert [message for message in first if not readable(message)]
    flat = [json.loads(message.body) for message in first if readable(message)]
    assert [
        each for each in flat if each["prev_market_position"] == each["market_position"] == "flat"
    ]


@pytest.mark.parametrize("seed", range(5))
def test_positions_chain_and_each_change_is_what_is_bought_or_sold(seed: int) -> None:
    held = {part.name: ZERO for part in CAST}
    seen = set()
    for message in messages(300, seed):
        body = message.body.replace('"the "big" ', '"')
        if body in seen:
            continue
        seen.add(body)
        fields = json.loads(body)
        before, after = signed(fields, "prev_market_position"), signed(fields, "market_position")
        assert before == held[message.part.name]
        sign = 1 if fields["action"] == "buy" else -1
        assert after - before == sign * Decimal(fields["contracts"])
        assert abs(after) <= message.part.size * 3
        held[message.part.name] = after


def signed(fields: dict[str, str], name: str) -> Decimal:
    sign = {"long": 1, "short": -1, "flat": 0}[fields[name]]
    return sign * Decimal(fields[f"{name}_size"])


def test_the_same_seed_plays_the_same() -> None:
    assert messages(50) == messages(50)
    assert messages(50) != messages(50, seed=2)


def test_an_actor_goes_on_from_the_position_that_its_strategy_holds() -> None:
    actor = Actor(CAST[0], Decimal(-4), random.Random(1))
    fields = json.loads(actor.leave(NOW).body)
    assert (fields["action"], fields["contracts"]) == ("buy", "4")
    assert (fields["prev_market_position"], fields["prev_market_position_size"]) == ("short", "4")
