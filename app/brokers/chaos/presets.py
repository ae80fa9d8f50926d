"""Choices of faults to begin with, from none to many at once."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from app.brokers.chaos.faults import EVENT, ORDER, REQUEST, STREAM, Fault
from app.services.faults import FaultBook, FaultWords

F = Fault

#: Percent of the requests or orders.  No preset has faults after which a person must act.
_MILD: Final[Mapping[Fault, int]] = {
    F.DROP_BEFORE: 2,
    F.DROP_AFTER: 2,
    F.ERROR_BEFORE: 2,
    F.ERROR_AFTER: 2,
    F.LIMITED: 1,
    F.FILL_FIRST: 5,
    F.SHUFFLED: 5,
    F.DOUBLED: 5,
    F.STREAM_CLOSE: 1,
}
_WILD: Final[Mapping[Fault, int]] = {
    F.DROP_BEFORE: 8,
    F.DROP_AFTER: 8,
    F.HANG_BEFORE: 2,
    F.HANG_AFTER: 2,
    F.ERROR_BEFORE: 6,
    F.ERROR_AFTER: 6,
    F.LIMITED: 4,
    F.LIMITED_UNTIMED: 2,
    F.HTML: 4,
    F.TRUNCATED: 4,
    F.EMPTY: 4,
    F.NOT_UTF8: 2,
    F.LATE_REJECT: 2,
    F.PARTIAL_CANCEL: 4,
    F.FILL_FIRST: 15,
    F.SHUFFLED: 20,
    F.DOUBLED: 20,
    F.CONTRADICTING: 4,
    F.LOST_EVENT: 10,
    F.STREAM_CLOSE: 4,
    F.STREAM_MUTE: 2,
    F.STREAM_HALF_OPEN: 1,
}
PRESETS: Final[Mapping[str, Mapping[Fault, int]]] = {"calm": {}, "mild": _MILD, "wild": _WILD}
_ABOUT: Final = {"Requests": REQUEST, "Orders": ORDER, "Events": EVENT, "Stream": STREAM}


def fault_book() -> FaultBook:
    """Return every fault in words, and the presets."""
    return FaultBook(
        [
            FaultWords(fault.value, about, words)
            for about, faults in _ABOUT.items()
            for fault, words in faults.items()
        ],
        {
            name: {fault.value: Decimal(percent) / 100 for fault, percent in chosen.items()}
            for name, chosen in PRESETS.items()
        },
    )
