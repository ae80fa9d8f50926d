"""Funded accounts as they are kept: tracked by events, and judged by their firm's rules.

tracker (plays events, and says how an account stands at this moment), chronicle (what is written
down meanwhile), sessions (when the market is open, and who has fallen silent), words (sentences).
"""

from app.services.funded.tracker import Tracked, Tracker, quiet

__all__ = ["Tracked", "Tracker", "quiet"]
