"""The channels that notices go to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Document, Instant, Words

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "notice_channels",
        sa.Column("id", Words(), nullable=False),
        sa.Column("user_id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("service", Words(), nullable=False),
        sa.Column("scheme", Words(), nullable=False),
        sa.Column("address_encrypted", Words(), nullable=False),
        sa.Column("categories", Document(list), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_sent_at", Instant(), nullable=True),
        sa.Column("last_error", Words(), nullable=True),
        sa.Column("last_error_at", Instant(), nullable=True),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_notice_channels_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_channels")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_notice_channels_user_id_name")),
    )
