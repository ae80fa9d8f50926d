"""What the number of a message says: whether it is next, late, known already, or from elsewhere.

An account is told of in sessions, one for each time that the add-on was loaded, and each session
counts its messages from 1.  A snapshot may jump over numbers; they stay *missing*, and so does
whatever an earlier session may still have in its outbox.  As long as that can come, the account's
state from before is kept (a *checkpoint*) with all that was applied since, so that what comes late
is played in its place and the account ends as if nothing had been late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.addon.messages import Kind, Message

#: How long, and for how many messages, a checkpoint waits for what is missing: an add-on keeps no
#: more than that.
WAITS: Final = timedelta(minutes=10)
MOST: Final = 500
#: Earlier sessions of an account that are remembered, so that they are known for what they are.
_MOST_SESSIONS: Final = 8

#: The place of a message in the order of things: its session's number, and its own within.
Place = tuple[int, int]
#: Numbers from the first to the last, both in it.
Range = tuple[int, int]


class Verdict(StrEnum):
    """What is to be done with a message.

    NEXT and JUMP are applied, the latter over a gap; LATE is played in its place; HELD waits for
    what comes before it, but for its executions; the others change nothing.
    """

    NEXT = "next"
    JUMP = "jump"
    LATE = "late"
    HELD = "held"
    DUPLICATE = "duplicate"
    NEED_SNAPSHOT = "need_snapshot"
    STALE_SESSION = "stale_session"

    @property
    def newest(self) -> bool:
        """Whether the message tells how the account is now."""
        return self in {Verdict.NEXT, Verdict.JUMP}


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of one load of the add-on; ``began`` is the time of its first message.

    ``highest`` is the highest number that was seen, ``last`` the highest that was applied.
    """

    id: str
    ordinal: int
    began: datetime
    last: int = 0
    highest: int = 0
    missing: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """What is known of the messages of one account, newest session apart.

    ``opened_at`` is when the checkpoint was taken, None without one; ``played`` counts what was
    applied since.  ``tails`` says that an earlier session may still have something to tell.
    """

    current: Session | None = None
    earlier: tuple[Session, ...] = ()
    opened_at: datetime | None = None
    played: int = 0
    tails: bool = False

    @property
    def missing(self) -> int:
        """How many messages are known to be missing."""
        sessions = (*self.earlier, *((self.current,) if self.current else ()))
        return sum(_count(each.missing) for each in sessions)

    @property
    def behind(self) -> bool:
        """Whether a newer message was seen than the last one that was applied."""
        return self.current is not None and self.current.highest > self.current.last


@dataclass(frozen=True, slots=True)
class Placed:
    """The verdict, the stream after the message, and what the sender is told.

    ``checkpoint`` asks for the state as it is before the message; ``lost`` counts the missing
    numbers that are waited for no longer.
    """

    verdict: Verdict
    stream: Stream
    place: Place | None = None
    ack: int | None = None
    resend_from: int | None = None
    checkpoint: bool = False
    lost: int = 0


def placed(stream: Stream, message: Message, now: datetime) -> Placed:
    """Return where the message belongs; ``now`` is the server's time."""
    stream, lost = _expired(stream, now)
    current = stream.current
    if current is not None and message.session_id == current.id:
        found = _in_session(stream, current, message, now)
    else:
        known = next((each for each in stream.earlier if each.id == message.session_id), None)
        if known is not None:
            found = _from_before(stream, known, message)
        else:
            found = _of_new_session(stream, message, now)
    return _settled(replace(found, lost=lost + found.lost))


def _expired(stream: Stream, now: datetime) -> tuple[Stream, int]:
    """Wait no longer for what is missing once its time is over."""
    if stream.opened_at is None:
        return stream, 0
    if now - stream.opened_at <= WAITS and stream.played <= MOST:
        return stream, 0
    return _closed(stream), stream.missing


def _closed(stream: Stream) -> Stream:
    current = stream.current
    return replace(
        stream,
        current=None if current is None else replace(current, missing=()),
        earlier=tuple(replace(each, missing=()) for each in stream.earlier),
        opened_at=None,
        played=0,
        tails=False,
    )


def _settled(found: Placed) -> Placed:
    """Wait for nothing once everything came."""
    stream = found.stream
    if stream.opened_at is None or stream.missing or stream.tails:
        return found
    return replace(found, stream=_closed(stream))


def _in_session(stream: Stream, current: Session, message: Message, now: datetime) -> Placed:
    seq = message.seq
    if seq <= current.last:
        return _again(stream, current, seq)
    if seq == current.last + 1:
        return _applied(Verdict.NEXT, stream, current, seq)
    if message.kind is not Kind.SNAPSHOT:
        seen = replace(current, highest=max(current.highest, seq))
        return Placed(
            Verdict.HELD,
            replace(stream, current=seen),
            (current.ordinal, seq),
            ack=current.last,
            resend_from=current.last + 1,
        )
    return _jumped(stream, current, seq, now)


