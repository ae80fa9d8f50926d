"""A real server for a storm: a process group of its own that is started, ended and killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.domain.errors import SignalboxError
from app.services.ports import Clock

START_S: Final = 60.0
STOP_S: Final = 15.0
_GLANCE_S: Final = 2.0
_POLL_S: Final = 0.02


class StormBroken(SignalboxError):
    """The storm could not be carried out, so it says nothing about the server."""

    code = "STORM_BROKEN"


def free_port() -> int:
    """Return a TCP port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class StormServer:
    """A server on a directory of its own; ``wait`` lets time pass.

    Its output goes to server.log in that directory.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    data_dir: Path
    clock: Clock
    wait: Callable[[float], object]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Where the server's output goes."""
        return self.data_dir / "server.log"

    def start(self, **more: str) -> None:
        """Start it and wait until it answers; raises StormBroken when it does not."""
        environment = {
            **self.environment,
            "DATA_DIR": str(self.data_dir),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **more,
        }
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603  our own command
                self.command,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = self.clock.monotonic() + START_S
        while not self._answers():
            if self.process.poll() is not None or self.clock.monotonic() > end:
                self.kill()
                raise StormBroken(f"The server did not start: {self.last_words()}")
            self.wait(_POLL_S)

    def last_words(self) -> str:
        """Return the last line that the server wrote, of an exception what it was."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = lines[-1] if lines else "it wrote nothing"
        try:
            entry = json.loads(last)
            last = f"{entry['event']}: {str(entry['exception']).strip().splitlines()[-1]}"
        except (ValueError, LookupError, TypeError):
            pass
        return last[-500:]

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_GLANCE_S)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """End every process of the server at once, as a power cut would."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def ended(self, patience_s: float) -> bool:
        """Return whether it has ended by itself within so many seconds; nothing of it is left."""
        if self.process is None:
            return True
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            return False
        self.kill()
        return True

    def stop(self) -> bool:
        """Ask it to end as a service manager does; return whether it did, in time and in order."""
        if self.process is None:
            return True
        self.process.terminate()
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            code = -1
        self.kill()
        return code == 0
