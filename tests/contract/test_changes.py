"""The contract of a broker: orders that are cancelled, replaced, or end with each other."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.errors import BrokerRejected, BrokerUnknown
from app.domain.orders import Order, OrderType
from tests.support.contract import Stage, answered

D = Decimal


def test_06_a_cancel_ends_a_working_order_and_is_reported(stage: Stage) -> None:
    sent = stage.order("buy", "5", "limit", limit="490")
    stage.send(sent)
    stage.broker.cancel(sent)
    assert stage.event("cancel", "sb-1").account_id == stage.account_id
    stage.becomes("sb-1", "canceled")


def test_07_a_cancel_that_comes_too_late_is_rejected_with_words(stage: Stage) -> None:
    sent = stage.order("buy", "5")
    stage.send(sent)
    stage.fills(1)
    with pytest.raises(BrokerRejected) as refused:
        stage.broker.cancel(sent)
    assert refused.value.detail
    stage.becomes("sb-1", "filled")


def test_08_a_cancel_of_an_order_that_the_venue_never_had_is_rejected(stage: Stage) -> None:
    with pytest.raises(BrokerRejected):
        stage.broker.cancel(stage.order("buy", "5", name="never"))


def test_11_open_orders_are_those_that_work_in_order_of_arrival(stage: Stage) -> None:
    for name, limit in (("a", "490"), ("b", "480"), ("c", "470")):
        stage.send(stage.order("buy", "1", "limit", limit=limit, name=name))
    stage.broker.cancel(stage.order("buy", "1", "limit", limit="480", name="b"))
    stage.event("cancel", "sb-b")
    there = stage.broker.open_orders()
    assert [one.client_order_id for one in there] == ["sb-a", "sb-c"]
    assert [(one.type, one.limit_price) for one in there] == [
        (OrderType.LIMIT, D(490)),
        (OrderType.LIMIT, D(470)),
    ]


def test_15_a_working_order_can_be_replaced_where_the_venue_can(stage: Stage) -> None:
    sent = _resting(stage)
    changed = replace(sent, quantity=D(7), limit_price=D(491))
    assert stage.broker.replace(changed, stage.contract).quantity == 7

    def there() -> list[tuple[str, Decimal, Decimal | None]]:
        held = stage.broker.open_orders()
        return [(one.client_order_id, one.quantity, one.limit_price) for one in held]

    answered(lambda: there() == [("sb-1", D(7), D(491))])


def test_27_what_fills_after_a_replacement_is_told_under_our_id(stage: Stage) -> None:
    sent = _resting(stage)
    stage.broker.replace(replace(sent, quantity=D(7), limit_price=D(491)), stage.contract)
    _works(stage, D(7))
    stage.quote("490.90", "490.95")
    (fill,) = stage.fills(1, "sb-1")
    assert (fill.quantity, fill.price) == (D(7), D("490.95"))
    held = stage.becomes("sb-1", "filled")
    assert (held.quantity, held.filled_quantity) == (D(7), D(7))


def test_28_a_replaced_order_can_be_cancelled_and_replaced_again(stage: Stage) -> None:
    sent = _resting(stage)
    for quantity in (D(7), D(3)):
        stage.broker.replace(replace(sent, quantity=quantity), stage.contract)
        _works(stage, quantity)
        stage.rests("sb-1")
    stage.broker.cancel(sent)
    stage.event("cancel", "sb-1")
    stage.becomes("sb-1", "canceled")
    assert stage.works() == []


def test_29_a_cancel_after_a_part_has_filled_keeps_the_part(thin: Stage) -> None:
    sent = thin.order("buy", "10", "limit", limit="500.01")
    thin.send(sent)
    thin.fills(1)
    thin.broker.cancel(sent)
    thin.event("cancel", "sb-1")
    held = thin.becomes("sb-1", "canceled")
    assert (held.quantity, held.filled_quantity, held.average_price) == (D(10), D(4), D("500.01"))
    thin.quiet()
    assert len(thin.told()) == 1
    assert thin.held() == 4
    assert thin.works() == []


def test_60_a_replacement_whose_answer_was_lost_is_unknown_and_the_order_is_still_one(
    stage: Stage,
) -> None:
    sent = _resting(stage)
    stage.venue.fault("drop_after", verb="replace")
    with pytest.raises(BrokerUnknown):
        stage.broker.replace(replace(sent, quantity=D(7)), stage.contract)
    _works(stage, D(7))
    stage.quote("489.90", "489.95")
    (fill,) = stage.fills(1, "sb-1")
    assert fill.quantity == 7


def test_61_a_replacement_of_an_order_that_is_over_is_rejected_with_words(stage: Stage) -> None:
    sent = _resting(stage)
    stage.quote("489.90", "489.95")
    stage.becomes("sb-1", "filled")
    with pytest.raises(BrokerRejected) as refused:
        stage.broker.replace(replace(sent, quantity=D(7)), stage.contract)
    assert refused.value.detail
    assert stage.held() == 5


def test_62_a_cancel_that_a_fill_overtakes_leaves_what_filled_and_nothing_else(
    stage: Stage,
) -> None:
    sent = stage.order("buy", "5", "limit", limit="499")
    stage.send(sent)
    stage.rests("sb-1")
    stage.venue.slow_down(0.3)
    stage.broker.cancel(sent)
    stage.quote("498.90", "498.95")
    (fill,) = stage.fills(1, "sb-1")
    assert fill.quantity == 5
    stage.becomes("sb-1", "filled")
    stage.quiet()
    assert stage.held() == 5
    assert stage.works() == []


def _resting(stage: Stage) -> Order:
    """An order that works, at a venue that replaces orders."""
    if not stage.broker.capabilities.replace:
        pytest.skip("The venue replaces nothing.")
    sent = stage.order("buy", "5", "limit", limit="490")
    stage.send(sent)
    stage.rests("sb-1")
    return sent


def _works(stage: Stage, quantity: Decimal) -> None:
    """Wait until the order works on with that quantity, and nothing else does."""
    answered(lambda: stage.works() == [("sb-1", quantity)])
