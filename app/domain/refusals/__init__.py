"""Every code with which an alert or an order can be refused: what it means and what to change.

The codes are public: programs read them, so a code is never renamed.  A sentence may hold named
places (``{symbol}``), filled by whoever refuses.
"""

from app.domain.refusals.catalogue import (
    CATALOGUE,
    GROUPS,
    denied,
    explain,
    no_action,
    setting_of,
)
from app.domain.refusals.record import Refusal
from app.domain.refusals.settings import Place, Setting

__all__ = [
    "CATALOGUE",
    "GROUPS",
    "Place",
    "Refusal",
    "Setting",
    "denied",
    "explain",
    "no_action",
    "setting_of",
]
