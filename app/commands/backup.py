"""``backup`` and ``restore``: the database as one checked file, and back again."""

from __future__ import annotations

import socket
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from app.clock import SystemClock
from app.commands.parts.given import json_option
from app.commands.parts.opening import alone
from app.commands.parts.output import one
from app.config import Settings, load
from app.domain.errors import Conflict
from app.services.restored import Leftover, end_leftovers
from app.store.backup import restore as put_back
from app.store.backup import restore_pictures, save, save_pictures, suffix
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore

_file = click.Path(dir_okay=False, path_type=Path)
_GLANCE_S: Final = 1
_BEHIND: Final = (
    "What happened after the backup is not in it: when the server starts, it asks your brokers for"
    " it. Look at the page Reconciliation before you let strategies trade."
)


@click.command()
@click.argument("file", type=_file, required=False)
@json_option
def backup(file: Path | None, *, as_json: bool) -> None:
    """Copy the database to FILE while the server runs, and the journal's pictures beside it.

    The copy is checked; the pictures go to FILE.pictures.zip.  Without FILE both go to the folder
    backups in DATA_DIR, named after the time in UTC.
    """
    settings = load()
    target = file or _named(settings, "signalbox")
    found = save(settings.store_url, target)
    size, pictures = target.stat().st_size, save_pictures(settings.pictures_dir, target)
    counts = {**asdict(found), "pictures": pictures}
    one({"file": str(target), "bytes": size, **counts}, as_json=as_json)


@click.command()
@click.argument("file", type=_file)
@json_option
def restore(file: Path, *, as_json: bool) -> None:
    """Put a backup in the database's place.

    The server must not run.  The present database is kept in the folder backups in DATA_DIR.
    Alerts that waited when the backup was made expire: the broker may be ahead of it.
    """
    settings = load()
    _stopped(settings)
    aside = _named(settings, "before-restore")
    ended: list[Leftover] = []

    def settle(url: str) -> None:
        ended.append(_leftovers(url))

    found, kept = put_back(settings.store_url, file, aside, alone(settings), settle)
    before = str(aside) if kept else None
    pictures = restore_pictures(settings.pictures_dir, file)
    counts = {"alerts_expired": ended[0].expired, "alerts_begun": ended[0].begun}
    counts["pictures_put_back"] = pictures
    one({"restored": str(file), **asdict(found), **counts, "kept_before": before}, as_json=as_json)
    if not as_json:
        click.echo(_BEHIND)


def _leftovers(url: str) -> Leftover:
    """End what waits in a database that was put back."""
    store = SqlStore(make_engines(url), lambda _: None)
    try:
        with store.write() as uow:
            return end_leftovers(uow, SystemClock().now())
    finally:
        store.close()


def _named(settings: Settings, what: str) -> Path:
    now = SystemClock().now()
    name = f"{what}-{now:%Y%m%dT%H%M%S.%fZ}{suffix(settings.store_url)}"
    return settings.data_dir / "backups" / name


def _stopped(settings: Settings) -> None:
    """Raise Conflict while anything answers where the server would."""
    try:
        socket.create_connection((settings.host, settings.port), timeout=_GLANCE_S).close()
    except OSError:
        return
    raise Conflict(f"Something answers on {settings.host}:{settings.port}: stop the server first.")
