"""``python -m bench [PART...]``: measure, and print what was measured on what."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from bench import addon, alpaca, execution, hanging, history, recorder, replaying, stream, webhook
from bench.figures import Figure, table
from bench.machine import Machine, machine
from bench.run import Run

PARTS: Final[Mapping[str, Callable[[Run], list[Figure]]]] = {
    "webhook": webhook.measure,
    "drain": execution.drain,
    "steady": execution.steady,
    "burst": execution.burst,
    "hang": hanging.measure,
    "recorder": recorder.measure,
    "addon": addon.measure,
    "history": history.measure,
    "replay": replaying.measure,
    "stream": stream.measure,
    "alpaca": alpaca.measure,
}


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--quick", is_flag=True, help="Small numbers: shows that it runs, measures little.")
@click.option("--full", is_flag=True, help="The whole size where a tenth of it is usual.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the databases are made; the disk under it is part of what is measured.",
)
def bench(
    parts: Sequence[str], directory: Path | None, *, quick: bool, full: bool, as_json: bool
) -> None:
    """Measure all parts, or those that are named."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="signalbox-bench-", dir=directory) as name:
        found = machine(Path(name))
        run = Run(Path(name), quick, whole=full)
        for part in parts or PARTS:
            click.echo(f"{part} ...", err=True)
            figures += PARTS[part](run)
    if as_json:
        click.echo(json.dumps(_document(found, figures, quick=quick), indent=2))
    else:
        click.echo(_text(found, figures))


def _document(found: Machine, figures: Sequence[Figure], *, quick: bool) -> dict[str, object]:
    return {
        "command": _command(),
        "quick": quick,
        "machine": asdict(found),
        "load_average_at_end": os.getloadavg()[0],
        "figures": [figure.document() for figure in figures],
    }


def _text(found: Machine, figures: Sequence[Figure]) -> str:
    end = f"load average at the end {os.getloadavg()[0]:.2f}"
    return f"{_command()}\n{found}\n\n{table(figures)}\n\n{end}"


def _command() -> str:
    return " ".join(["python -m bench", *sys.argv[1:]])


if __name__ == "__main__":
    bench()
