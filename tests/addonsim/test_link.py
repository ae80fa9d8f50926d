"""The link of one account: order, back-off, resending, and when it gives up."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from app.addonsim.link import RING_MESSAGES, RING_S, Answer, Link, Verdict, verdict, wait_s
from app.addonsim.script import Line
from app.addonsim.sheet import Message, Sheet

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture
def sheet() -> Sheet:
    return Sheet("A", "pc", iter(["first", "second", "third"]).__next__)


@pytest.fixture
def link() -> Link:
    return Link(random.Random(1))


def delta(sheet: Sheet, at: float = 0.0) -> Message:
    return sheet.told(Line(at, {"name": "A"}), at, AT)


def ok(ack: int, **more: object) -> Answer:
    return Answer(200, {"status": "ok", "ack_seq": ack, **more})


def send(link: Link, answer: Answer | None, at: float = 0.0) -> int:
    """Send the message that is due; its number."""
    message = link.due(at)
    assert message is not None
    link.heard(message, answer, at)
    return message.seq


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (None, Verdict.LATER),
        (Answer(200), Verdict.TAKEN),
        (Answer(400), Verdict.MALFORMED),
        (Answer(401), Verdict.STOP),
        (Answer(403), Verdict.STOP),
        (Answer(404), Verdict.STOP),
        (Answer(409), Verdict.STOP),
        (Answer(413), Verdict.MALFORMED),
        (Answer(429), Verdict.LATER),
        (Answer(500), Verdict.LATER),
        (Answer(503), Verdict.LATER),
    ],
)
def test_each_answer_has_one_meaning(answer: Answer | None, meaning: Verdict) -> None:
    assert verdict(answer) is meaning


def test_waits_double_up_to_thirty_seconds_and_never_more_than_a_quarter_beyond() -> None:
    chance = random.Random(3)
    waits = [wait_s(attempt, chance) for attempt in range(1, 9)]
    planned = [1, 2, 4, 8, 16, 30, 30, 30]
    assert all(p <= w < p * 1.25 for w, p in zip(waits, planned, strict=True))


def test_messages_go_in_order_and_the_same_one_again_until_it_is_taken(
    link: Link, sheet: Sheet
) -> None:
    link.put(delta(sheet), delta(sheet))
    assert send(link, None) == 1
    assert link.due(0.5) is None
    assert send(link, Answer(503), 2.0) == 1
    assert send(link, ok(1), 9.0) == 1
    assert send(link, ok(2), 9.0) == 2
    assert (link.waiting, link.unacked, link.tally["sent"]) == (0, 0, 4)


def test_a_limit_is_waited_for_as_long_as_the_server_says(link: Link, sheet: Sheet) -> None:
    link.put(delta(sheet))
    send(link, Answer(429, retry_after=7.0), 10.0)
    assert link.due(16.9) is None
    assert send(link, ok(1), 17.0) == 1


def test_a_malformed_message_is_dropped_and_the_next_one_goes(link: Link, sheet: Sheet) -> None:
    link.put(delta(sheet), delta(sheet))
    send(link, Answer(400))
    assert send(link, ok(2)) == 2
    assert link.unacked == 0


@pytest.mark.parametrize("status", [401, 403, 409])
def test_a_refusal_stops_the_account_and_says_why(link: Link, sheet: Sheet, status: int) -> None:
    link.put(delta(sheet))
    send(link, Answer(status, {"error_code": "NO", "detail": "Not you."}))
    assert link.due(10_000.0) is None
    assert link.stopped is not None
    assert link.stopped.words == f"{status}: NO: Not you."
    assert link.unacked == 1


def test_what_the_server_asks_for_is_sent_again_from_there_in_order(
    link: Link, sheet: Sheet
) -> None:
    messages = [delta(sheet) for _ in range(4)]
    link.put(messages[0])
    send(link, ok(1))
    link.withhold(messages[1])
    link.put(messages[2], messages[3])
    send(link, ok(1, resend_from=2))
    assert [send(link, ok(seq)) for seq in (2, 3, 4)] == [2, 3, 4]
    assert (link.unacked, link.tally["resent"]) == (0, 2)


def test_what_is_gone_is_replaced_by_a_snapshot_with_all_executions(
    link: Link, sheet: Sheet
) -> None:
    link.put(delta(sheet), delta(sheet))
    send(link, Answer(400))
    send(link, ok(0, resend_from=1))
    assert link.wants_snapshot


def test_a_server_that_asks_for_the_same_again_and_again_gets_one_snapshot_and_peace(
    link: Link, sheet: Sheet
) -> None:
    link.put(delta(sheet))
    wanted = []
    for _ in range(8):
        if link.due(0.0) is None:
            break
        send(link, ok(0, resend_from=1))
        wanted.append(link.wants_snapshot)
        link.wants_snapshot = False
    assert wanted == [False] * 3 + [True]
    assert link.due(0.0) is None


def test_a_server_that_needs_a_snapshot_gets_one(link: Link, sheet: Sheet) -> None:
    link.put(delta(sheet))
    send(link, ok(0, need="snapshot"))
    assert (link.wants_snapshot, link.unacked) == (True, 1)


def test_a_server_that_needs_a_snapshot_after_one_gets_no_second_one(
    link: Link, sheet: Sheet
) -> None:
    link.put(sheet.snapshot(0.0, AT))
    send(link, ok(0, need="snapshot"))
    assert not link.wants_snapshot


def test_an_overflow_is_dropped_for_a_snapshot(link: Link, sheet: Sheet) -> None:
    for _ in range(RING_MESSAGES):
        link.put(delta(sheet))
    assert (link.waiting, link.wants_snapshot) == (RING_MESSAGES, False)
    link.put(delta(sheet))
    assert (link.waiting, link.wants_snapshot, link.unacked) == (0, True, 0)


def test_what_waits_longer_than_the_ring_holds_is_dropped_for_a_snapshot(
    link: Link, sheet: Sheet
) -> None:
    link.put(delta(sheet, 0.0))
    link.put(delta(sheet, RING_S + 1))
    assert (link.waiting, link.wants_snapshot) == (0, True)


def test_the_ring_lets_go_of_the_oldest(link: Link, sheet: Sheet) -> None:
    for seq in range(1, RING_MESSAGES + 2):
        link.put(delta(sheet))
        send(link, ok(seq))
    link.put(delta(sheet))
    send(link, ok(RING_MESSAGES + 1, resend_from=1))
    assert link.wants_snapshot


def test_after_a_restart_the_old_session_is_finished_first(link: Link, sheet: Sheet) -> None:
    link.put(delta(sheet))
    link.withhold(delta(sheet))
    send(link, None)
    sheet.restart()
    link.restart()
    link.put(sheet.snapshot(0.0, AT))
    keys = []
    for _ in range(3):
        message = link.due(10.0)
        assert message is not None
        keys.append(message.key)
        link.heard(message, ok(message.seq), 10.0)
    assert keys == [("first", 1), ("first", 2), ("second", 1)]


def test_a_number_that_is_no_number_is_not_taken_for_one() -> None:
    assert Answer(200, {"ack_seq": True}).number("ack_seq") is None
    assert Answer(200, {"ack_seq": "3"}).number("ack_seq") is None
