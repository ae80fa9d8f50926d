"""Tables of what people keep beside round trips: notes and tags."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table

from app.store.tables.schema import METADATA, instant, reference, words
from app.store.types import Words

#: They refer to the fill that opened the round trip, which stays when trades are counted anew.
TRADE_NOTES: Final = Table(
    "trade_notes",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("opening_fill_id", Words(), primary_key=True),
    words("note"),
    instant("updated_at"),
)

TRADE_TAGS: Final = Table(
    "trade_tags",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("opening_fill_id", Words(), primary_key=True),
    Column("tag", Words(), primary_key=True),
    Index(None, "tag"),
)
