"""``serve``: everything up to date and checked, then gunicorn takes the place of this process."""

from __future__ import annotations

import os
import sys

import click

from app.bootstrap import ROOT, Core
from app.commands.parts.opening import alone, opened, port_fault, prepared
from app.config import Settings, load
from app.domain.errors import ConfigError, Conflict


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
    # No shell and no child: gunicorn is to be this process, signals and all.
    os.execve(command[0], command, server_environment(settings))  # noqa: S606


def made_ready(settings: Settings) -> str | None:
    """Check the port, migrate, and see to the first account.

    Returns the one-time link that creates the first user, None once there is one, and where another
    server trades.  Raises ConfigError when the server could not run.
    """
    fault = port_fault(settings)
    if fault is not None:
        raise ConfigError(f"{fault} Stop it, or set PORT to another one.")
    prepared(settings)
    with opened(settings) as made:
        return None if made.users.count() else _first_link(settings, made)


def _first_link(settings: Settings, made: Core) -> str | None:
    """Make the first account and the link; None where a server trades, whose link is to stay."""
    try:
        with alone(settings):
            made.accounts.ensure_first()
            token = made.users.new_setup_token()
    except Conflict:
        return None
    return f"{settings.base_url}/setup?token={token}"


def server_command() -> list[str]:
    """Return the command that serves, whatever directory it is started in."""
    # What eventlet says about its future is for us (docs/adr/0001), not for who runs the server.
    python = [sys.executable, "-W", "ignore::Warning:gunicorn.workers.geventlet"]
    options = ["-c", str(ROOT / "deploy" / "gunicorn.conf.py"), "--pythonpath", str(ROOT)]
    return [*python, "-m", "gunicorn", *options, "wsgi:app"]


def server_environment(settings: Settings) -> dict[str, str]:
    """Return this process's environment with what gunicorn itself reads, which .env may say."""
    own = {"HOST": settings.host, "PORT": str(settings.port), "ASYNC_MODE": settings.async_mode}
    return {**os.environ, **own}
