"""What a person keeps beside a round trip: a note and tags; and how the round trip was left."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.errors import InvalidInput, NotFound

LONGEST_NOTE: Final = 10_000
LONGEST_TAG: Final = 40
MOST_TAGS: Final = 20

#: The comment of the alert from inside that flattens, by which its exit is known.
FLATTEN: Final = "flatten"

_TAG: Final = re.compile(r"[^\W_][\w &+/.:#-]*")


class ExitReason(StrEnum):
    """What closed a round trip: the order of its last fill."""

    ALERT = "alert"
    STOP = "stop"
    TARGET = "target"
    MANUAL = "manual"
    FLATTEN = "flatten"
    EXTERNAL = "external"


class TripResult(StrEnum):
    """What a round trip earned after fees."""

    WIN = "win"
    LOSS = "loss"
    SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class TripId:
    """Which round trip: the account and the fill that opened it, which opens no other.

    It stays the same when a late fill makes the book be counted anew.
    """

    account_id: str
    opening_fill_id: str

    def __str__(self) -> str:
        """Return the name that is safe in an address."""
        text = json.dumps([self.account_id, self.opening_fill_id], ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @staticmethod
    def parse(text: str) -> TripId:
        """Read such a name; raises NotFound for what is none."""
        try:
            read = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, ValueError):
            read = None
        match read:
            case [str(account_id), str(fill_id)]:
                return TripId(account_id, fill_id)
        raise NotFound("There is no such round trip.")


@dataclass(frozen=True, slots=True)
class Remarks:
    """A note ("" is none) and tags, lower-case, each once, in order of the alphabet."""

    note: str = ""
    tags: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not self.note and not self.tags


def remarks(note: str, tags: Iterable[str]) -> Remarks:
    """Return what was written, cleaned; raises InvalidInput with the field that is wrong."""
    note = note.replace("\r\n", "\n").strip()
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(
            f"A note has at most {LONGEST_NOTE} letters.", fields={"note": "too long"}
        )
    kept = sorted({tag for each in tags if (tag := " ".join(each.split()).lower())})
    if len(kept) > MOST_TAGS:
        raise InvalidInput(
            f"A round trip has at most {MOST_TAGS} tags.", fields={"tags": "too many"}
        )
    for tag in kept:
        if len(tag) > LONGEST_TAG or not _TAG.fullmatch(tag):
            raise InvalidInput(
                f"The tag {tag[:LONGEST_TAG]!r} cannot be kept: up to {LONGEST_TAG} letters and"
                " digits, spaces and - _ & + / . : # between them.",
                fields={"tags": "letters and digits, at most 40"},
            )
    return Remarks(note, tuple(kept))
