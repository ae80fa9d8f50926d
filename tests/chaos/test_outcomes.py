"""Each fault of a broker through the whole core: one order there, and books that are its log."""

from __future__ import annotations

import pytest

from app.domain.inbox import AlertState
from app.domain.orders import OrderState
from tests.support.shaky import Shaky

pytestmark = pytest.mark.hardship

#: The answer was lost on the way, before or after the order was taken.
LOST = ["drop_before", "drop_after", "hang_before", "hang_after"]
BROKEN = [
    "error_before",
    "error_after",
    "html",
    "html_huge",
    "truncated",
    "empty",
    "not_utf8",
]


def executed(desk: Shaky, fault: str, **more: object) -> None:
    """An alert whose order meets the fault is executed once, and our books are the venue's."""
    desk.venue.next(fault, verb="submit", **more)
    alert = desk.until_done(desk.send(action="buy", quantity="2"))
    assert desk.venue.drawn() == {fault: 1}
    assert (alert.state, alert.code) == (AlertState.EXECUTED, None)
    assert desk.there() == ["filled"]
    assert len(set(desk.sent())) == 1
    assert desk.held == 2
    assert desk.agrees()


@pytest.mark.parametrize("fault", LOST)
def test_f02_an_answer_that_was_lost_leaves_one_order(desk: Shaky, fault: str) -> None:
    executed(desk, fault, seconds=0.8)


@pytest.mark.parametrize("fault", ["drop_before", "hang_after", "error_after", "html"])
def test_c08_while_nothing_is_known_the_order_is_unknown_and_nothing_is_sent_again(
    desk: Shaky, fault: str
) -> None:
    desk.venue.next(fault, verb="submit", seconds=0.8)
    desk.venue.next("error_before", verb="order", times=3)
    alert = desk.send(action="buy", quantity="2")
    (order,) = desk.floor.orders(alert)
    assert order.state in {
        OrderState.UNKNOWN,
        OrderState.FILLED,  # the fill came by the stream
    }
    assert len(desk.sent()) <= 1


@pytest.mark.parametrize("fault", ["limited", "limited_untimed"])
def test_f03_too_many_requests_are_waited_for_and_the_order_is_sent_under_its_id(
    desk: Shaky, fault: str
) -> None:
    executed(desk, fault, seconds=3)


@pytest.mark.parametrize("fault", BROKEN)
def test_f04_an_answer_that_cannot_be_read_leaves_one_order(desk: Shaky, fault: str) -> None:
    executed(desk, fault)


@pytest.mark.parametrize("fault", ["refused", "unsuccessful"])
def test_f05_a_refusal_is_shown_in_the_brokers_words_and_not_sent_again(
    desk: Shaky, fault: str
) -> None:
    desk.venue.next(fault, verb="submit")
    alert = desk.send(action="buy", quantity="2")
    desk.floor.wait(20)
    assert (alert.state, alert.code) == (AlertState.FAILED, "VENUE_REJECTED")
    words = alert.detail or ""
    assert "trading today" in words or "may not trade" in words
    assert len(words) <= 300
    assert "<" not in words
    assert words.isprintable()
    assert desk.there() == []
    assert [order.state for order in desk.floor.orders(alert)] == [OrderState.REJECTED]


def test_f05_refused_credentials_are_no_reason_to_send_again(desk: Shaky) -> None:
    desk.venue.next("unauthorised", verb="submit")
    alert = desk.send(action="buy", quantity="2")
    desk.floor.wait(20)
    assert (alert.state, alert.code) == (AlertState.FAILED, "VENUE_AUTH")
    assert desk.there() == []


def test_f05_an_order_that_is_rejected_after_it_was_taken_ends_as_rejected(desk: Shaky) -> None:
    desk.venue.next("late_reject", verb="submit")
    alert = desk.send(action="buy", quantity="2")
    assert desk.soon(lambda: desk.order(alert).state is OrderState.REJECTED)
    assert "halted" in (desk.order(alert).reason or "")
    assert desk.there() == ["rejected"]
    assert desk.held == 0


