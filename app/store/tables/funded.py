"""Tables of funded accounts: rules, states, days, minutes and violations."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Date, Index, Integer, Table, UniqueConstraint

from app.propfirm import Recorded, Source, read_rule_set
from app.propfirm.keeping import (
    breach_of,
    kept_breach,
    kept_preferences,
    kept_rules,
    kept_state,
    preferences_of,
    state_of,
)
from app.store.tables.schema import METADATA, choice, decimal, instant, one_of, reference, words
from app.store.types import Document, Number, Words

#: States that are held decoded, the last ones of all accounts.
_STATES: Final = 256

#: Versions never change: what an account was judged by can be read for ever.
RULE_SETS: Final = Table(
    "rule_sets",
    METADATA,
    Column("number", Number, primary_key=True),
    words("rule_set_id"),
    words("version"),
    reference("user_id", "users.id", null=True, on_delete="CASCADE"),
    Column("rules", Document(kept_rules, read_rule_set, shared=True), nullable=False),
    instant("made_at"),
    UniqueConstraint("rule_set_id", "version"),
)

FUNDED_ACCOUNTS: Final = Table(
    "funded_accounts",
    METADATA,
    Column("number", Number, primary_key=True),
    reference("account_id", "accounts.id", on_delete="CASCADE"),
    choice("source", Source),
    words("rule_set_id", null=True),
    words("rule_set_version", null=True),
    Column("state", Document(kept_state, state_of, held=_STATES), nullable=True),
    decimal("baseline"),
    Column("preferences", Document(kept_preferences, preferences_of, shared=True), nullable=False),
    instant("accepted_at", null=True),
    instant("updated_at", null=True),
    Column("told", Document(list, tuple), nullable=False),
    UniqueConstraint("account_id"),
    one_of("source", Source),
)

FUNDED_DAYS: Final = Table(
    "funded_days",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("day", Date(), primary_key=True),
    decimal("pnl"),
    choice("recorded", Recorded),
    decimal("start_balance", null=True),
    decimal("end_balance", null=True),
    decimal("high", null=True),
    decimal("low", null=True),
    decimal("floor", null=True),
    one_of("recorded", Recorded),
    sqlite_with_rowid=False,
)

FUNDED_MINUTES: Final = Table(
    "funded_minutes",
    METADATA,
    reference("account_id", "accounts.id", primary=True, on_delete="CASCADE"),
    Column("minute", Integer(), primary_key=True, autoincrement=False),
    decimal("high"),
    decimal("low"),
    decimal("last"),
    decimal("floor"),
    Index(None, "minute"),
    sqlite_with_rowid=False,
)

VIOLATIONS: Final = Table(
    "violations",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("account_id", "accounts.id", on_delete="CASCADE"),
    Column("day", Date(), nullable=False),
    Column("breach", Document(kept_breach, breach_of), nullable=False),
    words("rule_set_id"),
    words("rule_set_version"),
    decimal("balance"),
    decimal("equity", null=True),
    decimal("high_water"),
    decimal("floor"),
    decimal("day_pnl", null=True),
    decimal("contracts"),
    Index(None, "account_id", "id"),
)

NEWS: Final = Table(
    "news",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("user_id", "users.id", on_delete="CASCADE"),
    words("name"),
    instant("start"),
    instant("end"),
    Index(None, "user_id", "start"),
)
