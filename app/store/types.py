"""Column types that keep what they are given: decimals, instants, words and documents.

Each type reads and writes the same value on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB, NUMERIC
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.domain.errors import InvariantBroken
from app.domain.money import CONTEXT, plain, wire

Processor = Callable[[Any], Any]

#: Documents of one column that are kept decoded.
_SHARED: Final = 2048

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

#: A counter that the database gives: SQLite counts only what is declared INTEGER.
Number: Final[TypeEngine[int]] = BigInteger().with_variant(Integer(), "sqlite")


def on_postgres(dialect: Dialect) -> bool:
    """Whether the statement is for PostgreSQL; SQLite is the only other database."""
    return dialect.name == "postgresql"


def _optional(convert: Processor) -> Processor:
    return lambda value: None if value is None else convert(value)


def _meaningless(value: Decimal) -> InvariantBroken:
    return InvariantBroken(f"{value} cannot be kept: only finite numbers have a meaning here.")


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise _meaningless(value)
    return plain(value)


def _decimal_text(value: Decimal) -> str:
    return wire(_finite(value))


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal kept to its last digit: TEXT on SQLite, NUMERIC on PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the database's own exact type."""
        return dialect.type_descriptor(NUMERIC() if on_postgres(dialect) else Text())

    def bind_processor(self, dialect: Dialect) -> Processor:
        """Write a finite Decimal; anything else is refused."""
        return _optional(_finite if on_postgres(dialect) else _decimal_text)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        """Read a Decimal without trailing zeros or exponent."""
        return _optional(plain if on_postgres(dialect) else Decimal)


def to_microseconds(at: datetime) -> int:
    """Return the instant as microseconds since 1970; TypeError for one without a time zone."""
    return (at - EPOCH) // MICROSECOND


def from_microseconds(value: int) -> datetime:
    """Return the aware UTC instant ``value`` microseconds after 1970."""
    return EPOCH + timedelta(microseconds=value)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, kept as integer microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        """Write an aware datetime."""
        return _optional(to_microseconds)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        """Read an aware UTC datetime."""
        return _optional(from_microseconds)


def _to_scaled(value: Decimal) -> int:
    if not value.is_finite():
        raise _meaningless(value)
    return int(CONTEXT.to_integral_value(CONTEXT.scaleb(value, 8)))


@lru_cache(maxsize=_SHARED)
def _from_scaled(value: int) -> Decimal:
    return plain(CONTEXT.scaleb(Decimal(value), -8))


class Scaled8(TypeDecorator[Decimal]):
    """A sample of money as an integer count of 1e-8, half-even; for curves, not for books."""

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        """Write the amount to 8 places."""
        return _optional(_to_scaled)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        """Read a Decimal with at most 8 places."""
        return _optional(_from_scaled)


def clean(text: str) -> str:
    """Return ``text`` as both databases can keep it: NUL as its symbol, no half surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\u2400").encode("utf-8", "replace").decode("utf-8")


class Words(TypeDecorator[str]):
    """Text from people and programs, whatever characters it holds."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Processor:
        """Write the text without what a database cannot keep."""
        return _optional(clean)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor | None:
        """Read the text as it is."""
        return None


class Choice(TypeDecorator[StrEnum]):
    """A member of ``choices``, kept as its value."""

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[StrEnum]) -> None:
        super().__init__()
        self.choices = choices

    def bind_processor(self, dialect: Dialect) -> Processor:
        """Write the member's value; a word outside the choices is refused."""
        choices = self.choices
        return _optional(lambda value: choices(value).value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        """Read the member."""
        return _optional(self.choices)


def _same(value: Any) -> Any:  # noqa: ANN401  a document is whatever JSON holds
    return value


def _clean_json(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean_json(each) for each in value]
    if isinstance(value, dict):
        return {clean(key): _clean_json(each) for key, each in value.items()}
    return value


def _dump(value: object) -> str:
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    if "\\u0000" in text or "\\ud" in text:
        return json.dumps(_clean_json(json.loads(text)), separators=(",", ":"))
    return text


class Document(TypeDecorator[Any]):
    """A JSON document: TEXT on SQLite, JSONB on PostgreSQL.

    ``encode`` makes plain JSON values of what the program holds, ``decode`` reads them back.  With
    ``shared`` equal documents are decoded once: for what is read often and never changed in place.
    With ``held`` so many of the last that were written or read need no decoding: for what is
    written each second and read before that.  Both spare SQLite's text, not PostgreSQL's JSONB.
    """

    impl = Text
    cache_ok = True

    def __init__(
        self,
        encode: Processor = _same,
        decode: Processor = _same,
        *,
        shared: bool = False,
        held: int = 0,
    ) -> None:
        super().__init__()
        self.encode = encode
        self.decode = decode
        self.shared = shared
        self.held = held
        self._last: OrderedDict[str, Any] = OrderedDict()

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the database's own type for documents."""
        return dialect.type_descriptor(JSONB() if on_postgres(dialect) else Text())

    def bind_processor(self, dialect: Dialect) -> Processor:
        """Write the value as JSON text, None as NULL."""
        encode = self.encode
        if self.held and not on_postgres(dialect):
            return _optional(self._written)
        return _optional(lambda value: _dump(encode(value)))

    def result_processor(self, dialect: Dialect, coltype: object) -> Processor:
        """Read the value; psycopg2 has parsed JSONB already."""
        decode = self.decode
        if on_postgres(dialect):
            return _optional(decode)
        if self.held:
            return _optional(self._read)
        read = _optional(lambda text: decode(json.loads(text)))
        return lru_cache(maxsize=_SHARED)(read) if self.shared else read

    def _written(self, value: Any) -> str:  # noqa: ANN401
        text = _dump(self.encode(value))
        self._hold(text, value)
        return text

    def _read(self, text: str) -> Any:  # noqa: ANN401
        value = self._last.get(text)
        if value is None:
            value = self.decode(json.loads(text))
            self._hold(text, value)
        return value

    def _hold(self, text: str, value: Any) -> None:  # noqa: ANN401
        self._last[text] = value
        while len(self._last) > self.held:
            self._last.popitem(last=False)
