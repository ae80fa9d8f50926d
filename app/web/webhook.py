"""The webhook: raw bytes in, a durable row, then the answer; as little as possible in between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Flask, Request, Response, request
from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from app.domain.errors import InvalidInput, StoreUnavailable
from app.services.inbox import Delivery
from app.web.auth import Guard, guard
from app.web.deps import WebDeps
from app.web.throttle import Throttle, Wait

#: The headers that are kept with an alert: they tell senders apart and hold no secret.
KEPT_HEADERS: Final = ("User-Agent", "Idempotency-Key", "Webhook-Id", "Webhook-Timestamp")
RETRY_S: Final = 5
_LONGEST_HEADER: Final = 200
_PLAIN: Final = frozenset({"", "identity"})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a delivery is not even read: the status to answer, a code and a sentence."""

    status: int
    code: str
    detail: str


def install(app: Flask, web: WebDeps) -> None:
    """Add the route of the webhooks."""
    throttle = Throttle(web.settings.webhook_rate_limit, web.clock)
    routes = Blueprint("webhook", __name__)

    @routes.post("/webhook/<key>", provide_automatic_options=False)
    @guard(Guard.WEBHOOK)
    def receive(key: str) -> Response:
        if web.draining():
            return _later("STOPPING", "The server is stopping. Send the alert again.")
        wait = throttle.wait(key)
        if wait is not None and not wait.first:
            return _too_often(wait)
        try:
            answer = _take(web, key, wait)
        except StoreUnavailable as error:
            return _later(error.code, error.detail)
        return answer

    app.register_blueprint(routes)


def _take(web: WebDeps, key: str, wait: Wait | None) -> Response:
    """Hand the delivery to the inbox; the first one too many in a window leaves a row as well."""
    body = read_body(request, web.settings.max_body_bytes + 1)
    fault = _fault(body, web.settings.max_body_bytes) if wait is None else _RATE_FAULT
    delivery = _delivery(request, body[: web.settings.max_body_bytes])
    if fault is None:
        answer = web.inbox.accept(key, delivery)
        return _send(answer.status, answer.body)
    error = InvalidInput(fault.detail, code=fault.code)
    answer = web.inbox.refuse(key, delivery, fault.status, error)
    return _too_often(wait) if wait and answer.status == 429 else _send(answer.status, answer.body)


def read_body(sent: Request, most: int) -> bytes:
    """Return up to ``most`` bytes of the body, whether it comes with its length or in chunks.

    Raises RequestTimeout when the rest of it does not come: nothing may be kept of a half.
    """
    parts, left = [], most
    try:
        while left and (part := sent.stream.read(left)):
            parts.append(part)
            left -= len(part)
    except (ClientDisconnected, OSError):
        raise RequestTimeout("The request did not arrive whole. Send it again.") from None
    return b"".join(parts)


_RATE_FAULT: Final = Fault(
    429,
    "RATE_LIMITED",
    "More alerts came with this key than its rate limit allows. Until the limit begins anew they"
    " are turned away; raise WEBHOOK_RATE_LIMIT if this many are meant.",
)


def _fault(body: bytes, most: int) -> Fault | None:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _PLAIN:
        detail = f"The body is encoded as {encoding[:40]}. Send it plain."
        return Fault(415, "UNSUPPORTED_CONTENT", detail)
    if len(body) > most:
        detail = f"The body is larger than {most // 1024} KiB. Send one alert at a time."
        return Fault(413, "BODY_TOO_LARGE", detail)
    return None


def _delivery(sent: Request, body: bytes) -> Delivery:
    headers = sent.headers
    kept = {name: value[:_LONGEST_HEADER] for name in KEPT_HEADERS if (value := headers.get(name))}
    return Delivery(
        body=body,
        content_type=headers.get("Content-Type", ""),
        headers=kept,
        source_address=sent.remote_addr,
        idempotency_key=kept.get("Idempotency-Key") or kept.get("Webhook-Id"),
    )


def _send(status: int, body: Mapping[str, object]) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


def _later(code: str, detail: str) -> Response:
    response = _send(503, {"detail": detail, "error_code": code, "fields": []})
    response.headers["Retry-After"] = str(RETRY_S)
    return response


def _too_often(wait: Wait) -> Response:
    body = {"detail": _RATE_FAULT.detail, "error_code": _RATE_FAULT.code, "fields": []}
    response = _send(429, body)
    response.headers["Retry-After"] = str(wait.seconds)
    return response
