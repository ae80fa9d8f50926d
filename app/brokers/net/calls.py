"""HTTP calls to a venue, each with a verdict: done, refused, certainly not sent, or unknown.

An order is sent once.  What may have reached the venue is never sent again from here: whoever
called asks for it by its own id.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, RequestException
from urllib3.exceptions import HTTPError, NewConnectionError

from app.brokers.net.limits import Limits
from app.brokers.net.text import clean
from app.domain.errors import (
    BrokerAuth,
    BrokerError,
    BrokerLimited,
    BrokerRejected,
    BrokerUnavailable,
    BrokerUnknown,
)
from app.services.ports import Clock

#: Bytes of an answer that are read; a longer one is no answer.
LARGEST: Final = 8 * 1024 * 1024
#: Attempts of a read, and the rest before the second one in seconds, doubled before the third.
_ATTEMPTS: Final = 3
_REST_S: Final = 0.2
#: How long a read waits until it may go out, in seconds.
_TURN_S: Final = 5.0
_CONNECTIONS: Final = 16
#: Statuses that leave open whether something was done, although they blame the request.
_OPEN: Final = frozenset({408, 409, 425})

Json = dict[str, Any]
Body = Json | Sequence[Json] | None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, and for an answer from beginning to end."""

    connect_s: float
    answer_s: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a venue is, and the headers that open it."""

    address: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a venue: its whole address, and what goes with it."""

    method: str
    address: str
    headers: Mapping[str, str]
    query: Mapping[str, str] | None = None
    body: Body = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A venue's whole answer, whatever it says."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a venue words its answers.

    ``read`` returns what an answer says and raises ValueError when it cannot be read; ``refusal``
    takes a 4xx status, what the answer says (None when it cannot be read) and the venue's words,
    and returns what they mean, None when they leave open whether something was done.
    """

    read: Callable[[Answer], Any]
    refusal: Callable[[int, Any, str], BrokerError | None]


class _Failed(Exception):
    """No answer that can be read; ``sent`` says whether the request may have arrived."""

    def __init__(self, detail: str, *, sent: bool, slow: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.sent = sent
        self.slow = slow


class Exchange:
    """Requests of one credential, each with a verdict; many tasks may use it at once."""

    def __init__(
        self,
        dialect: Dialect,
        timeouts: Timeouts,
        limits: Limits,
        clock: Clock,
        note: Callable[[Request, int | None, float], None] = lambda _asked, _status, _s: None,
    ) -> None:
        """``note`` is told of each attempt: its status, None without an answer, and seconds."""
        self._dialect = dialect
        self._timeouts = timeouts
        self._limits = limits
        self._clock = clock
        self._note = note
        self._closing = threading.Event()
        self._session = requests.Session()
        self._session.trust_env = False
        adapter = HTTPAdapter(_CONNECTIONS, _CONNECTIONS, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def close(self) -> None:
        """Close the connections; reads that wait give up."""
        self._closing.set()
        self._session.close()

    def change(self, request: Request) -> Any:  # noqa: ANN401  what the dialect reads
        """Ask once for something to be done, and return the answer.

        Raises BrokerRejected (the venue's words), BrokerAuth, BrokerLimited and BrokerUnavailable
        (certainly not done), BrokerUnknown (it may have been done).
        """
        self._limits.admit(order=True)
        try:
            answer = self._ask(request)
        except _Failed as failure:
            if failure.sent:
                raise BrokerUnknown(failure.detail) from failure
            raise BrokerUnavailable(failure.detail) from failure
        return self._verdict(answer)

    def read(self, request: Request) -> Any:  # noqa: ANN401  what the dialect reads
        """Ask for something that changes nothing, a few times if need be.

        Where that is allowed a moment later, it waits.  Raises BrokerRejected (it is not there, or
        not for us), BrokerAuth, BrokerUnavailable and, when it is not allowed soon, BrokerLimited.
        """
        last: BrokerError = BrokerUnavailable("The venue did not answer.")
        for attempt in range(_ATTEMPTS):
            if attempt and self._closing.wait(_REST_S * 2 ** (attempt - 1)):
                break
            self._wait_for_turn()
            try:
                return self._verdict(self._ask(request))
            except _Failed as failure:
                last = BrokerUnavailable(failure.detail)
                if failure.slow:
                    break
            except BrokerUnknown as failure:
                last = BrokerUnavailable(failure.detail)
        raise last

    def _wait_for_turn(self) -> None:
        """Wait until a read may go out; raises BrokerLimited when that takes too long.

        Who needs several answers in a row, to catch up or to compare, would never have them all if
        each were tried for only once while others ask as well.
        """
        patience_s = _TURN_S
        while True:
            try:
                return self._limits.admit(order=False)
            except BrokerLimited as limited:
                patience_s -= limited.wait_s
                if patience_s < 0 or self._closing.wait(limited.wait_s):
                    raise

    def _ask(self, request: Request) -> Answer:
        begun, status = self._clock.monotonic(), None
        try:
            answer = self._answered(request, begun + self._timeouts.answer_s)
            status = answer.status
        except (RequestException, HTTPError) as error:
            raise _failed(error) from error
        finally:
            self._note(request, status, self._clock.monotonic() - begun)
        return answer

    def _answered(self, request: Request, end: float) -> Answer:
        limits = self._timeouts
        response = self._session.request(
            request.method,
            request.address,
            headers=dict(request.headers),
            params=request.query,
            json=request.body,
            timeout=(limits.connect_s, limits.answer_s),
            allow_redirects=False,
            stream=True,
        )
        with response:
            found = self._body(response, end)
        return Answer(response.status_code, found, response.headers)

    def _body(self, response: requests.Response, end: float) -> bytes:
        """The whole answer, if it is neither too long nor too slow."""
        parts, size = [], 0
        while part := response.raw.read1(65536, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise _Failed("The venue's answer is too long to be one.", sent=True)
            if self._clock.monotonic() > end:
                raise _Failed("The venue's answer took too long.", sent=True, slow=True)
        declared = response.headers.get("Content-Length")
        if declared and declared.isdigit() and size < int(declared):
            raise _Failed("The venue's answer broke off.", sent=True)
        return b"".join(parts)

    def _verdict(self, answer: Answer) -> Any:  # noqa: ANN401  what the dialect reads
        status = answer.status
        if status == requests.codes.too_many_requests:
            wait = self._limits.cool_down(answer.headers.get("Retry-After"), self._clock.now())
            raise BrokerLimited(f"The venue takes no more requests for {wait:.0f} s.", wait)
        try:
            data = self._dialect.read(answer)
        except (ValueError, RecursionError):
            unread = f"The venue answered {status} with what cannot be read"
            text = clean(answer.body)
            raise self._failure(
                status, None, f"{unread}: {text}" if text else f"{unread}."
            ) from None
        if not 200 <= status < 300:
            raise self._failure(status, data, words(status, data))
        said = answer.headers
        self._limits.went_well(said.get("X-RateLimit-Remaining"), said.get("X-RateLimit-Limit"))
        return data

    def _failure(self, status: int, data: Any, said: str) -> BrokerError:  # noqa: ANN401
        found = self._dialect.refusal(status, data, said) if 400 <= status < 500 else None
        return found or BrokerUnknown(said)


class Calls:
    """The calls of one credential at a venue that answers with objects; for many tasks at once."""

    def __init__(
        self, place: Callable[[], Place], timeouts: Timeouts, limits: Limits, clock: Clock
    ) -> None:
        """``place`` says where the venue is now; it raises BrokerUnavailable when nowhere."""
        self._place = place
        self._exchange = Exchange(Dialect(_object, _refusal), timeouts, limits, clock)

    def close(self) -> None:
        """Close the connections; reads that wait give up."""
        self._exchange.close()

    def change(self, method: str, path: str, body: Body = None) -> Json:
        """Ask once for something to be done; raises as ``Exchange.change`` does."""
        return _succeeded(self._exchange.change(self._request(method, path, body=body)))

    def read(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Ask for something that changes nothing; raises as ``Exchange.read`` does."""
        return _succeeded(self._exchange.read(self._request("GET", path, query)))

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Body = None,
    ) -> Request:
        place = self._place()
        return Request(method, place.address + path, place.headers, query, body)


