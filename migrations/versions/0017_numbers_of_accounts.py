"""What a venue calls an account that is connected there; none is connected twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Words

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column; no account that exists has a number."""
    op.add_column("accounts", sa.Column("venue_number", Words(), nullable=True))
    op.create_index(
        op.f("ix_accounts_venue_venue_number"), "accounts", ["venue", "venue_number"], unique=True
    )
