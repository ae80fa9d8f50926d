"""Reads what an add-on posts: each fault has the path of its field, what is unknown is left alone.

A newer add-on may tell more than is known here, so unknown fields are no fault.  Money is decimal
text; a JSON number is taken as it is written, never by way of a float.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NoReturn, TypeVar

from app.domain.addon.messages import (
    VALUE_NAMES,
    Described,
    Execution,
    HeldPosition,
    Kind,
    Message,
    Operation,
    Posted,
    ToldDay,
    ToldOrder,
    Unreadable,
    Values,
    Way,
)
from app.domain.errors import InvalidInput
from app.domain.money import parse

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Reader = Callable[[object, str], T]

SCHEMA: Final = 1
#: The code of everything that cannot be read.
MALFORMED: Final = "MALFORMED_MESSAGE"
MOST_MESSAGES: Final = 50
MOST_POSITIONS: Final = 200
MOST_ORDERS: Final = 500
MOST_EXECUTIONS: Final = 2000
MOST_DAYS: Final = 400
_MOST_REASONS: Final = 20
_LONGEST: Final = 200
_LONGEST_NAME: Final = 80
_HIGHEST: Final = 2**53
_YEARS: Final = range(2000, 2200)


def read_posted(body: bytes) -> Posted:
    """Read the body of a request; raises InvalidInput when it is neither a message nor a batch.

    A message of a batch that cannot be read stands in the way of no other one.
    """
    row = Row(_document(body), "")
    if row.maybe("type", _any) == "AccountUpdateBatch":
        row.get("schema", _schema)
        return Posted(tuple(_each(row.get("messages", listed(_any, MOST_MESSAGES)))), batch=True)
    return Posted((_message(row),), batch=False)


def read_message(document: object) -> Message:
    """Read one message that was read from JSON already; raises InvalidInput with the field."""
    return _message(Row(document, ""))


def _document(body: bytes) -> object:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_constant)
    except InvalidInput:
        raise
    except (ValueError, RecursionError):
        _refuse("body", "must be JSON")


def _constant(_name: str) -> NoReturn:
    _refuse("body", "must hold finite numbers only")


def _each(items: tuple[object, ...]) -> list[Message | Unreadable]:
    entries: list[Message | Unreadable] = []
    for place, item in enumerate(items):
        path = f"messages.{place}"
        try:
            entries.append(_message(Row(item, path)))
        except InvalidInput as error:
            entries.append(_unreadable(item, error))
    if not entries:
        _refuse("messages", "must not be empty")
    return entries


def _unreadable(item: object, error: InvalidInput) -> Unreadable:
    """Keep what names the message, as far as it can be read."""
    told = item if isinstance(item, Mapping) else {}
    account = told.get("account")
    name = account.get("name") if isinstance(account, Mapping) else None
    seq = told.get("seq")
    return Unreadable(
        error,
        name if isinstance(name, str) and len(name) <= _LONGEST else None,
        seq if isinstance(seq, int) and not isinstance(seq, bool) else None,
    )


class Row:
    """One object of the document and the path to it."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, Mapping):
            _refuse(path or "body", "must be an object")
        self._value, self._path = value, path

    def get(self, name: str, reader: Reader[T]) -> T:
        """Read a field that must be there."""
        value = self._value.get(name)
        if value is None:
            _refuse(self._at(name), "is missing")
        return reader(value, self._at(name))

    def maybe(self, name: str, reader: Reader[T]) -> T | None:
        """Read a field that may be null or missing."""
        return None if self._value.get(name) is None else self.get(name, reader)

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _refuse(path: str, what: str) -> NoReturn:
    raise InvalidInput(f"{path} {what}.", code=MALFORMED, fields={path: what})


def _any(value: object, _path: str) -> object:
    return value


