"""The stand-in's way to a real server."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Final

import requests

from app.addonsim.link import Answer
from app.addonsim.script import Json

PATH: Final = "/api/v1/ninjatrader/account-update"
_TIMEOUT_S: Final = 8


class HttpServer:
    """A server at ``address`` that takes an add-on's messages with its ``key``."""

    def __init__(
        self, address: str, key: str, *, now: Callable[[], datetime], signing: bool = False
    ) -> None:
        self._url = address.rstrip("/") + PATH
        self._key = key
        self._now = now
        self._signing = signing
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {key}"
        self._session.headers["Content-Type"] = "application/json"

    def post(self, body: Json) -> Answer | None:
        """Send a message; None when no answer came."""
        content = json.dumps(body, separators=(",", ":")).encode()
        headers = {"X-Signature": self._signature(content)} if self._signing else {}
        try:
            answer = self._session.post(
                self._url, data=content, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False
            )
        except requests.RequestException:
            return None
        return Answer(answer.status_code, _object(answer), _seconds(answer))

    def _signature(self, content: bytes) -> str:
        at = int(self._now().timestamp())
        signed = hmac.new(self._key.encode(), f"{at}.".encode() + content, hashlib.sha256)
        return f"t={at},v1={signed.hexdigest()}"


def _object(answer: requests.Response) -> Json:
    try:
        content = answer.json()
    except requests.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _seconds(answer: requests.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None
