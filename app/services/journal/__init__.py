"""The journal's verbs: which days a range means, what its round trips say, one of them whole."""

from app.services.journal.desk import JournalDesk, Opened, Part, measured
from app.services.journal.measuring import Choice, Measuring, Report
from app.services.journal.ranges import Days, RangeName, days_of

__all__ = [
    "Choice",
    "Days",
    "JournalDesk",
    "Measuring",
    "Opened",
    "Part",
    "RangeName",
    "Report",
    "days_of",
    "measured",
]
