"""``agreement``: holds everything that is stored against the fills; exit code 1 when it differs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import click

from app.commands.parts.given import json_option
from app.commands.parts.opening import opened
from app.commands.parts.output import document, pairs, table
from app.domain.safety.agreement import Asked, Disagreement, Run, RunState
from app.services.agreement import Agreement, where

#: A second look comes after that long.
_REST_S: Final = 1.0


@click.command()
@json_option
def agreement(*, as_json: bool) -> None:
    """Compare everything that is stored with the fills: positions, trades, days and totals.

    Nothing is ever changed.  Exit code 1 when anything differs.  A server may run meanwhile: what
    its pages show it compares itself, each night.
    """
    with opened() as made:
        desk = Agreement(made.store, made.reads, made.clock, made.ids, None)
        desk.begin(Asked.COMMAND)
        run = desk.finish(partial(threading.Event().wait, _REST_S))
        found = desk.found_by(run.id)
    if as_json:
        document({**_report(run), "found": [_row(each) for each in found]})
    else:
        _print(run, found)
    if run.state is not RunState.AGREED:
        sys.exit(1)


def _print(run: Run, found: Sequence[Disagreement]) -> None:
    pairs(_report(run))
    if not found:
        click.echo("Everything that is stored agrees with the fills.")
        return
    click.echo("\nWhat is stored differs from the fills; nothing was changed:")
    table(
        [
            {
                "account": each.account_id,
                "strategy": each.strategy_id,
                "symbol": each.symbol,
                "number": where(each.place),
                "stored": each.stored,
                "by_the_fills": each.derived,
            }
            for each in found
        ],
        "",
    )


def _report(run: Run) -> Mapping[str, object]:
    return {
        "state": run.state.value,
        "books": run.books,
        "fills": run.fills,
        "seconds": f"{run.milliseconds / 1000:.1f}",
        "differences": run.differences,
        "skipped": run.skipped,
    }


def _row(found: Disagreement) -> Mapping[str, object]:
    return {
        "kept": found.kept.value,
        "field": found.field,
        "item": found.item,
        "strategy_id": found.strategy_id,
        "account_id": found.account_id,
        "symbol": found.symbol,
        "stored": found.stored,
        "derived": found.derived,
        "found_at": found.found_at,
    }
