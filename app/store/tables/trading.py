"""Tables of the pipeline: alerts, decisions, orders, fills, positions and round trips."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    text,
)

from app.domain.decisions import Leg, Outcome, Step
from app.domain.inbox import OPEN_STATES, AlertSource, AlertState
from app.domain.journal import Direction, Trip
from app.domain.orders import (
    WORKING,
    OrderEvent,
    OrderRole,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
)
from app.store.documents import Shape
from app.store.tables.schema import (
    METADATA,
    above_zero,
    choice,
    decimal,
    instant,
    listed,
    not_negative,
    one_of,
    reference,
    words,
)
from app.store.types import Document, Number, Words

LEGS: Final = Shape(Leg)
STEPS: Final = Shape(Step)
TRIP: Final = Shape(Trip)

#: Written as literals in indexes and queries alike: only so does the planner match the two.
OPEN_ALERTS: Final = f"state IN {listed(sorted(OPEN_STATES))}"
WORKING_ORDERS: Final = f"state IN {listed(sorted(WORKING))}"
STOPS: Final = f"role IN {listed([OrderRole.STOP_LOSS, OrderRole.TRAILING_STOP])}"

ALERTS: Final = Table(
    "alerts",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("strategy_id", "strategies.id"),
    instant("received_at"),
    Column("body", LargeBinary(), nullable=False),
    words("body_hash"),
    choice("state", AlertState),
    choice("source", AlertSource),
    words("content_type"),
    Column("headers", Document(dict), nullable=False),
    words("source_address", null=True),
    reference("key_id", "webhook_keys.id", null=True),
    words("dedupe_key", null=True),
    words("dedupe_rule", null=True),
    words("code", null=True),
    words("detail", null=True),
    reference("duplicate_of", "alerts.id", null=True),
    words("claimed_by", null=True),
    instant("claimed_at", null=True),
    instant("lease_until", null=True),
    instant("finished_at", null=True),
    UniqueConstraint("strategy_id", "dedupe_key"),
    Index(None, "strategy_id", "received_at"),
    Index(
        "ix_alerts_open", "id", sqlite_where=text(OPEN_ALERTS), postgresql_where=text(OPEN_ALERTS)
    ),
    one_of("state", AlertState),
    one_of("source", AlertSource),
    CheckConstraint(
        "state <> 'claimed' OR (claimed_by IS NOT NULL AND lease_until IS NOT NULL)", name="lease"
    ),
)

DECISIONS: Final = Table(
    "decisions",
    METADATA,
    reference("alert_id", "alerts.id", primary=True, on_delete="CASCADE"),
    reference("account_id", "accounts.id", primary=True),
    reference("strategy_id", "strategies.id"),
    choice("outcome", Outcome),
    instant("at"),
    words("symbol", null=True),
    decimal("held", null=True),
    decimal("wanted", null=True),
    Column("legs", Document(LEGS.encode_all, LEGS.decode_all), nullable=False),
    Column("steps", Document(STEPS.encode_all, STEPS.decode_all), nullable=False),
    Column("cancel_working", Boolean(), nullable=False),
    words("code", null=True),
    words("detail", null=True),
    decimal("signal_price", null=True),
    Column("settings", Document(dict), nullable=False),
    instant("finished_at", null=True),
    one_of("outcome", Outcome),
)

ORDERS: Final = Table(
    "orders",
    METADATA,
    Column("id", Words(), primary_key=True),
    words("client_order_id"),
    reference("account_id", "accounts.id"),
    words("symbol"),
    choice("side", Side),
    decimal("quantity"),
    choice("type", OrderType),
    choice("time_in_force", TimeInForce),
    choice("role", OrderRole),
    choice("state", OrderState),
    instant("created_at"),
    instant("updated_at"),
    words("leg"),
    reference("strategy_id", "strategies.id", null=True),
    reference("alert_id", "alerts.id", null=True),
    decimal("limit_price", null=True),
    decimal("stop_price", null=True),
    decimal("trail", null=True),
    Column("reduce_only", Boolean(), nullable=False),
    decimal("filled_quantity"),
    decimal("average_price", null=True),
    words("venue_order_id", null=True),
    words("reason_code", null=True),
    words("reason", null=True),
    decimal("signal_price", null=True),
    UniqueConstraint("client_order_id"),
    Index(None, "alert_id"),
    Index(None, "strategy_id", "account_id", "symbol", "created_at"),
    Index(None, "account_id", "created_at"),
    Index(
        "ix_orders_working",
        "id",
        sqlite_where=text(WORKING_ORDERS),
        postgresql_where=text(WORKING_ORDERS),
    ),
    Index(
        "ix_orders_stops",
        "account_id",
        "alert_id",
        "strategy_id",
        "symbol",
        sqlite_where=text(STOPS),
        postgresql_where=text(STOPS),
    ),
    one_of("side", Side),
    one_of("type", OrderType),
    one_of("time_in_force", TimeInForce),
    one_of("role", OrderRole),
    one_of("state", OrderState),
    above_zero("quantity"),
    not_negative("filled_quantity"),
)

ORDER_EVENTS: Final = Table(
    "order_events",
    METADATA,
    Column("number", Number, primary_key=True, autoincrement=True),
    reference("order_id", "orders.id", on_delete="CASCADE"),
    instant("at"),
    choice("event", OrderEvent),
    choice("from_state", OrderState),
    choice("to_state", OrderState),
    words("detail", null=True),
    Index(None, "order_id"),
    one_of("event", OrderEvent),
    one_of("from_state", OrderState),
    one_of("to_state", OrderState),
)

FILLS: Final = Table(
    "fills",
    METADATA,
    Column("venue_fill_id", Words(), primary_key=True),
    reference("account_id", "accounts.id", primary=True),
    words("symbol"),
    choice("side", Side),
    decimal("quantity"),
    decimal("price"),
    decimal("commission"),
    instant("at"),
    reference("order_id", "orders.id", null=True),
    reference("strategy_id", "strategies.id", null=True),
    decimal("base_fee"),
    decimal("realised"),
    instant("received_at"),
    Index(None, "strategy_id", "account_id", "symbol", "at"),
    Index(None, "order_id"),
    Index(None, "at"),
    one_of("side", Side),
    above_zero("quantity"),
    not_negative("base_fee"),
)

POSITIONS: Final = Table(
    "positions",
    METADATA,
    reference("strategy_id", "strategies.id", primary=True),
    reference("account_id", "accounts.id", primary=True),
    Column("symbol", Words(), primary_key=True),
    decimal("quantity"),
    decimal("basis"),
    decimal("realised_gross"),
    decimal("commission"),
    Column("fills", Integer(), nullable=False),
    instant("opened_at", null=True),
    instant("last_at", null=True),
    words("last_fill_id", null=True),
    Column("trip", Document(TRIP.encode, TRIP.decode), nullable=True),
    instant("updated_at"),
    CheckConstraint("CAST(quantity AS NUMERIC) = 0 OR opened_at IS NOT NULL", name="opened_at"),
    CheckConstraint("fills >= 0", name="fills"),
)

#: A round trip may only be called closed when its price, its quantity and its P&L are known.
TRADES: Final = Table(
    "trades",
    METADATA,
    Column("number", Number, primary_key=True, autoincrement=True),
    reference("strategy_id", "strategies.id"),
    reference("account_id", "accounts.id"),
    words("symbol"),
    choice("direction", Direction),
    instant("opened_at"),
    instant("closed_at", null=True),
    words("opening_fill_id"),
    words("closing_fill_id", null=True),
    decimal("peak_quantity", null=True),
    decimal("quantity", null=True),
    decimal("average_entry", null=True),
    decimal("average_exit", null=True),
    decimal("gross", null=True),
    decimal("commission", null=True),
    decimal("net", null=True),
    decimal("worst", null=True),
    decimal("best", null=True),
    UniqueConstraint("strategy_id", "account_id", "symbol", "opening_fill_id"),
    Index(None, "closed_at"),
    one_of("direction", Direction),
    CheckConstraint(
        "closed_at IS NULL OR (closing_fill_id IS NOT NULL AND peak_quantity IS NOT NULL"
        " AND quantity IS NOT NULL AND average_entry IS NOT NULL AND average_exit IS NOT NULL"
        " AND gross IS NOT NULL AND commission IS NOT NULL AND net IS NOT NULL)",
        name="closed_is_known",
    ),
    above_zero("quantity"),
)
