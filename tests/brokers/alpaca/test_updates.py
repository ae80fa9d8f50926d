"""What Alpaca tells of orders: each thing once, under our ids, and nothing is guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.brokers.alpaca import wire
from app.brokers.alpaca.wire import Told, Update
from app.domain.errors import BrokerUnavailable, InvalidInput
from app.domain.orders import OrderEvent, OrderState, Side
from app.domain.reports import FillReport
from tests.support.alpaca import StandIn
from tests.support.alpaca_desk import Desk, desk

D = Decimal


def answer(floor: Desk, **more: object) -> dict[str, Any]:
    """A resting order as Alpaca tells it, with something changed."""
    if floor.broker.order("sb-1") is None:
        floor.send("buy", "4", "limit", limit="600")
    return {**floor.logged("sb-1"), **more}


def message(floor: Desk, event: str, **more: object) -> dict[str, Any]:
    """A message of the stream about that order."""
    told = {"event": event, "timestamp": "2026-11-18T18:00:00.123456789Z"}
    return {**told, "execution_id": "exec-1", **more, "order": answer(floor)}


def test_a_fill_is_told_as_it_will_be_listed(floor: Desk) -> None:
    floor.bought("3")
    (told,) = floor.fills_of("sb-entry")
    (listed,) = floor.broker.fills(told.fill.at)
    assert listed == told
    assert (told.fill.side, told.fill.quantity, told.fill.commission) == (Side.BUY, D(3), D(0))


def test_a_fill_that_is_told_twice_is_one_and_with_other_numbers_another(floor: Desk) -> None:
    fill = message(floor, "partial_fill", price="600", qty="1")
    for told in (fill, fill, {**fill, "qty": "2"}):
        floor.broker.hear(told)
    assert [one.fill.quantity for one in floor.fills_of("sb-1")] == [D(1), D(2)]


def test_what_a_lost_stream_missed_is_told_after_it_is_back(floor: Desk) -> None:
    floor.send("buy", "1", "limit", limit="600", name="ends")
    floor.send("buy", "1", "limit", limit="601", name="fills")
    floor.send("buy", "1", "limit", limit="590", name="works")
    floor.broker.cancel(floor.order("buy", "1", name="ends"))
    floor.stand_in.price("SPY", "600.50", "600.50")
    floor.stand_in.price("SPY", "680", "680")
    there = floor.broker.order("sb-ends")
    assert there is not None
    floor.stand_in.becomes(there.venue_order_id, "canceled")
    for _ in range(2):
        floor.broker.catch_up()
    assert floor.events_of("sb-ends") == [OrderEvent.CANCEL]
    assert len(floor.fills_of("sb-fills")) == 1
    assert floor.events_of("sb-works") == []


def test_the_end_of_what_worked_before_a_restart_is_told_too(alpaca: StandIn, floor: Desk) -> None:
    sent = floor.order("buy", "1", "limit", limit="600")
    floor.send("buy", "1", "limit", limit="600")
    with desk(alpaca) as later:
        later.broker.catch_up()
        floor.broker.cancel(sent)
        there = floor.broker.order("sb-1")
        assert there is not None
        alpaca.becomes(there.venue_order_id, "canceled")
        later.broker.catch_up()
        assert later.events_of("sb-1") == [OrderEvent.CANCEL]


def test_a_catch_up_that_cannot_be_had_fails_and_the_next_one_tells(floor: Desk) -> None:
    floor.send("buy", "1")
    floor.stand_in.next("error_before", verb="fills", times=3)
    with pytest.raises(BrokerUnavailable):
        floor.broker.catch_up()
    floor.broker.catch_up()
    assert len(floor.fills_of("sb-1")) == 1


@pytest.mark.parametrize("event", sorted(wire.QUIET))
def test_events_that_change_nothing_for_us_are_not_told(floor: Desk, event: str) -> None:
    floor.broker.hear(message(floor, event))
    assert floor.reports == []


def test_an_event_that_nobody_knows_is_logged_and_not_guessed(floor: Desk) -> None:
    told = message(floor, "teleported")
    with capture_logs() as logged:
        floor.broker.hear(told)
    assert floor.reports == []
    assert [one["event_name"] for one in logged if one["log_level"] == "warning"] == ["teleported"]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("new", OrderEvent.ACCEPT),
        ("expired", OrderEvent.EXPIRE),
        ("rejected", OrderEvent.REJECT),
        ("order_cancel_rejected", OrderEvent.REFUSE_CANCEL),
    ],
)
def test_what_happens_to_an_order_is_told_in_our_words(
    floor: Desk, event: str, told: OrderEvent
) -> None:
    floor.broker.hear(message(floor, event))
    assert floor.events_of("sb-1") == [told]


@pytest.mark.parametrize(
    "broken",
    [
        {"order": None},
        {"timestamp": "soon"},
        {"event": None},
        {"event": "fill"},
        {"event": "fill", "price": "dear", "qty": "1"},
    ],
)
def test_a_message_that_cannot_be_read_ends_the_stream_and_tells_nothing(
    floor: Desk, broken: dict[str, object]
) -> None:
    told = {**message(floor, "new"), **broken}
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        floor.broker.hear(told)
    assert floor.reports == []


def test_a_status_that_nobody_knows_is_no_state(floor: Desk) -> None:
    told = Told.read(answer(floor, status="in_limbo"))
    assert not told.over
    with pytest.raises(InvalidInput, match="in_limbo"):
        wire.held("sb-1", [told])


@pytest.mark.parametrize(
    ("status", "filled", "state"),
    [
        ("pending_new", "0", OrderState.ACCEPTED),
        ("held", "0", OrderState.ACCEPTED),
        ("done_for_day", "1", OrderState.PARTIALLY_FILLED),
        ("pending_cancel", "1", OrderState.PENDING_CANCEL),
        ("pending_replace", "0", OrderState.PENDING_REPLACE),
        ("replaced", "0", OrderState.CANCELED),
        ("expired", "1", OrderState.EXPIRED),
    ],
)
def test_each_status_is_a_state_of_ours(
    floor: Desk, status: str, filled: str, state: OrderState
) -> None:
    told = Told.read(answer(floor, status=status, filled_qty=filled, filled_avg_price="600"))
    held = wire.held("sb-1", [told])
    assert (held.state, held.filled_quantity, held.quantity) == (state, D(filled), D(4))


def test_instants_of_nanoseconds_are_read(floor: Desk) -> None:
    update = Update.read(message(floor, "new"))
    assert update.at == datetime(2026, 11, 18, 18, 0, 0, 123456, tzinfo=UTC)


def test_a_short_sale_in_the_list_of_activities_is_a_sale(floor: Desk) -> None:
    floor.send("sell", "1")
    floor.until_filled("sb-1")
    (row,) = floor.stand_in.get("/account/activities/FILL")
    report = wire.fill_in({**row, "side": "sell_short"}, "acc", "sb-1")
    assert report.fill.side is Side.SELL
    ours = replace(report.fill, account_id=floor.broker.account_id)
    (told,) = floor.fills_of("sb-1")
    assert isinstance(told, FillReport)
    assert told.fill == ours


@pytest.mark.parametrize("verb", ["orders", "positions", "fills", "account"])
def test_an_answer_of_another_shape_is_no_empty_one(
    floor: Desk, verb: str, alpaca: StandIn
) -> None:
    ask = {
        "orders": floor.broker.open_orders,
        "positions": floor.broker.positions,
        "fills": lambda: floor.broker.fills(datetime(2026, 1, 1, tzinfo=UTC)),
        "account": floor.broker.account,
    }
    alpaca.next("refused", verb=verb)
    with pytest.raises(BrokerUnavailable):
        ask[verb]()
