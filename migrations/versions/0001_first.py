"""The first schema: people, strategies, the pipeline, its history, the paper venue."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from app.store.types import Document, ExactDecimal, Instant, Scaled8, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: Facts are only ever added.  On PostgreSQL their numbers also follow the order of the commits,
#: because each transaction that adds one waits for the one before it to end.
GUARDS: Final = {
    "sqlite": (
        (
            "CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts"
            " BEGIN SELECT RAISE(ABORT, 'facts are only ever added'); END"
        ),
        (
            "CREATE TRIGGER facts_no_delete BEFORE DELETE ON facts"
            " BEGIN SELECT RAISE(ABORT, 'facts are only ever added'); END"
        ),
    ),
    "postgresql": (
        (
            "CREATE FUNCTION facts_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'facts are only ever added'"
            " USING ERRCODE = 'integrity_constraint_violation'; END $$"
        ),
        (
            "CREATE TRIGGER facts_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON facts"
            " FOR EACH STATEMENT EXECUTE FUNCTION facts_refuse()"
        ),
        (
            "CREATE FUNCTION facts_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_advisory_xact_lock(7234017283807667300); RETURN NULL; END $$"
        ),
        (
            "CREATE TRIGGER facts_in_turn BEFORE INSERT ON facts"
            " FOR EACH STATEMENT EXECUTE FUNCTION facts_in_turn()"
        ),
    ),
}


def upgrade() -> None:
    """Make every table, in the order of their references, and guard the facts."""
    facts()
    flags()
    users()
    accounts()
    api_tokens()
    strategies()
    paper_fills()
    paper_orders()
    pnl_series()
    positions()
    strategy_accounts()
    trades()
    webhook_keys()
    alerts()
    strategy_pnl_history()
    decisions()
    orders()
    fills()
    order_events()
    for statement in GUARDS[op.get_context().dialect.name]:
        op.execute(statement)


def facts() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "facts",
        sa.Column("kind", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("message", Words(), nullable=False),
        sa.Column("level", Words(), nullable=False),
        sa.Column("code", Words(), nullable=True),
        sa.Column("user_id", Words(), nullable=True),
        sa.Column("strategy_id", Words(), nullable=True),
        sa.Column("account_id", Words(), nullable=True),
        sa.Column("alert_id", Words(), nullable=True),
        sa.Column("order_id", Words(), nullable=True),
        sa.Column("data", Document(), nullable=False),
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.CheckConstraint(
            "level IN ('info', 'success', 'warning', 'error')", name=op.f("ck_facts_level")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_facts")),
    )
    op.create_index(op.f("ix_facts_alert_id"), "facts", ["alert_id"], unique=False)
    op.create_index(op.f("ix_facts_user_id_number"), "facts", ["user_id", "number"], unique=False)


def flags() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "flags",
        sa.Column("name", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_flags")),
    )


def users() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "users",
        sa.Column("id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("password_hash", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )


def accounts() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "accounts",
        sa.Column("id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("venue", Words(), nullable=False),
        sa.Column("mode", Words(), nullable=False),
        sa.Column("starting_cash", ExactDecimal(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("roll", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("user_id", Words(), nullable=True),
        sa.Column("settings", Document(), nullable=False),
        sa.CheckConstraint("mode IN ('paper', 'live')", name=op.f("ck_accounts_mode")),
        sa.CheckConstraint(
            "state IN ('active', 'reducing', 'halted')", name=op.f("ck_accounts_state")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_accounts_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_index(
        "uq_accounts_owner_name",
        "accounts",
        [sa.literal_column("coalesce(user_id, '')"), "name"],
        unique=True,
    )


def api_tokens() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "api_tokens",
        sa.Column("id", Words(), nullable=False),
        sa.Column("user_id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("token_hash", Words(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_user_id"), "api_tokens", ["user_id"], unique=False)


def strategies() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "strategies",
        sa.Column("id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("symbol", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("settings", Document(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("user_id", Words(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.CheckConstraint("kind IN ('webhook', 'manual')", name=op.f("ck_strategies_kind")),
        sa.CheckConstraint(
            "state IN ('on', 'no_new_entries', 'off')", name=op.f("ck_strategies_state")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_strategies_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategies")),
    )
    op.create_index(
        "uq_strategies_owner_name",
        "strategies",
        [sa.literal_column("coalesce(user_id, '')"), "name"],
        unique=True,
        sqlite_where=sa.text("archived_at IS NULL"),
        postgresql_where=sa.text("archived_at IS NULL"),
    )


def paper_fills() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "paper_fills",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("venue_fill_id", Words(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("client_order_id", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("record", Document(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_paper_fills_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "venue_fill_id", name=op.f("pk_paper_fills")),
        sa.UniqueConstraint("account_id", "number", name=op.f("uq_paper_fills_account_id_number")),
    )
    op.create_index(
        op.f("ix_paper_fills_account_id_at"), "paper_fills", ["account_id", "at"], unique=False
    )


def paper_orders() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "paper_orders",
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("client_order_id", Words(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("record", Document(), nullable=False),
        sa.CheckConstraint(
            (
                "state IN ('received', 'denied', 'queued', 'submitting', 'submitted', "
                "'unknown', 'accepted', 'partially_filled', 'pending_cancel', "
                "'pending_replace', 'filled', 'canceled', 'rejected', 'expired')"
            ),
            name=op.f("ck_paper_orders_state"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_paper_orders_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "client_order_id", name=op.f("pk_paper_orders")),
        sa.UniqueConstraint("account_id", "number", name=op.f("uq_paper_orders_account_id_number")),
    )


def pnl_series() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "pnl_series",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", Words(), nullable=True),
        sa.Column("strategy_id", Words(), nullable=True),
        sa.Column("account_id", Words(), nullable=True),
        sa.Column("peak", ExactDecimal(), nullable=False),
        sa.Column("max_drawdown", ExactDecimal(), nullable=False),
        sa.CheckConstraint(
            "CAST(max_drawdown AS NUMERIC) >= 0", name=op.f("ck_pnl_series_max_drawdown")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_pnl_series_account_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_pnl_series_strategy_id_strategies"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_pnl_series_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pnl_series")),
    )
    op.create_index(
        "uq_pnl_series_of",
        "pnl_series",
        [
            sa.literal_column("coalesce(user_id, '')"),
            sa.literal_column("coalesce(strategy_id, '')"),
            sa.literal_column("coalesce(account_id, '')"),
        ],
        unique=True,
    )


def positions() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "positions",
        sa.Column("strategy_id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("symbol", Words(), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("basis", ExactDecimal(), nullable=False),
        sa.Column("realised_gross", ExactDecimal(), nullable=False),
        sa.Column("commission", ExactDecimal(), nullable=False),
        sa.Column("fills", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("last_at", Instant(), nullable=True),
        sa.Column("last_fill_id", Words(), nullable=True),
        sa.Column("trip", Document(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "CAST(quantity AS NUMERIC) = 0 OR opened_at IS NOT NULL",
            name=op.f("ck_positions_opened_at"),
        ),
        sa.CheckConstraint("fills >= 0", name=op.f("ck_positions_fills")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_positions_account_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_positions_strategy_id_strategies"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("strategy_id", "account_id", "symbol", name=op.f("pk_positions")),
    )


def strategy_accounts() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "strategy_accounts",
        sa.Column("strategy_id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("quantity_factor", ExactDecimal(), nullable=False),
        sa.Column("max_position", ExactDecimal(), nullable=True),
        sa.CheckConstraint(
            "CAST(max_position AS NUMERIC) >= 0", name=op.f("ck_strategy_accounts_max_position")
        ),
        sa.CheckConstraint(
            "CAST(quantity_factor AS NUMERIC) > 0",
            name=op.f("ck_strategy_accounts_quantity_factor"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_strategy_accounts_account_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_strategy_accounts_strategy_id_strategies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("strategy_id", "account_id", name=op.f("pk_strategy_accounts")),
    )
    op.create_index(
        op.f("ix_strategy_accounts_account_id"), "strategy_accounts", ["account_id"], unique=False
    )


def trades() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "trades",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("strategy_id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("symbol", Words(), nullable=False),
        sa.Column("direction", Words(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("opening_fill_id", Words(), nullable=False),
        sa.Column("closing_fill_id", Words(), nullable=True),
        sa.Column("peak_quantity", ExactDecimal(), nullable=True),
        sa.Column("quantity", ExactDecimal(), nullable=True),
        sa.Column("average_entry", ExactDecimal(), nullable=True),
        sa.Column("average_exit", ExactDecimal(), nullable=True),
        sa.Column("gross", ExactDecimal(), nullable=True),
        sa.Column("commission", ExactDecimal(), nullable=True),
        sa.Column("net", ExactDecimal(), nullable=True),
        sa.CheckConstraint("direction IN ('long', 'short')", name=op.f("ck_trades_direction")),
        sa.CheckConstraint("CAST(quantity AS NUMERIC) > 0", name=op.f("ck_trades_quantity")),
        sa.CheckConstraint(
            (
                "closed_at IS NULL OR (closing_fill_id IS NOT NULL AND peak_quantity IS "
                "NOT NULL AND quantity IS NOT NULL AND average_entry IS NOT NULL AND "
                "average_exit IS NOT NULL AND gross IS NOT NULL AND commission IS NOT "
                "NULL AND net IS NOT NULL)"
            ),
            name=op.f("ck_trades_closed_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_trades_account_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_trades_strategy_id_strategies"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_trades")),
        sa.UniqueConstraint(
            "strategy_id",
            "account_id",
            "symbol",
            "opening_fill_id",
            name=op.f("uq_trades_strategy_id_account_id_symbol_opening_fill_id"),
        ),
    )
    op.create_index(op.f("ix_trades_closed_at"), "trades", ["closed_at"], unique=False)


def webhook_keys() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "webhook_keys",
        sa.Column("id", Words(), nullable=False),
        sa.Column("strategy_id", Words(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("key_hash", Words(), nullable=False),
        sa.Column("key_encrypted", Words(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_webhook_keys_strategy_id_strategies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_webhook_keys_key_hash")),
    )
    op.create_index(
        op.f("ix_webhook_keys_strategy_id"), "webhook_keys", ["strategy_id"], unique=False
    )


def alerts() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "alerts",
        sa.Column("id", Words(), nullable=False),
        sa.Column("strategy_id", Words(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("source", Words(), nullable=False),
        sa.Column("content_type", Words(), nullable=False),
        sa.Column("headers", Document(), nullable=False),
        sa.Column("source_address", Words(), nullable=True),
        sa.Column("key_id", Words(), nullable=True),
        sa.Column("dedupe_key", Words(), nullable=True),
        sa.Column("dedupe_rule", Words(), nullable=True),
        sa.Column("code", Words(), nullable=True),
        sa.Column("detail", Words(), nullable=True),
        sa.Column("duplicate_of", Words(), nullable=True),
        sa.Column("claimed_by", Words(), nullable=True),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "source IN ('webhook', 'manual', 'command_line')", name=op.f("ck_alerts_source")
        ),
        sa.CheckConstraint(
            ("state <> 'claimed' OR (claimed_by IS NOT NULL AND lease_until IS NOT NULL)"),
            name=op.f("ck_alerts_lease"),
        ),
        sa.CheckConstraint(
            (
                "state IN ('received', 'claimed', 'executed', 'no_action', 'refused', "
                "'expired', 'failed', 'invalid', 'duplicate', 'conflict')"
            ),
            name=op.f("ck_alerts_state"),
        ),
        sa.ForeignKeyConstraint(
            ["duplicate_of"],
            ["alerts.id"],
            name=op.f("fk_alerts_duplicate_of_alerts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["webhook_keys.id"],
            name=op.f("fk_alerts_key_id_webhook_keys"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_alerts_strategy_id_strategies"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint(
            "strategy_id", "dedupe_key", name=op.f("uq_alerts_strategy_id_dedupe_key")
        ),
    )
    op.create_index(
        "ix_alerts_open",
        "alerts",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state IN ('claimed', 'received')"),
        postgresql_where=sa.text("state IN ('claimed', 'received')"),
    )
    op.create_index(
        op.f("ix_alerts_strategy_id_received_at"),
        "alerts",
        ["strategy_id", "received_at"],
        unique=False,
    )


def strategy_pnl_history() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "strategy_pnl_history",
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", NUMBER, autoincrement=False, nullable=False),
        sa.Column("realised", Scaled8(), nullable=False),
        sa.Column("open", Scaled8(), nullable=True),
        sa.Column("pnl", Scaled8(), nullable=True),
        sa.Column("drawdown", Scaled8(), nullable=True),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["pnl_series.id"],
            name=op.f("fk_strategy_pnl_history_series_id_pnl_series"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("series_id", "at", name=op.f("pk_strategy_pnl_history")),
        sqlite_with_rowid=False,
    )


def decisions() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "decisions",
        sa.Column("alert_id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("strategy_id", Words(), nullable=False),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("symbol", Words(), nullable=True),
        sa.Column("held", ExactDecimal(), nullable=True),
        sa.Column("wanted", ExactDecimal(), nullable=True),
        sa.Column("legs", Document(), nullable=False),
        sa.Column("steps", Document(), nullable=False),
        sa.Column("cancel_working", sa.Boolean(), nullable=False),
        sa.Column("code", Words(), nullable=True),
        sa.Column("detail", Words(), nullable=True),
        sa.Column("signal_price", ExactDecimal(), nullable=True),
        sa.Column("settings", Document(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.CheckConstraint(
            ("outcome IN ('working', 'executed', 'no_action', 'refused', 'expired', 'failed')"),
            name=op.f("ck_decisions_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_decisions_account_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["alerts.id"],
            name=op.f("fk_decisions_alert_id_alerts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_decisions_strategy_id_strategies"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("alert_id", "account_id", name=op.f("pk_decisions")),
    )


def orders() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "orders",
        sa.Column("id", Words(), nullable=False),
        sa.Column("client_order_id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("symbol", Words(), nullable=False),
        sa.Column("side", Words(), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("type", Words(), nullable=False),
        sa.Column("time_in_force", Words(), nullable=False),
        sa.Column("role", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("leg", Words(), nullable=False),
        sa.Column("strategy_id", Words(), nullable=True),
        sa.Column("alert_id", Words(), nullable=True),
        sa.Column("limit_price", ExactDecimal(), nullable=True),
        sa.Column("stop_price", ExactDecimal(), nullable=True),
        sa.Column("trail", ExactDecimal(), nullable=True),
        sa.Column("reduce_only", sa.Boolean(), nullable=False),
        sa.Column("filled_quantity", ExactDecimal(), nullable=False),
        sa.Column("average_price", ExactDecimal(), nullable=True),
        sa.Column("venue_order_id", Words(), nullable=True),
        sa.Column("reason_code", Words(), nullable=True),
        sa.Column("reason", Words(), nullable=True),
        sa.Column("signal_price", ExactDecimal(), nullable=True),
        sa.CheckConstraint(
            ("role IN ('entry', 'exit', 'take_profit', 'stop_loss', 'trailing_stop', 'manual')"),
            name=op.f("ck_orders_role"),
        ),
        sa.CheckConstraint("side IN ('buy', 'sell')", name=op.f("ck_orders_side")),
        sa.CheckConstraint(
            (
                "state IN ('received', 'denied', 'queued', 'submitting', 'submitted', "
                "'unknown', 'accepted', 'partially_filled', 'pending_cancel', "
                "'pending_replace', 'filled', 'canceled', 'rejected', 'expired')"
            ),
            name=op.f("ck_orders_state"),
        ),
        sa.CheckConstraint(
            "time_in_force IN ('day', 'gtc', 'ioc')", name=op.f("ck_orders_time_in_force")
        ),
        sa.CheckConstraint(
            "type IN ('market', 'limit', 'stop', 'stop_limit', 'trailing_stop')",
            name=op.f("ck_orders_type"),
        ),
        sa.CheckConstraint(
            "CAST(filled_quantity AS NUMERIC) >= 0", name=op.f("ck_orders_filled_quantity")
        ),
        sa.CheckConstraint("CAST(quantity AS NUMERIC) > 0", name=op.f("ck_orders_quantity")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_orders_account_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_orders_alert_id_alerts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_orders_strategy_id_strategies"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("client_order_id", name=op.f("uq_orders_client_order_id")),
    )
    op.create_index(op.f("ix_orders_alert_id"), "orders", ["alert_id"], unique=False)
    op.create_index(
        op.f("ix_orders_strategy_id_account_id_symbol_created_at"),
        "orders",
        ["strategy_id", "account_id", "symbol", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_orders_working",
        "orders",
        ["id"],
        unique=False,
        sqlite_where=sa.text(
            "state IN ('accepted', 'partially_filled', 'pending_cancel', "
            "'pending_replace', 'submitted', 'submitting', 'unknown')"
        ),
        postgresql_where=sa.text(
            "state IN ('accepted', 'partially_filled', 'pending_cancel', "
            "'pending_replace', 'submitted', 'submitting', 'unknown')"
        ),
    )


def fills() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "fills",
        sa.Column("venue_fill_id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("symbol", Words(), nullable=False),
        sa.Column("side", Words(), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("commission", ExactDecimal(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("order_id", Words(), nullable=True),
        sa.Column("strategy_id", Words(), nullable=True),
        sa.Column("base_fee", ExactDecimal(), nullable=False),
        sa.Column("realised", ExactDecimal(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.CheckConstraint("side IN ('buy', 'sell')", name=op.f("ck_fills_side")),
        sa.CheckConstraint("CAST(base_fee AS NUMERIC) >= 0", name=op.f("ck_fills_base_fee")),
        sa.CheckConstraint("CAST(quantity AS NUMERIC) > 0", name=op.f("ck_fills_quantity")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_fills_account_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_fills_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_fills_strategy_id_strategies"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("venue_fill_id", "account_id", name=op.f("pk_fills")),
    )
    op.create_index(op.f("ix_fills_at"), "fills", ["at"], unique=False)
    op.create_index(op.f("ix_fills_order_id"), "fills", ["order_id"], unique=False)
    op.create_index(
        op.f("ix_fills_strategy_id_account_id_symbol_at"),
        "fills",
        ["strategy_id", "account_id", "symbol", "at"],
        unique=False,
    )


def order_events() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "order_events",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("order_id", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("event", Words(), nullable=False),
        sa.Column("from_state", Words(), nullable=False),
        sa.Column("to_state", Words(), nullable=False),
        sa.Column("detail", Words(), nullable=True),
        sa.CheckConstraint(
            (
                "event IN ('deny', 'queue', 'submit', 'sent', 'lose_answer', 'accept', "
                "'partial_fill', 'fill', 'request_cancel', 'refuse_cancel', "
                "'request_replace', 'replace', 'refuse_replace', 'cancel', 'reject', "
                "'expire')"
            ),
            name=op.f("ck_order_events_event"),
        ),
        sa.CheckConstraint(
            (
                "from_state IN ('received', 'denied', 'queued', 'submitting', "
                "'submitted', 'unknown', 'accepted', 'partially_filled', "
                "'pending_cancel', 'pending_replace', 'filled', 'canceled', 'rejected', "
                "'expired')"
            ),
            name=op.f("ck_order_events_from_state"),
        ),
        sa.CheckConstraint(
            (
                "to_state IN ('received', 'denied', 'queued', 'submitting', 'submitted', "
                "'unknown', 'accepted', 'partially_filled', 'pending_cancel', "
                "'pending_replace', 'filled', 'canceled', 'rejected', 'expired')"
            ),
            name=op.f("ck_order_events_to_state"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_order_events_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_order_events")),
    )
    op.create_index(op.f("ix_order_events_order_id"), "order_events", ["order_id"], unique=False)
