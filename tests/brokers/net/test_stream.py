"""The base of every stream: what ends a connection, in which words, and what ends no reader."""

from __future__ import annotations

import random
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websocket import ABNF

from app.brokers.net.calls import Place, Timeouts
from app.brokers.net.limits import Limits
from app.brokers.net.stream import Credential, Hearing, Line, Manners, Plain, Stream
from app.clock import SystemClock
from app.domain.errors import BrokerAuth, StoreUnavailable
from tests.support.serving import eventually, free_port
from tests.support.socket_server import Peer, SocketServer, serving

IDLE_S = 0.3


class Asked(Plain):
    """A venue that is asked in a silence."""

    def beat(self) -> object:  # type: ignore[override]
        return {"action": "ping"}


class Barred(Plain):
    """A venue that refuses our credentials."""

    def greet(self, line: Line) -> list[Any]:
        line.expect()
        raise BrokerAuth("The keys are refused.")


class Heard:
    """A stream, and what it told."""

    def __init__(self, server: SocketServer, tongue: Plain | None = None) -> None:
        self.links: list[tuple[bool, str | None]] = []
        self.told: list[Any] = []
        self.begun = 0
        self.failure: Exception | None = None
        clock, chance = SystemClock(), random.Random(1)
        place = Place(server.address, {})
        self.limits = Limits(clock.monotonic, chance)
        manners = Manners(Timeouts(1.0, 1.0), IDLE_S)
        gate = threading.Semaphore(2)
        shared = Credential(lambda: place, manners, self.limits, gate, chance, clock)
        hearing = Hearing(self.begin, self.message, lambda up, why: self.links.append((up, why)))
        self.stream = Stream(shared, "/stream", tongue or Plain(), hearing)
        self.stream.start()

    def begin(self) -> None:
        self.begun += 1
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    def message(self, message: Any) -> None:  # noqa: ANN401  JSON
        self.told.append(message["n"])

    def goes_down(self, words: str) -> None:
        eventually(lambda: any(words in (why or "") for up, why in self.links if not up))

    def comes_up(self, times: int = 1) -> None:
        eventually(lambda: [up for up, _ in self.links].count(True) >= times)


Start = Callable[..., Heard]


@pytest.fixture
def start() -> Iterator[Start]:
    made: list[Heard] = []

    def begin(server: SocketServer, tongue: Plain | None = None) -> Heard:
        made.append(Heard(server, tongue))
        return made[-1]

    yield begin
    for each in made:
        each.stream.close()


def speaks(peer: Peer) -> None:
    """Say a number, then more of them."""
    number = 0
    while True:
        peer.say(b'{"n": %d}' % number)
        number += 1
        time.sleep(IDLE_S / 4)


def says(*frames: bytes) -> Callable[[Peer], None]:
    """Say a number, then these frames, and wait until the client has gone."""

    def script(peer: Peer) -> None:
        for each in (b'{"n": 0}', *frames):
            peer.say(each)
        while peer.wait():
            continue

    return script


def test_what_was_said_first_is_told_after_catching_up(start: Start) -> None:
    with serving(says(b'{"n": 1}')) as server:
        heard = start(server)
        eventually(lambda: heard.told == [0, 1] or None)
        assert heard.begun == 1


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b"not json", "The stream ended: "),
        (b"\xff\xfe{", "The stream ended: "),
        (b"[1]", "a message is no object"),
        (b"", "The venue closed the stream."),
        (b'{"m": 1}', "The stream said what cannot be read: KeyError."),
    ],
)
def test_what_cannot_be_read_ends_the_connection_and_not_the_reader(
    start: Start, frame: bytes, words: str
) -> None:
    with serving(says(frame), speaks) as server:
        heard = start(server)
        heard.goes_down(words)
        heard.comes_up(2)


