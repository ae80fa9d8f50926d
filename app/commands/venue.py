"""``venue``: the paper venue as a process of its own, with faults on demand."""

from __future__ import annotations

import os
import secrets
import signal
from datetime import timedelta
from pathlib import Path
from types import FrameType

import click

from app.config import load
from app.venue.process import running, serve

TOKEN = "VENUE_TOKEN"  # noqa: S105  the name of the variable


@click.command()
@click.option("--port", default=0, show_default=True, help="TCP port on 127.0.0.1; 0: a free one.")
@click.option("--data", type=click.Path(path_type=Path), help="Directory of its order log.")
@click.option("--with-parent", is_flag=True, help="End when standard input ends.")
def venue(port: int, data: Path | None, *, with_parent: bool) -> None:
    """Run the paper venue by itself, with faults on demand.

    It keeps an order log of its own.  Its token is read from VENUE_TOKEN, or made and shown.
    """
    settings = load()
    token = os.environ.get(TOKEN) or secrets.token_urlsafe(24)
    ages = (settings.quote_max_age_s, settings.alert_price_max_age_s)
    quote_age, alert_age = (timedelta(seconds=age) for age in ages)
    folder = data or settings.data_dir / "venue"
    with running(folder, port, token, quote_age, alert_age) as server:

        def stop(_number: int, _frame: FrameType | None) -> None:
            server.ending.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        click.echo(f"The venue listens on http://127.0.0.1:{server.server_port}")
        if TOKEN not in os.environ:
            click.echo(f"Its token: {token}")
        serve(server, with_parent=with_parent)
