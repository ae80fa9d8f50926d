"""Add-ons: their keys, the accounts that they tell of, and what they told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Document, ExactDecimal, Instant, Number, Words

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _keys()
    op.create_table(
        "addon_accounts",
        sa.Column("number", Number, nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("user_id", Words(), nullable=False),
        sa.Column("told_name", Words(), nullable=False),
        sa.Column("key_id", Words(), nullable=False),
        sa.Column("stream", Document(), nullable=False),
        sa.Column("skew", Document(), nullable=True),
        sa.Column("newest", Document(), nullable=True),
        sa.Column("heard_at", Instant(), nullable=True),
        _of_account("addon_accounts"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_addon_accounts_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["addon_keys.id"],
            name=op.f("fk_addon_accounts_key_id_addon_keys"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_addon_accounts")),
        sa.UniqueConstraint("account_id", name=op.f("uq_addon_accounts_account_id")),
        sa.UniqueConstraint(
            "user_id", "told_name", name=op.f("uq_addon_accounts_user_id_told_name")
        ),
    )
    op.create_table(
        "addon_checkpoints",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("state", Document(), nullable=True),
        sa.Column("rule_set_id", Words(), nullable=True),
        sa.Column("rule_set_version", Words(), nullable=True),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("day", Document(), nullable=True),
        sa.Column("minute", Document(), nullable=True),
        _of_account("addon_checkpoints"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_addon_checkpoints")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "addon_entries",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("session", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", Number, autoincrement=False, nullable=False),
        sa.Column("events", Document(), nullable=False),
        _of_account("addon_entries"),
        sa.PrimaryKeyConstraint("account_id", "session", "seq", name=op.f("pk_addon_entries")),
        sqlite_with_rowid=False,
    )
    _executions()


def _keys() -> None:
    op.create_table(
        "addon_keys",
        sa.Column("id", Words(), nullable=False),
        sa.Column("user_id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("key_hash", Words(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("installation_id", Words(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_addon_keys_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addon_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_addon_keys_key_hash")),
    )
    op.create_index(op.f("ix_addon_keys_user_id"), "addon_keys", ["user_id"])


def _executions() -> None:
    op.create_table(
        "addon_executions",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("execution_id", Words(), nullable=False),
        sa.Column("instrument", Words(), nullable=False),
        sa.Column("side", Words(), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("time", Instant(), nullable=False),
        sa.Column("order_id", Words(), nullable=True),
        sa.Column("commission", ExactDecimal(), nullable=True),
        sa.Column("fee", ExactDecimal(), nullable=True),
        sa.Column("is_entry", sa.Boolean(), nullable=True),
        sa.Column("operation", Words(), nullable=False),
        sa.Column("heard_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "operation IN ('Add', 'Update', 'Remove')", name=op.f("ck_addon_executions_operation")
        ),
        _of_account("addon_executions"),
        sa.PrimaryKeyConstraint("account_id", "execution_id", name=op.f("pk_addon_executions")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_addon_executions_account_id_time"), "addon_executions", ["account_id", "time"]
    )


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_account_id_accounts")
    return sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=name, ondelete="CASCADE")
