"""Without faults a chaos account is a paper account: the same orders and prices, the same fills."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from app.brokers.chaos import ChaosVenue, Manners
from app.brokers.net.calls import Timeouts
from app.clock import VirtualClock
from app.domain.errors import BrokerRejected
from app.domain.reports import FillReport
from app.services.ports import Broker
from app.sim.records import PaperFill
from tests.support.chaos import inner_venue
from tests.support.paper import ES, NOON, MemoryLog, Stage, account, order

SETTINGS = {"margin_percent": 10, "commission_per_unit": "2.25", "slippage_ticks": 1, "seed": 3}
KINDS = ("market", "limit", "stop", "trailing_stop")


@dataclass(frozen=True)
class Move:
    """One step of a day: a price, then perhaps an order or a cancel of an earlier one."""

    bid: Decimal
    what: str
    side: str
    kind: str
    quantity: str
    offset: Decimal


def day(seed: int) -> list[Move]:
    chance = random.Random(seed)
    price, moves = Decimal(5000), []
    for _ in range(60):
        price += Decimal(chance.randint(-12, 12)) / 4
        moves.append(
            Move(
                price,
                chance.choice(["order", "order", "cancel", "wait"]),
                chance.choice(["buy", "sell"]),
                chance.choice(KINDS),
                str(chance.randint(1, 2)),
                Decimal(chance.randint(1, 16)) / 4,
            )
        )
    return moves


def play(moves: list[Move], broker: Broker, quote: Callable[[Decimal], None]) -> list[str]:
    """Send the day's orders; what the venue answered to each, in words."""
    said = []
    for number, move in enumerate(moves):
        quote(move.bid)
        away = move.offset * (-1 if (move.side == "buy") == (move.kind == "limit") else 1)
        sent = order(
            move.side,
            move.quantity,
            move.kind,
            name=str(number),
            limit=str(move.bid + away) if move.kind == "limit" else None,
            stop=str(move.bid + away) if move.kind == "stop" else None,
            trail=str(move.offset) if move.kind == "trailing_stop" else None,
        )
        try:
            if move.what == "order":
                said.append(broker.submit(sent, ES).state.value)
            elif move.what == "cancel" and number:
                broker.cancel(order("buy", "1", name=str(number - 1)))
                said.append("cancelled")
        except BrokerRejected as refused:
            said.append(f"{refused.code}: {refused.detail}")
    return said


def fills(broker: Broker) -> list[tuple[object, ...]]:
    return [
        (
            one.client_order_id,
            one.fill.venue_fill_id,
            one.fill.quantity,
            one.fill.price,
            one.fill.commission,
            one.fill.at,
        )
        for one in broker.fills(NOON)
        if isinstance(one, FillReport)
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_day_at_both_venues_has_the_same_answers_fills_and_money(
    tmp_path: Path, seed: int
) -> None:
    moves = day(seed)
    paper = Stage(SETTINGS, MemoryLog())

    def at_paper(bid: Decimal) -> None:
        paper.later(1)
        paper.quote(str(bid), str(bid + Decimal("0.25")))

    said = play(moves, paper.broker, at_paper)
    clock = VirtualClock(NOON)
    with inner_venue(tmp_path, clock) as venue:
        manners = Manners(Timeouts(1, 5), 5.0)
        other = Stage(SETTINGS, MemoryLog())
        other.clock = clock
        chaos = ChaosVenue(venue.place, other.book, clock, random.Random(1), manners)
        other.book.on_quote(chaos.on_quote)
        broker = chaos.broker(account(SETTINGS))
        broker.open()

        def at_chaos(bid: Decimal) -> None:
            clock.advance(1)
            other.quote(str(bid), str(bid + Decimal("0.25")))
            arrived(bid)

        def arrived(bid: Decimal) -> None:
            """Wait until the price has reached the venue, if it is one that is forwarded."""
            for _ in range(500):
                known = venue.server.house.quotes.latest(ES.symbol)
                if not broker.symbols or (known is not None and known.bid == bid):
                    return
                venue.server.ending.wait(0.005)
            raise AssertionError("The price did not reach the venue.")

        assert play(moves, broker, at_chaos) == said
        there = fills(broker)
        assert there == fills(paper.broker)
        assert len(there) > 5
        assert broker.account() == paper.broker.account()
        assert broker.positions() == paper.broker.positions()
        kept: list[PaperFill] = venue.fills("acc-paper")
        assert [one.fill.price for one in kept] == [each[3] for each in there]
        broker.close()
        chaos.close()
