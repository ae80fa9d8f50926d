"""Trading switches of every scope in one table, differences to venues, and stored storms."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from app.store.types import Document, ExactDecimal, Instant, Words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: SQLite cannot drop a column that a check names: the table is made anew and filled.
ACCOUNTS_WITHOUT_STATE: Final = (
    (
        "CREATE TABLE accounts_new ( id TEXT NOT NULL, name TEXT NOT NULL, venue TEXT NOT NULL,"
        " mode TEXT NOT NULL, starting_cash TEXT NOT NULL, created_at BIGINT NOT NULL,"
        " roll TEXT NOT NULL, user_id TEXT, settings TEXT NOT NULL,"
        " CONSTRAINT ck_accounts_mode CHECK (mode IN ('paper', 'live')),"
        " CONSTRAINT fk_accounts_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)"
        " ON DELETE RESTRICT, CONSTRAINT pk_accounts PRIMARY KEY (id))"
    ),
    (
        "INSERT INTO accounts_new SELECT id, name, venue, mode, starting_cash, created_at, roll,"
        " user_id, settings FROM accounts"
    ),
    "DROP TABLE accounts",
    "ALTER TABLE accounts_new RENAME TO accounts",
    "CREATE UNIQUE INDEX uq_accounts_owner_name ON accounts (coalesce(user_id, ''), name)",
)


def upgrade() -> None:
    """Make the new tables and move the switches that were kept elsewhere into theirs."""
    switches()
    drifts()
    storms()
    move_switches()
    if op.get_context().dialect.name == "sqlite":
        for statement in ACCOUNTS_WITHOUT_STATE:
            op.execute(statement)
    else:
        op.drop_constraint("ck_accounts_state", "accounts")
        op.drop_column("accounts", "state")


def switches() -> None:
    """Make the table of trading switches."""
    op.create_table(
        "switches",
        sa.Column("scope", Words(), nullable=False),
        sa.Column("subject_id", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("code", Words(), nullable=True),
        sa.Column("detail", Words(), nullable=True),
        sa.Column("thrown_by", Words(), nullable=True),
        sa.CheckConstraint(
            "scope IN ('server', 'account', 'strategy')", name=op.f("ck_switches_scope")
        ),
        sa.CheckConstraint(
            "state IN ('active', 'reducing', 'halted')", name=op.f("ck_switches_state")
        ),
        sa.PrimaryKeyConstraint("scope", "subject_id", name=op.f("pk_switches")),
    )


def drifts() -> None:
    """Make the table of differences between our books and the venues'."""
    op.create_table(
        "drifts",
        sa.Column("id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("symbol", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("cause", Words(), nullable=False),
        sa.Column("ours", ExactDecimal(), nullable=False),
        sa.Column("theirs", ExactDecimal(), nullable=True),
        sa.Column("detail", Words(), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("order_id", Words(), nullable=True),
        sa.Column("resolution", Words(), nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("resolved_by", Words(), nullable=True),
        sa.CheckConstraint(
            "state IN ('suspected', 'open', 'resolved')", name=op.f("ck_drifts_state")
        ),
        sa.CheckConstraint(
            "cause IN ('manual_trade', 'missed_fill', 'late_fill', 'unknown')",
            name=op.f("ck_drifts_cause"),
        ),
        sa.CheckConstraint(
            "resolution IN ('vanished', 'imported', 'accepted', 'flattened')",
            name=op.f("ck_drifts_resolution"),
        ),
        sa.CheckConstraint(
            "(state = 'resolved') = (resolution IS NOT NULL AND resolved_at IS NOT NULL)",
            name=op.f("ck_drifts_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_drifts_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drifts")),
    )
    op.create_index(
        "uq_drifts_unresolved",
        "drifts",
        ["account_id", "symbol", sa.literal_column("coalesce(order_id, '')")],
        unique=True,
        sqlite_where=sa.text("state <> 'resolved'"),
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_index(op.f("ix_drifts_account_id_found_at"), "drifts", ["account_id", "found_at"])


def storms() -> None:
    """Make the table of storms and their reports."""
    op.create_table(
        "storms",
        sa.Column("id", Words(), nullable=False),
        sa.Column("user_id", Words(), nullable=True),
        sa.Column("account_id", Words(), nullable=True),
        sa.Column("state", Words(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("settings", Document(), nullable=False),
        sa.Column("report", Document(), nullable=False),
        sa.CheckConstraint(
            "state IN ('running', 'passed', 'failed', 'broken')", name=op.f("ck_storms_state")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_storms_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_storms_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storms")),
    )
    op.create_index(op.f("ix_storms_started_at"), "storms", ["started_at"])


def move_switches() -> None:
    """Take over the server's switch from the flags and those of accounts from their rows."""
    op.execute(
        "INSERT INTO switches (scope, subject_id, state, at)"
        " SELECT 'server', '', value, at FROM flags WHERE name = 'trading_state'"
    )
    op.execute("DELETE FROM flags WHERE name = 'trading_state'")
    op.execute(
        "INSERT INTO switches (scope, subject_id, state, at)"
        " SELECT 'account', id, state, created_at FROM accounts WHERE state <> 'active'"
    )
