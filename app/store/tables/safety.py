"""Tables of what keeps trading safe: switches, differences to venues, and storms."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Table, func, text

from app.domain.safety.drift import DriftCause, DriftState, Resolution
from app.domain.safety.storms import StormState
from app.domain.safety.switches import Scope, TradingState
from app.store.tables.schema import (
    METADATA,
    choice,
    decimal,
    instant,
    one_of,
    reference,
    words,
)
from app.store.types import Choice, Document, Words

SWITCHES: Final = Table(
    "switches",
    METADATA,
    Column("scope", Choice(Scope), primary_key=True),
    Column("subject_id", Words(), primary_key=True),
    choice("state", TradingState),
    instant("at"),
    words("code", null=True),
    words("detail", null=True),
    words("thrown_by", null=True),
    one_of("scope", Scope),
    one_of("state", TradingState),
)

#: Written as a literal in the index and in queries alike.
UNRESOLVED: Final = "state <> 'resolved'"

DRIFTS: Final = Table(
    "drifts",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("account_id", "accounts.id", on_delete="CASCADE"),
    words("symbol"),
    choice("state", DriftState),
    choice("cause", DriftCause),
    decimal("ours"),
    decimal("theirs", null=True),
    words("detail"),
    instant("found_at"),
    instant("seen_at"),
    words("order_id", null=True),
    choice("resolution", Resolution, null=True),
    instant("resolved_at", null=True),
    words("resolved_by", null=True),
    Index(None, "account_id", "found_at"),
    one_of("state", DriftState),
    one_of("cause", DriftCause),
    one_of("resolution", Resolution),
    CheckConstraint(
        "(state = 'resolved') = (resolution IS NOT NULL AND resolved_at IS NOT NULL)", name="ended"
    ),
)
Index(
    "uq_drifts_unresolved",
    DRIFTS.c.account_id,
    DRIFTS.c.symbol,
    func.coalesce(DRIFTS.c.order_id, text("''")),
    unique=True,
    sqlite_where=text(UNRESOLVED),
    postgresql_where=text(UNRESOLVED),
)

STORMS: Final = Table(
    "storms",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("user_id", "users.id", null=True, on_delete="CASCADE"),
    reference("account_id", "accounts.id", null=True, on_delete="CASCADE"),
    choice("state", StormState),
    instant("started_at"),
    instant("ended_at", null=True),
    Column("settings", Document(dict), nullable=False),
    Column("report", Document(dict), nullable=False),
    Index(None, "started_at"),
    one_of("state", StormState),
)
