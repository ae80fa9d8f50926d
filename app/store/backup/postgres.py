"""Backups of PostgreSQL: archives of its own programs, in one consistent state."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from app.domain.errors import ConfigError, Conflict, InvalidInput, StoreUnavailable
from app.store.backup.contents import Contents, contents, private
from app.store.engine import CONNECT_TIMEOUT_S, translate
from app.store.lease import LEASE_NAME
from app.store.tables import METADATA

_SNAPSHOT: Final = text("SELECT pg_export_snapshot()")
_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    # Who restores holds the right to trade meanwhile, in a session that touches no table.
    " AND application_name <> :lease"
).bindparams(lease=LEASE_NAME)
#: pg_restore cannot drop a partitioned table part by part, nor parts that are younger than the
#: backup; so the present tables go first, in the same transaction.
_DROPS: Final = "; ".join(f'DROP TABLE IF EXISTS "{name}" CASCADE' for name in METADATA.tables)
_LOOKS: Final = 20
_LOOK_S: Final = 0.1
_TAIL: Final = 300


class _Failed(Exception):
    """A program ended with an error; the message is what it said last."""


def save(url: URL, target: Path) -> Contents:
    """Let pg_dump write the state in which the rows were counted."""
    program = _program("pg_dump")
    try:
        with private(target) as partial, _connected(url, "REPEATABLE READ") as connection:
            snapshot = connection.scalar(_SNAPSHOT)
            found = contents(connection)
            options = ["--format=custom", "--no-owner", "--no-privileges"]
            _run([program, *options, f"--snapshot={snapshot}", f"--file={partial}"], url)
            _read_whole(partial)
    except _Failed as error:
        raise StoreUnavailable(f"The database could not be copied: {error}.") from None
    return found


def revision(file: Path) -> str | None:
    """Return the backup's revision; raises InvalidInput when the file is damaged."""
    program = _program("pg_restore")
    try:
        _read_whole(file)
        script = _run([program, "--data-only", "--table=alembic_version", "--file=-", str(file)])
    except _Failed as error:
        raise InvalidInput(f"{file} cannot be restored: {error}.") from None
    _, _, rows = script.partition("FROM stdin;\n")
    return rows.partition("\n")[0] or None


def replace(
    url: URL, file: Path, aside: Path, settle: Callable[[str], None]
) -> tuple[Contents, bool]:
    """Put the backup's tables in the place of the present ones, all of them or none."""
    restore, psql = _program("pg_restore"), _program("psql")
    there = _taken(url)
    if there:
        save(url, aside)
    options = ["--clean", "--if-exists", "--no-owner", "--no-privileges"]
    one = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    try:
        with TemporaryDirectory(prefix="signalbox-") as private_place:
            script = Path(private_place) / "restore.sql"
            _run([restore, *options, f"--file={script}", str(file)])
            _run([psql, *one, f"--command={_DROPS}", f"--file={script}"], url)
    except _Failed as error:
        raise StoreUnavailable(
            f"The backup was not restored, and the database is as it was: {error}."
        ) from None
    settle(url.render_as_string(hide_password=False))
    with _connected(url, "REPEATABLE READ") as connection:
        return contents(connection), there


def _taken(url: URL) -> bool:
    """Whether there are tables to keep; raises Conflict while anybody else is connected."""
    with _connected(url, "AUTOCOMMIT") as connection:
        # Who has just left is listed for a moment longer.
        for _ in range(_LOOKS):
            if not connection.scalar(_OTHERS):
                return contents(connection).revision is not None
            time.sleep(_LOOK_S)
    raise Conflict("The database is in use: stop the server, and whoever else is there.")


@contextmanager
def _connected(url: URL, isolation: IsolationLevel) -> Iterator[Connection]:
    """Open one connection; raises ConfigError when the database does not answer."""
    engine = create_engine(
        url,
        poolclass=NullPool,
        isolation_level=isolation,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "signalbox"},
    )
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise ConfigError(translate(error).detail) from None


def _read_whole(file: Path) -> None:
    """Read and unpack every row of an archive; raises _Failed when a part of it is missing."""
    _run([_program("pg_restore"), f"--file={os.devnull}", str(file)])


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise ConfigError(
            f"{name} is not on the PATH: install PostgreSQL's client programs, of the database"
            " server's version or a newer one (postgresql-client on Debian)."
        )
    return found


def _run(command: Sequence[str], url: URL | None = None) -> str:
    """Run a program of PostgreSQL and return what it printed; raises _Failed."""
    where = [] if url is None else [f"--dbname={_address(url)}"]
    secret = {"PGPASSWORD": url.password} if url is not None and url.password else {}
    done = subprocess.run(  # noqa: S603  a program found on the PATH, without a shell
        [*command, *where],
        env={**os.environ, **secret},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise _Failed(" ".join(done.stderr.split())[-_TAIL:].rstrip("."))
    return done.stdout


def _address(url: URL) -> str:
    """The address for PostgreSQL's programs, without the password: anybody can list arguments."""
    bare = url._replace(drivername="postgresql", password=None)
    return bare.render_as_string(hide_password=False)
