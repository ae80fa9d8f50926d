"""The metadata that all tables share, and the constraints that they have in common."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, MetaData

from app.store.types import Choice, ExactDecimal, Instant, Words

METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def words(name: str, *, null: bool = False) -> Column[Any]:
    """Return a text column."""
    return Column(name, Words(), nullable=null)


def instant(name: str, *, null: bool = False) -> Column[Any]:
    """Return a column of instants."""
    return Column(name, Instant(), nullable=null)


def decimal(name: str, *, null: bool = False) -> Column[Any]:
    """Return a column of exact decimals."""
    return Column(name, ExactDecimal(), nullable=null)


def reference(
    name: str,
    target: str,
    *,
    null: bool = False,
    primary: bool = False,
    on_delete: str = "RESTRICT",
) -> Column[Any]:
    """Return a column that holds the id of a row of ``target`` ("users.id")."""
    key = ForeignKey(target, ondelete=on_delete)
    return Column(name, Words(), key, nullable=null, primary_key=primary)


def choice(name: str, choices: type[StrEnum], *, null: bool = False) -> Column[Any]:
    """Return a column of one of ``choices``; ``one_of`` makes the database insist."""
    return Column(name, Choice(choices), nullable=null)


def listed(choices: Any) -> str:  # noqa: ANN401  any iterable of words
    """Return the words as a SQL list of literals, in their order."""
    return "(" + ", ".join(f"'{each.value}'" for each in choices) + ")"


def one_of(name: str, choices: type[StrEnum]) -> CheckConstraint:
    """Return the check that the column holds one of ``choices`` (or NULL where that is allowed)."""
    return CheckConstraint(f"{name} IN {listed(choices)}", name=name)


def above_zero(name: str) -> CheckConstraint:
    """Return the check that a decimal is greater than 0."""
    return CheckConstraint(f"CAST({name} AS NUMERIC) > 0", name=name)


def not_negative(name: str) -> CheckConstraint:
    """Return the check that a decimal is 0 or more."""
    return CheckConstraint(f"CAST({name} AS NUMERIC) >= 0", name=name)
