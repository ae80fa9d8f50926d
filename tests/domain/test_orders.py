"""An order takes only the steps of its life, and its name at the venue is always the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvariantBroken
from app.domain.orders import Order, OrderEvent, OrderState, after, apply, client_order_id
from tests.support.records import order

S, E = OrderState, OrderEvent

#: Leaves the order where it is.
SAME = None

UNSENT = {S.RECEIVED, S.QUEUED}
ON_ITS_WAY = {S.SUBMITTING, S.SUBMITTED, S.UNKNOWN}
RESTING = {S.ACCEPTED, S.PARTIALLY_FILLED}
CHANGING = {S.PENDING_CANCEL, S.PENDING_REPLACE}
AT_THE_VENUE = ON_ITS_WAY | RESTING | CHANGING
ENDED = {S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED}

#: Event, the states that take it, where it leads, and why.  Whatever is not here is not possible.
LIFE: list[tuple[OrderEvent, set[OrderState], OrderState | None, str]] = [
    (E.QUEUE, {S.RECEIVED}, S.QUEUED, "an order waits once"),
    (E.DENY, {*UNSENT, S.SUBMITTING}, S.DENIED, "we take back only what surely was not sent"),
    (E.SUBMIT, {*UNSENT, S.UNKNOWN}, S.SUBMITTING, "what the venue proved absent is sent again"),
    (E.SENT, {S.SUBMITTING, S.UNKNOWN}, S.SUBMITTED, "the venue answered, or was asked and has it"),
    (E.LOSE_ANSWER, {S.SUBMITTING, S.SUBMITTED}, S.UNKNOWN, "nobody knows whether it arrived"),
    (E.LOSE_ANSWER, CHANGING, SAME, "the change is open, the order itself is known"),
    (E.ACCEPT, {*ON_ITS_WAY, S.ACCEPTED}, S.ACCEPTED, "the venue has it"),
    (E.ACCEPT, {S.PARTIALLY_FILLED, *CHANGING}, SAME, "a late acknowledgement takes nothing back"),
    (E.ACCEPT, {S.FILLED, S.CANCELED}, SAME, "a late acknowledgement reopens nothing"),
    (E.PARTIAL_FILL, ON_ITS_WAY | RESTING, S.PARTIALLY_FILLED, "a fill proves that it arrived"),
    (E.PARTIAL_FILL, CHANGING, SAME, "the change is still open"),
    (E.PARTIAL_FILL, ENDED - {S.REJECTED}, SAME, "a late fill is booked, the order stays ended"),
    (E.PARTIAL_FILL, {S.REJECTED}, S.PARTIALLY_FILLED, "the fill disproves the rejection"),
    (E.FILL, AT_THE_VENUE | ENDED, S.FILLED, "the venue's money is the truth in every state"),
    (
        E.REQUEST_CANCEL,
        {S.SUBMITTED, *RESTING},
        S.PENDING_CANCEL,
        "what was sent is cancelled",
    ),
    (E.REQUEST_CANCEL, {S.PENDING_REPLACE}, S.PENDING_CANCEL, "a cancel goes before a change"),
    (E.REFUSE_CANCEL, {S.PENDING_CANCEL}, S.ACCEPTED, "the order works on"),
    (
        E.REQUEST_REPLACE,
        {S.SUBMITTED, *RESTING},
        S.PENDING_REPLACE,
        "what was sent is changed",
    ),
    (E.REPLACE, {S.PENDING_REPLACE}, S.ACCEPTED, "the changed order works"),
    (E.REFUSE_REPLACE, {S.PENDING_REPLACE}, S.ACCEPTED, "the unchanged order works on"),
    (E.CANCEL, AT_THE_VENUE, S.CANCELED, "venues cancel unasked, too"),
    (E.REJECT, AT_THE_VENUE, S.REJECTED, "a rejection may come after everything else"),
    (E.EXPIRE, AT_THE_VENUE | UNSENT, S.EXPIRED, "time ends an order at the venue and with us"),
    (E.CANCEL, {S.CANCELED}, SAME, "told twice"),
    (E.REJECT, {S.REJECTED}, SAME, "told twice"),
    (E.EXPIRE, {S.EXPIRED}, SAME, "told twice"),
]


def steps() -> Iterator[tuple[OrderState, OrderEvent, OrderState]]:
    for event, states, leads_to, _ in LIFE:
        yield from ((state, event, leads_to or state) for state in states)


EXPECTED = {(state, event): after for state, event, after in steps()}
PAIRS = list(product(OrderState, OrderEvent))


def test_i6_the_expectation_names_every_step_once() -> None:
    assert len(list(steps())) == len(EXPECTED)


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=str)
def test_i6_every_event_in_every_state_does_what_is_expected_or_is_refused(
    state: OrderState, event: OrderEvent
) -> None:
    expected = EXPECTED.get((state, event))
    if expected is not None:
        assert apply(state, event) is expected
        return
    with pytest.raises(InvariantBroken, match=f"An order that is {state} cannot {event}"):
        apply(state, event)


@pytest.mark.parametrize("filled", ["0", "1"])
@pytest.mark.parametrize(("state", "event"), sorted(EXPECTED), ids=str)
def test_c15_what_has_filled_is_never_called_accepted_again(
    state: OrderState, event: OrderEvent, filled: str
) -> None:
    found = after(order(1, state=state, filled_quantity=Decimal(filled)), event)
    hidden = EXPECTED[state, event] is S.ACCEPTED and filled == "1"
    assert found is (S.PARTIALLY_FILLED if hidden else EXPECTED[state, event])


@pytest.mark.parametrize("event", OrderEvent)
def test_nothing_happens_to_a_denied_order(event: OrderEvent) -> None:
    with pytest.raises(InvariantBroken):
        apply(S.DENIED, event)


@pytest.mark.parametrize("state", OrderState)
def test_a_state_is_before_sending_working_or_final(state: OrderState) -> None:
    assert state.working == (state in AT_THE_VENUE)
    assert state.terminal == (state in ENDED | {S.DENIED})


def test_f07_only_fills_change_an_order_that_ended() -> None:
    moved = {
        event
        for state, event, after in steps()
        if state in ENDED and apply(state, event) is not state
    }
    assert moved <= {E.PARTIAL_FILL, E.FILL}


# --- the name of an order -------------------------------------------------------------------------

NAMES = st.text(st.characters(blacklist_characters="|", blacklist_categories=["Cs"]), max_size=40)
PARTS = st.tuples(NAMES, NAMES, NAMES)


@given(PARTS)
def test_c07_the_same_leg_has_the_same_name_at_every_attempt(parts: tuple[str, str, str]) -> None:
    assert client_order_id(*parts) == client_order_id(*parts)


@given(PARTS, PARTS)
def test_f1_alert_account_and_leg_each_make_another_name(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert (client_order_id(*one) == client_order_id(*other)) == (one == other)


@given(PARTS, st.integers(0, 2), NAMES)
def test_f1_another_alert_account_or_leg_alone_makes_another_name(
    parts: tuple[str, str, str], place: int, changed: str
) -> None:
    other = [*parts[:place], changed, *parts[place + 1 :]]
    assert (client_order_id(*other) == client_order_id(*parts)) == (changed == parts[place])


@given(PARTS)
def test_a_name_is_short_enough_for_every_venue(parts: tuple[str, str, str]) -> None:
    assert re.fullmatch(r"sb-[a-z2-7]{26}", client_order_id(*parts))


def test_c07_a_name_stays_the_same_from_release_to_release() -> None:
    # What was sent by the last release must be found by this one.
    assert client_order_id("alert-1", "account-1", "close") == "sb-hyimyvg4wur7qvcerach3ckc7z"


# --- what is left ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "filled", "left"),
    [("4", "0", "4"), ("4", "1.5", "2.5"), ("4", "4", "0"), ("4", "5", "0")],
)
def test_what_remains_is_never_below_zero(quantity: str, filled: str, left: str) -> None:
    made: Order = order(1, quantity=Decimal(quantity))
    assert replace(made, filled_quantity=Decimal(filled)).remaining == Decimal(left)
