"""History that stays small: samples when something changes, rolled up to minutes, hours, days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
from alembic import op

from app.domain.money import ZERO, exact
from app.store.types import ExactDecimal, Number, Scaled8

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_DAY_S: Final = 86400
_HISTORY: Final = "strategy_pnl_history"


def upgrade() -> None:
    """Keep what samples add up to no longer, make the spans, and say what each curve began with."""
    op.add_column(
        "pnl_series", sa.Column("base", ExactDecimal(), nullable=False, server_default="0")
    )
    for name in ("rolled", "seconds_from", "minutes_from", "hours_from"):
        op.add_column("pnl_series", sa.Column(name, Number, nullable=False, server_default="0"))
    _spans()
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        _by_day(connection)
    else:
        op.drop_column(_HISTORY, "pnl")
        op.drop_column(_HISTORY, "drawdown")
    _bases(connection)


def _spans() -> None:
    op.create_table(
        "pnl_spans",
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Number, autoincrement=False, nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["pnl_series.id"],
            name=op.f("fk_pnl_spans_series_id_pnl_series"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("series_id", "level", "at", name=op.f("pk_pnl_spans")),
        sqlite_with_rowid=False,
    )


def _by_day(connection: sa.Connection) -> None:
    """Put each UTC day's samples in a table of their own, which can be dropped whole."""
    op.rename_table(_HISTORY, "unparted_history")
    for name in (f"pk_{_HISTORY}", f"fk_{_HISTORY}_series_id_pnl_series"):
        op.execute(f"ALTER TABLE unparted_history DROP CONSTRAINT {name}")
    op.create_table(
        _HISTORY,
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Number, autoincrement=False, nullable=False),
        sa.Column("realised", Scaled8(), nullable=False),
        sa.Column("open", Scaled8(), nullable=True),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["pnl_series.id"],
            name=op.f(f"fk_{_HISTORY}_series_id_pnl_series"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("series_id", "at", name=op.f(f"pk_{_HISTORY}")),
        postgresql_partition_by="RANGE (at)",
    )
    op.execute(f"CREATE TABLE {_HISTORY}_other PARTITION OF {_HISTORY} DEFAULT")
    days = connection.execute(sa.text("SELECT DISTINCT at / 86400 FROM unparted_history"))
    for day in sorted(days.scalars()):
        name = f"{_HISTORY}_{datetime.fromtimestamp(day * _DAY_S, UTC):%Y%m%d}"
        op.execute(
            f"CREATE TABLE {name} PARTITION OF {_HISTORY}"
            f" FOR VALUES FROM ({day * _DAY_S:d}) TO ({(day + 1) * _DAY_S:d})"
        )
    op.execute(
        f"INSERT INTO {_HISTORY} (series_id, at, realised, open)"  # noqa: S608  constants
        " SELECT series_id, at, realised, open FROM unparted_history"
    )
    op.drop_table("unparted_history")


def _bases(connection: sa.Connection) -> None:
    accounts = _rows(
        connection,
        sa.table(
            "accounts",
            sa.column("id"),
            sa.column("user_id"),
            sa.column("starting_cash", ExactDecimal()),
            sa.column("deposited", ExactDecimal()),
        ),
    )
    links = sa.table("strategy_accounts", sa.column("strategy_id"), sa.column("account_id"))
    used: dict[str, set[str]] = {}
    for link in _rows(connection, links):
        used.setdefault(link["strategy_id"], set()).add(link["account_id"])
    series = sa.table(
        "pnl_series",
        sa.column("id"),
        sa.column("user_id"),
        sa.column("strategy_id"),
        sa.column("account_id"),
        sa.column("base", ExactDecimal()),
    )
    for row in _rows(connection, series):
        base = _capital(each for each in accounts if _belongs(row, each, used))
        connection.execute(sa.update(series).where(series.c.id == row["id"]).values(base=base))


def _rows(connection: sa.Connection, table: sa.TableClause) -> Sequence[sa.RowMapping]:
    return connection.execute(sa.select(table)).mappings().all()


def _belongs(series: sa.RowMapping, account: sa.RowMapping, used: Mapping[str, set[str]]) -> bool:
    """Whether the account is one of the curve's: its own, its strategy's, or one of its user."""
    if series["account_id"] is not None:
        return bool(account["id"] == series["account_id"])
    if series["strategy_id"] is not None:
        return account["id"] in used.get(series["strategy_id"], set())
    return account["user_id"] == series["user_id"] and any(
        account["id"] in each for each in used.values()
    )


@exact
def _capital(accounts: Iterable[sa.RowMapping]) -> Decimal:
    return sum((each["starting_cash"] + each["deposited"] for each in accounts), ZERO)
