"""Which message is next, late, known already, or from elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.addon.stream import MOST, WAITS, Placed, Stream, Verdict, placed
from tests.support.addon import START, read, told

NEXT, JUMP, LATE, HELD, DUPLICATE, NEED, STALE = Verdict


class Line:
    """A stream that messages are given to, one after the other."""

    def __init__(self) -> None:
        self.stream = Stream()
        self.now = START

    def give(
        self,
        seq: int,
        kind: str = "delta",
        session: str = "s1",
        at: float | None = None,
    ) -> Placed:
        found = placed(self.stream, read(told(seq, at=at, kind=kind, session=session)), self.now)
        self.stream = found.stream
        return found


@pytest.fixture
def line() -> Line:
    begun = Line()
    begun.give(1, "snapshot")
    return begun


def test_the_next_number_is_applied_and_one_that_was_is_a_duplicate(line: Line) -> None:
    found = line.give(2)
    assert (found.verdict, found.place, found.ack, found.resend_from) == (NEXT, (1, 2), 2, None)
    again = line.give(2)
    assert (again.verdict, again.ack, again.resend_from) == (DUPLICATE, 2, None)
    assert line.stream == found.stream


def test_a_session_begins_with_a_snapshot() -> None:
    line = Line()
    for kind in ("delta", "heartbeat"):
        found = line.give(1, kind)
        assert (found.verdict, found.ack, found.stream) == (NEED, None, Stream())
    assert line.give(1, "snapshot").verdict is NEXT


def test_what_comes_after_a_gap_is_held_until_the_gap_is_sent_again(line: Line) -> None:
    found = line.give(4)
    assert (found.verdict, found.ack, found.resend_from) == (HELD, 1, 2)
    assert found.stream.behind
    assert [line.give(seq).verdict for seq in (2, 3, 4)] == [NEXT] * 3
    assert not line.stream.behind


def test_a_snapshot_jumps_a_gap_that_is_asked_for_once_and_filled_in_its_place(line: Line) -> None:
    found = line.give(5, "snapshot")
    assert (found.verdict, found.ack, found.resend_from) == (JUMP, 1, 2)
    assert found.checkpoint
    assert line.stream.missing == 3
    assert line.give(6).resend_from is None
    late = line.give(3)
    assert (late.verdict, late.place, late.ack, late.checkpoint) == (LATE, (1, 3), 1, False)
    assert line.give(3).verdict is DUPLICATE
    assert line.give(2).ack == 3
    assert line.stream.opened_at is not None
    last = line.give(4)
    assert (last.verdict, last.ack) == (LATE, 6)
    assert (last.stream.opened_at, last.stream.missing, last.stream.played) == (None, 0, 0)


def test_a_snapshot_that_was_not_answered_is_told_again_what_is_missing(line: Line) -> None:
    line.give(5, "snapshot")
    again = line.give(5, "snapshot")
    assert (again.verdict, again.resend_from) == (DUPLICATE, 2)


def test_what_is_missing_for_too_long_is_given_up(line: Line) -> None:
    line.give(4, "snapshot")
    line.now += WAITS
    assert line.give(5).lost == 0
    line.now += timedelta(seconds=1)
    found = line.give(6)
    assert (found.verdict, found.lost, found.stream.opened_at) == (NEXT, 2, None)
    assert line.give(2).verdict is DUPLICATE


def test_a_checkpoint_is_kept_for_so_many_messages(line: Line) -> None:
    line.give(3, "snapshot")
    for seq in range(4, 4 + MOST):
        assert line.give(seq).lost == 0
    assert line.give(4 + MOST).lost == 1
    assert line.stream.played == 0


def test_a_gap_of_too_many_numbers_is_given_up_at_once(line: Line) -> None:
    found = line.give(MOST + 3, "snapshot")
    assert (found.verdict, found.lost, found.checkpoint) == (JUMP, MOST + 1, False)
    assert (found.ack, found.resend_from, line.stream.missing) == (MOST + 3, None, 0)


def test_a_new_session_needs_a_snapshot_and_leaves_the_old_one_behind(line: Line) -> None:
    line.give(2)
    assert line.give(2, session="s2", at=10).verdict is NEED
    found = line.give(1, "snapshot", session="s2", at=11)
    assert (found.verdict, found.place, found.checkpoint) == (NEXT, (2, 1), True)
    assert line.give(3, at=12).verdict is STALE
    assert line.give(2, session="s2", at=13).verdict is NEXT


def test_a_session_from_before_the_present_one_that_was_never_seen_is_stale(line: Line) -> None:
    assert line.give(1, "snapshot", session="s0", at=-5).verdict is STALE


def test_the_last_messages_of_the_session_before_come_late(line: Line) -> None:
    line.give(1, "snapshot", session="s2", at=20)
    assert line.give(1, "snapshot").verdict is DUPLICATE
    found = line.give(4, at=4)
    assert (found.verdict, found.place, line.stream.missing) == (LATE, (1, 4), 2)
    assert [line.give(seq).verdict for seq in (2, 3, 3)] == [LATE, LATE, DUPLICATE]
    assert line.stream.opened_at is not None
    line.now += WAITS + timedelta(seconds=1)
    given_up = line.give(2, session="s2", at=21)
    assert (given_up.lost, given_up.stream.opened_at) == (0, None)
    assert line.give(5, at=5).verdict is STALE


def test_a_new_session_that_is_seen_from_the_middle_misses_its_beginning(line: Line) -> None:
    found = line.give(3, "snapshot", session="s2", at=20)
    assert (found.verdict, found.ack, found.resend_from) == (JUMP, 0, 1)
    assert found.checkpoint
    assert [line.give(seq, session="s2", at=19).verdict for seq in (1, 2)] == [LATE, LATE]


def test_a_checkpoint_that_is_open_serves_the_next_gap_too(line: Line) -> None:
    assert line.give(3, "snapshot").checkpoint
    again = line.give(6, "snapshot")
    assert (again.checkpoint, again.resend_from, line.stream.missing) == (False, 4, 3)


def test_only_so_many_sessions_are_remembered(line: Line) -> None:
    for number in range(2, 13):
        line.give(1, "snapshot", session=f"s{number}", at=number)
    assert len(line.stream.earlier) == 8
    assert line.give(2, at=1).verdict is STALE
