"""Tables of imported statements; nothing here is part of our books."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint

from app.domain.orders import Side
from app.domain.statements import Format, StatementState
from app.store.tables.schema import (
    METADATA,
    above_zero,
    choice,
    decimal,
    instant,
    one_of,
    reference,
    words,
)
from app.store.types import Document, Words

STATEMENTS: Final = Table(
    "statements",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("account_id", "accounts.id", on_delete="CASCADE"),
    words("scope"),
    choice("format", Format),
    choice("state", StatementState),
    words("file_name"),
    words("content_hash"),
    words("zone"),
    instant("imported_at"),
    reference("strategy_id", "strategies.id", null=True),
    words("symbol", null=True),
    Column("lines", Integer(), nullable=False),
    Column("skipped", Document(dict), nullable=True),
    Column("executions", Integer(), nullable=False),
    Column("known", Integer(), nullable=False),
    instant("first_at", null=True),
    instant("last_at", null=True),
    UniqueConstraint("account_id", "scope", "content_hash"),
    one_of("format", Format),
    one_of("state", StatementState),
)

#: Each execution once, whichever files tell it; ``key`` is its identity.
STATEMENT_ROWS: Final = Table(
    "statement_rows",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("shelf", Words(), primary_key=True),
    Column("key", Words(), primary_key=True),
    words("symbol"),
    choice("side", Side),
    decimal("quantity"),
    decimal("price"),
    instant("at"),
    decimal("fee", null=True),
    words("fill_id", null=True),
    words("order_id", null=True),
    words("client_id", null=True),
    words("group", null=True),
    words("label"),
    one_of("side", Side),
    above_zero("quantity"),
)

#: Which file tells which executions, in its order.
STATEMENT_LINES: Final = Table(
    "statement_lines",
    METADATA,
    reference("statement_id", "statements.id", primary=True, on_delete="CASCADE"),
    Column("position", Integer(), primary_key=True),
    words("key"),
    Column("line", Integer(), nullable=False),
    Index(None, "key"),
)
