"""Bars, and the times for which a data service was asked for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import ExactDecimal, Instant, Words

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TIMEFRAMES = "timeframe IN ('1m', '5m', '15m', '1h', '1d')"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "bars",
        sa.Column("symbol", Words(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("open", ExactDecimal(), nullable=False),
        sa.Column("high", ExactDecimal(), nullable=False),
        sa.Column("low", ExactDecimal(), nullable=False),
        sa.Column("close", ExactDecimal(), nullable=False),
        sa.Column("volume", ExactDecimal(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(_TIMEFRAMES, name=op.f("ck_bars_timeframe")),
        sa.CheckConstraint(
            "source IN ('synthetic', 'built', 'stream', 'alpaca', 'csv')",
            name=op.f("ck_bars_source"),
        ),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "at", name=op.f("pk_bars")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bar_ranges",
        sa.Column("symbol", Words(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=False),
        sa.CheckConstraint(_TIMEFRAMES, name=op.f("ck_bar_ranges_timeframe")),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "start", name=op.f("pk_bar_ranges")),
        sqlite_with_rowid=False,
    )
