"""What most commands begin with: the settings, the opened database, and whose things are meant."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from app import logs
from app.bootstrap import Core, core
from app.clock import SystemClock
from app.config import Settings, load
from app.domain.errors import ConfigError, Conflict, InvalidInput
from app.services.ports import Holder
from app.store import integrity, migrate
from app.store.lease import make_lease

_LOOK_S: Final = 0.2


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Core]:
    """Open the services without web and loops; raises ConfigError when they cannot be.

    A directory without a database gets one; a database that is there is never changed here.
    """
    settings = settings or load()
    logs.configure("error", settings.log_format)
    if settings.database_url is None and not settings.database_file.exists():
        prepared(settings)
        with opened(settings) as made:
            made.accounts.ensure_first()
    made = core(settings)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Have the right to trade for a while, so that no server does; raises Conflict if one does."""
    _make_folder(settings)
    clock, pause = SystemClock(), threading.Event()
    lease = make_lease(settings.store_url, clock)
    me = Holder(socket.gethostname(), os.getpid(), clock.now())
    end = clock.monotonic() + 2 * lease.handover_s
    while not lease.take(me):
        if clock.monotonic() >= end:
            raise Conflict(f"{_server(lease.holder())} trades on this database: stop it first.")
        pause.wait(_LOOK_S)
    try:
        yield
    finally:
        lease.release()


def _server(holder: Holder | None) -> str:
    if holder is None:
        return "A server"
    return f"The server on {holder.host}, process {holder.pid},"


def prepared(settings: Settings) -> str:
    """Bring the database up to date, its directory made if need be; return its revision.

    Raises ConfigError when that fails, Conflict when a server trades on the database as it is.
    """
    _make_folder(settings)
    integrity.check(settings.store_url)
    if migrate.current(settings.store_url) == migrate.head():
        return migrate.head()
    with alone(settings):
        return migrate.upgrade(settings.store_url)


def _make_folder(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"DATA_DIR {settings.data_dir} cannot be used: {error.strerror}."
        ) from None


def owner(made: Core, name: str | None) -> str | None:
    """Return the id of the user who is meant: the one named, or the only one; None before any.

    Raises NotFound for an unknown name, InvalidInput when several could be meant.
    """
    if name is not None:
        return made.users.by_name(name).id
    users = made.users.list()
    if len(users) > 1:
        names = ", ".join(user.name for user in users)
        raise InvalidInput(f"Say with --user who is meant: {names}.")
    return users[0].id if users else None


def port_fault(settings: Settings) -> str | None:
    """Return why HOST and PORT cannot be listened on, as a sentence; None when they can."""
    try:
        where = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(where[0]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where[4])
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        if error.errno == errno.EADDRINUSE:
            return f"Something listens on {place} already."
        return f"{place} cannot be listened on: {error.strerror or error}."
    return None
