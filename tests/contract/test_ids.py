"""The contract of a broker: our own id is the order, however often it is sent."""

from __future__ import annotations

from decimal import Decimal

from tests.support.contract import Stage

D = Decimal


def test_04_the_same_id_twice_is_one_order(stage: Stage) -> None:
    sent = stage.order("buy", "10")
    first, again = stage.send(sent), stage.send(sent)
    assert first.venue_order_id == again.venue_order_id
    stage.fills(1)
    stage.quiet()
    assert len(stage.told()) == 1
    assert stage.held() == 10
    assert stage.venue.names() == ["sb-1"]


def test_05_the_same_id_again_after_a_cancel_is_the_cancelled_order(stage: Stage) -> None:
    sent = stage.order("buy", "5", "limit", limit="490")
    stage.send(sent)
    stage.broker.cancel(sent)
    stage.becomes("sb-1", "canceled")
    assert stage.send(sent).state == "canceled"
    assert stage.works() == []


def test_09_an_order_that_the_venue_never_had_is_none(stage: Stage) -> None:
    assert stage.broker.order("sb-never") is None


def test_26_an_order_that_is_over_is_still_found_under_its_id(stage: Stage) -> None:
    stage.filled("buy", "2")
    stage.becomes("sb-1", "filled")
    stage.restart()
    held = stage.broker.order("sb-1")
    assert held is not None
    assert (held.state, held.quantity, held.filled_quantity) == ("filled", D(2), D(2))
