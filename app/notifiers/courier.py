"""The courier: hands each message to a process beside this one, and waits for its answer.

That process imports apprise, which takes a second and tens of megabytes, and may hang with a
service that does; neither stops a greenlet here, and what hangs is ended.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from app.domain.errors import InvalidInput
from app.domain.notices import Message
from app.services.ports import Clock

COMMAND: Final = (sys.executable, "-m", "app.notifiers")
#: How long one message may take from here to the service's answer, in seconds.
WAIT_S: Final = 30.0
#: Processes that are kept for the next message.
_IDLE: Final = 1
_END_S: Final = 1.0
_LONGEST_ANSWER: Final = 64 * 1024

Answer = Mapping[str, Any]


class Helper:
    """One process that carries messages, one at a time; it ends when its socket is closed."""

    def __init__(self, command: Sequence[str], root: Path) -> None:
        """Start it; raises OSError."""
        self._socket, theirs = socket.socketpair()
        try:
            # What it may print to stderr could hold an address, which is a secret.
            self._process = subprocess.Popen(  # noqa: S603  the command is ours
                command,
                cwd=root,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            self._socket.close()
            raise
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def ask(self, question: Mapping[str, object], clock: Clock, wait_s: float) -> Answer:
        """Return its answer; TimeoutError when there is none in time, OSError when it is gone."""
        end = clock.monotonic() + wait_s
        self._socket.settimeout(wait_s)
        self._socket.sendall(json.dumps(question).encode() + b"\n")
        received = bytearray()
        while not received.endswith(b"\n"):
            self._socket.settimeout(max(0.001, end - clock.monotonic()))
            piece = self._socket.recv(4096)
            if not piece or len(received) > _LONGEST_ANSWER:
                raise ConnectionResetError
            received += piece
            if clock.monotonic() > end:
                raise TimeoutError
        answer: Answer = json.loads(received)
        return answer

    def end(self, *, at_once: bool) -> None:
        """End it: ``at_once`` while it is busy, else by closing its socket."""
        self._socket.close()
        if at_once:
            self._process.kill()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Courier:
    """Implements the port ``Notifier`` by processes that are started when they are needed."""

    def __init__(
        self, command: Sequence[str], root: Path, clock: Clock, wait_s: float = WAIT_S
    ) -> None:
        """``command`` runs the process in ``root``; ``wait_s`` is what one message may take."""
        self._command = command
        self._root = root
        self._clock = clock
        self._wait_s = wait_s
        self._idle: list[Helper] = []
        self._lock = threading.Lock()
        self._closed = False

    @property
    def pids(self) -> Sequence[int]:
        """The processes that wait for a message."""
        with self._lock:
            return [helper.pid for helper in self._idle]

    def check(self, address: str) -> str:
        """Return what the service is called; raises InvalidInput with the field ``address``."""
        answer = self._ask({"address": address})
        problem = answer.get("problem")
        if problem is not None:
            detail = f"This is not an address that apprise knows: {problem}"
            raise InvalidInput(detail, fields={"address": str(problem)})
        return str(answer["service"])

    def send(self, address: str, message: Message) -> str | None:
        """Send the message; None when the service took it, else why it did not, as a sentence."""
        question = {
            "address": address,
            "title": message.title,
            "body": message.body,
            "level": message.level.value,
        }
        problem = self._ask(question).get("problem")
        return None if problem is None else str(problem)

    def close(self) -> None:
        """End the processes that wait."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for helper in idle:
            helper.end(at_once=False)

    def _ask(self, question: Mapping[str, object]) -> Answer:
        """Ask a process that waits, or a new one where that has ended meanwhile."""
        with self._lock:
            waiting = self._idle.pop() if self._idle else None
        answer = None if waiting is None else self._asked(waiting, question)
        if answer is not None:
            return answer
        try:
            helper = Helper(self._command, self._root)
        except OSError as error:
            return {"problem": f"The process that sends notices cannot start: {error.strerror}."}
        answer = self._asked(helper, question)
        return answer or {"problem": "The process that sends notices ended without an answer."}

    def _asked(self, helper: Helper, question: Mapping[str, object]) -> Answer | None:
        """Return the answer, None when the process is gone."""
        done = False
        try:
            answer = helper.ask(question, self._clock, self._wait_s)
            done = True
        except TimeoutError:
            return {"problem": f"There was no answer within {self._wait_s:g} s."}
        except OSError:
            return None
        finally:
            if not (done and self._keep(helper)):
                helper.end(at_once=not done)
        return answer

    def _keep(self, helper: Helper) -> bool:
        with self._lock:
            keep = not self._closed and len(self._idle) < _IDLE
            if keep:
                self._idle.append(helper)
        return keep
