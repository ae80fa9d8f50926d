"""``serve``: everything up to date and checked, then gunicorn takes the place of this process."""

from __future__ import annotations

import os
import sys

import click

from app.bootstrap import ROOT
from app.commands.opening import opened, port_fault, prepared
from app.config import Settings, load
from app.domain.errors import ConfigError


@click.command()
def serve() -> None:
    """Bring the database up to date and serve."""
    settings = load()
    click.echo(f"Signalbox serves on {settings.base_url}")
    link = made_ready(settings)
    if link is not None:
        click.echo(f"Create the first user with this link, good once: {link}")
    sys.stdout.flush()
    command = server_command()
    os.execv(command[0], command)  # noqa: S606  gunicorn is to be this process, signals and all


def made_ready(settings: Settings) -> str | None:
    """Check the port, migrate, and see to the first account.

    Returns the one-time link that creates the first user, None once there is one.  Raises
    ConfigError when the server could not run.
    """
    fault = port_fault(settings)
    if fault is not None:
        raise ConfigError(f"{fault} Stop it, or set PORT to another one.")
    prepared(settings)
    with opened(settings) as made:
        token = made.users.new_setup_token()
        if token is None:
            return None
        made.accounts.ensure_first()
    return f"{settings.base_url}/setup?token={token}"


def server_command() -> list[str]:
    """Return the command that serves, whatever directory it is started in."""
    options = ["-c", str(ROOT / "deploy" / "gunicorn.conf.py"), "--pythonpath", str(ROOT)]
    return [sys.executable, "-m", "gunicorn", *options, "wsgi:app"]
