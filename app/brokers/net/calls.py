"""HTTP calls to a venue, each with a verdict: done, refused, certainly not sent, or unknown.

An order is sent once.  What may have reached the venue is never sent again from here: whoever
called asks for it by its own id.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

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


class _Failed(Exception):
    """No answer that can be read; ``sent`` says whether the request may have arrived."""

    def __init__(self, detail: str, *, sent: bool, slow: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.sent = sent
        self.slow = slow


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    retry_after: str | None


class Calls:
    """The calls of one credential; many tasks may use it at once."""

    def __init__(
        self, place: Callable[[], Place], timeouts: Timeouts, limits: Limits, clock: Clock
    ) -> None:
        """``place`` says where the venue is now; it raises BrokerUnavailable when nowhere."""
        self._place = place
        self._timeouts = timeouts
        self._limits = limits
        self._clock = clock
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

    def change(self, method: str, path: str, body: Body = None) -> Json:
        """Ask once for something to be done, and return the answer.

        Raises BrokerRejected (the venue's words), BrokerAuth, BrokerLimited and BrokerUnavailable
        (certainly not done), BrokerUnknown (it may have been done).
        """
        self._limits.admit(order=True)
        try:
            answer = self._ask(method, path, body)
        except _Failed as failure:
            if failure.sent:
                raise BrokerUnknown(failure.detail) from failure
            raise BrokerUnavailable(failure.detail) from failure
        return self._verdict(answer)

    def read(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Ask for something that changes nothing, a few times if need be.

        Raises BrokerRejected (it is not there, or not for us), BrokerAuth, BrokerUnavailable.
        """
        last: BrokerError = BrokerUnavailable("The venue did not answer.")
        for attempt in range(_ATTEMPTS):
            if attempt and self._closing.wait(_REST_S * 2 ** (attempt - 1)):
                break
            self._limits.admit(order=False)
            try:
                return self._verdict(self._ask("GET", path, None, query))
            except _Failed as failure:
                last = BrokerUnavailable(failure.detail)
                if failure.slow:
                    break
            except BrokerUnknown as failure:
                last = BrokerUnavailable(failure.detail)
        raise last

    def _ask(
        self,
        method: str,
        path: str,
        body: Body,
        query: Mapping[str, str] | None = None,
    ) -> _Answer:
        place, limits = self._place(), self._timeouts
        begun = self._clock.monotonic()
        try:
            response = self._session.request(
                method,
                place.address + path,
                headers=dict(place.headers),
                params=query,
                json=body,
                timeout=(limits.connect_s, limits.answer_s),
                allow_redirects=False,
                stream=True,
            )
            with response:
                found = self._body(response, begun + limits.answer_s)
        except (RequestException, HTTPError) as error:
            raise _failed(error) from error
        return _Answer(response.status_code, found, response.headers.get("Retry-After"))

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

    def _verdict(self, answer: _Answer) -> Json:
        status = answer.status
        data = _object(answer.body)
        if status == requests.codes.too_many_requests:
            wait = self._limits.cool_down(answer.retry_after, self._clock.now())
            raise BrokerLimited(f"The venue takes no more requests for {wait:.0f} s.", wait)
        if 200 <= status < 300 and data is not None:
            self._limits.went_well()
            if data.get("success") is False:
                _refuse(status, data, answer.body)
            return data
        if status == requests.codes.unauthorized:
            raise BrokerAuth(_words(status, data, answer.body))
        if 400 <= status < 500 and (status not in _OPEN or _code(data)):
            _refuse(status, data, answer.body)
        raise BrokerUnknown(_words(status, data, answer.body))


def _failed(error: Exception) -> _Failed:
    """What a failure on the way means: was the request sent, and was it slow."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    unsent = isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError)
    slow = "timed out" in str(error)
    words = "did not answer in time" if slow else "broke the connection off"
    if unsent:
        words = "cannot be reached"
    return _Failed(f"The venue {words}.", sent=not unsent, slow=slow)


def _object(body: bytes) -> Json | None:
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _code(data: Json | None) -> str | None:
    code = (data or {}).get("code")
    return code if isinstance(code, str) and code.isascii() and code.isprintable() else None


def _refuse(status: int, data: Json | None, body: bytes) -> NoReturn:
    code = _code(data) or f"HTTP_{status}"
    raise BrokerRejected(_words(status, data, body), code=code[:40])


def _words(status: int, data: Json | None, body: bytes) -> str:
    """The venue's own words, clean and short; the status when it has none."""
    said = (data or {}).get("message", b"" if data else body)
    text = clean(said if isinstance(said, str | bytes) else str(said))
    if data is None:
        unread = f"The venue answered {status} with what cannot be read"
        return f"{unread}: {text}" if text else f"{unread}."
    return text or f"The venue answered {status}."
