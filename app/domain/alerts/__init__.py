"""Alerts: from the raw bytes of a message to what it means, and to the key that makes it unique.

payload (bytes to fields; repair says where JSON is broken) -> dialects (fields to Intent)
-> reading (both together) -> keys (which messages are the same).  templates writes messages.
"""

from app.domain.alerts.intent import (
    Action,
    Intent,
    Offset,
    OffsetUnit,
    QuantityType,
    Sentiment,
)
from app.domain.alerts.keys import DedupeKey, DedupeRule, dedupe_key
from app.domain.alerts.payload import UNREADABLE, Form, body_hash
from app.domain.alerts.reading import Reading, read
from app.domain.alerts.templates import heartbeat, message

__all__ = [
    "UNREADABLE",
    "Action",
    "DedupeKey",
    "DedupeRule",
    "Form",
    "Intent",
    "Offset",
    "OffsetUnit",
    "QuantityType",
    "Reading",
    "Sentiment",
    "body_hash",
    "dedupe_key",
    "heartbeat",
    "message",
    "read",
]
