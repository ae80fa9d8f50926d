"""All codes together, and the one way to turn a code into words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from app.domain.decisions import Denied, NoAction
from app.domain.money import wire
from app.domain.refusals.addon import ADDON, ADDON_NOTICES
from app.domain.refusals.answers import ANSWERS, NOTICES, SOURCES
from app.domain.refusals.connecting import CONNECTING
from app.domain.refusals.funded import FUNDED, FUNDED_NOTICES
from app.domain.refusals.messages import FIELDS, INTAKE, MESSAGE
from app.domain.refusals.record import NO_CHANGE, Refusal
from app.domain.refusals.settings import SET_BY, Setting
from app.domain.refusals.trading import FILTERS, PLANNING, RISK, VENUE
from app.domain.refusals.venues import VENUE_ANSWERS

#: The codes by what they are about, in the order in which an alert meets them.
GROUPS: Final[Mapping[str, tuple[Refusal, ...]]] = {
    "The message cannot be read": MESSAGE,
    "A field of the message cannot be used": FIELDS,
    "The alert is not to count": INTAKE,
    "The strategy's filters": FILTERS,
    "What the alert means, and its size": PLANNING,
    "Limits and switches": RISK,
    "The rules of a funded account": FUNDED,
    "Accounts that an add-on tells of": ADDON,
    "Connecting an account": CONNECTING,
    "What became of the order": VENUE,
    "What a venue answers": VENUE_ANSWERS,
    "Where alerts come from": SOURCES,
    "Lines of the log that ask for attention": NOTICES,
    "What the log says of funded accounts": FUNDED_NOTICES,
    "What the log says of add-ons": ADDON_NOTICES,
    "Answers to programs": ANSWERS,
}

CATALOGUE: Final[Mapping[str, Refusal]] = {
    refusal.code: refusal for group in GROUPS.values() for refusal in group
}


def setting_of(code: str) -> Setting | None:
    """Return the setting that is behind the code; None when none is."""
    return SET_BY.get(code)


def denied(code: str, **details: object) -> Denied:
    """Return the refusal ``code`` in words, its places filled by ``details``.

    Raises KeyError for a code that is not in the catalogue or a place that is not filled.
    """
    return Denied(code, explain(code, **details))


def no_action(code: str, **details: object) -> NoAction:
    """Return the reason ``code`` for doing nothing, in words; raises KeyError like ``denied``."""
    return NoAction(code, explain(code, **details))


def explain(code: str, **details: object) -> str:
    """Return the sentence of ``code`` with its places filled, and what to change."""
    refusal = CATALOGUE[code]
    filled = {name: _written(value) for name, value in details.items()}
    sentence = refusal.sentence.format(**filled)
    change = refusal.change.format(**filled)
    return f"{sentence} {change}" if change != NO_CHANGE else sentence


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return wire(value) if isinstance(value, Decimal) else str(value)
