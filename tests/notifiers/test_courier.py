"""The courier: real messages by the real apprise, to a service that takes, refuses and hangs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from app.bootstrap import ROOT
from app.clock import SystemClock
from app.domain.errors import InvalidInput
from app.domain.events import Level
from app.domain.notices import Message
from app.notifiers import COMMAND, Courier
from tests.support.listening import SECRET, Listener, listening
from tests.support.tree import imports, modules, name

MESSAGE = Message("Fill: Breakout", "12:00:01 UTC Breakout: bought 2 ESH6 at 5000.", Level.SUCCESS)


@pytest.fixture(scope="module")
def courier() -> Iterator[Courier]:
    made = Courier(COMMAND, ROOT, SystemClock())
    yield made
    made.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as service:
        yield service


@pytest.fixture
def impatient() -> Iterator[Courier]:
    made = Courier(COMMAND, ROOT, SystemClock(), wait_s=1.0)
    yield made
    made.close()


def test_a_message_arrives_as_it_was_written(courier: Courier, listener: Listener) -> None:
    assert courier.send(listener.address, MESSAGE) is None
    (taken,) = listener.taken
    assert (taken["title"], taken["message"]) == (MESSAGE.title, MESSAGE.body)
    assert (taken["type"], taken["path"]) == ("success", f"/{SECRET}")


def test_one_process_carries_one_message_after_another(
    courier: Courier, listener: Listener
) -> None:
    courier.check(listener.address)
    before = courier.pids
    courier.send(listener.address, MESSAGE)
    assert courier.pids == before
    assert len(before) == 1


@pytest.mark.parametrize("status", [401, 500])
def test_a_refusal_is_told_in_the_services_words_without_its_secret(
    courier: Courier, listener: Listener, status: int
) -> None:
    listener.status = status
    problem = courier.send(listener.address, MESSAGE)
    assert problem is not None
    assert f"error={status}" in problem
    assert SECRET not in problem


def test_nobody_there_is_told(courier: Courier) -> None:
    problem = courier.send(f"json://127.0.0.1:1/{SECRET}", MESSAGE)
    assert problem == "A Connection error occurred sending JSON notification to 127.0.0.1."


def test_a_service_that_hangs_is_left_behind(impatient: Courier, listener: Listener) -> None:
    listener.open.clear()
    problem = impatient.send(f"{listener.address}?rto=60", MESSAGE)
    assert problem == "There was no answer within 1 s."
    assert impatient.pids == []


def test_a_process_that_died_meanwhile_is_started_again(
    courier: Courier, listener: Listener
) -> None:
    courier.check(listener.address)
    (died,) = courier.pids
    os.kill(died, signal.SIGKILL)
    assert courier.send(listener.address, MESSAGE) is None
    assert died not in courier.pids


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("no-such-program",), "The process that sends notices cannot start"),
        ((sys.executable, "-c", "pass"), "The process that sends notices ended without an answer."),
    ],
)
def test_a_process_that_cannot_work_is_told(command: tuple[str, ...], words: str) -> None:
    courier = Courier(command, ROOT, SystemClock())
    problem = courier.send("json://127.0.0.1/", MESSAGE)
    courier.close()
    assert problem is not None
    assert problem.startswith(words)


def test_an_address_is_known_by_the_service_behind_it(courier: Courier) -> None:
    assert courier.check("ntfy://topic") == "ntfy"
    assert courier.check("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js") == "Discord"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nothing://at/all", "No service has addresses that begin with nothing://."),
        ("tgram://abcdefgh", "It begins like an address of Telegram, but the rest of it is not"),
        ("discord://short", "An invalid Discord Webhook Token"),
        ("slack://not-a-token/at/all", "Slack"),
    ],
)
def test_what_apprise_does_not_know_is_refused_in_its_words(
    courier: Courier, address: str, words: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        courier.check(address)
    assert words in caught.value.fields["address"]
    assert caught.value.detail.startswith("This is not an address that apprise knows: ")
    assert address.partition("://")[2] not in caught.value.detail


def test_only_the_process_beside_the_server_knows_apprise() -> None:
    knowing = {name(path) for path in modules("app") if "apprise" in set(imports(path))}
    assert knowing == {"app/notifiers/apprised.py"}
    using = {name(path) for path in modules("app") if "notifiers.apprised" in path.read_text()}
    assert using == {"app/notifiers/__main__.py"}
