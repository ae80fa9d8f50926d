"""Every code with which an alert or an order can be refused: what it means and what to change.

The codes are public: programs read them, so a code is never renamed.  A sentence may hold named
places (``{symbol}``), filled by whoever refuses.
"""

from app.domain.refusals.catalogue import CATALOGUE, denied, explain, no_action
from app.domain.refusals.record import Refusal

__all__ = ["CATALOGUE", "Refusal", "denied", "explain", "no_action"]
