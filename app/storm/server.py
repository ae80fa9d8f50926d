"""A real server for a storm: a process group of its own that is started, ended and killed."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
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
_EXCEPTION: Final = re.compile(r"[\w.]*(Error|Exception)\b.*: ")
#: Bytes below which a server cannot even write its log.
_LEAST_ROOM: Final = 1 << 20


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
    """A server on a directory of its own; ``wait`` lets time pass and says whether to stop.

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
        """Start it and wait until it answers, or ``wait`` says to stop.

        Raises StormBroken when it does not answer.
        """
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
                raise StormBroken(f"The server did not start: {self._reason()}")
            if self.wait(_POLL_S):
                return

    def _reason(self) -> str:
        if shutil.disk_usage(self.data_dir).free < _LEAST_ROOM:
            return f"there is no room left on the disk of {self.data_dir}."
        return self.last_words()

    def last_words(self) -> str:
        """Return the last failure that the server wrote of, else its last line."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        failures = (words for line in reversed(lines) if (words := _failure(line)) is not None)
        return next(failures, lines[-1] if lines else "it wrote nothing")[-500:]

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


def _failure(line: str) -> str | None:
    """The exception that a line of a log names, last in a traceback or within a JSON entry."""
    try:
        trace = str(json.loads(line)["exception"])
    except (ValueError, LookupError, TypeError):
        return line if _EXCEPTION.match(line) else None
    return trace.strip().splitlines()[-1]
