"""One message read: its fields, what they mean, and what makes two messages equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.alerts.dialects import native
from app.domain.alerts.intent import Intent
from app.domain.alerts.payload import Form, parse


@dataclass(frozen=True, slots=True)
class Reading:
    """A message that could be read; ``digest`` is equal for messages that say the same."""

    intent: Intent
    fields: Mapping[str, object]
    form: Form
    digest: str
    dialect: str = "native"


def read(body: bytes) -> Reading:
    """Return what ``body`` says and means; the content type is not asked, since senders err.

    Raises InvalidInput, and nothing else, whatever the bytes are; its code, sentence and fields
    say what is wrong, where, and what to change.
    """
    payload = parse(body)
    return Reading(native(payload.fields), payload.fields, payload.form, payload.digest)
