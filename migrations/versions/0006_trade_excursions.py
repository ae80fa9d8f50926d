"""How far the P&L of each round trip went while it was open, and pictures of round trips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import ExactDecimal, Instant, Words

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; of round trips that were booked before, nothing is known."""
    op.add_column("trades", sa.Column("worst", ExactDecimal(), nullable=True))
    op.add_column("trades", sa.Column("best", ExactDecimal(), nullable=True))
    op.create_table(
        "trade_excursions",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("opening_fill_id", Words(), nullable=False),
        sa.Column("worst", ExactDecimal(), nullable=False),
        sa.Column("best", ExactDecimal(), nullable=False),
        sa.Column("worst_at", Instant(), nullable=False),
        sa.Column("best_at", Instant(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.CheckConstraint("seconds > 0", name=op.f("ck_trade_excursions_seconds")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_trade_excursions_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "opening_fill_id", name=op.f("pk_trade_excursions")),
    )
    op.create_table(
        "trade_attachments",
        sa.Column("id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("opening_fill_id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('image/png', 'image/jpeg', 'image/webp')",
            name=op.f("ck_trade_attachments_kind"),
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_trade_attachments_size")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_trade_attachments_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trade_attachments")),
    )
    op.create_index(
        op.f("ix_trade_attachments_account_id_opening_fill_id"),
        "trade_attachments",
        ["account_id", "opening_fill_id"],
    )
