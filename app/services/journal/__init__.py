"""The journal's verbs: which days a range means, and what the round trips in it say."""

from app.services.journal.measuring import Choice, Measuring, Report
from app.services.journal.ranges import Days, RangeName, days_of

__all__ = ["Choice", "Days", "Measuring", "RangeName", "Report", "days_of"]
