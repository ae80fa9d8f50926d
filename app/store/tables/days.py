"""Tables of trading days: what each book did on them, and what people wrote about them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, func, text

from app.store.tables.schema import METADATA, decimal, instant, reference, words
from app.store.types import Words

#: By the roll of the account: changed with every fill, and made anew when the roll changes.
BOOK_DAYS: Final = Table(
    "book_days",
    METADATA,
    reference("strategy_id", "strategies.id", primary=True),
    reference("account_id", "accounts.id", primary=True),
    Column("symbol", Words(), primary_key=True),
    Column("day", Date(), primary_key=True),
    decimal("gross"),
    decimal("fees"),
    Column("fills", Integer(), nullable=False),
    Column("trades", Integer(), nullable=False),
    Column("wins", Integer(), nullable=False),
    Column("losses", Integer(), nullable=False),
    decimal("net"),
    decimal("best", null=True),
    decimal("worst", null=True),
    Index(None, "account_id", "day"),
    CheckConstraint("fills >= 0 AND wins >= 0 AND losses >= 0", name="counts"),
    CheckConstraint("wins + losses <= trades", name="trades"),
    sqlite_with_rowid=False,
)

#: The note on a day of one account, or without an account on that of the user's whole.
DAY_NOTES: Final = Table(
    "day_notes",
    METADATA,
    reference("user_id", "users.id", on_delete="CASCADE"),
    reference("account_id", "accounts.id", null=True, on_delete="CASCADE"),
    Column("day", Date(), nullable=False),
    words("note"),
    instant("updated_at"),
)
Index(
    "uq_day_notes_of",
    DAY_NOTES.c.user_id,
    func.coalesce(DAY_NOTES.c.account_id, text("''")),
    DAY_NOTES.c.day,
    unique=True,
)
