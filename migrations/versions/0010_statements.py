"""Imported statements, their executions, and which file tells which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Document, ExactDecimal, Instant, Words

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables."""
    _statements()
    _rows()
    op.create_table(
        "statement_lines",
        sa.Column("statement_id", Words(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["statements.id"],
            name=op.f("fk_statement_lines_statement_id_statements"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("statement_id", "position", name=op.f("pk_statement_lines")),
    )
    op.create_index(op.f("ix_statement_lines_key"), "statement_lines", ["key"])


def _statements() -> None:
    op.create_table(
        "statements",
        sa.Column("id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("scope", Words(), nullable=False),
        sa.Column("format", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("file_name", Words(), nullable=False),
        sa.Column("content_hash", Words(), nullable=False),
        sa.Column("zone", Words(), nullable=False),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.Column("strategy_id", Words(), nullable=True),
        sa.Column("symbol", Words(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("skipped", Document(dict), nullable=True),
        sa.Column("executions", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("first_at", Instant(), nullable=True),
        sa.Column("last_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "format IN ('alpaca_activities', 'alpaca_orders', 'tradovate_fills',"
            " 'tradovate_orders', 'tradovate_performance', 'tradingview_trades')",
            name=op.f("ck_statements_format"),
        ),
        sa.CheckConstraint(
            "state IN ('loading', 'ready', 'leaving')", name=op.f("ck_statements_state")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_statements_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_statements_strategy_id_strategies"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint(
            "account_id",
            "scope",
            "content_hash",
            name=op.f("uq_statements_account_id_scope_content_hash"),
        ),
    )


def _rows() -> None:
    op.create_table(
        "statement_rows",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("shelf", Words(), nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("symbol", Words(), nullable=False),
        sa.Column("side", Words(), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("fee", ExactDecimal(), nullable=True),
        sa.Column("fill_id", Words(), nullable=True),
        sa.Column("order_id", Words(), nullable=True),
        sa.Column("client_id", Words(), nullable=True),
        sa.Column("group", Words(), nullable=True),
        sa.Column("label", Words(), nullable=False),
        sa.CheckConstraint("side IN ('buy', 'sell')", name=op.f("ck_statement_rows_side")),
        sa.CheckConstraint(
            "CAST(quantity AS NUMERIC) > 0", name=op.f("ck_statement_rows_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_statement_rows_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "shelf", "key", name=op.f("pk_statement_rows")),
    )
