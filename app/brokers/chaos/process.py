"""The venue's process: started when it is first needed, again when it died, ended with us."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from app.brokers.net.calls import Place
from app.domain.errors import BrokerUnavailable

HOST: Final = "127.0.0.1"
TOKEN: Final = "VENUE_TOKEN"  # noqa: S105  the name of the variable
#: How long the process may take until it listens, and until it has ended, in seconds.
_START_S: Final = 15.0
_END_S: Final = 1.0
_LOOK_S: Final = 0.02


def bearer(token: str) -> Mapping[str, str]:
    """Return the headers that open the venue."""
    return {"Authorization": f"Bearer {token}"}


class VenueProcess:
    """Keeps one venue process running; its secret is in its environment alone."""

    def __init__(
        self, command: Sequence[str], folder: Path, env: Mapping[str, str], root: Path
    ) -> None:
        """``command`` runs the venue in ``root``; its order log lies in ``folder``."""
        self._command = [*command, "--with-parent", "--data", str(folder.absolute())]
        self._env = dict(env)
        self._root = root
        self._token = secrets.token_urlsafe(24)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._closed = False

    def place(self) -> Place:
        """Return where the venue listens, started if need be; raises BrokerUnavailable."""
        with self._lock:
            if self._closed:
                raise BrokerUnavailable("The venue's process was ended.")
            if self._process is None or self._process.poll() is not None:
                self._start()
            return Place(f"http://{HOST}:{self._port}", bearer(self._token))

    @property
    def pid(self) -> int | None:
        """The number of the process; None when none runs."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def close(self) -> None:
        """End the process; it is not started again."""
        with self._lock:
            self._closed = True
            self._end()

    def _start(self) -> None:
        self._end()
        self._port = _free(self._port)
        self._process = subprocess.Popen(  # noqa: S603  the command is ours
            [*self._command, "--port", str(self._port)],
            cwd=self._root,
            env={**os.environ, **self._env, TOKEN: self._token},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        waiting, waited = threading.Event(), 0.0
        while not _listens(self._port):
            if self._process.poll() is not None or waited > _START_S:
                self._end()
                raise BrokerUnavailable("The venue's process did not start: see the server's log.")
            waiting.wait(_LOOK_S)
            waited += _LOOK_S

    def _end(self) -> None:
        """Close the pipe, at which the process ends by itself; kill it when it does not.

        Its log is on disk at each moment, so that nothing is lost by it.
        """
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free(before: int) -> int:
    """A free TCP port, the one from before if it can be had."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, before))
        except OSError:
            probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), 1.0):
            return True
    except OSError:
        return False
