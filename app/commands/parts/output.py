"""What commands print: one JSON document for programs, or lines for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import click

from app.domain.money import wire


def document(content: object) -> None:
    """Print one JSON document: money as decimal strings, times in UTC."""
    click.echo(json.dumps(content, indent=1, ensure_ascii=False, default=_plain))


def pairs(content: Mapping[str, object]) -> None:
    """Print names and values, one a line; what is not known is an en dash."""
    width = max(len(name) for name in content)
    for name, value in content.items():
        click.echo(f"{name.replace('_', ' '):<{width}}  {_cell(value)}")


def table(rows: Sequence[Mapping[str, object]], empty: str) -> None:
    """Print rows under their columns' names, or the sentence ``empty`` when there is none."""
    if not rows:
        click.echo(empty)
        return
    lines = [[name.replace("_", " ") for name in rows[0]]]
    lines += [[_cell(value) for value in row.values()] for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def one(content: Mapping[str, object], *, as_json: bool) -> None:
    """Print one thing, for programs or for people."""
    if as_json:
        document(content)
    else:
        pairs(content)


def many(rows: Sequence[Mapping[str, object]], empty: str, *, as_json: bool) -> None:
    """Print a list, for programs or for people."""
    if as_json:
        document(rows)
    else:
        table(rows, empty)


def _cell(value: object) -> str:
    if value is None:
        return "–"  # noqa: RUF001  an en dash is the house's sign for unknown
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, str | int) else _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return wire(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} cannot be printed.")