def test_f06_a_partial_fill_and_a_cancel_of_the_rest_are_booked_as_they_were(desk: Shaky) -> None:
    desk.venue.next("partial_cancel", verb="submit")
    alert = desk.send(action="buy", quantity="4")
    assert desk.soon(lambda: desk.order(alert).state is OrderState.CANCELED)
    assert desk.order(alert).filled_quantity == 2
    assert desk.held == 2
    assert desk.agrees()


def test_c14_a_partial_fill_is_counted_before_the_next_alert(desk: Shaky) -> None:
    desk.venue.next("partial_cancel", verb="submit")
    desk.until_done(desk.send(action="buy", quantity="4"))
    alert = desk.until_done(desk.send(action="exit"))
    assert alert.state is AlertState.EXECUTED
    assert desk.held == 0
    assert desk.agrees()


@pytest.mark.parametrize("fault", ["fill_first", "doubled", "shuffled", "contradicting"])
def test_f07_events_early_twice_out_of_order_or_contradicting_are_booked_once(
    desk: Shaky, fault: str
) -> None:
    executed(desk, fault)
    if fault == "contradicting":
        assert desk.soon(lambda: "FILL_CONTRADICTS" in desk.floor.codes())
    assert desk.agrees()


def test_f07_an_overfill_is_booked_as_the_venue_says_and_alarmed(desk: Shaky) -> None:
    desk.venue.next("overfill", verb="submit")
    alert = desk.send(action="buy", quantity="2")
    assert desk.soon(lambda: desk.held == 3)
    assert desk.floor.alert(alert.id).state is AlertState.EXECUTED
    assert desk.agrees()
    assert "OVERFILL" in desk.floor.codes()


def test_f07_a_fill_that_was_never_told_is_found_when_the_stream_comes_back(desk: Shaky) -> None:
    desk.venue.next("lost_event", verb="submit")
    alert = desk.send(action="buy", quantity="2")
    assert desk.there() == ["filled"]
    assert desk.held == 0
    desk.venue.now(desk.account.id, "stream_close")
    assert desk.until_done(alert).state is AlertState.EXECUTED
    assert desk.held == 2
    assert desk.agrees()


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "hang_after", "html", "limited"])
def test_f06_a_cancel_that_meets_a_fault_ends_the_order_all_the_same(
    desk: Shaky, fault: str
) -> None:
    alert = desk.send(action="buy", quantity="2", order_type="limit", limit_price="4900")
    assert desk.order(alert).state is OrderState.ACCEPTED
    desk.venue.next(fault, verb="cancel", seconds=0.8)
    desk.floor.core.desk.cancel_order(None, desk.order(alert).id)
    desk.floor.wait(6)
    for _ in range(2):
        desk.compare()
    assert desk.soon(lambda: desk.order(alert).state is OrderState.CANCELED)
    assert desk.there() == ["canceled"]
    assert desk.held == 0


def test_books_are_right_after_a_day_of_many_faults(desk: Shaky) -> None:
    faults = [*LOST, *BROKEN, "limited", "doubled", "shuffled", "fill_first"]
    desk.venue.chances(desk.account.id, seed=4, **dict.fromkeys(faults, 0.03))
    sides = ["buy", "sell", "buy", "exit", "reverse", "sell", "buy", "exit"]
    for number, side in enumerate(sides):
        if number == 4:
            desk.venue.now(desk.account.id, "stream_close")
        more = {} if side in {"exit", "reverse"} else {"quantity": "1"}
        alert = desk.until_done(desk.send(action=side, **more))
        assert alert.state.terminal
    assert sum(desk.venue.drawn().values()) >= 2, desk.venue.drawn()
    assert desk.agrees()
    ids = [order.client_order_id for order in desk.venue.orders(desk.account.id)]
    assert len(ids) == len(set(ids))


def test_c15_a_cancel_that_is_refused_finds_the_fill_that_was_never_told(desk: Shaky) -> None:
    desk.venue.next("lost_event", verb="submit")
    desk.send(action="buy", quantity="2")
    assert desk.there() == ["filled"]
    assert desk.held == 0
    closing = desk.send(action="exit")
    assert desk.until_done(closing).state is AlertState.EXECUTED
    assert desk.held == 0
    assert desk.agrees()
    assert [one["verb"] for one in desk.venue.requests()].count("cancel") <= 2
