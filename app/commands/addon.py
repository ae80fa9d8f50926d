"""``addon-sim``: a stand-in for the NinjaTrader add-on, which talks to a running server."""

from __future__ import annotations

import random
import sys
import time
import uuid
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click

from app.addonsim.http import HttpServer
from app.addonsim.replay import Plan, Replay, Summary
from app.addonsim.scenarios import SCENARIOS, scenario
from app.addonsim.script import Line, read, write
from app.addonsim.troubles import Trouble
from app.clock import SystemClock
from app.commands.parts.given import json_option
from app.commands.parts.output import one
from app.config import load
from app.domain.errors import InvalidInput


@click.command()
@click.option("--server", help="Where the server is, if not where the settings say.")
@click.option("--key", envvar="ADDON_KEY", help="The add-on key; better given in ADDON_KEY.")
@click.option(
    "--script",
    "script_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Replay these lines of JSON.",
)
@click.option("--scenario", "named", type=click.Choice(list(SCENARIOS)), help="Or one of these.")
@click.option("--account", default="SIM-50K-01", show_default=True, help="Name, for a scenario.")
@click.option("--balance", type=Decimal, default=Decimal(50_000), show_default=True)
@click.option("--print", "printed", is_flag=True, help="Print the script instead of sending it.")
@click.option("--drop", default=0.0, help="Chance from 0 to 1 that a request or answer is lost.")
@click.option("--duplicate", default=0.0, help="Chance from 0 to 1 that a request arrives twice.")
@click.option("--reorder", default=0, help="Send in a random order within so many messages.")
@click.option("--gap", default=0, help="Hold so many messages back until the server asks.")
@click.option("--restart", default=0, help="Begin a new session after every so many messages.")
@click.option("--skew", default=0.0, help="Seconds by which the machine's clock is ahead.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same troubles.")
@click.option("--speed", default=1.0, show_default=True, help="10 is ten times as fast.")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="Instead of now, with its zone."
)
@click.option("--hold", default=0.0, help="Go on with heartbeats for so many seconds at the end.")
@click.option(
    "--patience", default=60.0, show_default=True, help="Seconds for what is not taken at the end."
)
@click.option("--sign", is_flag=True, help="Sign each message with the key.")
@json_option
def addon_sim(
    *,
    server: str | None,
    key: str | None,
    script_file: Path | None,
    named: str | None,
    account: str,
    balance: Decimal,
    printed: bool,
    drop: float,
    duplicate: float,
    reorder: int,
    gap: int,
    restart: int,
    skew: float,
    seed: int,
    speed: float,
    start: datetime | None,
    hold: float,
    patience: float,
    sign: bool,
    as_json: bool,
) -> None:
    """Play a NinjaTrader add-on: send a script of account updates to the server.

    Exit code 0 says that the server acknowledged every message, whatever was lost on the way.
    """
    lines = _lines(script_file, named, account, balance)
    if printed:
        click.echo(write(lines), nl=False)
        return
    trouble = Trouble(drop, duplicate, reorder, gap, restart, skew)
    plan = Plan(trouble, speed=speed, start=start, hold=hold, patience=patience)
    summary = _run(lines, plan, server or load().base_url, _given(key), seed, signing=sign)
    one({**_told(summary)}, as_json=as_json)
    if not summary.complete:
        sys.exit(1)


def _lines(
    script_file: Path | None, named: str | None, account: str, balance: Decimal
) -> list[Line]:
    if (script_file is None) == (named is None):
        raise InvalidInput("Give a --script or a --scenario.")
    if script_file is not None:
        return read(script_file.read_text(encoding="utf-8"))
    return scenario(str(named), account, balance)


def _given(key: str | None) -> str:
    if not key:
        raise InvalidInput(
            "Give the add-on key in ADDON_KEY; the page of funded accounts makes one."
        )
    return key


def _run(
    lines: list[Line], plan: Plan, address: str, key: str, seed: int, *, signing: bool
) -> Summary:
    clock = SystemClock()
    way = HttpServer(address, key, now=clock.now, signing=signing)
    return Replay(
        lines,
        way.post,
        plan,
        clock=clock,
        wait=time.sleep,
        chance=random.Random(seed),  # noqa: S311  troubles to order, no secrets
        new_session=lambda: str(uuid.uuid4()),
        # One key, one installation, in every run.
        installation_id=str(uuid.uuid5(uuid.NAMESPACE_OID, key)),
    ).run()


def _told(summary: Summary) -> dict[str, object]:
    """Return the summary as rows: what was counted, what is open, and why an account stopped."""
    names = ("messages", "sent", "acked", "duplicates", "resent", "malformed", "failed", "limited")
    rows: dict[str, object] = {name: summary.counts.get(name, 0) for name in names}
    rows["unacknowledged"] = summary.unacked
    return {**rows, **{f"refused for {name}": why for name, why in summary.stopped.items()}}
