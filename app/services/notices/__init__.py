"""Notices: people's channels, and what the log says brought to them without delaying anything."""

from app.services.notices.desk import MOST_CHANNELS, Change, NoticeDesk, Tested, Wish
from app.services.notices.dispatcher import Dispatcher
from app.services.notices.teller import Teller, Told

__all__ = [
    "MOST_CHANNELS",
    "Change",
    "Dispatcher",
    "NoticeDesk",
    "Teller",
    "Tested",
    "Told",
    "Wish",
]
