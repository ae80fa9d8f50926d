"""``doctor``: looks at everything that the server needs and says what to do about what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from app.bootstrap import ROOT
from app.clock import SystemClock
from app.commands.parts.given import json_option
from app.commands.parts.http import HttpServer
from app.commands.parts.opening import opened, port_fault
from app.commands.parts.output import document
from app.commands.rehearsal import rehearsed
from app.config import Settings, load
from app.domain.errors import ConfigError, SignalboxError
from app.store import integrity, migrate
from app.store.engine import make_engines, read_url

_VENDOR: Final = ROOT / "static" / "vendor"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and (when it is not ok) what to do."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check everything that the server needs."""
    checks = examine()
    ok = all(check.ok for check in checks)
    if as_json:
        document({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            click.echo(f"{'ok' if check.ok else 'problem':<8} {check.name:<11} {check.detail}")
            if check.advice:
                click.echo(f"{'':<20} {check.advice}")
    if not ok:
        sys.exit(1)


def examine() -> Sequence[Check]:
    """Return all checks; without readable settings nothing else can be looked at."""
    try:
        settings = load()
    except ConfigError as error:
        return [Check("settings", ok=False, detail=error.detail, advice="Correct the variable.")]
    found = [Check("settings", ok=True, detail=f"data in {settings.data_dir.resolve()}")]
    for look in _LOOKS:
        found.append(look(settings))
        if not found[-1].ok and look is database:
            break
    return found


def database(settings: Settings) -> Check:
    """Whether the database can be opened; looking does not make one."""
    try:
        url = read_url(settings.store_url)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            return Check("database", ok=False, detail="There is no database yet.", advice=_START)
        integrity.check(settings.store_url)
        make_engines(settings.store_url).dispose()
        where = url.render_as_string(hide_password=True)
    except ConfigError as error:
        advice = "Do what it says, or correct DATABASE_URL."
        return Check("database", ok=False, detail=error.detail, advice=advice)
    return Check("database", ok=True, detail=where)


def migrations(settings: Settings) -> Check:
    """Whether the database has the tables that this program knows."""
    try:
        migrate.check(settings.store_url)
    except ConfigError as error:
        return Check("migrations", ok=False, detail=error.detail, advice=_START)
    return Check("migrations", ok=True, detail=f"at revision {migrate.head()}")


def clock(_settings: Settings) -> Check:
    """Whether the clock can be right; that time zones are known was seen with the settings."""
    now = SystemClock().now()
    written = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    if now < written:
        detail = f"The clock says {now:%Y-%m-%d %H:%M} UTC, before this program was installed."
        return Check("clock", ok=False, detail=detail, advice="Set the clock, best by NTP.")
    return Check("clock", ok=True, detail=f"{now:%Y-%m-%d %H:%M:%S} UTC")


def broker(settings: Settings) -> Check:
    """Whether every account answers at its venue."""
    try:
        with opened(settings) as made:
            accounts = [each for each in made.accounts.list(None) if not each.watched]
            for account in accounts:
                made.brokers.of(account.id).account()
    except SignalboxError as error:
        return Check("broker", ok=False, detail=error.detail, advice="Look at the account.")
    if not accounts:
        return Check("broker", ok=False, detail="There is no account yet.", advice=_START)
    names = ", ".join(account.name for account in accounts)
    return Check("broker", ok=True, detail=f"answering: {names}")


def trade(settings: Settings) -> Check:
    """Whether a paper signal goes the whole way, from its text to the booked fill.

    It goes through the code that trades, on a database of its own that is thrown away.
    """
    try:
        detail = rehearsed(settings)
    except SignalboxError as error:
        advice = "Do not trade with this program: install it again, or report this."
        return Check("trade", ok=False, detail=error.detail, advice=advice)
    return Check("trade", ok=True, detail=detail)


def port(settings: Settings) -> Check:
    """Whether the port is free, or already served by Signalbox."""
    place = f"{settings.host}:{settings.port}"
    fault = port_fault(settings)
    if fault is None:
        return Check("port", ok=True, detail=f"{place} is free")
    if HttpServer(f"http://{place}").answers():
        return Check("port", ok=True, detail=f"Signalbox serves on {place}")
    return Check("port", ok=False, detail=fault, advice="Stop it, or set HOST or PORT.")


def vendor(_settings: Settings) -> Check:
    """Whether the browser libraries were fetched."""
    if (_VENDOR / "VENDOR.json").is_file():
        return Check("vendor", ok=True, detail="browser libraries are there")
    detail = "The browser libraries are missing."
    return Check("vendor", ok=False, detail=detail, advice="Run `make setup`.")


_START: Final = "Run `python -m app serve`, or `migrate` for the database alone."
_LOOKS: Final[Sequence[Callable[[Settings], Check]]] = (
    database,
    migrations,
    clock,
    broker,
    trade,
    port,
    vendor,
)
