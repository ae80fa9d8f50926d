"""``migrate``: bring the database to the newest revision."""

from __future__ import annotations

import click

from app.commands.parts.given import json_option
from app.commands.parts.opening import prepared
from app.commands.parts.output import one
from app.config import load


@click.command()
@json_option
def migrate(*, as_json: bool) -> None:
    """Bring the database up to date."""
    one({"revision": prepared(load())}, as_json=as_json)
