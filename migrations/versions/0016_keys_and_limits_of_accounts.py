"""The keys to accounts at venues, and what bounds what is opened on an account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import ExactDecimal, Instant, Words

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; no account that exists is bounded."""
    op.add_column("accounts", sa.Column("max_order_value", ExactDecimal(), nullable=True))
    op.add_column("accounts", sa.Column("max_daily_loss", ExactDecimal(), nullable=True))
    op.add_column("accounts", sa.Column("max_orders_a_day", sa.Integer(), nullable=True))
    op.create_table(
        "account_credentials",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("key_hint", Words(), nullable=False),
        sa.Column("keys_encrypted", Words(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_account_credentials_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_credentials")),
    )