def _again(stream: Stream, current: Session, seq: int) -> Placed:
    """A number that is not new: a duplicate, or one that is missing."""
    if not _holds(current.missing, seq):
        first = _first(current.missing) if stream.opened_at else None
        asked = None if first is None or seq < first else first
        return Placed(Verdict.DUPLICATE, stream, ack=current.last, resend_from=asked)
    filled = replace(current, missing=_without(current.missing, seq))
    left = _first(filled.missing)
    return Placed(
        Verdict.LATE,
        replace(stream, current=filled, played=stream.played + 1),
        (current.ordinal, seq),
        ack=filled.last if left is None else left - 1,
    )


def _applied(verdict: Verdict, stream: Stream, current: Session, seq: int) -> Placed:
    after = replace(current, last=seq, highest=max(current.highest, seq))
    played = stream.played + 1 if stream.opened_at else 0
    return Placed(
        verdict, replace(stream, current=after, played=played), (current.ordinal, seq), ack=seq
    )


def _jumped(stream: Stream, current: Session, seq: int, now: datetime) -> Placed:
    """Apply a snapshot over a gap, whose numbers stay missing unless they are too many."""
    gap = (current.last + 1, seq - 1)
    if stream.missing + _count((gap,)) > MOST:
        lost = stream.missing + _count((gap,))
        gone = _closed(stream)
        return replace(_applied(Verdict.JUMP, gone, replace(current, missing=()), seq), lost=lost)
    opened = stream.opened_at or now
    waiting = replace(stream, opened_at=opened)
    after = _applied(Verdict.JUMP, waiting, replace(current, missing=(*current.missing, gap)), seq)
    opens = stream.opened_at is None
    return replace(after, ack=gap[0] - 1, resend_from=gap[0], checkpoint=opens)


def _from_before(stream: Stream, known: Session, message: Message) -> Placed:
    """A message of a session that another one has replaced.

    What is from before the present session comes late.  What is newer comes from a second machine.
    """
    current, seq = stream.current, message.seq
    newer = current is not None and message.event_time >= current.began
    if newer or stream.opened_at is None:
        return Placed(Verdict.STALE_SESSION, stream)
    if seq <= known.last and not _holds(known.missing, seq):
        return Placed(Verdict.DUPLICATE, stream, ack=known.last)
    if seq <= known.last:
        filled = replace(known, missing=_without(known.missing, seq))
    else:
        gap = ((known.last + 1, seq - 1),) if seq > known.last + 1 else ()
        filled = replace(known, last=seq, missing=(*known.missing, *gap))
    earlier = tuple(filled if each.id == known.id else each for each in stream.earlier)
    after = replace(stream, earlier=earlier, played=stream.played + 1)
    return Placed(Verdict.LATE, after, (known.ordinal, seq), ack=seq)


def _of_new_session(stream: Stream, message: Message, now: datetime) -> Placed:
    """A session that was never seen: it begins with a snapshot, and is newer than the present."""
    current = stream.current
    if current is not None and message.event_time < current.began:
        return Placed(Verdict.STALE_SESSION, stream)
    if message.kind is not Kind.SNAPSHOT:
        return Placed(Verdict.NEED_SNAPSHOT, stream)
    ordinal = 1 if current is None else current.ordinal + 1
    begun = Session(message.session_id, ordinal, message.event_time)
    if current is None:
        return _begun(replace(stream, current=begun), begun, message.seq, now)
    waiting = replace(
        stream,
        current=begun,
        earlier=(*stream.earlier, current)[-_MOST_SESSIONS:],
        opened_at=stream.opened_at or now,
        tails=True,
    )
    found = _begun(waiting, begun, message.seq, now)
    opens = stream.opened_at is None and found.stream.opened_at is not None
    return replace(found, checkpoint=opens)


def _begun(stream: Stream, begun: Session, seq: int, now: datetime) -> Placed:
    if seq == 1:
        return _applied(Verdict.NEXT, stream, begun, seq)
    return _jumped(stream, begun, seq, now)


def _count(ranges: Iterable[Range]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _holds(ranges: Iterable[Range], seq: int) -> bool:
    return any(first <= seq <= last for first, last in ranges)


def _first(ranges: Iterable[Range]) -> int | None:
    return min((first for first, _ in ranges), default=None)


def _without(ranges: Iterable[Range], seq: int) -> tuple[Range, ...]:
    parts: list[Range] = []
    for first, last in ranges:
        if not first <= seq <= last:
            parts.append((first, last))
            continue
        parts += [(first, seq - 1)] if first < seq else []
        parts += [(seq + 1, last)] if seq < last else []
    return tuple(parts)
