"""``replay``: recorded days in virtual time, or for show on the running server."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final, cast

import click

from app import logs
from app.commands.parts.given import json_option
from app.commands.parts.output import document as print_document
from app.commands.parts.output import pairs, table
from app.commands.show import show
from app.domain.errors import InvalidInput
from app.domain.money import parse
from app.domain.sessions import Roll
from app.replay.document import Document, document
from app.replay.recording import Recording, read_recording
from app.replay.run import Outcome, Replay, Terms, opened, scratch

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)

_MEMORY: Final = Path("/dev/shm")  # noqa: S108  the scratch directory in it is our own
_ROOM: Final = 2**30


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """Where a recording is shown: an account of this server, or an address with its keys."""

    speed: float | None
    account: str | None
    server: str | None
    key: str | None
    token: str | None

    @property
    def given(self) -> bool:
        """Whether any of them was."""
        return any(each is not None for each in astuple(self))


@click.command()
@click.option("--quotes", type=_FILE, required=True, help="Bars with bid and ask, CSV or CSV.gz.")
@click.option("--alerts", type=_FILE, required=True, help="Alerts with their times, JSON Lines.")
@click.option("--symbol", required=True, help="The contract of the quotes, like ESZ2013.")
@click.option("--commission", default="0", help="Per contract, share or coin, and side.")
@click.option(
    "--roll", default="00:00 UTC", show_default=True, help='Like "16:00 America/Chicago".'
)
@click.option("--seed", default=1, show_default=True, help="Of all chance.")
@click.option("--keep", is_flag=True, help="Keep the scratch database and say where it is.")
@click.option("--speed", type=float, help="Drive the running server, this many times as fast.")
@click.option("--account", help="With --speed: the account to trade on, on this machine's server.")
@click.option("--server", help="With --speed and --key: the server's address.")
@click.option("--key", help="With --speed: a strategy's webhook key.")
@click.option("--token", help="With --speed and --key: an API token, to send the quotes as well.")
@json_option
def replay(
    quotes: Path,
    alerts: Path,
    symbol: str,
    commission: str,
    roll: str,
    seed: int,
    speed: float | None,
    account: str | None,
    server: str | None,
    key: str | None,
    token: str | None,
    *,
    keep: bool,
    as_json: bool,
) -> None:
    """Run recorded days through the code that trades, in virtual time."""
    recording = read_recording(quotes, alerts, symbol)
    options = ShowOptions(speed, account, server, key, token)
    if options.given:
        _check(options)
        show(recording, speed or 1.0, account=account, server=server, key=key, token=token)
        return
    Roll.parse(roll)
    logs.configure("error", "auto")
    terms = Terms(parse(commission, "commission"), roll, seed)
    with _directory(keep=keep) as directory:
        outcome, books = _run(recording, terms, directory)
    _print(books, as_json=as_json)
    _tell_surprises(outcome)


def _check(options: ShowOptions) -> None:
    if options.speed is None or options.speed <= 0:
        raise InvalidInput("To drive a server, give --speed above 0.")
    if (options.account is None) == (options.key is None):
        raise InvalidInput("To drive a server, give --account, or --key of a strategy.")


@contextlib.contextmanager
def _directory(*, keep: bool) -> Iterator[Path]:
    """A directory for the scratch database, gone at the end unless it is to be kept."""
    if keep:
        kept = Path(tempfile.mkdtemp(prefix="signalbox-replay-"))
        click.echo(f"The scratch database stays in {kept}", err=True)
        yield kept
    else:
        with tempfile.TemporaryDirectory(prefix="signalbox-replay-", dir=_fast_place()) as name:
            yield Path(name)


def _fast_place() -> Path | None:
    """A directory in memory that has room: what is thrown away need not wait for a disk."""
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return None
    return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ROOM else None


def _run(recording: Recording, terms: Terms, directory: Path) -> tuple[Outcome, Document]:
    made = opened(recording, terms, scratch(directory, terms))
    try:
        outcome = Replay(made, recording, terms).play()
        return outcome, document(made, recording, terms, outcome)
    finally:
        made.close()


def _print(books: Document, *, as_json: bool) -> None:
    if as_json:
        print_document(books)
        return
    fills = cast("list[Document]", books["fills"])
    days = cast("list[Document]", books["realised_by_day"])
    pairs(
        {**{name: books[name] for name in books if name != "realised_by_day"}, "fills": len(fills)}
    )
    click.echo()
    table(days, "Nothing was traded.")


def _tell_surprises(outcome: Outcome) -> None:
    """Say where the recording expects something else; the exit code says so too."""
    for each in outcome.surprises:
        click.echo(f"Alert in line {each.line}: {each.found}, not {each.expected}.", err=True)
    if outcome.surprises:
        raise SystemExit(1)
