"""Tables of people, their accounts, their strategies and the keys to them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    UniqueConstraint,
    func,
    text,
)

from app.domain.accounts import FlowKind, Mode
from app.domain.settings import StrategySettings
from app.domain.strategies import StrategyKind, StrategyState
from app.store.tables.schema import (
    METADATA,
    above_zero,
    choice,
    decimal,
    instant,
    not_negative,
    one_of,
    reference,
    words,
)
from app.store.types import Document, ExactDecimal, Words

USERS: Final = Table(
    "users",
    METADATA,
    Column("id", Words(), primary_key=True),
    words("name"),
    instant("created_at"),
    words("password_hash"),
    UniqueConstraint("name"),
)

API_TOKENS: Final = Table(
    "api_tokens",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("user_id", "users.id", on_delete="CASCADE"),
    words("name"),
    instant("created_at"),
    words("token_hash"),
    instant("revoked_at", null=True),
    UniqueConstraint("token_hash"),
    Index(None, "user_id"),
)

ACCOUNTS: Final = Table(
    "accounts",
    METADATA,
    Column("id", Words(), primary_key=True),
    words("name"),
    words("venue"),
    choice("mode", Mode),
    decimal("starting_cash"),
    instant("created_at"),
    words("roll"),
    reference("user_id", "users.id", null=True),
    Column("settings", Document(dict), nullable=False),
    Column("deposited", ExactDecimal(), nullable=False, server_default="0"),
    decimal("max_order_value", null=True),
    decimal("max_daily_loss", null=True),
    Column("max_orders_a_day", Integer(), nullable=True),
    words("venue_number", null=True),
    one_of("mode", Mode),
    Index(None, "venue", "venue_number", unique=True),
)

ACCOUNT_CREDENTIALS: Final = Table(
    "account_credentials",
    METADATA,
    Column("account_id", Words(), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    words("key_hint"),
    words("keys_encrypted"),
    instant("entered_at"),
)
Index(
    "uq_accounts_owner_name",
    func.coalesce(ACCOUNTS.c.user_id, text("''")),
    ACCOUNTS.c.name,
    unique=True,
)

CASH_FLOWS: Final = Table(
    "cash_flows",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("account_id", "accounts.id", on_delete="CASCADE"),
    instant("at"),
    decimal("amount"),
    choice("kind", FlowKind),
    words("note"),
    instant("made_at"),
    words("made_by", null=True),
    Index(None, "account_id", "at"),
    one_of("kind", FlowKind),
)

STRATEGIES: Final = Table(
    "strategies",
    METADATA,
    Column("id", Words(), primary_key=True),
    words("name"),
    words("symbol"),
    choice("state", StrategyState),
    Column(
        "settings",
        Document(StrategySettings.to_json, StrategySettings.from_json, shared=True),
        nullable=False,
    ),
    instant("created_at"),
    instant("updated_at"),
    choice("kind", StrategyKind),
    reference("user_id", "users.id", null=True),
    instant("archived_at", null=True),
    one_of("state", StrategyState),
    one_of("kind", StrategyKind),
)
Index(
    "uq_strategies_owner_name",
    func.coalesce(STRATEGIES.c.user_id, text("''")),
    STRATEGIES.c.name,
    unique=True,
    sqlite_where=STRATEGIES.c.archived_at.is_(None),
    postgresql_where=STRATEGIES.c.archived_at.is_(None),
)

STRATEGY_ACCOUNTS: Final = Table(
    "strategy_accounts",
    METADATA,
    reference("strategy_id", "strategies.id", primary=True, on_delete="CASCADE"),
    reference("account_id", "accounts.id", primary=True),
    Column("place", SmallInteger(), nullable=False),
    decimal("quantity_factor"),
    decimal("max_position", null=True),
    above_zero("quantity_factor"),
    not_negative("max_position"),
    Index(None, "account_id"),
)

WEBHOOK_KEYS: Final = Table(
    "webhook_keys",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("strategy_id", "strategies.id", on_delete="CASCADE"),
    instant("created_at"),
    words("key_hash"),
    words("key_encrypted"),
    instant("expires_at", null=True),
    UniqueConstraint("key_hash"),
    Index(None, "strategy_id"),
)
