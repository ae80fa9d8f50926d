"""A real server as its own process, on a free port and an empty directory."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

from tests.support.tree import ROOT

T = TypeVar("T")

START_S = 60.0
SERVE = (sys.executable, "-m", "app", "serve")
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


def free_port() -> int:
    """A TCP port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data_dir: Path, port: int, **more: str) -> dict[str, str]:
    """The environment of a process that shares nothing with this machine's own settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {"DATA_DIR": str(data_dir), "PORT": str(port), "HOST": "127.0.0.1", "DATABASE_URL": ""}
    return {**kept, **own, "PYTHONUNBUFFERED": "1", **more}


def run(
    arguments: list[str], env: Mapping[str, str], said: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m app``, ``said`` being its standard input, and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=dict(env),
        capture_output=True,
        text=True,
        check=False,
        timeout=START_S,
        input=said,
    )


def eventually(what: Callable[[], T | None], seconds: float = 30.0, every_s: float = 0.05) -> T:
    """The first true answer of ``what``; fails when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"It did not come within {seconds} s; last seen: {found!r}")
        time.sleep(every_s)


@dataclass
class Server:
    """A server that runs."""

    process: subprocess.Popen[str]
    address: str
    env: Mapping[str, str]
    log: Path
    port: int

    def printed(self) -> str:
        """All that the process wrote so far."""
        return self.log.read_text(encoding="utf-8")

    def command(self, *arguments: str) -> Any:  # noqa: ANN401  JSON
        """What a command prints as JSON."""
        done = run([*arguments, "--json"], self.env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def stop(self) -> int:
        """Ask the process to end as a service manager does, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(START_S)


def trades(server: Server) -> bool:
    """Whether the server takes alerts and carries them out."""
    with suppress(requests.RequestException):
        return requests.get(f"{server.address}/health/ready", timeout=5).ok
    return False


def stands_by(server: Server) -> bool:
    """Whether the server has found that another one trades."""
    with suppress(requests.RequestException):
        answer = requests.get(f"{server.address}/health", timeout=5)
        return bool(answer.json().get("role") == "standby")
    return False


@contextmanager
def serving(
    data_dir: Path, until: Callable[[Server], bool] = trades, /, **env: str
) -> Iterator[Server]:
    """Start ``python -m app serve``, and wait until it trades, or until something else holds."""
    port = free_port()
    variables = environment(data_dir, port, **env)
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "server.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            SERVE,
            cwd=ROOT,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    server = Server(process, f"http://127.0.0.1:{port}", variables, log, port)
    try:
        eventually(lambda: _lives(server) and until(server), START_S)
        yield server
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def _lives(server: Server) -> bool:
    assert server.process.poll() is None, server.printed()
    return True


@dataclass
class Person:
    """Somebody with a browser: cookies, and the token of the form that was last looked at."""

    address: str
    session: requests.Session = field(default_factory=requests.Session)
    token: str = ""

    def look(self, path: str) -> requests.Response:
        """Open a page."""
        page = self.session.get(self.address + path, timeout=30)
        found = _CSRF.search(page.text)
        self.token = found[1] if found else self.token
        return page

    def fill_in(self, path: str, **fields: str) -> requests.Response:
        """Send the form of the page that was last looked at."""
        return self.session.post(
            self.address + path, data={**fields, "csrf_token": self.token}, timeout=30
        )


@dataclass
class Program:
    """A program with an API token."""

    address: str
    token: str

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401  JSON
        """What the API answers."""
        answer = requests.get(
            self.address + path,
            params=query,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()
