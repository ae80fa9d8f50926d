"""The command line in this process, on a directory of its own."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import commands
from tests.support.floor import floor, floor_folder, floor_template

__all__ = ["floor", "floor_folder", "floor_template"]

PASSWORD = "correct horse battery"


@dataclass
class Shell:
    """A terminal: runs commands and remembers nothing but the directory of the data."""

    data_dir: Path
    env: dict[str, str | None]

    def run(self, *arguments: str, said: str = "", **env: str) -> Result:
        """Run a command, failures of its own included."""
        result = CliRunner().invoke(
            commands, list(arguments), env={**self.env, **env}, input=said, catch_exceptions=False
        )
        assert "Traceback" not in result.output
        return result

    def ok(self, *arguments: str, **env: str) -> str:
        """What a command that succeeds prints."""
        result = self.run(*arguments, **env)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, **env: str) -> Any:  # noqa: ANN401  JSON
        """What a command prints for programs."""
        return json.loads(self.ok(*arguments, "--json", **env))


def shell_on(folder: Path) -> Shell:
    """A terminal whose data is in ``folder``, without this machine's own settings."""
    env: dict[str, str | None] = {
        "DATA_DIR": str(folder),
        "DATABASE_URL": None,
        "PORT": "1",
        "HOST": None,
        "SIGNALBOX_PASSWORD": None,
    }
    return Shell(folder, env)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory after ``migrate`` and a first user, made once for all tests."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    shell = shell_on(folder)
    shell.ok("migrate")
    shell.ok("user", "create", "ann", SIGNALBOX_PASSWORD=PASSWORD)
    return folder


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A terminal before anything was set up; a file .env of this checkout is out of sight."""
    monkeypatch.chdir(tmp_path)
    return shell_on(tmp_path / "data")


@pytest.fixture
def ready(shell: Shell, template: Path) -> Shell:
    """A terminal after ``migrate`` and a first user."""
    shutil.copytree(template, shell.data_dir)
    return shell


@dataclass
class Webhook:
    """A stand-in for the server: keeps what it was sent and answers as it is told."""

    port: int = 0
    status: int = 202
    answer: bytes = b'{"alert_id": "a1", "status": "accepted"}'
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    kept = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.sent.append((self.path, body))
            kept.tokens.append(self.headers["Authorization"])
            self.send_response(kept.status)
            self.end_headers()
            self.wfile.write(kept.answer)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()
