"""Funded accounts: the versions of their rules, their states, days, minutes and violations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Document, ExactDecimal, Instant, Number, Words

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _rules()
    op.create_table(
        "funded_accounts",
        sa.Column("number", Number, nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("source", Words(), nullable=False),
        sa.Column("rule_set_id", Words(), nullable=True),
        sa.Column("rule_set_version", Words(), nullable=True),
        sa.Column("state", Document(), nullable=True),
        sa.Column("baseline", ExactDecimal(), nullable=False),
        sa.Column("preferences", Document(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=True),
        sa.Column("told", Document(), nullable=False),
        _of_account("funded_accounts"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_funded_accounts")),
        sa.UniqueConstraint("account_id", name=op.f("uq_funded_accounts_account_id")),
        sa.CheckConstraint("source IN ('fills', 'addon')", name=op.f("ck_funded_accounts_source")),
    )
    op.create_table(
        "funded_days",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pnl", ExactDecimal(), nullable=False),
        sa.Column("recorded", Words(), nullable=False),
        *(
            sa.Column(name, ExactDecimal(), nullable=True)
            for name in ("start_balance", "end_balance", "high", "low", "floor")
        ),
        sa.CheckConstraint("recorded IN ('own', 'addon')", name=op.f("ck_funded_days_recorded")),
        _of_account("funded_days"),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_funded_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "funded_minutes",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("minute", sa.Integer(), autoincrement=False, nullable=False),
        *(
            sa.Column(name, ExactDecimal(), nullable=False)
            for name in ("high", "low", "last", "floor")
        ),
        _of_account("funded_minutes"),
        sa.PrimaryKeyConstraint("account_id", "minute", name=op.f("pk_funded_minutes")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_funded_minutes_minute"), "funded_minutes", ["minute"])
    _violations()


def _rules() -> None:
    op.create_table(
        "rule_sets",
        sa.Column("number", Number, nullable=False),
        sa.Column("rule_set_id", Words(), nullable=False),
        sa.Column("version", Words(), nullable=False),
        sa.Column("user_id", Words(), nullable=True),
        sa.Column("rules", Document(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_rule_sets_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rule_sets")),
        sa.UniqueConstraint(
            "rule_set_id", "version", name=op.f("uq_rule_sets_rule_set_id_version")
        ),
    )
    op.create_table(
        "news",
        sa.Column("id", Words(), nullable=False),
        sa.Column("user_id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_news_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
    )
    op.create_index(op.f("ix_news_user_id_start"), "news", ["user_id", "start"])


def _violations() -> None:
    op.create_table(
        "violations",
        sa.Column("id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("breach", Document(), nullable=False),
        sa.Column("rule_set_id", Words(), nullable=False),
        sa.Column("rule_set_version", Words(), nullable=False),
        sa.Column("balance", ExactDecimal(), nullable=False),
        sa.Column("equity", ExactDecimal(), nullable=True),
        sa.Column("high_water", ExactDecimal(), nullable=False),
        sa.Column("floor", ExactDecimal(), nullable=False),
        sa.Column("day_pnl", ExactDecimal(), nullable=True),
        sa.Column("contracts", ExactDecimal(), nullable=False),
        _of_account("violations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violations")),
    )
    op.create_index(op.f("ix_violations_account_id_id"), "violations", ["account_id", "id"])


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_account_id_accounts")
    return sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=name, ondelete="CASCADE")
