"""Deposits and payouts of accounts, and what they add up to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import ExactDecimal, Instant, Words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; accounts begin with nothing deposited."""
    op.add_column(
        "accounts", sa.Column("deposited", ExactDecimal(), nullable=False, server_default="0")
    )
    op.create_table(
        "cash_flows",
        sa.Column("id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by", Words(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('deposit', 'payout', 'adjustment')", name=op.f("ck_cash_flows_kind")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_cash_flows_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_flows")),
    )
    op.create_index(op.f("ix_cash_flows_account_id_at"), "cash_flows", ["account_id", "at"])
