"""The orders of an account by time: how many it has sent today is asked before each entry."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(op.f("ix_orders_account_id_created_at"), "orders", ["account_id", "created_at"])
