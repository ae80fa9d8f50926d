"""Statements compiled once and run on SQLite's own cursor.

SQLAlchemy writes every statement; its execution of one costs about five times what SQLite's does,
and a webhook runs three.  On PostgreSQL the network outweighs that, so SQLAlchemy executes there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, create_engine
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

Processor = Callable[[Any], Any]

#: What a converter raises for a value of another kind than its column's.
_UNFIT: Final = (TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement's text, its parameters by name, and what converts each value and column.

    There are no ``columns`` when none is converted.
    """

    text: str
    binds: tuple[tuple[str, Processor | None], ...]
    fixed: Mapping[str, Any]
    columns: tuple[Processor | None, ...]

    def run(self, connection: Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        """Execute with ``values`` on the connection's transaction; raises what SQLAlchemy would."""
        given = {**self.fixed, **values} if self.fixed else values
        driver: Any = connection.connection.dbapi_connection
        try:
            written = [
                convert(given[name]) if convert else given[name] for name, convert in self.binds
            ]
        except _UNFIT as error:
            raise StatementError(str(error), self.text, dict(given), error) from error
        try:
            cursor: sqlite3.Cursor = driver.execute(self.text, written)
        except sqlite3.Error as error:
            raise DBAPIError.instance(self.text, written, error, sqlite3.Error) from error
        return cursor

    def row(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Return the row as the program's own values."""
        if not self.columns:
            return tuple(row)
        return tuple(
            value if convert is None else convert(value)
            for convert, value in zip(self.columns, row, strict=True)
        )


def prepared(
    connection: Connection, statement: Executable, values: Mapping[str, Any]
) -> Prepared | None:
    """Return the prepared form of a constant statement, None where SQLAlchemy has to execute it."""
    if not values or connection.dialect.name != "sqlite":
        return None
    return _compile(statement, tuple(values))


@cache
def _dialect() -> Dialect:
    """SQLite's dialect; every engine has its own like it, and each would want its own form."""
    return create_engine("sqlite://").dialect


@lru_cache(maxsize=512)
def _compile(statement: Executable, names: tuple[str, ...]) -> Prepared | None:
    dialect = _dialect()
    compiled = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
    if not isinstance(compiled, SQLCompiler) or compiled.positiontup is None:
        return None
    if compiled.post_compile_params or compiled.insert_prefetch or compiled.update_prefetch:
        return None
    converters: Mapping[str, Any] = compiled._bind_processors  # noqa: SLF001  what SQLAlchemy's own execution calls
    fixed = {
        name: bind.effective_value
        for name, bind in compiled.binds.items()
        if name not in names and not bind.required
    }
    columns = tuple(
        column.type.dialect_impl(dialect).result_processor(dialect, None)
        for column in getattr(statement, "exported_columns", ())
    )
    binds = tuple((name, converters.get(name)) for name in compiled.positiontup)
    return Prepared(compiled.string, binds, fixed, columns if any(columns) else ())
