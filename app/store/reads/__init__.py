"""Read models for pages and programs, behind the port ``Reads``."""

from __future__ import annotations

from app.store.reads.around import Around
from app.store.reads.closed import Closed
from app.store.reads.curves import Curves
from app.store.reads.days import Days
from app.store.reads.history import History
from app.store.reads.lists import Lists
from app.store.reads.log import Log


class SqlReads(Lists, Closed, Around, Log, Curves, History, Days):
    """Every read model; each call is one read transaction."""
