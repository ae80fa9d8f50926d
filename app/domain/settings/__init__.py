"""A strategy's settings: how its alerts become orders, what they may do, and per-account overrides.

record (the settings, their JSON, and how they hold on one account), text (the fields of a form,
both ways), rules (what is refused when saved because it makes no sense).
"""

from app.domain.settings.record import AccountLink, Resolved, StrategySettings, resolved
from app.domain.settings.rules import validate, validate_link
from app.domain.settings.text import from_text, to_text

__all__ = [
    "AccountLink",
    "Resolved",
    "StrategySettings",
    "from_text",
    "resolved",
    "to_text",
    "validate",
    "validate_link",
]
