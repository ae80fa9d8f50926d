"""``bars``: which are kept, and those of a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from app.bootstrap.parts import nothing
from app.commands.parts.given import json_option
from app.commands.parts.opening import opened
from app.commands.parts.output import many, one
from app.domain.errors import InvalidInput
from app.domain.quotes import Timeframe
from app.services.bars import BarFile, Imported, Taker


@click.group()
def bars() -> None:
    """Show which bars are kept, or import them from a file."""


@bars.command("list")
@json_option
def listed(*, as_json: bool) -> None:
    """Show which bars are kept, by symbol and length."""
    with opened() as made, made.store.read() as uow:
        rows = [
            {
                "symbol": each.of.symbol,
                "timeframe": each.of.timeframe.value,
                "bars": each.bars,
                "first": each.first.isoformat(),
                "last": each.last.isoformat(),
            }
            for each in uow.bars.stock()
        ]
    many(rows, "There are no bars yet.", as_json=as_json)


@bars.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("symbol")
@click.argument("timeframe", type=click.Choice([each.value for each in Timeframe]))
@click.option("--replace", is_flag=True, help="Put the file's bars in the place of others.")
@json_option
def take(file: Path, symbol: str, timeframe: str, *, replace: bool, as_json: bool) -> None:
    """Import the bars of a CSV or CSV.gz file; columns time,open,high,low,close,volume.

    TIME is when a bar begins.  A server may run meanwhile.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file.name} cannot be read: {error.strerror}.") from error
    with opened() as made:
        taker = Taker(made.store, made.clock, nothing)
        taken = taker.take(BarFile(file.name, data, symbol, Timeframe(timeframe)), replace=replace)
    one(_told(taken), as_json=as_json)


def _told(taken: Imported) -> Mapping[str, object]:
    return {
        "symbol": taken.contract.symbol,
        "timeframe": taken.timeframe.value,
        "bars": taken.bars,
        "new": taken.new,
        "equal": taken.equal,
        "replaced": taken.contradicting,
        "first": taken.first.isoformat(),
        "last": taken.last.isoformat(),
    }
