"""The bus: everybody hears everything, in order, whoever fails."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.events import Fact
from app.services.bus import Bus
from tests.support.records import fact


def test_each_listener_hears_every_later_batch_in_order() -> None:
    heard: list[tuple[str, Sequence[Fact]]] = []
    bus = Bus(lambda error: None)
    bus.publish([fact(message="before anybody")])
    bus.subscribe(lambda facts: heard.append(("first", facts)))
    bus.subscribe(lambda facts: heard.append(("second", facts)))
    one, two = [fact(message="one")], [fact(message="two"), fact(message="three")]
    bus.publish(one)
    bus.publish(two)
    assert heard == [("first", one), ("second", one), ("first", two), ("second", two)]


def test_a_listener_that_raises_is_reported_and_harms_nobody() -> None:
    raised: list[Exception] = []
    heard: list[Sequence[Fact]] = []
    failure = KeyError("a page is broken")

    def broken(_facts: Sequence[Fact]) -> None:
        raise failure

    bus = Bus(raised.append)
    bus.subscribe(broken)
    bus.subscribe(heard.append)
    facts = [fact()]
    bus.publish(facts)
    assert raised == [failure]
    assert heard == [facts]
