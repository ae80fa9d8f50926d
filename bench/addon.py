"""Add-ons: from a message that is posted to the event in a browser, and how many a second.

Twenty accounts tell a new balance once a second, spread over the second as add-ons are, and a
socket hears of it; then as many messages as they can be are sent for some seconds, and every one of
them must have been taken.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Final
from uuid import uuid4

import requests

from app.clock import SystemClock
from app.propfirm import rule_set
from app.services.addon import AddonKeyring
from app.services.funded import Chosen
from bench.browser import Browser
from bench.figures import Figure, at_least, at_most, percentile
from bench.load import HOST
from bench.run import Run
from bench.servers import signalbox
from bench.stage import Stage, staged

_PART: Final = "addon"
_PATH: Final = "/api/v1/ninjatrader/account-update"
_RULES: Final = rule_set("tpt_pro_50k")
_ACCOUNTS: Final = 20
_P50_MS: Final = at_most(20)
_P99_MS: Final = at_most(100)
_BURST: Final = at_least(200)
_TIMEOUT_S: Final = 30
#: One account of an event: which, and its balance, which tells the message apart.
_STATE: Final = re.compile(r'"account_id": ?"([^"]+)".*?"balance": ?"([^"]+)"')


@dataclass(slots=True)
class Platform:
    """One account at its platform; each message tells a balance that none told before."""

    name: str
    session: str = field(default_factory=lambda: str(uuid4()))
    account_id: str = ""
    seq: int = 0

    @property
    def balance(self) -> str:
        """The balance of the newest message, as the server writes it."""
        return f"{50_000 + self.seq}"

    def next(self) -> dict[str, object]:
        """Return the next message."""
        self.seq += 1
        at = SystemClock().now().astimezone(UTC).isoformat(timespec="milliseconds")
        return {
            "schema": 1,
            "type": "AccountUpdate",
            "installation_id": "bench",
            "session_id": self.session,
            "seq": self.seq,
            "kind": "snapshot" if self.seq == 1 else "delta",
            "sent_at": at,
            "event_time": at,
            "account": {"name": self.name, "connection_status": "Connected"},
            "values": {"cash_value": self.balance, "unrealized_pnl": "0"},
            "positions": [],
            "orders": [],
            "executions": [self._execution(at)],
        }

    def _execution(self, at: str) -> dict[str, object]:
        return {
            "execution_id": f"{self.name}-{self.seq}",
            "instrument": "MNQ 12-26",
            "side": "Buy" if self.seq % 2 else "Sell",
            "quantity": 1,
            "price": "21500.25",
            "time": at,
        }


class Sender:
    """Posts messages over one connection."""

    def __init__(self, port: int, key: str) -> None:
        self._url = f"http://{HOST}:{port}{_PATH}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {key}"

    def post(self, platform: Platform) -> float:
        """Post the account's next message; returns the seconds until it was answered."""
        message = platform.next()
        began = time.perf_counter()
        answer = self._session.post(self._url, json=message, timeout=_TIMEOUT_S)
        took = time.perf_counter() - began
        if answer.status_code != 200 or answer.json()["status"] != "ok":
            raise RuntimeError(f"A message was not taken: {answer.status_code} {answer.text[:200]}")
        return took


def measure(run: Run) -> list[Figure]:
    """Return the time until the browser hears, and the messages that are taken a second."""
    with staged(run.directory / _PART) as stage:
        key = _key(stage)
        with signalbox(stage.settings) as server:
            platforms = [Platform(f"BENCH-{number:02}") for number in range(_ACCOUNTS)]
            _begin(stage, server.port, key, platforms)
            figures = [*_heard(stage, server.port, key, platforms, run.pick(30, 2))]
            figures.append(_burst(stage, server.port, key, platforms, run.pick(10, 1)))
    return figures


def _key(stage: Stage) -> str:
    made = stage.made
    (user,) = made.users.list()
    keys = AddonKeyring(made.store, made.clock, made.ids, made.vault)
    return keys.create(user.id, "bench")[1]


def _begin(stage: Stage, port: int, key: str, platforms: Sequence[Platform]) -> None:
    """Tell of each account once, and put it under rules."""
    made = stage.made
    (user,) = made.users.list()
    sender = Sender(port, key)
    for each in platforms:
        sender.post(each)
    with made.store.read() as uow:
        ids = {followed.told_name: followed.account_id for followed in uow.addons.list(user.id)}
    for each in platforms:
        each.account_id = ids[each.name]
        made.funded.changes.pin(user.id, each.account_id, Chosen(_RULES.id, _RULES.version))


def _heard(
    stage: Stage, port: int, key: str, platforms: Sequence[Platform], seconds: int
) -> Iterator[Figure]:
    listener = Browser(port, stage.token, "rules", "rule_update", time.perf_counter)
    sender = Sender(port, key)
    posted: dict[tuple[str, str], float] = {}
    answered = []
    start = time.perf_counter()
    for number in range(seconds * len(platforms)):
        each = platforms[number % len(platforms)]
        time.sleep(max(0.0, start + number / len(platforms) - time.perf_counter()))
        began = time.perf_counter()
        answered.append(1000 * sender.post(each))
        posted[each.account_id, each.balance] = began
    time.sleep(1.5)
    listener.close()
    heard: dict[tuple[str, str], float] = {}
    for at, packet in listener.heard:
        for found in _STATE.findall(packet):
            heard.setdefault(found, at)
    delays = [1000 * (heard[key] - began) for key, began in posted.items() if key in heard]
    note = (
        f"{len(delays)} of {len(posted)} messages of {len(platforms)} accounts heard of; latest"
        f" {max(delays):.1f} ms; answered in {percentile(answered, 50):.1f} ms, p99"
        f" {percentile(answered, 99):.1f} ms"
    )
    name = "message to browser event"
    yield Figure(_PART, f"{name}, p50", percentile(delays, 50), "ms", _P50_MS, note)
    yield Figure(_PART, f"{name}, p99", percentile(delays, 99), "ms", _P99_MS)


def _burst(
    stage: Stage, port: int, key: str, platforms: Sequence[Platform], seconds: int
) -> Figure:
    """Let every account send as fast as it is answered, up to 200 messages a second in all."""
    before = _executions(stage, platforms)
    took: list[float] = []
    count = int(_BURST.value) * seconds // len(platforms)
    start = time.perf_counter()

    def send(each: Platform, offset: float) -> None:
        sender = Sender(port, key)
        for number in range(count):
            due = start + offset + number * len(platforms) / _BURST.value
            time.sleep(max(0.0, due - time.perf_counter()))
            took.append(1000 * sender.post(each))

    threads = [
        threading.Thread(target=send, args=(each, place / _BURST.value))
        for place, each in enumerate(platforms)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - start
    sent, kept = count * len(platforms), _executions(stage, platforms) - before
    note = (
        f"{sent} messages with an execution each, {sent - kept} lost; answered in"
        f" {percentile(took, 50):.1f} ms, p99 {percentile(took, 99):.1f} ms"
    )
    return Figure(_PART, "messages taken", kept / spent, "/s", _NEARLY, note)


#: What is sent at 200 a second is answered a moment after it was sent.
_NEARLY: Final = at_least(0.98 * _BURST.value)


def _executions(stage: Stage, platforms: Sequence[Platform]) -> int:
    since = stage.made.clock.now().replace(hour=0, minute=0)
    with stage.made.store.read() as uow:
        return sum(len(uow.addons.executions(each.account_id, since, 10**6)) for each in platforms)
