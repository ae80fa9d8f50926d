"""What a picture is: its kind by its first bytes, its size, and a name that harms nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.remarks import TripId

#: Bytes of one picture, and pictures of one round trip, at most.
MOST_BYTES: Final = 5 * 1024 * 1024
MOST_A_TRIP: Final = 10
LONGEST_NAME: Final = 100

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
#: A RIFF file says after its length what it holds.
_RIFF, _WEBP, _WEBP_AT = b"RIFF", b"WEBP", 8
_ODD: Final = re.compile(r"[^\w .()+-]+")


class PictureKind(StrEnum):
    """The kinds of pictures that are kept, by their media type."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"

    @property
    def ending(self) -> str:
        """How a file of this kind ends."""
        return {self.PNG: ".png", self.JPEG: ".jpg", self.WEBP: ".webp"}[self]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture of a round trip; ``size`` in bytes, ``name`` as it was called where it came from.

    ``id`` is random and also the name of its file.
    """

    id: str
    account_id: str
    opening_fill_id: str
    name: str
    kind: PictureKind
    size: int
    at: datetime

    @property
    def trip(self) -> TripId:
        """The round trip that it belongs to."""
        return TripId(self.account_id, self.opening_fill_id)


def judged(content: bytes) -> PictureKind:
    """Return what the picture is, whatever it is called.

    Raises InvalidInput with the code ATTACHMENT_TOO_LARGE or ATTACHMENT_NOT_A_PICTURE.
    """
    if len(content) > MOST_BYTES:
        raise InvalidInput(
            f"The picture is larger than {MOST_BYTES // 1024 // 1024} MiB: make it smaller, or save"
            " it as JPEG.",
            code="ATTACHMENT_TOO_LARGE",
            fields={"file": "too large"},
        )
    if content.startswith(_PNG):
        return PictureKind.PNG
    if content.startswith(_JPEG):
        return PictureKind.JPEG
    if content.startswith(_RIFF) and content.startswith(_WEBP, _WEBP_AT):
        return PictureKind.WEBP
    raise InvalidInput(
        "This is no picture that can be kept: send a PNG, JPEG or WebP file.",
        code="ATTACHMENT_NOT_A_PICTURE",
        fields={"file": "PNG, JPEG or WebP"},
    )


def tidy_name(name: str, kind: PictureKind) -> str:
    """Return the name without folders and odd characters, with the ending of what it really is."""
    stem = _ODD.sub("_", re.split(r"[/\\]", name)[-1]).strip(" .")
    stem = re.sub(r"\.(png|jpe?g|webp)$", "", stem, flags=re.IGNORECASE).strip(" .")
    return (stem[: LONGEST_NAME - len(kind.ending)] or "picture") + kind.ending
