"""The faults that the venue's process can be told to have, and what each of them does."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """One way in which a broker breaks."""

    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    UNAUTHORISED = "unauthorised"
    LIMITED = "limited"
    LIMITED_UNTIMED = "limited_untimed"
    REFUSED = "refused"
    UNSUCCESSFUL = "unsuccessful"
    HTML = "html"
    HTML_HUGE = "html_huge"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    NOT_UTF8 = "not_utf8"
    LATE_REJECT = "late_reject"
    PARTIAL_CANCEL = "partial_cancel"
    OVERFILL = "overfill"
    FILL_FIRST = "fill_first"
    SHUFFLED = "shuffled"
    DOUBLED = "doubled"
    CONTRADICTING = "contradicting"
    LOST_EVENT = "lost_event"
    STREAM_CLOSE = "stream_close"
    STREAM_MUTE = "stream_mute"
    STREAM_HALF_OPEN = "stream_half_open"
    STREAM_STORM = "stream_storm"
    EVENT_STORM = "event_storm"
    HUGE_FRAME = "huge_frame"


F = Fault

#: Faults of a request, whichever it is, with what they do.
REQUEST: Final[Mapping[Fault, str]] = {
    F.DROP_BEFORE: "the connection ends, nothing was done",
    F.DROP_AFTER: "it is done, then the connection ends without an answer",
    F.HANG_BEFORE: "no answer for a while, nothing is done",
    F.HANG_AFTER: "it is done, then no answer for a while",
    F.ERROR_BEFORE: "503, nothing was done",
    F.ERROR_AFTER: "it is done, then 502",
    F.UNAUTHORISED: "401, nothing was done",
    F.LIMITED: "429 with Retry-After, nothing was done",
    F.LIMITED_UNTIMED: "429 without Retry-After, nothing was done",
    F.REFUSED: "422 with the venue's words in HTML, nothing was done",
    F.UNSUCCESSFUL: "200 with success=false, nothing was done",
    F.HTML: "it is done, the answer is a web page",
    F.HTML_HUGE: "it is done, the answer is a web page of many megabytes",
    F.TRUNCATED: "it is done, the answer breaks off",
    F.EMPTY: "it is done, the answer is empty",
    F.NOT_UTF8: "it is done, the answer is not UTF-8",
}
#: Faults of one order that was taken.
ORDER: Final[Mapping[Fault, str]] = {
    F.LATE_REJECT: "the order is taken, then rejected by an event",
    F.PARTIAL_CANCEL: "a market or limit order fills in part, the rest is cancelled",
    F.OVERFILL: "one step more than was ordered is filled",
    F.FILL_FIRST: "the fill is told before the order is acknowledged",
}
#: Faults of the events that one order causes.
EVENT: Final[Mapping[Fault, str]] = {
    F.SHUFFLED: "events come in another order",
    F.DOUBLED: "each event comes twice",
    F.CONTRADICTING: "a fill comes again under the same id with other numbers",
    F.LOST_EVENT: "events of the order never come",
}
#: Faults of the stream; they begin with the request that they are drawn for, or when scripted.
STREAM: Final[Mapping[Fault, str]] = {
    F.STREAM_CLOSE: "the stream is closed",
    F.STREAM_MUTE: "the stream stays open and says nothing for a while",
    F.STREAM_HALF_OPEN: "the stream's connection is dead and nobody says so",
    F.STREAM_STORM: "each new stream is closed at once for a while",
    F.EVENT_STORM: "a thousand events come at once",
    F.HUGE_FRAME: "one message of 5 MB comes",
}
EVERY: Final[Mapping[Fault, str]] = {**REQUEST, **ORDER, **EVENT, **STREAM}

#: Faults that say for certain that nothing was done.
NOT_DONE: Final = frozenset(
    {F.UNAUTHORISED, F.LIMITED, F.LIMITED_UNTIMED, F.REFUSED, F.UNSUCCESSFUL}
)
