"""The contract of a broker: what may be believed when the network or the venue fails."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from app.domain.errors import (
    BrokerAuth,
    BrokerLimited,
    BrokerRejected,
    BrokerUnavailable,
    BrokerUnknown,
)
from app.services.ports import Broker
from tests.support.contract import Stage, answered

TAKEN = ["drop_after", "hang_after", "error_after", "html", "truncated", "empty", "not_utf8"]
NOT_TAKEN = ["drop_before", "hang_before", "error_before"]

#: Each question of a broker, by the venue's name of it.
QUESTIONS: dict[str, Callable[[Broker, Stage], object]] = {
    "positions": lambda broker, stage: broker.positions(),
    "orders": lambda broker, stage: broker.open_orders(),
    "order": lambda broker, stage: broker.order("sb-1"),
    "fills": lambda broker, stage: stage.listed(),
    "account": lambda broker, stage: broker.account(),
}


@pytest.mark.parametrize("fault", TAKEN)
def test_43_an_order_whose_answer_was_lost_is_unknown_and_is_found_once(
    stage: Stage, fault: str
) -> None:
    stage.venue.fault(fault, seconds=2)
    sent = stage.order("buy", "1")
    with pytest.raises(BrokerUnknown):
        stage.send(sent)
    stage.becomes("sb-1", "filled")
    stage.fills(1, "sb-1")
    assert stage.venue.names() == ["sb-1"]
    assert stage.send(sent).client_order_id == "sb-1"
    stage.quiet()
    assert len(stage.told()) == 1
    assert stage.held() == 1


@pytest.mark.parametrize("fault", NOT_TAKEN)
def test_44_an_order_that_was_not_taken_is_unknown_too_and_is_sent_again_when_it_is_none(
    stage: Stage, fault: str
) -> None:
    stage.venue.fault(fault, seconds=2)
    sent = stage.order("buy", "1")
    with pytest.raises(BrokerUnknown):
        stage.send(sent)
    assert stage.broker.order("sb-1") is None
    stage.send(sent)
    stage.fills(1, "sb-1")
    assert stage.venue.names() == ["sb-1"]


def test_45_too_many_requests_are_limited_and_nothing_is_sent_until_the_wait_is_over(
    stage: Stage,
) -> None:
    stage.venue.fault("limited", seconds=0.5)
    sent = stage.order("buy", "1")
    with pytest.raises(BrokerLimited) as refused:
        stage.send(sent)
    assert 0.4 < refused.value.wait_s < 2
    with pytest.raises(BrokerLimited):
        stage.send(sent)
    assert stage.venue.names() == []
    time.sleep(refused.value.wait_s + 0.05)
    stage.send(sent)
    stage.fills(1, "sb-1")


def test_46_refused_keys_are_told_and_nothing_is_sent_again(stage: Stage) -> None:
    stage.venue.fault("unauthorised")
    with pytest.raises(BrokerAuth) as refused:
        stage.send(stage.order("buy", "1"))
    assert refused.value.detail
    stage.quiet()
    assert stage.venue.names() == []


@pytest.mark.parametrize("fault", ["drop_after", "error_after"])
def test_47_a_cancel_whose_answer_was_lost_is_unknown_and_its_end_is_reported(
    stage: Stage, fault: str
) -> None:
    sent = stage.order("buy", "1", "limit", limit="490")
    stage.send(sent)
    stage.rests("sb-1")
    stage.venue.fault(fault, verb="cancel")
    with pytest.raises(BrokerUnknown):
        stage.broker.cancel(sent)
    stage.event("cancel", "sb-1")
    stage.becomes("sb-1", "canceled")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("fault", ["empty", "unauthorised"])
def test_48_an_answer_that_says_nothing_is_no_proof_that_nothing_is_there(
    stage: Stage, question: str, fault: str
) -> None:
    stage.venue.fault(fault, verb=question, times=20)
    expected = BrokerAuth if fault == "unauthorised" else BrokerUnavailable
    with pytest.raises(expected):
        QUESTIONS[question](stage.broker, stage)


@pytest.mark.parametrize("question", QUESTIONS)
def test_49_a_question_that_was_cut_off_is_asked_again(stage: Stage, question: str) -> None:
    stage.filled("buy", "1")
    stage.venue.fault("drop_before", verb=question)
    answer = QUESTIONS[question](stage.broker, stage)
    assert answer is not None
    assert answer != [] or question == "orders"


def test_50_a_venue_that_said_no_once_is_not_believed_to_say_no_for_ever(stage: Stage) -> None:
    stage.venue.fault("unsuccessful")
    with pytest.raises(BrokerRejected):
        stage.send(stage.order("buy", "1"))
    stage.filled("buy", "1")
    answered(lambda: stage.held() == 1)