def _failed(error: Exception) -> _Failed:
    """What a failure on the way means: was the request sent, and was it slow."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    unsent = isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError)
    slow = "timed out" in str(error)
    words = "did not answer in time" if slow else "broke the connection off"
    if unsent:
        words = "cannot be reached"
    return _Failed(f"The venue {words}.", sent=not unsent, slow=slow)


def certain(status: int, code: object) -> bool:
    """Whether a 4xx status with that code of the venue's says that nothing was done."""
    return status not in _OPEN or bool(code)


def words(status: int, data: object) -> str:
    """Return the venue's own words, clean and short; the status when it has none."""
    said = data.get("message", "") if isinstance(data, dict) else ""
    return clean(said if isinstance(said, str) else str(said)) or f"The venue answered {status}."


def _object(answer: Answer) -> Json:
    data = json.loads(answer.body.decode("utf-8"))
    if not isinstance(data, dict):
        raise ValueError("no object")  # noqa: TRY004  as json
    return data


def _refusal(status: int, data: Json | None, said: str) -> BrokerError | None:
    if status == requests.codes.unauthorized:
        return BrokerAuth(said)
    code = _code(data)
    if not certain(status, code):
        return None
    return BrokerRejected(said, code=(code or f"HTTP_{status}")[:40])


def _succeeded(data: Json) -> Json:
    """The answer, unless it says of itself that nothing was done."""
    if data.get("success") is False:
        raise BrokerRejected(words(200, data), code=(_code(data) or "HTTP_200")[:40])
    return data


def _code(data: Json | None) -> str | None:
    code = (data or {}).get("code")
    return code if isinstance(code, str) and code.isascii() and code.isprintable() else None
