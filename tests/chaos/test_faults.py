"""Each fault of a broker meets each verb of the adapter: what may be assumed, and what is there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from app.brokers.chaos import ChaosBroker, ChaosVenue, Manners
from app.brokers.chaos.faults import NOT_DONE, REQUEST, Fault
from app.brokers.net.calls import Timeouts
from app.brokers.quotes import QuoteBook
from app.clock import VirtualClock
from app.domain.errors import (
    BrokerAuth,
    BrokerError,
    BrokerLimited,
    BrokerRejected,
    BrokerUnavailable,
    BrokerUnknown,
)
from app.domain.orders import Order
from app.domain.quotes import Quote, QuoteSource
from tests.support.chaos import ALERT_AGE, QUOTE_AGE, InnerVenue, inner_venue
from tests.support.paper import ES, NOON, account, order
from tests.support.serving import free_port

pytestmark = pytest.mark.hardship

F = Fault
REFUSALS: dict[Fault, type[BrokerError]] = {
    F.UNAUTHORISED: BrokerAuth,
    F.LIMITED: BrokerLimited,
    F.LIMITED_UNTIMED: BrokerLimited,
    F.REFUSED: BrokerRejected,
    F.UNSUCCESSFUL: BrokerRejected,
}
BEFORE = NOT_DONE | {F.DROP_BEFORE, F.HANG_BEFORE, F.ERROR_BEFORE}
SLOW = {F.HANG_BEFORE, F.HANG_AFTER}
CHANGES = ("submit", "cancel", "replace")
READS = ("order", "orders", "fills", "positions", "account")


class Line:
    """An adapter that is connected to a fault broker in the same virtual time, without stream."""

    def __init__(self, venue: InnerVenue, clock: VirtualClock) -> None:
        self.venue, self.clock = venue, clock
        self.place = venue.place()
        self.quotes = QuoteBook(QUOTE_AGE, ALERT_AGE, lambda _quote, _reason: None)
        price = Decimal(5000), Decimal("5000.25")
        self.quotes.put(Quote(ES.symbol, *price, clock.now(), QuoteSource.STREAM))
        manners = Manners(Timeouts(1.0, 0.5), 5.0)
        chaos = ChaosVenue(lambda: self.place, self.quotes, clock, random.Random(1), manners)
        self.broker: ChaosBroker = chaos.broker(account())
        self.broker.introduced()
        self.resting = order("buy", "2", "limit", limit="4900", name="rest")
        self.broker.submit(self.resting, ES)

    def act(self, verb: str, sent: Order) -> object:
        broker = self.broker
        acts: dict[str, Callable[[], object]] = {
            "submit": lambda: broker.submit(sent, ES),
            "cancel": lambda: broker.cancel(self.resting),
            "replace": lambda: broker.replace(replace(self.resting, quantity=Decimal(3)), ES),
            "order": lambda: broker.order("sb-rest"),
            "orders": broker.open_orders,
            "fills": lambda: broker.fills(NOON),
            "positions": broker.positions,
            "account": broker.account,
        }
        return acts[verb]()

    def done(self, verb: str) -> bool:
        """Whether what was asked has happened at the venue, by its own log."""
        there = {one.client_order_id: one for one in self.venue.orders("acc-paper")}
        if verb == "submit":
            return "sb-1" in there
        if verb == "cancel":
            return there["sb-rest"].state == "canceled"
        return there["sb-rest"].order.quantity == 3


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    clock = VirtualClock(NOON)
    with inner_venue(tmp_path, clock) as venue:
        made = Line(venue, clock)
        yield made
        made.broker.close()


@pytest.mark.parametrize("verb", CHANGES)
@pytest.mark.parametrize("fault", REQUEST)
def test_f04_a_change_is_asked_for_once_and_its_verdict_is_what_may_be_assumed(
    line: Line, fault: Fault, verb: str
) -> None:
    line.venue.next(fault, verb=verb, seconds=0.7 if fault in SLOW else 2)
    with pytest.raises(BrokerError) as met:
        line.act(verb, order("buy", "1"))
    assert type(met.value) is REFUSALS.get(fault, BrokerUnknown)
    if fault in SLOW:
        line.venue.server.ending.wait(0.4)
    assert line.done(verb) is (fault not in BEFORE)
    # One attempt: a second one would have been answered.
    assert line.venue.drawn() == {fault: 1}
    assert len(met.value.detail) <= 400
    assert met.value.detail.isprintable()
    assert "<" not in met.value.detail


@pytest.mark.parametrize("verb", READS)
@pytest.mark.parametrize("fault", [each for each in REQUEST if each not in SLOW | NOT_DONE])
def test_f04_a_read_is_tried_again_and_then_fails_without_a_guess(
    line: Line, fault: Fault, verb: str
) -> None:
    expected = line.act(verb, line.resting)
    line.venue.next(fault, verb=verb)
    assert line.act(verb, line.resting) == expected
    if (fault, verb) in {(F.HTML, "orders"), (F.EMPTY, "fills"), (F.ERROR_BEFORE, "order")}:
        line.venue.next(fault, verb=verb, times=3)
        with pytest.raises(BrokerUnavailable):
            line.act(verb, line.resting)


@pytest.mark.parametrize("verb", READS)
@pytest.mark.parametrize("fault", sorted(NOT_DONE))
def test_f04_a_read_that_is_refused_is_never_an_empty_answer(
    line: Line, fault: Fault, verb: str
) -> None:
    line.venue.next(fault, verb=verb, seconds=0.7)
    with pytest.raises(BrokerError) as met:
        line.act(verb, line.resting)
    kind = REFUSALS.get(fault, BrokerUnavailable)
    assert type(met.value) is (BrokerUnavailable if kind is BrokerRejected else kind)


def test_f03_after_a_limit_nothing_is_asked_until_the_time_is_over(line: Line) -> None:
    line.venue.next("limited", verb="submit", seconds=10)
    with pytest.raises(BrokerLimited) as met:
        line.broker.submit(order("buy", "1"), ES)
    assert 10 <= met.value.wait_s <= 11
    line.clock.advance(9.9)
    for verb in ("submit", "order", "fills"):
        with pytest.raises(BrokerLimited):
            line.act(verb, order("buy", "1"))
    assert [one["verb"] for one in line.venue.requests()] == ["submit"]
    line.clock.advance(1.2)
    assert line.broker.submit(order("buy", "1"), ES).client_order_id == "sb-1"


def test_a_venue_where_nobody_listens_certainly_took_nothing(line: Line) -> None:
    line.place = replace(line.place, address=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(BrokerUnavailable) as met:
        line.broker.submit(order("buy", "1"), ES)
    assert met.value.detail == "The venue cannot be reached."


def test_an_id_that_the_venue_has_is_adopted(line: Line) -> None:
    first = line.broker.submit(order("buy", "1"), ES)
    line.venue.next("limited_untimed", verb="order", skip=1)
    assert line.broker.submit(order("buy", "1"), ES) == first
    with pytest.raises(BrokerUnknown):
        line.broker.submit(order("buy", "1"), ES)


def test_an_answer_about_another_order_is_no_answer(line: Line) -> None:
    there = line.broker.order("sb-rest")
    assert there is not None
    with pytest.raises(BrokerUnknown):
        line.broker._held({"client_order_id": "sb-other"}, "sb-rest")
