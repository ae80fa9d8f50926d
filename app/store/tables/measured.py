"""Tables of figures: those of each trading day that is over."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Date, Integer, Table

from app.store.tables.schema import METADATA, decimal, instant, reference
from app.store.types import Document, Words

#: No strategy or account ("") stands for all: a key cannot be NULL.
METRIC_DAYS: Final = Table(
    "metric_days",
    METADATA,
    reference("user_id", "users.id", primary=True, on_delete="CASCADE"),
    Column("strategy_id", Words(), primary_key=True),
    Column("account_id", Words(), primary_key=True),
    Column("day", Date(), primary_key=True),
    Column("trades", Integer(), nullable=False),
    decimal("net"),
    Column("total_trades", Integer(), nullable=False),
    decimal("total_net"),
    Column("figures", Document(), nullable=False),
    Column("total", Document(), nullable=False),
    instant("measured_at"),
    sqlite_with_rowid=False,
)
