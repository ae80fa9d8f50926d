"""Where add-ons post what they tell (docs/ninjatrader.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import structlog
from flask import Blueprint, Flask, Response, request

from app.domain.addon.messages import Message, Posted, Unreadable
from app.domain.addon.reading import read_posted
from app.domain.addon.records import AddonKey
from app.domain.addon.stream import Verdict
from app.domain.errors import InvalidInput, SignalboxError, Unauthorised
from app.domain.refusals import CATALOGUE
from app.services.addon import Received, Taken
from app.web.auth import Guard, guard
from app.web.deps import WebDeps, deps
from app.web.problems import STORE_RETRY_S, problem
from app.web.shapes import addon as shapes
from app.web.throttle import Throttle
from app.web.webhook import read_body
from app.web.wire import Json, iso

PATHS: Final = ("account-update", "account-data")
MOST_BYTES: Final = 256 * 1024
#: How often an add-on is to look for news, in milliseconds.
POLL_MS: Final = 1000
_BEARER: Final = "Bearer "
_PLAIN: Final = frozenset({"", "identity"})

_log = structlog.get_logger()


def install(app: Flask, web: WebDeps) -> None:
    """Add the route, under its name and its old one."""
    throttle = Throttle(web.settings.addon_rate_limit, web.clock)
    routes = Blueprint("addon", __name__, url_prefix="/api/v1/ninjatrader")

    @guard(Guard.ADDON)
    def receive() -> Response:
        """Take what an add-on tells: a message, or a batch of them."""
        if web.draining():
            return _later(503, "STOPPING", "The server is stopping. Send it again.", STORE_RETRY_S)
        try:
            key, secret = _key()
        except Unauthorised:
            if wait := throttle.wait(f"address {request.remote_addr}"):
                return _too_often(wait.seconds)
            raise
        if wait := throttle.wait(f"key {key.id}"):
            return _too_often(wait.seconds)
        return _answered(key, secret)

    for path in PATHS:
        routes.add_url_rule(f"/{path}", path.replace("-", "_"), receive, methods=["POST"])
    app.register_blueprint(routes)


def _key() -> tuple[AddonKey, str]:
    header = request.headers.get("Authorization", "")
    secret = header.removeprefix(_BEARER).strip() if header.startswith(_BEARER) else ""
    return deps().addon.keys.of_secret(secret), secret


def _answered(key: AddonKey, secret: str) -> Response:
    if request.headers.get("Content-Encoding", "").strip().lower() not in _PLAIN:
        return problem(415, "Send the body plain, not encoded.", "UNSUPPORTED_CONTENT")
    body = read_body(request, MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        most = MOST_BYTES // 1024
        return problem(413, f"The body is larger than {most} KiB.", "BODY_TOO_LARGE")
    addon = deps().addon
    addon.keys.check_signature(key, secret, request.headers.get("X-Signature"), body)
    try:
        posted = read_posted(body)
    except InvalidInput as error:
        _log.warning("addon_message_malformed", key=key.id, fields=error.fields)
        raise
    told = [each for each in posted.entries if isinstance(each, Message)]
    received = addon.desk.take(key, told)
    _trace(told, received)
    return _batch(key, posted, received) if posted.batch else _single(received[0])


def _single(received: Received) -> Response:
    if received.account is None:
        return _refused(403, "TOO_MANY_ACCOUNTS")
    (taken,) = received.taken
    if taken.verdict is Verdict.STALE_SESSION:
        return _refused(409, "STALE_SESSION")
    return _json(shapes.told(taken) | _common() | {"rules": shapes.rules(received)})


def _batch(key: AddonKey, posted: Posted, received: Sequence[Received]) -> Response:
    """One line for each message, in their order; above them what the last one says of its account.

    A batch of several accounts says so account by account, and null above.
    """
    accounts = {each.name: each for each in received}
    taken = {each.name: iter(each.taken) for each in received}
    results = []
    for entry in posted.entries:
        if isinstance(entry, Unreadable):
            _log.warning("addon_message_malformed", key=key.id, fields=entry.error.fields)
            results.append(shapes.result(entry.account, entry.seq, entry.error))
            continue
        name = entry.account.name
        outcome: Taken | SignalboxError = next(taken[name], _FULL)
        results.append(shapes.result(name, entry.seq, outcome))
    stands: list[Json] = [_standing(each) for each in accounts.values()]
    above = stands[0] if len(stands) == 1 else dict.fromkeys(stands[0] if stands else _NOTHING)
    return _json(above | _common() | {"accounts": stands, "results": results})


def _standing(received: Received) -> Json:
    own: Json = {"account": received.name, "rules": shapes.rules(received)}
    last = received.taken[-1] if received.taken else None
    asked = next((each for each in received.taken if each.resend_from is not None), last)
    if last is None or asked is None:
        return own | {"status": "refused", "ack_seq": None, "resend_from": None, "need": None}
    return own | shapes.told(last) | {"resend_from": asked.resend_from}


_NOTHING: Final = ("account", "rules", "status", "ack_seq", "resend_from", "need")
_FULL: Final = InvalidInput(CATALOGUE["TOO_MANY_ACCOUNTS"].sentence, code="TOO_MANY_ACCOUNTS")


def _common() -> Json:
    return {"server_time": iso(deps().clock.now()), "poll_ms": POLL_MS, "commands": []}


def _json(content: Json) -> Response:
    return Response(json.dumps(content), 200, content_type="application/json")


def _refused(status: int, code: str) -> Response:
    refusal = CATALOGUE[code]
    return problem(status, f"{refusal.sentence} {refusal.change}", code)


def _too_often(seconds: int) -> Response:
    detail = "More requests came than ADDON_RATE_LIMIT allows. Wait, and send them in batches."
    return _later(429, "RATE_LIMITED", detail, str(seconds))


def _later(status: int, code: str, detail: str, seconds: str) -> Response:
    response = problem(status, detail, code)
    response.headers["Retry-After"] = seconds
    return response


def _trace(told: Sequence[Message], received: Sequence[Received]) -> None:
    """Log how long the newest message of each account was under way."""
    for each in received:
        last = max(
            (message for message in told if message.account.name == each.name),
            key=lambda message: message.seq,
        )
        _log.debug(
            "addon_news",
            account=None if each.account is None else each.account.id,
            seq=last.seq,
            event_time=last.event_time.isoformat(),
            applied_at=None if each.applied_at is None else each.applied_at.isoformat(),
        )
