"""Frozen dataclasses as JSON documents: decimals and instants as text, words as words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from app.domain.money import wire

T = TypeVar("T")


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return wire(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


def _reader(hint: Any) -> Callable[[Any], Any]:  # noqa: ANN401  a type hint is any object
    kinds = [kind for kind in (get_args(hint) or (hint,)) if kind is not NoneType]
    if kinds == [datetime]:
        return datetime.fromisoformat
    return kinds[0] if len(kinds) == 1 else str


class Shape(Generic[T]):
    """Writes and reads one flat dataclass of texts, numbers, instants, words and None."""

    def __init__(self, kind: type[T]) -> None:
        hints = get_type_hints(kind)
        self._kind = kind
        self._readers = {each.name: _reader(hints[each.name]) for each in fields(kind)}  # type: ignore[arg-type]

    def encode(self, item: T) -> dict[str, object]:
        """Return the item as a JSON object."""
        return {name: _plain(getattr(item, name)) for name in self._readers}

    def decode(self, data: Mapping[str, Any]) -> T:
        """Read what ``encode`` wrote; a field that the document lacks keeps its default."""
        return self._kind(
            **{
                name: None if data[name] is None else read(data[name])
                for name, read in self._readers.items()
                if name in data
            }
        )

    def encode_all(self, items: Sequence[T]) -> list[dict[str, object]]:
        """Return the items as a JSON array."""
        return [self.encode(item) for item in items]

    def decode_all(self, data: Sequence[Mapping[str, Any]]) -> tuple[T, ...]:
        """Read what ``encode_all`` wrote."""
        return tuple(self.decode(each) for each in data)
