"""Tables of add-ons: their keys, the accounts that they tell of, and what they told."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint

from app.domain.addon.keeping import kept_message, kept_skew, kept_stream, skew_of, stream_of
from app.domain.addon.messages import Operation
from app.domain.addon.reading import read_message
from app.propfirm.keeping import (
    day_of,
    kept_day,
    kept_minute,
    kept_news,
    kept_state,
    minute_of,
    news_of,
    state_of,
)
from app.store.tables.schema import METADATA, choice, decimal, instant, one_of, reference, words
from app.store.types import Document, Number, Words

ADDON_KEYS: Final = Table(
    "addon_keys",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("user_id", "users.id", on_delete="CASCADE"),
    words("name"),
    instant("created_at"),
    words("key_hash"),
    Column("signed", Boolean(), nullable=False),
    words("installation_id", null=True),
    instant("last_used_at", null=True),
    instant("revoked_at", null=True),
    UniqueConstraint("key_hash"),
    Index(None, "user_id"),
)

ADDON_ACCOUNTS: Final = Table(
    "addon_accounts",
    METADATA,
    Column("number", Number, primary_key=True),
    reference("account_id", "accounts.id", on_delete="CASCADE"),
    reference("user_id", "users.id", on_delete="CASCADE"),
    words("told_name"),
    reference("key_id", "addon_keys.id"),
    Column("stream", Document(kept_stream, stream_of), nullable=False),
    Column("skew", Document(kept_skew, skew_of), nullable=True),
    Column("newest", Document(kept_message, read_message), nullable=True),
    instant("heard_at", null=True),
    UniqueConstraint("account_id"),
    UniqueConstraint("user_id", "told_name"),
)

#: At most one for each account, for minutes: it is dropped once nothing is missing any more.
ADDON_CHECKPOINTS: Final = Table(
    "addon_checkpoints",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("state", Document(kept_state, state_of), nullable=True),
    words("rule_set_id", null=True),
    words("rule_set_version", null=True),
    instant("accepted_at", null=True),
    Column("day", Document(kept_day, day_of), nullable=True),
    Column("minute", Document(kept_minute, minute_of), nullable=True),
    sqlite_with_rowid=False,
)

ADDON_ENTRIES: Final = Table(
    "addon_entries",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("session", Integer(), primary_key=True, autoincrement=False),
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("events", Document(kept_news, news_of), nullable=False),
    sqlite_with_rowid=False,
)

ADDON_EXECUTIONS: Final = Table(
    "addon_executions",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("execution_id", Words(), primary_key=True),
    words("instrument"),
    words("side"),
    decimal("quantity"),
    decimal("price"),
    instant("time"),
    words("order_id", null=True),
    decimal("commission", null=True),
    decimal("fee", null=True),
    Column("is_entry", Boolean(), nullable=True),
    choice("operation", Operation),
    instant("heard_at"),
    one_of("operation", Operation),
    Index(None, "account_id", "time"),
    sqlite_with_rowid=False,
)
