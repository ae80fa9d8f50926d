"""Pictures that are kept with a round trip: screenshots, known by what they begin with."""

from app.domain.attachments.pictures import (
    LONGEST_NAME,
    MOST_A_TRIP,
    MOST_BYTES,
    Attachment,
    PictureKind,
    judged,
    tidy_name,
)

__all__ = [
    "LONGEST_NAME",
    "MOST_A_TRIP",
    "MOST_BYTES",
    "Attachment",
    "PictureKind",
    "judged",
    "tidy_name",
]