def test_a_message_in_fragments_is_one_message(start: Start) -> None:
    def script(peer: Peer) -> None:
        peer.say(b'{"n"', final=False)
        peer.say(b": ", ABNF.OPCODE_CONT, final=False)
        peer.say(b"7}", ABNF.OPCODE_CONT)
        peer.wait()

    with serving(script) as server:
        heard = start(server)
        eventually(lambda: heard.told == [7] or None)


def test_a_farewell_is_repeated(start: Start) -> None:
    def script(peer: Peer) -> None:
        peer.say(b'{"n": 0}')
        peer.say(struct.pack("!H", 1001) + b"maintenance", ABNF.OPCODE_CLOSE)

    with serving(script, speaks) as server:
        start(server).goes_down("The venue closed the stream: maintenance")


def test_a_venue_that_takes_no_more_connections_is_left_alone_as_long_as_it_says(
    start: Start,
) -> None:
    refusal = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
    with serving(speaks, refusal=refusal) as server:
        began = time.monotonic()
        heard = start(server)
        heard.goes_down("takes no more connections for 1 s")
        heard.comes_up()
        assert time.monotonic() - began >= 1.0
        assert server.connected == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (b"403 Forbidden", "refused our credentials"),
        (b"502 Bad Gateway", "answered 502 instead of opening its stream"),
    ],
)
def test_an_answer_other_than_a_stream_is_said(start: Start, status: bytes, words: str) -> None:
    refusal = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
    with serving(speaks, refusal=refusal) as server:
        heard = start(server)
        heard.goes_down(words)
        if b"403" in status:
            assert heard.stream.refused
        else:
            heard.comes_up()


def test_refused_credentials_are_not_tried_again_soon(start: Start) -> None:
    with serving(speaks) as server:
        heard = start(server, Barred())
        heard.goes_down("The keys are refused.")
        time.sleep(0.8)
        assert heard.stream.refused
        assert server.connected == 1


def test_a_question_in_a_silence_that_is_answered_keeps_the_connection(start: Start) -> None:
    def script(peer: Peer) -> None:
        peer.say(b'{"n": 0}')
        while peer.wait():
            peer.say(b'{"n": 1}')

    with serving(script) as server:
        heard = start(server, Asked())
        eventually(lambda: len(heard.told) >= 5 or None)
        assert heard.links == [(True, None)]


@pytest.mark.parametrize("tongue", [Plain(), Asked()], ids=["unasked", "asked"])
def test_silence_is_the_end_however_many_pings_come(start: Start, tongue: Plain) -> None:
    def script(peer: Peer) -> None:
        peer.say(b'{"n": 0}')
        while True:
            peer.say(b"", ABNF.OPCODE_PING)
            time.sleep(IDLE_S / 5)

    with serving(script, speaks) as server:
        start(server, tongue).goes_down(f"said nothing for {IDLE_S:g} s")


def test_what_cannot_be_caught_up_with_is_tried_again(start: Start) -> None:
    with serving(speaks) as server:
        heard = start(server)
        heard.failure = StoreUnavailable("The database is busy.")
        heard.stream._cut()
        eventually(lambda: heard.begun >= 2)
        heard.comes_up()


def test_a_stream_that_is_not_up_sends_nothing(start: Start) -> None:
    with serving(speaks) as server:
        heard = start(server, Barred())
        heard.goes_down("refused")
        assert not heard.stream.say({"action": "listen"})


def test_an_address_where_nobody_listens_is_said_to_be_out_of_reach(start: Start) -> None:
    start(SocketServer([speaks], address=f"http://127.0.0.1:{free_port()}")).goes_down(
        "cannot be reached"
    )


def test_a_closed_stream_ends_its_reader_within_a_second(start: Start) -> None:
    with serving(speaks) as server:
        heard = start(server)
        heard.comes_up()
        heard.stream.close()
        reader = heard.stream._reader
        assert reader is not None
        reader.join(1.0)
        assert not reader.is_alive()
        assert heard.links == [(True, None)]
