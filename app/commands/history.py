"""``history``: how much of the curves is kept, and whether it is what its parts come to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import click

from app.bootstrap import Core
from app.bootstrap.history import keeping
from app.commands.parts.given import json_option
from app.commands.parts.opening import opened
from app.commands.parts.output import document, table
from app.domain.money import wire
from app.services.history import Difference, Keeping, Rederived, rederive
from app.services.history.rolling import instant
from app.services.ports import Kept, Level, Rolled, UnitOfWork

#: Differences that are shown; all are counted.
_SHOWN: Final = 20


@click.command()
@click.option("--rederive", "again", is_flag=True, help="Roll all that is kept up again, compare.")
@json_option
def history(*, again: bool, as_json: bool) -> None:
    """Show how much P&L history is kept, or check it: exit code 1 when it is not right."""
    with opened() as made:
        if again:
            _compare(made, as_json=as_json)
        else:
            _show(made, as_json=as_json)


def _show(made: Core, *, as_json: bool) -> None:
    kept_for, now = keeping(made.settings), made.clock.now()
    with made.store.read() as uow:
        curves = len(uow.rolled.rolling())
        rows = [_line(uow, each, kept_for, now) for each in uow.rolled.sizes()]
    if as_json:
        document({"curves": curves, "layers": rows})
        return
    table(rows, "There is no history yet.")
    click.echo(f"{curves} curves.")


def _line(uow: UnitOfWork, kept: Kept, kept_for: Keeping, now: datetime) -> Mapping[str, object]:
    for_ever = kept.level is Level.DAY
    too_old = 0 if for_ever else uow.rolled.older(kept.level, kept_for.until(kept.level, now))
    return {
        "layer": _name(kept.level),
        "rows": kept.rows,
        "bytes": kept.bytes,
        "oldest": None if kept.oldest is None else instant(kept.oldest),
        "kept_days": None if for_ever else kept_for.days(kept.level),
        "to_be_deleted": too_old,
    }


def _compare(made: Core, *, as_json: bool) -> None:
    count, differences = Rederived(), 0
    shown: list[Mapping[str, object]] = []
    for each in rederive(made.store, count):
        differences += 1
        if len(shown) < _SHOWN:
            shown.append(_difference(each))
    if as_json:
        document({"spans": count.spans, "differences": differences, "first": shown})
    else:
        table(shown, "Everything is what its parts come to.")
        click.echo(f"{count.spans} spans rolled up again, {differences} differ.")
    if differences:
        sys.exit(1)


def _difference(each: Difference) -> Mapping[str, object]:
    found = each.stored or each.derived
    return {
        "curve": found and found.series_id,
        "layer": found and _name(found.level),
        "at": instant(each.at),
        "stored": _words(each.stored),
        "derived": _words(each.derived),
    }


def _words(span: Rolled | None) -> str | None:
    """A span's last, highest and lowest equity, and how many samples it is of."""
    if span is None or span.summary is None:
        return None if span is None else "unknown"
    summary = span.summary
    last, high, low = (wire(each.value) for each in (summary.last, summary.high, summary.low))
    return f"{last} ({low} to {high}, {summary.samples} samples)"


def _name(level: Level | None) -> str:
    return "samples" if level is None else f"{level.name.lower()}s"
