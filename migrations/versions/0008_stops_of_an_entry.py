"""Find the stops of an entry at once, however many orders a book has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STOPS = sa.text("role IN ('stop_loss', 'trailing_stop')")


def upgrade() -> None:
    """Make the index, of stops only."""
    op.create_index(
        op.f("ix_orders_stops"),
        "orders",
        ["account_id", "alert_id", "strategy_id", "symbol"],
        sqlite_where=STOPS,
        postgresql_where=STOPS,
    )
