"""Comparisons of what is stored with the fills, and what differed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, Words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_UNDER_WAY = sa.text("state = 'running'")
_NOT_OVER = sa.text("resolved_at IS NULL")


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "agreement_runs",
        sa.Column("id", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("asked", Words(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("user_id", Words(), nullable=True),
        sa.Column("books", sa.Integer(), nullable=False),
        sa.Column("fills", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("problem", Words(), nullable=True),
        sa.CheckConstraint(
            "asked IN ('nightly', 'person', 'command')", name=op.f("ck_agreement_runs_asked")
        ),
        sa.CheckConstraint(
            "state IN ('running', 'agreed', 'differed', 'broken')",
            name=op.f("ck_agreement_runs_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_runs")),
    )
    op.create_index(
        "uq_agreement_runs_under_way",
        "agreement_runs",
        ["state"],
        unique=True,
        sqlite_where=_UNDER_WAY,
        postgresql_where=_UNDER_WAY,
    )
    op.create_table(
        "disagreements",
        sa.Column("id", Words(), nullable=False),
        sa.Column("run_id", Words(), nullable=False),
        sa.Column("kept", Words(), nullable=False),
        sa.Column("field", Words(), nullable=False),
        sa.Column("item", Words(), nullable=False),
        sa.Column("stored", Words(), nullable=True),
        sa.Column("derived", Words(), nullable=True),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("user_id", Words(), nullable=True),
        sa.Column("strategy_id", Words(), nullable=True),
        sa.Column("account_id", Words(), nullable=True),
        sa.Column("symbol", Words(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("acknowledged_by", Words(), nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "kept IN ('position', 'open_trade', 'fill', 'trade', 'day', 'calendar', 'shown',"
            " 'sample')",
            name=op.f("ck_disagreements_kept"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disagreements")),
    )
    op.create_index(
        op.f("ix_disagreements_user_id_found_at"), "disagreements", ["user_id", "found_at"]
    )
    op.create_index(
        "uq_disagreements_not_over",
        "disagreements",
        [
            "kept",
            "field",
            "item",
            sa.text("coalesce(user_id, '')"),
            sa.text("coalesce(strategy_id, '')"),
            sa.text("coalesce(account_id, '')"),
            sa.text("coalesce(symbol, '')"),
        ],
        unique=True,
        sqlite_where=_NOT_OVER,
        postgresql_where=_NOT_OVER,
    )