def text(value: object, path: str) -> str:
    """Read a short text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        _refuse(path, "must be a text that is not empty")
    if len(value) > _LONGEST:
        _refuse(path, f"must have at most {_LONGEST} characters")
    return value


def _name(value: object, path: str) -> str:
    name = text(value, path).strip()
    if not name.isprintable() or len(name) > _LONGEST_NAME:
        _refuse(path, f"must be 1 to {_LONGEST_NAME} visible characters")
    return name


def _words(value: object, path: str) -> str | None:
    """Read a short text; the platform sends an empty one for what it does not have."""
    return None if value == "" else text(value, path)


def amount(value: object, path: str) -> Decimal:
    """Read an exact decimal."""
    try:
        return parse(value, path)
    except InvalidInput as error:
        _refuse(path, error.fields.get(path, "must be a number"))


def _quantity(value: object, path: str) -> Decimal:
    number = amount(value, path)
    return number if number >= 0 else _refuse(path, "must not be negative")


def _seq(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _HIGHEST:
        _refuse(path, "must be a whole number of 1 or more")
    return value


def _flag(value: object, path: str) -> bool:
    return value if isinstance(value, bool) else _refuse(path, "must be true or false")


def instant(value: object, path: str) -> datetime:
    """Read an instant, which says its zone."""
    try:
        at = datetime.fromisoformat(text(value, path))
        moment = at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.year not in _YEARS:
        _refuse(path, "must be an instant like 2026-11-20T15:04:05.123Z")
    return moment


def _day(value: object, path: str) -> date:
    try:
        return date.fromisoformat(text(value, path))
    except ValueError:
        _refuse(path, "must be a day like 2026-11-19")


def _one_of(kind: type[E]) -> Reader[E]:
    known = [each.value for each in kind]

    def read(value: object, path: str) -> E:
        if value not in known:
            _refuse(path, f"must be {', '.join(known[:-1])} or {known[-1]}")
        return kind(value)

    return read


def listed(reader: Reader[T], most: int) -> Reader[tuple[T, ...]]:
    """Return a reader of lists of at most that many entries."""

    def read(value: object, path: str) -> tuple[T, ...]:
        if not isinstance(value, list):
            _refuse(path, "must be a list")
        if len(value) > most:
            _refuse(path, f"must have at most {most} entries")
        return tuple(reader(each, f"{path}.{place}") for place, each in enumerate(value))

    return read


def _schema(value: object, path: str) -> None:
    if value != SCHEMA or isinstance(value, bool):
        _refuse(path, f"must be {SCHEMA}, the only one that this server knows")


def _type(value: object, path: str) -> None:
    if value != "AccountUpdate":
        _refuse(path, "must be AccountUpdate, or AccountUpdateBatch for several")


def _message(row: Row) -> Message:
    row.get("schema", _schema)
    row.get("type", _type)
    return Message(
        installation_id=row.get("installation_id", text),
        session_id=row.get("session_id", text),
        seq=row.get("seq", _seq),
        kind=row.get("kind", _one_of(Kind)),
        sent_at=row.get("sent_at", instant),
        event_time=row.get("event_time", instant),
        account=row.get("account", _described),
        values=row.get("values", _values),
        positions=row.maybe("positions", listed(_position, MOST_POSITIONS)),
        orders=row.maybe("orders", listed(_order, MOST_ORDERS)),
        executions=row.maybe("executions", listed(_execution, MOST_EXECUTIONS)) or (),
        days=row.maybe("daily_pnl_history", listed(_told_day, MOST_DAYS)) or (),
        reason=row.maybe("reason", listed(text, _MOST_REASONS)) or (),
        addon_version=row.maybe("addon_version", _words),
        platform_version=row.maybe("nt_version", _words),
    )


def _described(value: object, path: str) -> Described:
    row = Row(value, path)
    return Described(
        name=row.get("name", _name),
        display_name=row.maybe("display_name", _words),
        connection=row.maybe("connection", _words),
        provider=row.maybe("provider", _words),
        connection_status=row.maybe("connection_status", _words),
        is_simulated=row.maybe("is_simulated", _flag) or False,
        currency=row.maybe("currency", text) or "USD",
    )


def _values(value: object, path: str) -> Values:
    row = Row(value, path)
    return Values(**{name: row.maybe(name, amount) for name in VALUE_NAMES})


def _position(value: object, path: str) -> HeldPosition:
    row = Row(value, path)
    return HeldPosition(
        instrument=row.get("instrument", text),
        market_position=row.get("market_position", _one_of(Way)),
        quantity=row.get("quantity", _quantity),
        root=row.maybe("root", _words),
        average_price=row.maybe("average_price", amount),
        unrealized_pnl=row.maybe("unrealized_pnl", amount),
        point_value=row.maybe("point_value", _quantity),
        tick_size=row.maybe("tick_size", _quantity),
    )


def _order(value: object, path: str) -> ToldOrder:
    row = Row(value, path)
    return ToldOrder(
        order_id=row.get("order_id", text),
        action=row.get("action", text),
        type=row.get("type", text),
        quantity=row.get("quantity", _quantity),
        state=row.get("state", text),
        name=row.maybe("name", _words),
        instrument=row.maybe("instrument", _words),
        filled=row.maybe("filled", _quantity),
        limit_price=row.maybe("limit_price", amount),
        stop_price=row.maybe("stop_price", amount),
        avg_fill_price=row.maybe("avg_fill_price", amount),
        oco=row.maybe("oco", _words),
        tif=row.maybe("tif", _words),
        time=row.maybe("time", instant),
    )


def _execution(value: object, path: str) -> Execution:
    row = Row(value, path)
    return Execution(
        execution_id=row.get("execution_id", text),
        instrument=row.get("instrument", text),
        side=row.get("side", text),
        quantity=row.get("quantity", _quantity),
        price=row.get("price", amount),
        time=row.get("time", instant),
        order_id=row.maybe("order_id", _words),
        commission=row.maybe("commission", amount),
        fee=row.maybe("fee", amount),
        is_entry=row.maybe("is_entry", _flag),
        operation=row.maybe("operation", _one_of(Operation)) or Operation.ADD,
    )


def _told_day(value: object, path: str) -> ToldDay:
    row = Row(value, path)
    return ToldDay(row.get("date", _day), row.get("pnl", amount))
