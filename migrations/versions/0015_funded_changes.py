"""Find what became of a funded account's rules at once, however long the log is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CHANGES = sa.text("kind = 'FundedChanged'")


def upgrade() -> None:
    """Make the index, of these facts only."""
    op.create_index(
        op.f("ix_facts_funded_changes"),
        "facts",
        ["account_id", "number"],
        sqlite_where=CHANGES,
        postgresql_where=CHANGES,
    )
