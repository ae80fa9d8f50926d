"""Tables of what is kept beside round trips: notes, tags, pictures, how far their P&L went."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table

from app.domain.attachments import PictureKind
from app.store.tables.schema import METADATA, choice, decimal, instant, one_of, reference, words
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

#: How far the P&L of a round trip went at the marks of the seconds in which its price was known.
TRADE_EXCURSIONS: Final = Table(
    "trade_excursions",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("opening_fill_id", Words(), primary_key=True),
    decimal("worst"),
    decimal("best"),
    instant("worst_at"),
    instant("best_at"),
    Column("seconds", Integer(), nullable=False),
    CheckConstraint("seconds > 0", name="seconds"),
)

#: The pictures themselves are files, named by their ids.
TRADE_ATTACHMENTS: Final = Table(
    "trade_attachments",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("account_id", "accounts.id", on_delete="CASCADE"),
    words("opening_fill_id"),
    words("name"),
    choice("kind", PictureKind),
    Column("size", Integer(), nullable=False),
    instant("at"),
    Index(None, "account_id", "opening_fill_id"),
    one_of("kind", PictureKind),
    CheckConstraint("size > 0", name="size"),
)
