"""Tables of what happened: facts, P&L curves, switches, and the paper venue's own log."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    func,
    text,
)

from app.domain.events import FactKind, Level
from app.domain.orders import WORKING, OrderState
from app.store.tables.schema import (
    METADATA,
    choice,
    decimal,
    instant,
    listed,
    not_negative,
    one_of,
    reference,
    words,
)
from app.store.types import Document, ExactDecimal, Number, Scaled8, Words

#: Only ever added to, which triggers in the migration enforce.  Facts tell of rows that may be
#: cleared away one day, so they refer to none.
FUNDED_CHANGES: Final = text(f"kind = '{FactKind.FUNDED_CHANGED.value}'")

FACTS: Final = Table(
    "facts",
    METADATA,
    choice("kind", FactKind),
    instant("at"),
    words("message"),
    choice("level", Level),
    words("code", null=True),
    words("user_id", null=True),
    words("strategy_id", null=True),
    words("account_id", null=True),
    words("alert_id", null=True),
    words("order_id", null=True),
    Column("data", Document(dict), nullable=False),
    Column("number", Number, primary_key=True, autoincrement=True),
    Index(None, "alert_id"),
    Index(None, "user_id", "number"),
    one_of("level", Level),
)
#: What became of a funded account's rules is shown on its page.
Index(
    "ix_facts_funded_changes",
    FACTS.c.account_id,
    FACTS.c.number,
    sqlite_where=FUNDED_CHANGES,
    postgresql_where=FUNDED_CHANGES,
)

FLAGS: Final = Table(
    "flags",
    METADATA,
    Column("name", Words(), primary_key=True),
    words("value"),
    instant("at"),
)

PNL_SERIES: Final = Table(
    "pnl_series",
    METADATA,
    Column("id", Integer(), primary_key=True, autoincrement=True),
    reference("user_id", "users.id", null=True),
    reference("strategy_id", "strategies.id", null=True),
    reference("account_id", "accounts.id", null=True),
    decimal("peak"),
    decimal("max_drawdown"),
    Column("base", ExactDecimal(), nullable=False, server_default="0"),
    Column("rolled", Number, nullable=False, server_default="0"),
    Column("seconds_from", Number, nullable=False, server_default="0"),
    Column("minutes_from", Number, nullable=False, server_default="0"),
    Column("hours_from", Number, nullable=False, server_default="0"),
    not_negative("max_drawdown"),
)
Index(
    "uq_pnl_series_of",
    func.coalesce(PNL_SERIES.c.user_id, text("''")),
    func.coalesce(PNL_SERIES.c.strategy_id, text("''")),
    func.coalesce(PNL_SERIES.c.account_id, text("''")),
    unique=True,
)

STRATEGY_PNL_HISTORY: Final = Table(
    "strategy_pnl_history",
    METADATA,
    Column(
        "series_id",
        Integer(),
        ForeignKey("pnl_series.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("at", Number, primary_key=True, autoincrement=False),
    Column("realised", Scaled8(), nullable=False),
    Column("open", Scaled8(), nullable=True),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (at)",
)

#: ``seconds`` is how long a span is, in fewer bytes than its end; ``data`` is written and read by
#: ``app.store.packing`` alone.
PNL_SPANS: Final = Table(
    "pnl_spans",
    METADATA,
    Column(
        "series_id",
        Integer(),
        ForeignKey("pnl_series.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("level", Integer(), primary_key=True, autoincrement=False),
    Column("at", Number, primary_key=True, autoincrement=False),
    Column("seconds", Integer(), nullable=False),
    Column("data", LargeBinary(), nullable=False),
    sqlite_with_rowid=False,
)

WORKING_PAPER: Final = f"state IN {listed(sorted(WORKING))}"

PAPER_ORDERS: Final = Table(
    "paper_orders",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("client_order_id", Words(), primary_key=True),
    Column("number", Number, nullable=False),
    choice("state", OrderState),
    instant("at"),
    Column("record", Document(), nullable=False),
    UniqueConstraint("account_id", "number"),
    one_of("state", OrderState),
)

PAPER_FILLS: Final = Table(
    "paper_fills",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("venue_fill_id", Words(), primary_key=True),
    Column("number", Number, nullable=False),
    words("client_order_id"),
    instant("at"),
    Column("record", Document(), nullable=False),
    UniqueConstraint("account_id", "number"),
    Index(None, "account_id", "at"),
)
