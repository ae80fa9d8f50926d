"""``storm``: prove that no alert is lost and none is executed twice, on a server of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType

import click

from app import logs
from app.bootstrap import ROOT
from app.clock import SystemClock
from app.commands.parts.opening import opened
from app.commands.serve import server_command
from app.config import Settings, load
from app.domain.errors import InvalidInput
from app.domain.safety.storms import Storm
from app.storm.plan import Shape
from app.storm.report import verdict_of
from app.storm.scratch import ScratchStorm
from app.storm.show import text, traces
from app.storm.stage import faults as read_faults

_KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SYSTEMROOT")


@click.command()
@click.option("--alerts", default=500, show_default=True, help="How many alerts are sent.")
@click.option("--senders", default=8, show_default=True, help="How many send at the same time.")
@click.option(
    "--strategies", default=4, show_default=True, help="How many strategies they are for."
)
@click.option("--resend", default=0.3, show_default=True, help="Share that is sent again, 0 to 1.")
@click.option("--kills", default=3, show_default=True, help="How often the server is killed (-9).")
@click.option("--restarts", default=1, show_default=True, help="How often it is stopped in order.")
@click.option(
    "--faults",
    default="none",
    show_default=True,
    help="What the broker does wrong: none, mild, wild, or like drop_after=0.1,html=0.05.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same storm."
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it all here.",
)
@click.option("--traces", "show_traces", is_flag=True, help="Print the steps of each alert.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Use this new folder for the server and keep it.",
)
@click.option("--store", is_flag=True, help="Keep the report in the database of DATA_DIR.")
def storm(
    *,
    alerts: int,
    senders: int,
    strategies: int,
    resend: float,
    kills: int,
    restarts: int,
    faults: str,
    seed: int,
    json_file: Path | None,
    show_traces: bool,
    keep: Path | None,
    store: bool,
) -> None:
    """Flood a server with alerts, kill it, judge what is on paper.

    It is a server of its own: yours, its database and its accounts are not touched.  Exit code 0
    says that nothing was lost and nothing doubled.
    """
    shape = Shape(
        alerts, senders, strategies, resend, kills, restarts, dict(read_faults(faults)), seed
    )
    if json_file is not None:
        _write(json_file, "")
    settings = _main_database() if store else None
    report = _run(shape, keep)
    if json_file is not None:
        _write(json_file, json.dumps(report, indent=1) + "\n")
    if settings is not None:
        _keep(settings, report)
    if show_traces:
        click.echo(traces(report))
    click.echo(text(report), nl=False)
    if not report["passed"]:
        sys.exit(1)


def _run(shape: Shape, keep: Path | None) -> dict[str, object]:
    logs.configure("error", "auto")
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    with _folder(keep) as folder, _stopping() as stop:
        running = ScratchStorm(
            shape=shape,
            directory=folder,
            command=server_command(),
            environment={**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            clock=SystemClock(),
            say=lambda line: click.echo(line, err=True),
            stop=stop,
        )
        return running.run()


def _write(file: Path, words: str) -> None:
    """Write the file; tried before the storm too, so that no report is lost after it."""
    try:
        file.write_text(words, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}.") from None


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="signalbox-storm-") as folder:
            yield Path(folder)
    elif keep.exists() and any(keep.iterdir()):
        raise InvalidInput(f"{keep} is not empty: a storm needs a folder of its own.")
    else:
        try:
            keep.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(f"{keep} cannot be made: {error.strerror}.") from None
        yield keep.absolute()


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Give an event that Ctrl C and a terminate signal set, so that the storm ends in order."""
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _main_database() -> Settings:
    settings = load()
    if settings.database_url is None and not settings.database_file.exists():
        raise InvalidInput(f"There is no database in DATA_DIR {settings.data_dir} to keep it in.")
    return settings


def _keep(settings: Settings, report: dict[str, object]) -> None:
    with opened(settings) as made, made.store.write() as uow:
        uow.storms.save(
            Storm(
                id=made.ids(),
                state=verdict_of(report),
                started_at=datetime.fromisoformat(str(report["started_at"])),
                ended_at=datetime.fromisoformat(str(report["ended_at"])),
                settings={"mode": "scratch"},
                report=report,
            )
        )
