"""Errors as answers: one JSON shape for programs, one page for people, and an honest status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from apiflask import APIFlask, HTTPError
from flask import Response, json, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from app.domain.errors import (
    BrokerError,
    Conflict,
    InvalidInput,
    NotFound,
    SignalboxError,
    StoreUnavailable,
    Unauthorised,
)
from app.web.deps import deps

#: Paths whose clients are programs, whatever they say they accept.
PROGRAM_PATHS: Final = ("/api/", "/webhook", "/health", "/socket.io")

STATUSES: Final[Mapping[type[SignalboxError], int]] = {
    InvalidInput: 422,
    NotFound: 404,
    Conflict: 409,
    Unauthorised: 401,
    BrokerError: 502,
    StoreUnavailable: 503,
}
#: Codes that say more than their class: who is signed in may still lack the right.
CODE_STATUSES: Final[Mapping[str, int]] = {
    "CSRF": 403,
    "WRONG_SETUP_LINK": 403,
    "MALFORMED_MESSAGE": 400,
    "VENUE_NOT_REACHED": 503,
    "NO_MARKET_DATA": 503,
    "NO_VENUE_HISTORY": 503,
    "TOO_MANY_ACCOUNTS": 403,
    "ATTACHMENT_TOO_LARGE": 413,
    "ATTACHMENT_NOT_A_PICTURE": 415,
}
CODES: Final[Mapping[int, str]] = {
    400: "BAD_REQUEST",
    401: "UNAUTHORISED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    408: "REQUEST_TIMEOUT",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_CONTENT",
    422: "INVALID_INPUT",
    429: "RATE_LIMITED",
    503: "UNAVAILABLE",
}
SENTENCES: Final[Mapping[int, str]] = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is larger than this address takes.",
}
STORE_RETRY_S: Final = "5"


def for_program() -> bool:
    """Whether the client of the current request is a program, which never gets HTML."""
    if request.path.startswith(PROGRAM_PATHS) or "Authorization" in request.headers:
        return True
    accept = request.accept_mimetypes
    return accept["application/json"] > accept["text/html"]


def problem(
    status: int,
    detail: str,
    code: str,
    fields: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    """Return the one JSON shape of an error."""
    listed = [{"field": name, "problem": what} for name, what in (fields or {}).items()]
    body = {"detail": detail, "error_code": code, "fields": listed, **more}
    return Response(json.dumps(body), status, content_type="application/json")


def answer(
    status: int, detail: str, code: str, fields: Mapping[str, str] | None = None, **more: object
) -> Response:
    """Return the error as JSON for a program, as a page for a person."""
    if for_program():
        return problem(status, detail, code, fields, **more)
    page = render_template(
        "error.html",
        status=status,
        title=HTTP_STATUS_CODES.get(status, "Error"),
        sentence=detail,
        incident=more.get("incident"),
    )
    return Response(page, status, content_type="text/html; charset=utf-8")


def _signalbox(error: SignalboxError) -> Response:
    status = CODE_STATUSES.get(error.code) or next(
        (status for kind, status in STATUSES.items() if isinstance(error, kind)), None
    )
    if status is None:
        return _unexpected(error)
    response = answer(status, error.detail, error.code, getattr(error, "fields", None))
    if status == 503:
        response.headers["Retry-After"] = STORE_RETRY_S
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    sentence = SENTENCES.get(status) or error.description or error.name
    response = answer(status, sentence, CODES.get(status, error.name.upper().replace(" ", "_")))
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _field(path: str) -> str:
    """Return a field's name without the library's names for the kinds that it tried."""
    parts = [part for part in path.split(".") if part.replace("_", "").isalnum()]
    return ".".join(parts) if parts and path != "_schema" else "body"


def _schema(error: HTTPError) -> Response:
    """Turn the schema library's report into ours: each field with what is wrong with it."""
    places: Mapping[str, Mapping[str, list[str]]] = error.detail or {}
    fields: dict[str, str] = {}
    for place in places.values():
        for path, problems in place.items():
            told = " ".join(each.removeprefix("Value error, ") for each in problems)
            fields.setdefault(_field(path), told)
    detail = "; ".join(f"{name} {what}" for name, what in fields.items())
    code = CODES.get(error.status_code, "INVALID_INPUT")
    return answer(error.status_code, detail or str(error.message), code, fields)


def _unexpected(error: Exception) -> Response:
    """Log what nobody expected and answer with the number under which it stands in the log.

    On the webhook the answer is 503, the only one that makes the sender try again.
    """
    incident = deps().ids()
    log = structlog.get_logger()
    log.error("request failed", incident=incident, path=request.path, exc_info=error)
    webhook = request.path.startswith("/webhook")
    sentence = f"Something went wrong here. It is in the server's log as incident {incident}."
    response = answer(503 if webhook else 500, sentence, "INTERNAL", incident=incident)
    if webhook:
        response.headers["Retry-After"] = STORE_RETRY_S
    return response


def install(app: APIFlask) -> None:
    """Make every failure of a request one of these answers."""
    app.register_error_handler(SignalboxError, _signalbox)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(HTTPError, _schema)
    app.register_error_handler(Exception, _unexpected)
