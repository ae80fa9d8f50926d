"""Notes and tags of round trips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "trade_notes",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("opening_fill_id", Words(), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_trade_notes_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "opening_fill_id", name=op.f("pk_trade_notes")),
    )
    op.create_table(
        "trade_tags",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("opening_fill_id", Words(), nullable=False),
        sa.Column("tag", Words(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_trade_tags_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "opening_fill_id", "tag", name=op.f("pk_trade_tags")),
    )
    op.create_index(op.f("ix_trade_tags_tag"), "trade_tags", ["tag"])
