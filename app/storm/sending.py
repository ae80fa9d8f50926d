"""The senders: each posts alerts until they are acknowledged, and notes every answer."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.services.ports import Clock
from app.storm.plan import Message

#: How long an answer is waited for, and how long until the next try of what was not answered.
PATIENCE_S: Final = 10.0
AGAIN_S: Final = 0.05
_LATER: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one post was told; ``seconds`` is how long that took since ``begun`` (monotonic)."""

    message: int
    status: int
    word: str
    alert_id: str | None
    begun: float
    seconds: float


@dataclass
class Ledger:
    """Everything that the senders were told, and how many posts nobody answered."""

    answers: list[Answer] = field(default_factory=list)
    unanswered: Counter[int] = field(default_factory=Counter)
    begun: int = 0
    done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: Answer) -> None:
        """Keep an answer."""
        with self._lock:
            self.answers.append(answer)

    def silence(self, message: int) -> None:
        """Note a post that the server did not answer."""
        with self._lock:
            self.unanswered[message] += 1

    def begin(self) -> None:
        """Count an alert that is being sent."""
        with self._lock:
            self.begun += 1

    def end(self) -> None:
        """Count an alert whose sender has its answer."""
        with self._lock:
            self.done += 1

    def acknowledged(self) -> dict[int, set[str]]:
        """Return the ids that the senders of each message were told that it is kept under."""
        found: dict[int, set[str]] = defaultdict(set)
        with self._lock:
            for answer in self.answers:
                if answer.alert_id is not None and answer.status in {200, 202}:
                    found[answer.message].add(answer.alert_id)
        return found


@dataclass(frozen=True, slots=True)
class Post:
    """Where alerts go: the server, and the webhook key of each strategy by its number."""

    host: str
    port: int
    keys: Sequence[str]
    clock: Clock

    def __call__(self, message: Message, ledger: Ledger) -> Answer | None:
        """Post the message once and note what was answered; None when nothing was."""
        begun = self.clock.monotonic()
        try:
            status, content = self._exchange(message)
        except (OSError, http.client.HTTPException, ValueError):
            ledger.silence(message.number)
            return None
        took = self.clock.monotonic() - begun
        word = str(content.get("status") or content.get("error_code") or status)
        alert_id = content.get("alert_id")
        named = None if alert_id is None else str(alert_id)
        answer = Answer(message.number, status, word, named, begun, took)
        ledger.note(answer)
        return answer

    def _exchange(self, message: Message) -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_S)
        try:
            path = f"/webhook/{self.keys[message.strategy]}"
            connection.request("POST", path, message.body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = json.loads(answer.read())
        finally:
            connection.close()
        if not isinstance(content, dict):
            raise http.client.HTTPException("The answer is no JSON object.")
        return answer.status, content


@dataclass
class Crew:
    """Senders at work: ``senders`` threads post ``messages``, each strategy's in their order.

    ``wait`` is called with seconds and says whether to stop; ``pace_s`` is the least time between
    two posts of the whole crew, 0 for as fast as possible; ``allowed`` is how many alerts may be
    begun, None for all.
    """

    post: Post
    ledger: Ledger
    wait: Callable[[float], bool]
    pace_s: float = 0.0
    allowed: int | None = None
    _queue: deque[Message] = field(default_factory=deque)
    _threads: list[threading.Thread] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def start(self, messages: Sequence[Message], senders: int) -> None:
        """Let the senders begin."""
        self._queue.extend(messages)
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(senders)]
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> bool:
        """Whether any sender still has something to send."""
        return any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while self._may_begin():
            try:
                message = self._queue.popleft()
            except IndexError:
                return
            self.ledger.begin()
            if not self._deliver(message):
                return
            self.ledger.end()

    def _may_begin(self) -> bool:
        while self.allowed is not None and self.ledger.begun >= self.allowed:
            if self.wait(AGAIN_S / 10):
                return False
        return not self.wait(0)

    def _deliver(self, message: Message) -> bool:
        """Post until it is acknowledged, its copies as well; False when the storm is stopped."""
        copies = [
            threading.Thread(target=self._insist, args=(message,), daemon=True)
            for _ in range(message.at_once)
        ]
        for copy in copies:
            copy.start()
        kept = self._insist(message)
        for copy in copies:
            copy.join()
        return kept and all(self._insist(message) for _ in range(message.later))

    def _insist(self, message: Message) -> bool:
        while not self._paced():
            answer = self.post(message, self.ledger)
            if answer is not None and answer.status not in _LATER:
                return True
            if self.wait(AGAIN_S if answer is None else 10 * AGAIN_S):
                return False
        return False

    def _paced(self) -> bool:
        if not self.pace_s:
            return self.wait(0)
        with self._turn:
            return self.wait(self.pace_s)
