"""The journal's verbs: which days a range means, what its round trips say, one of them whole."""

from app.services.journal.day import DayBook, DayDesk, Loose
from app.services.journal.desk import JournalDesk, Opened, Part, Told, measured
from app.services.journal.measuring import Choice, Measuring, Report
from app.services.journal.pictures import PictureDesk
from app.services.journal.ranges import DEFAULT_RANGE, Days, RangeName, days_of
from app.services.journal.snapshots import Snapshots

__all__ = [
    "DEFAULT_RANGE",
    "Choice",
    "DayBook",
    "DayDesk",
    "Days",
    "JournalDesk",
    "Loose",
    "Measuring",
    "Opened",
    "Part",
    "PictureDesk",
    "RangeName",
    "Report",
    "Snapshots",
    "Told",
    "days_of",
    "measured",
]
