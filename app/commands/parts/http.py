"""The running server over HTTP: its webhooks and the prices of its paper market."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import requests

from app.domain.errors import SignalboxError, Unauthorised

_TIMEOUT_S: Final = 10
_GLANCE_S: Final = 2
_UNAUTHORISED: Final = 401


class ServerGone(SignalboxError):
    """Nobody answers at the address, or somebody who is no Signalbox server."""

    code = "NO_SERVER"


class HttpServer:
    """A Signalbox server at ``address``; with ``key`` its webhook, with ``token`` its API."""

    def __init__(self, address: str, key: str = "", token: str | None = None) -> None:
        self._address = address.rstrip("/")
        self._key = key
        self._token = token
        self._session = requests.Session()
        self._session.trust_env = False

    def answers(self) -> bool:
        """Whether a Signalbox server is there."""
        try:
            content = self._session.get(f"{self._address}/health", timeout=_GLANCE_S).json()
        except requests.RequestException:
            return False
        return isinstance(content, dict) and "workers" in content

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, object]]:
        """Send a body; return the status and the JSON object that was answered.

        Raises ServerGone when no Signalbox server answers.
        """
        try:
            answer = self._session.post(
                self._address + path,
                data=body,
                headers=dict(headers),
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
            content = answer.json()
        except requests.JSONDecodeError:
            raise self._stranger() from None
        except requests.RequestException:
            raise ServerGone(
                f"No server answers at {self._address}: start it with `serve`."
            ) from None
        if not isinstance(content, dict):
            raise self._stranger()
        return answer.status_code, content

    def _stranger(self) -> ServerGone:
        return ServerGone(f"What answers at {self._address} is not Signalbox.")

    def deliver(self, body: bytes, content_type: str = "") -> tuple[int, dict[str, object]]:
        """Send an alert to the webhook; return the status and the answer."""
        headers = {"Content-Type": content_type} if content_type else {}
        return self.post(f"/webhook/{self._key}", body, headers)

    def alert(self, body: bytes, content_type: str) -> str:
        """Send an alert and return in a word what became of it."""
        status, answer = self.deliver(body, content_type)
        return str(answer.get("status") or answer.get("error_code") or status)

    def quote(self, fields: Mapping[str, str]) -> None:
        """Send a price; without a token the alerts' own prices have to do.

        Raises Unauthorised when the token is not taken.
        """
        if self._token is None:
            return
        body = json.dumps(dict(fields)).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        status, answer = self.post("/api/paper-trading/quotes", body, headers)
        if status == _UNAUTHORISED:
            raise Unauthorised(f"The token is not taken: {answer.get('detail')}")
