"""A server that lies: it acknowledges every seventh alert and forgets it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import wsgi

_posts = count(1)


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Pass everything on to the real application but what is to be lost."""
    if environ["PATH_INFO"].startswith("/webhook/") and (number := next(_posts)) % 7 == 0:
        start_response("202 Accepted", [("Content-Type", "application/json")])
        return [json.dumps({"alert_id": f"never-kept-{number}", "status": "accepted"}).encode()]
    answer: Iterable[bytes] = wsgi.app(environ, start_response)
    return answer
