"""A real PostgreSQL for the store tests: given, found running, or started privately.

``postgres_url`` is an empty database; each worker of the run has its own, dropped at the end.
The server is, in this order: TEST_POSTGRES_URL; one on 127.0.0.1:5432 that trusts ``postgres``;
a private cluster started from the programs under /usr/lib/postgresql; else the test is skipped,
and in CI it fails.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import URL, make_url

DRIVER = "postgresql+psycopg2"
LOCAL = URL.create(DRIVER, "postgres", host="127.0.0.1", port=5432, database="postgres")
START_WITHIN_S = 30.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need the server."""
    for item in items:
        if "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgres)


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """The URL of a database without a table in it."""
    execute(
        make_url(postgres_database),
        # What an earlier test left open would hold its tables.
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
    )
    return postgres_database


@pytest.fixture(scope="session")
def postgres_database(postgres_server: URL) -> Iterator[str]:
    """The URL of a new database that this worker keeps for the whole run."""
    name = f"signalbox_test_{uuid.uuid4().hex}"
    execute(postgres_server, f"CREATE DATABASE {name}")
    yield postgres_server.set(database=name).render_as_string(hide_password=False)
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The URL of a server's maintenance database, in which databases may be created."""
    given = os.environ.get("TEST_POSTGRES_URL")
    programs = newest_programs()
    if given:
        yield make_url(given).set(drivername=DRIVER)
    elif answers(LOCAL):
        yield LOCAL
    elif programs:
        with private_cluster(programs) as url:
            yield url
    else:
        reason = "no PostgreSQL: set TEST_POSTGRES_URL, or run `make setup-test`"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


def execute(url: URL, *statements: str) -> None:
    """Run each statement by itself, outside a transaction."""
    # libpq's own form of the address has no name of a driver.
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(address, connect_timeout=2)) as connection:
        connection.autocommit = True
        for statement in statements:
            connection.cursor().execute(statement)


def answers(url: URL) -> bool:
    """Whether a server there lets us in."""
    try:
        execute(url, "SELECT 1")
    except psycopg2.OperationalError:
        return False
    return True


def newest_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL programs that Debian installed, or None."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in found), key=lambda p: float(p.parent.name), default=None)


@contextmanager
def private_cluster(programs: Path) -> Iterator[URL]:
    """Start a server in a temporary folder; stop it and remove the folder afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="signalbox-postgres-"))
    user = unprivileged(folder)
    data, port = str(folder / "data"), free_port()
    init = [str(programs / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"]
    subprocess.run(
        [*init, "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd=folder, user=user
    )
    # Nothing here outlives the run, so nothing needs to reach the disk.
    options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -p {port}"
    server = subprocess.Popen(
        [str(programs / "postgres"), "-D", data, *options.split()],
        stderr=subprocess.DEVNULL,
        cwd=folder,
        user=user,
    )
    try:
        url = LOCAL.set(port=port)
        wait_for(url)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
        shutil.rmtree(folder)


def unprivileged(folder: Path) -> int | None:
    """Give the folder to a user who may run PostgreSQL (root may not); None when we are one."""
    if os.getuid():
        return None
    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    user = names.get("postgres", names["nobody"])
    os.chown(folder, user, -1)
    return user


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


def wait_for(url: URL) -> None:
    """Return as soon as the server answers; TimeoutError when it never does."""
    last = time.monotonic() + START_WITHIN_S
    while not answers(url):
        if time.monotonic() > last:
            raise TimeoutError("PostgreSQL did not start.")
        time.sleep(0.05)
