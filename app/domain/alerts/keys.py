"""Which alerts are the same alert: the key under which each may act only once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.alerts.reading import Reading

#: Names under which senders give the order that the alert belongs to.
_ORDER_IDS: Final = ("order_id", "orderid", "strategy_order_id", "strategy.order.id")
_LONGEST: Final = 160


class DedupeRule(StrEnum):
    """Why two alerts are the same: the sender's id, what they say, or how close they came."""

    ID = "id"
    HEADER = "header"
    CONTENT = "content"
    WINDOW = "window"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DedupeKey:
    """The key of an alert within its strategy, and the rule that made it.

    Under the WINDOW rule an alert received at or after ``since`` under ``key`` or ``earlier`` is
    the same one: two equal messages may lie on both sides of a window's edge.
    """

    key: str
    rule: DedupeRule
    earlier: str | None = None
    since: datetime | None = None


def dedupe_key(
    reading: Reading, received_at: datetime, window_s: int | None, header_key: str | None
) -> DedupeKey:
    """Return the key of an alert: by its id, else the header's, else its content, else a window.

    ``window_s`` is the strategy's window in seconds for messages without an id; None or 0 means
    that equal messages are different alerts.
    """
    header = (header_key or "").strip()
    if reading.intent.id:
        return DedupeKey(_short("id", reading.intent.id), DedupeRule.ID)
    if header:
        return DedupeKey(_short("header", header), DedupeRule.HEADER)
    if reading.intent.sent_at and any(reading.fields.get(name) for name in _ORDER_IDS):
        return DedupeKey(f"content:{reading.digest}", DedupeRule.CONTENT)
    if window_s:
        return _window(reading.digest, received_at, window_s)
    return DedupeKey(f"none:{reading.digest}:{received_at.isoformat()}", DedupeRule.NONE)


def _window(digest: str, received_at: datetime, window_s: int) -> DedupeKey:
    number = int(received_at.timestamp()) // window_s
    return DedupeKey(
        f"window:{digest}:{number}",
        DedupeRule.WINDOW,
        earlier=f"window:{digest}:{number - 1}",
        since=received_at - timedelta(seconds=window_s),
    )


def _short(kind: str, value: str) -> str:
    if len(value) > _LONGEST:
        return f"{kind}-sha256:{hashlib.sha256(value.encode()).hexdigest()}"
    return f"{kind}:{value}"
