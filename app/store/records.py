"""From rows to dataclasses and back, and the statements that differ between the two databases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from app.store.prepared import prepared

T = TypeVar("T")


class Record(Generic[T]):
    """A dataclass whose fields are columns of the same names; ``columns`` are in field order."""

    def __init__(self, kind: type[T], table: Table) -> None:
        self._make: Callable[..., T] = kind
        self._names = tuple(each.name for each in fields(kind))  # type: ignore[arg-type]
        self._values = attrgetter(*self._names)
        self.columns: Final = tuple(table.c[name] for name in self._names)

    def values(self, item: T) -> dict[str, Any]:
        """Return the item's fields by column name."""
        return dict(zip(self._names, self._values(item), strict=True))

    def of(self, row: Sequence[Any]) -> T:
        """Make the dataclass of the values of ``columns``, in their order."""
        return self._make(*row)

    def maybe(self, row: Sequence[Any] | None) -> T | None:
        """Make the dataclass, or None when there is no row."""
        return None if row is None else self._make(*row)

    def all(self, rows: Iterable[Sequence[Any]]) -> list[T]:
        """Make a dataclass of each row."""
        return [self._make(*row) for row in rows]


def found_by(
    columns: Sequence[ColumnElement[Any]], keys: Collection[Sequence[object]]
) -> ColumnElement[bool]:
    """Return the condition that each column has its value of one of the ``keys``.

    SQLite reads a whole table for a list of rows, and finds lists of values by an index; rows that
    mix the values of two keys are among what is found.
    """
    return and_(
        *(
            column.in_(set(found))
            for column, found in zip(columns, zip(*keys, strict=True), strict=True)
        )
    )


Variants = Mapping[str, Executable]
"""One statement by the name of the database that it is written for."""


def insert_or_skip(table: Table, *unique: str) -> Variants:
    """Return an insert that leaves a row alone which has the same ``unique`` columns."""
    return {
        "sqlite": sqlite.insert(table).on_conflict_do_nothing(index_elements=unique),
        "postgresql": postgresql.insert(table).on_conflict_do_nothing(index_elements=unique),
    }


def insert_or_replace(table: Table, *unique: str) -> Variants:
    """Return an insert that overwrites the other columns of a row with the same ``unique`` ones."""
    changed = [column.name for column in table.c if column.name not in unique]
    lite, postgres = sqlite.insert(table), postgresql.insert(table)
    return {
        "sqlite": lite.on_conflict_do_update(
            index_elements=unique, set_={name: lite.excluded[name] for name in changed}
        ),
        "postgresql": postgres.on_conflict_do_update(
            index_elements=unique, set_={name: postgres.excluded[name] for name in changed}
        ),
    }


def rows(
    connection: Connection, statement: Executable, values: Mapping[str, Any]
) -> Sequence[Sequence[Any]]:
    """Return the rows of a statement, which is a constant when there are ``values``."""
    ready = prepared(connection, statement, values)
    if ready is None:
        return connection.execute(statement, values).all()
    return [ready.row(row) for row in ready.run(connection, values)]


class Repo:
    """What every repository has: the transaction's connection."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _first(self, statement: Executable, **values: object) -> Sequence[Any] | None:
        """Return the first row of a statement, which is a constant when it takes ``values``."""
        ready = prepared(self._connection, statement, values)
        if ready is None:
            return self._connection.execute(statement, values).first()
        row = ready.run(self._connection, values).fetchone()
        return None if row is None else ready.row(row)

    def _rows(self, statement: Executable, **values: object) -> Sequence[Sequence[Any]]:
        """Return the rows of a statement, which is a constant when it takes ``values``."""
        return rows(self._connection, statement, values)

    def _count(self, statement: Executable, values: Mapping[str, Any]) -> int:
        """Run a constant change and return how many rows it touched."""
        ready = prepared(self._connection, statement, values)
        if ready is None:
            return self._connection.execute(statement, values).rowcount
        return ready.run(self._connection, values).rowcount

    def _number(self, statement: Executable, values: Mapping[str, Any]) -> int:
        """Run a constant insert and return the number that the database gave the row."""
        ready = prepared(self._connection, statement, values)
        if ready is not None:
            return int(ready.run(self._connection, values).lastrowid or 0)
        key = self._connection.execute(statement, values).inserted_primary_key
        return int(key[0]) if key is not None else 0

    def _variant(self, variants: Variants) -> Executable:
        return variants[self._connection.dialect.name]
