"""Read models for pages and programs, behind the port ``Reads``."""

from __future__ import annotations

from app.store.reads.curves import Curves
from app.store.reads.journal import Journal
from app.store.reads.lists import Lists
from app.store.reads.log import Log


class SqlReads(Lists, Journal, Log, Curves):
    """Every read model; each call is one read transaction."""
