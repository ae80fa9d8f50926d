"""What the read models share: the transaction, filters, and one page of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Numeric, Select, Text, cast, func, literal_column, select
from sqlalchemy.sql.base import Executable

from app.domain.errors import InvalidInput
from app.services.reads import Page, Paging, Span
from app.store.types import ExactDecimal, clean
from app.store.unit_of_work import SqlStore

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)

ALWAYS: Final = Span()

Condition = ColumnElement[bool]
Columns = Mapping[str, ColumnElement[Any]]


class ReadModel:
    """A group of read models over one store."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def _rows(self, statement: Executable) -> Sequence[Sequence[Any]]:
        with self._store.read() as unit:
            return unit.connection.execute(statement).all()

    def _text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Bytes as text; on PostgreSQL other scripts' letters are octal escapes."""
        if self._store.on_postgres:
            return func.encode(column, literal_column("'escape'"), type_=Text)
        return cast(column, Text)

    def _page(
        self,
        wanted: Select[Any],
        paging: Paging,
        columns: Columns,
        make: Callable[[Sequence[Any]], T],
        counted: Select[Any] | None = None,
    ) -> Page[T]:
        """Return the page of ``wanted``; "" in ``columns`` names the natural order.

        ``counted`` finds as many rows with fewer tables.  Raises InvalidInput for an unknown column
        to sort by.
        """
        if paging.sort not in columns:
            known = ", ".join(sorted(name for name in columns if name))
            raise InvalidInput(
                f"The list cannot be sorted by {paging.sort!r}; it can by: {known}.",
                fields={"sort": "unknown column"},
            )
        order = [_number(columns[paging.sort]), columns["id"]]
        ordered = wanted.order_by(*(each.desc() if paging.descending else each for each in order))
        every = wanted if counted is None else counted
        count = select(func.count()).select_from(every.order_by(None).subquery())
        with self._store.read() as unit:
            total = unit.connection.execute(count).scalar_one()
            rows = unit.connection.execute(
                ordered.limit(paging.page_size).offset(paging.offset)
            ).all()
        return Page([make(row) for row in rows], total)


def _number(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Sort decimals as numbers where the database keeps them as text."""
    return cast(column, Numeric) if isinstance(column.type, ExactDecimal) else column


def member(choices: type[W], text: str, field: str) -> W:
    """Return the choice of that name; raises InvalidInput with the known ones."""
    try:
        return choices(text)
    except ValueError:
        known = ", ".join(choices)
        raise InvalidInput(
            f"{field} {text!r} is unknown; it may be: {known}.", fields={field: "unknown"}
        ) from None


def within(column: ColumnElement[datetime], span: Span) -> list[Condition]:
    """Return the conditions that the column's instant lies in the span."""
    conditions: list[Condition] = []
    if span.start is not None:
        conditions.append(column >= span.start)
    if span.end is not None:
        conditions.append(column < span.end)
    return conditions


def where_given(values: Mapping[ColumnElement[Any], object | None]) -> list[Condition]:
    """Return one equality for each value that is not None."""
    return [column == value for column, value in values.items() if value is not None]


def contains(text: str, *columns: ColumnElement[Any]) -> Condition:
    """Return the condition that one of the columns holds the text, whatever its letters' case."""
    found = [column.icontains(clean(text), autoescape=True) for column in columns]
    condition = found[0]
    for each in found[1:]:
        condition |= each
    return condition
