"""Alembic's entry: runs the migrations on the connection that ``app.store.migrate`` hands in."""

from __future__ import annotations

from alembic import context

from app.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
