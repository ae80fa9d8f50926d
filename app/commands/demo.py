"""``demo``: a server on a made-up market as a child process, and alerts sent to it from here."""

from __future__ import annotations

import random
import secrets
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import click

from app.clock import SystemClock
from app.commands.parts.http import HttpServer, ServerGone
from app.commands.parts.opening import opened, port_fault, prepared
from app.commands.serve import server_command, server_environment
from app.config import Settings, load
from app.demo.script import play
from app.demo.stage import USER, Stage, staged
from app.domain.errors import ConfigError

_START_S: Final = 60
_STOP_S: Final = 15
_POLL_S: Final = 0.2
_SIGN_IN: Final = "sign-in.txt"


@click.command()
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data/demo"),
    show_default=True,
    help="Where the demo keeps its data.",
)
@click.option("--pace", default=3.0, show_default=True, help="Seconds between two alerts.")
@click.option("--seed", default=1, show_default=True, help="Of the strategies' choices.")
def demo(data_dir: Path, pace: float, seed: int) -> None:
    """Serve a made-up market with strategies that trade; Ctrl C ends it."""
    directory = data_dir.resolve()
    database = f"sqlite:///{directory / 'signalbox.db'}"
    settings = load(data_dir=directory, database_url=database, market_data="synthetic")
    chance = random.Random(seed)  # noqa: S311  the play is to be the same each time
    stage, password = _stage(settings, chance)
    with _stopping_on_terminate(), _serving(settings):
        click.echo(f"The demo is on {settings.base_url}; sign in as {USER} with {password}")
        click.echo("Ctrl C ends it.")
        _send(settings, stage, chance, pace)


def _stage(settings: Settings, chance: random.Random) -> tuple[Stage, str]:
    fault = port_fault(settings)
    if fault is not None:
        raise ConfigError(f"{fault} Stop it, or set PORT to another one.")
    prepared(settings)
    password = _password(settings.data_dir / _SIGN_IN)
    with opened(settings) as made:
        return staged(made, password, chance), password


def _password(kept: Path) -> str:
    """Return the demo user's password, made at the first start and kept for later ones."""
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(9), encoding="utf-8")
    return kept.read_text(encoding="utf-8").strip()


@contextmanager
def _stopping_on_terminate() -> Iterator[None]:
    """Let a terminate signal end the demo as Ctrl C does, the server with it."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("The demo has ended.")
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _serving(settings: Settings) -> Iterator[None]:
    """Run the server as a child in a session of its own, so that Ctrl C reaches only us."""
    environment = server_environment(settings) | {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.store_url,
        "MARKET_DATA": settings.market_data,
    }
    child = subprocess.Popen(  # noqa: S603  our own command
        server_command(), env=environment, start_new_session=True
    )
    try:
        _wait_until_it_answers(settings, child)
        yield
    finally:
        child.terminate()
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_until_it_answers(settings: Settings, child: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    for _ in range(int(_START_S / _POLL_S)):
        if child.poll() is not None:
            raise ConfigError("The server ended at once; what it wrote above says why.")
        if port_fault(settings) is not None and HttpServer(_address(settings)).answers():
            return
        pause.wait(_POLL_S)
    raise ConfigError(f"The server did not answer within {_START_S} seconds.")


def _send(settings: Settings, stage: Stage, chance: random.Random, pace: float) -> None:
    clock, pause = SystemClock(), threading.Event()
    servers = {name: HttpServer(_address(settings), key) for name, key in stage.keys.items()}
    for message in play(stage.actors, chance, clock.now):
        try:
            answer = servers[message.part.name].alert(message.body.encode(), "application/json")
        except ServerGone as error:
            answer = error.detail
        click.echo(f"{clock.now():%H:%M:%S}  {message.part.name:<20} {message.what}: {answer}")
        pause.wait(pace)


def _address(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}"
