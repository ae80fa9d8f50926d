"""A server that stands by shows everything and changes nothing: what would is answered 503."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

from app.services.ownership import Role
from app.web.auth import SAFE_METHODS, Guard, guards
from app.web.deps import deps
from app.web.problems import answer

#: Seconds after which a sender may try again: by then one of the servers trades.
RETRY_S: Final = 5
#: Signing in and out changes nothing but the visitor's own cookie.
ALLOWED: Final = frozenset({"signin.login", "signin.logout"})
_STRANGERS: Final = frozenset({Guard.WEBHOOK, Guard.ADDON, Guard.FORM, Guard.PUBLIC})
#: For strangers, who are not told about our machines.
_SEND_AGAIN: Final = "Another server trades, and this one stands by: send it again in a moment."
_ANOTHER: Final = "Another server trades, and this one stands by: it changes nothing."


def install(app: Flask) -> None:
    """Refuse what changes something, after the guards: who may not do it hears that first."""
    table = guards(app)

    @app.before_request
    def refuse() -> Response | None:
        if request.method in SAFE_METHODS or request.endpoint in ALLOWED | {None}:
            return None
        ownership = deps().ownership
        if deps().draining() or ownership.may_trade:
            return None
        known = table.get(request.endpoint or "") not in _STRANGERS
        response = answer(503, ownership.explain() if known else _SEND_AGAIN, "STANDBY")
        response.headers["Retry-After"] = str(RETRY_S)
        return response


def banner(*, signed_in: bool) -> str | None:
    """Return what every page of a server that does not trade says; None while it trades."""
    ownership = deps().ownership
    if ownership.role is Role.TRADING:
        return None
    return ownership.explain() if signed_in else _ANOTHER
