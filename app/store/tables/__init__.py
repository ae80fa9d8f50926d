"""Tables by subject; ``METADATA`` holds them all."""

from __future__ import annotations

from app.store.tables.addon import ADDON_KEYS
from app.store.tables.agreement import DISAGREEMENTS
from app.store.tables.bars import BARS
from app.store.tables.days import BOOK_DAYS
from app.store.tables.funded import FUNDED_ACCOUNTS
from app.store.tables.history import FACTS
from app.store.tables.journal import TRADE_NOTES
from app.store.tables.measured import METRIC_DAYS
from app.store.tables.notices import NOTICE_CHANNELS
from app.store.tables.people import USERS
from app.store.tables.safety import SWITCHES
from app.store.tables.schema import METADATA
from app.store.tables.statements import STATEMENTS
from app.store.tables.trading import ALERTS

__all__ = [
    "ADDON_KEYS",
    "ALERTS",
    "BARS",
    "BOOK_DAYS",
    "DISAGREEMENTS",
    "FACTS",
    "FUNDED_ACCOUNTS",
    "METADATA",
    "METRIC_DAYS",
    "NOTICE_CHANNELS",
    "STATEMENTS",
    "SWITCHES",
    "TRADE_NOTES",
    "USERS",
]
