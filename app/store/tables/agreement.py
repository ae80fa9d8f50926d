"""Tables of the comparisons of what is stored with the fills: the runs, and what differs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, Table, func, text

from app.domain.safety.agreement import Asked, Kept, RunState
from app.store.tables.schema import METADATA, choice, instant, one_of, words
from app.store.types import Words

#: Written as literals in the indexes and in queries alike.
UNDER_WAY: Final = "state = 'running'"
NOT_OVER: Final = "resolved_at IS NULL"

AGREEMENT_RUNS: Final = Table(
    "agreement_runs",
    METADATA,
    Column("id", Words(), primary_key=True),
    choice("state", RunState),
    choice("asked", Asked),
    instant("began_at"),
    instant("seen_at"),
    instant("ended_at", null=True),
    words("user_id", null=True),
    Column("books", Integer(), nullable=False),
    Column("fills", Integer(), nullable=False),
    Column("milliseconds", Integer(), nullable=False),
    Column("differences", Integer(), nullable=False),
    Column("skipped", Integer(), nullable=False),
    words("problem", null=True),
    Index(
        "uq_agreement_runs_under_way",
        "state",
        unique=True,
        sqlite_where=text(UNDER_WAY),
        postgresql_where=text(UNDER_WAY),
    ),
    one_of("state", RunState),
    one_of("asked", Asked),
)

#: They tell of rows that may be damaged or gone, so they refer to none.
DISAGREEMENTS: Final = Table(
    "disagreements",
    METADATA,
    Column("id", Words(), primary_key=True),
    words("run_id"),
    choice("kept", Kept),
    words("field"),
    words("item"),
    words("stored", null=True),
    words("derived", null=True),
    instant("found_at"),
    instant("seen_at"),
    words("user_id", null=True),
    words("strategy_id", null=True),
    words("account_id", null=True),
    words("symbol", null=True),
    instant("acknowledged_at", null=True),
    words("acknowledged_by", null=True),
    instant("resolved_at", null=True),
    Index(None, "user_id", "found_at"),
    one_of("kept", Kept),
)
Index(
    "uq_disagreements_not_over",
    DISAGREEMENTS.c.kept,
    DISAGREEMENTS.c.field,
    DISAGREEMENTS.c.item,
    func.coalesce(DISAGREEMENTS.c.user_id, text("''")),
    func.coalesce(DISAGREEMENTS.c.strategy_id, text("''")),
    func.coalesce(DISAGREEMENTS.c.account_id, text("''")),
    func.coalesce(DISAGREEMENTS.c.symbol, text("''")),
    unique=True,
    sqlite_where=text(NOT_OVER),
    postgresql_where=text(NOT_OVER),
)
