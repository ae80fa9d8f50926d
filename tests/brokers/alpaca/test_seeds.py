"""Prices of before the stream: who is asked, how often, and what failing questions change."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.brokers.alpaca.seeds import Seeds
from app.clock import VirtualClock
from app.domain.errors import BrokerError, BrokerLimited, BrokerRejected, BrokerUnavailable
from app.domain.instruments import Contract, resolve
from app.domain.quotes import Quote, QuoteSource
from tests.support.serving import eventually

AT = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def quote(symbol: str) -> Quote:
    return Quote(symbol, Decimal(1), Decimal(2), AT, QuoteSource.SNAPSHOT)


@dataclass
class Lacking:
    """A stream that lacks the prices of these symbols."""

    symbols: list[str]
    seeded: dict[str, Quote | None] = field(default_factory=dict)

    @property
    def unpriced(self) -> tuple[str, ...]:
        return tuple(each for each in self.symbols if each not in self.seeded)

    def seed(self, quotes: Mapping[str, Quote | None]) -> None:
        self.seeded.update(quotes)


class Asked:
    """A data service that answers when it is let, or fails, and what it was asked."""

    def __init__(self) -> None:
        self.clock = VirtualClock(AT)
        self.seeds = Seeds(self.clock, self.contract_of)
        self.questions: list[list[str]] = []
        self.failure: BrokerError | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()

    def contract_of(self, theirs: str) -> Contract | None:
        return None if theirs == "GONE" else resolve(theirs.replace("/", ""), AT.date())

    def ask(self, contracts: Sequence[Contract]) -> Mapping[str, Quote]:
        self.questions.append([each.symbol for each in contracts])
        assert self.may_answer.wait(10)
        if self.failure is not None:
            raise self.failure
        return {each.symbol: quote(each.symbol) for each in contracts if each.symbol != "SPY"}

    def sown(self, stream: Lacking) -> list[list[str]]:
        """The questions once what was begun is over."""
        self.seeds.sow(stream, self.ask)
        eventually(lambda: self.seeds.idle or None)
        return self.questions


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_what_is_lacking_is_asked_for_in_one_question_once(asked: Asked) -> None:
    stream = Lacking(["AAPL", "BTC/USD", "SPY", "GONE"])
    asked.sown(stream)
    assert asked.sown(stream) == [["AAPL", "BTCUSD", "SPY"]]
    found = {"AAPL": quote("AAPL"), "BTC/USD": quote("BTCUSD"), "SPY": None, "GONE": None}
    assert stream.seeded == found


def test_one_question_is_asked_at_a_time_and_nobody_waits_for_it(asked: Asked) -> None:
    asked.may_answer.clear()
    first, second = Lacking(["AAPL"]), Lacking(["MSFT"])
    asked.seeds.sow(first, asked.ask)
    asked.seeds.sow(second, asked.ask)
    assert (first.seeded, second.seeded) == ({}, {})
    asked.may_answer.set()
    eventually(lambda: first.seeded)
    eventually(lambda: asked.seeds.idle or None)
    assert asked.sown(second) == [["AAPL"], ["MSFT"]]


def test_of_very_many_symbols_a_hundred_are_asked_for_at_once(asked: Asked) -> None:
    many = Lacking([first + second for first in "ABCDEFGHIJKL" for second in "ABCDEFGHIJ"])
    asked.seeds = Seeds(asked.clock, lambda _: resolve("AAPL", AT.date()))
    asked.sown(many)
    assert [len(each) for each in asked.sown(many)] == [100, 20]


@pytest.mark.parametrize("failure", [BrokerUnavailable("Gone."), BrokerLimited("Wait.", 3.0)])
def test_a_question_that_failed_is_asked_again_after_a_rest(
    asked: Asked, failure: BrokerError
) -> None:
    stream = Lacking(["AAPL"])
    asked.failure = failure
    asked.sown(stream)
    asked.clock.advance(14)
    assert len(asked.sown(stream)) == 1
    asked.failure = None
    asked.clock.advance(2)
    assert len(asked.sown(stream)) == 2
    assert stream.seeded == {"AAPL": quote("AAPL")}


def test_a_question_that_was_refused_is_not_asked_again(asked: Asked) -> None:
    stream = Lacking(["AAPL"])
    asked.failure = BrokerRejected("No such plan.", code="MARKET_DATA_PLAN")
    asked.sown(stream)
    asked.clock.advance(60)
    assert len(asked.sown(stream)) == 1
    assert stream.seeded == {"AAPL": None}
