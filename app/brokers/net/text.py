"""A venue's words, made fit for a log line and a page: short, printable, without markup."""

from __future__ import annotations

import html
import re
from typing import Final

#: Characters of a venue's own words that are kept.
LONGEST: Final = 300
#: What is looked at of a longer text, so that a huge one costs nothing.
_WINDOW: Final = 20_000

_UNSEEN: Final = re.compile(r"(?is)<(script|style|head)\b.*?(</\1\s*>|$)|<!--.*?(-->|$)")
_TAG: Final = re.compile(r"<[^<>]{0,2000}>?")
_GAP: Final = re.compile(r"\s+")


def clean(said: str | bytes) -> str:
    """Return the words of an answer in at most 300 characters; empty when there are none.

    Bytes that are not UTF-8 become marks, markup and control characters go, and what was cut ends
    in an ellipsis.
    """
    part = said[:_WINDOW]
    text = part if isinstance(part, str) else part.decode("utf-8", "replace")
    text = html.unescape(_TAG.sub(" ", _UNSEEN.sub(" ", text)))
    text = "".join(each if each.isprintable() or each.isspace() else " " for each in text)
    text = _GAP.sub(" ", text).strip()
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "\u2026"
