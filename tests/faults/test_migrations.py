"""A real ``migrate`` that is killed half-way, and servers that meet another schema than theirs."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.store import migrate
from tests.faults.conftest import Site
from tests.store.test_upgrade import old, stored
from tests.support.serving import environment, free_port, run
from tests.support.tree import ROOT

pytestmark = pytest.mark.hardship

__all__ = ["old"]

KILLED = ROOT / "tests" / "faults" / "killed_migrate.py"
POINTS = ("DELETE FROM flags", "commit")


def kill_at(point: str, env: dict[str, str]) -> None:
    """Run ``migrate`` and have it killed at the point."""
    done = subprocess.run(
        [sys.executable, str(KILLED)],
        cwd=ROOT,
        env={**env, "KILL_AT": point, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.filterwarnings("ignore:.*expression-based index")
@pytest.mark.filterwarnings("ignore:.*expression index")
def test_c19_a_migration_that_is_killed_anywhere_leaves_the_old_database_and_can_be_run_again(
    old: str, tmp_path: Path
) -> None:
    env = environment(tmp_path / "data", free_port(), DATABASE_URL=old)
    before = stored(old)
    for point in POINTS:
        kill_at(point, env)
        assert migrate.current(old) == "0001", point
        assert stored(old) == before, point
    done = run(["migrate"], env)
    assert done.returncode == 0, done.stderr
    assert migrate.current(old) == migrate.head()


def test_c19_a_first_migration_that_is_killed_leaves_nothing_and_can_be_run_again(
    tmp_path: Path,
) -> None:
    env = environment(tmp_path, free_port())
    url = f"sqlite:///{tmp_path / 'signalbox.db'}"
    kill_at("CREATE TABLE orders", env)
    assert migrate.current(url) is None
    assert run(["migrate"], env).returncode == 0
    migrate.check(url)


def test_c19_a_server_refuses_to_trade_on_a_newer_schema_with_one_sentence(site: Site) -> None:
    with closing(sqlite3.connect(site.data_dir / "signalbox.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    env = environment(site.data_dir, free_port())
    for command in ("serve", "migrate"):
        done = run([command], env)
        assert done.returncode == 2
        assert done.stderr.startswith("Error: The database is at revision 9999, which is newer")
        assert len(done.stderr.splitlines()) == 1
    assert site.rows("SELECT version_num FROM alembic_version") == [("9999",)]
