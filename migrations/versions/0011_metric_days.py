"""The figures of each trading day that is over; those of the past are measured by the worker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Document, ExactDecimal, Instant, Words

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "metric_days",
        sa.Column("user_id", Words(), nullable=False),
        sa.Column("strategy_id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("trades", sa.Integer(), nullable=False),
        sa.Column("net", ExactDecimal(), nullable=False),
        sa.Column("total_trades", sa.Integer(), nullable=False),
        sa.Column("total_net", ExactDecimal(), nullable=False),
        sa.Column("figures", Document(), nullable=False),
        sa.Column("total", Document(), nullable=False),
        sa.Column("measured_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_metric_days_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "user_id", "strategy_id", "account_id", "day", name=op.f("pk_metric_days")
        ),
        sqlite_with_rowid=False,
    )
