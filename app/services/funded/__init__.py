"""Funded accounts as they are kept: tracked by events, and judged by their firm's rules.

tracker (plays events, and says how an account stands at this moment), chronicle (what is written
down meanwhile), rules (the versions of rule sets), changes (what owners change), desk (what the API
and the pages read) and curve (its chart), sessions (when the market is open, and who has fallen
silent), words (sentences), whole (put together).
"""

from app.services.funded.changes import Chosen
from app.services.funded.curve import EquityPoint
from app.services.funded.desk import FundedStatus, View
from app.services.funded.tracker import Tracked, Tracker, quiet
from app.services.funded.whole import Funded, make_funded

__all__ = [
    "Chosen",
    "EquityPoint",
    "Funded",
    "FundedStatus",
    "Tracked",
    "Tracker",
    "View",
    "make_funded",
    "quiet",
]
