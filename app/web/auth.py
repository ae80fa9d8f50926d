"""Who may call a route: every route declares its guard, and one hook enforces them all."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from flask import Flask, Request, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms.validators import ValidationError  # type: ignore[import-untyped]

from app.domain.errors import InvariantBroken, Unauthorised
from app.domain.users import User
from app.web.deps import WebSettings, deps
from app.web.problems import for_program

View = TypeVar("View", bound=Callable[..., Any])

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER: Final = "Bearer "
_MARK: Final = "_signalbox_guard"
_STAMPED: Final = "."
_WITHOUT_SESSION: Final = ("/webhook/", "/api/v1/ninjatrader/")


class Guard(StrEnum):
    """What a request must bring.

    PUBLIC nothing; FORM nothing to read and a CSRF token to send; SESSION a sign-in (and a CSRF
    token to change anything); TOKEN an API token; EITHER one of both; WEBHOOK the key in the path,
    which the inbox checks; ADDON the key of an add-on, which its route checks.
    """

    PUBLIC = "public"
    FORM = "form"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105  a kind of guard, no secret
    EITHER = "session_or_token"
    WEBHOOK = "webhook"
    ADDON = "addon_key"


#: Routes that libraries add, which cannot carry the decorator.
LIBRARY_ROUTES: Final = {"static": Guard.PUBLIC, "openapi.spec": Guard.EITHER}


def guard(kind: Guard) -> Callable[[View], View]:
    """Declare what a request to the route must bring; the outermost decorator of its view."""

    def declare(view: View) -> View:
        setattr(view, _MARK, kind)
        return view

    return declare


def guards(app: Flask) -> dict[str, Guard]:
    """Return the guard of each endpoint; raises InvariantBroken for a route without one."""
    found = {name: getattr(view, _MARK, None) for name, view in app.view_functions.items()}
    declared = {**{name: kind for name, kind in found.items() if kind}, **LIBRARY_ROUTES}
    missing = sorted(set(found) - set(declared))
    if missing:
        raise InvariantBroken(f"Routes without a guard: {', '.join(missing)}.")
    return declared


class Visitor(UserMixin):  # type: ignore[misc]
    """The signed-in user, as Flask-Login wants one.

    ``id`` is what the session keeps: who signed in, and a stamp of the password at that time.
    """

    def __init__(self, user: User, key: str) -> None:
        self.user = user
        stamp = hmac.new(key.encode(), user.password_hash.encode(), hashlib.sha256)
        self.id = f"{user.id}{_STAMPED}{stamp.hexdigest()}"


class Sessions(SecureCookieSessionInterface):
    """Signed cookies, except for alerts and add-ons, whose senders have none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the request's session; an empty one for programs that have none."""
        if request.path.startswith(_WITHOUT_SESSION):
            return self.session_class()
        return super().open_session(app, request)


def install(app: Flask, settings: WebSettings) -> None:
    """Set up sessions and enforce the guards of all routes registered so far."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        # Refreshed by each answer, a slow script's would undo what a form's answer just set.
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        SESSION_COOKIE_NAME="signalbox_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.session_interface = Sessions()
    manager = LoginManager()
    manager.init_app(app, add_context_processor=False)
    manager.user_loader(_load)
    table = guards(app)

    @app.before_request
    def enforce() -> ResponseReturnValue | None:
        kind = table.get(request.endpoint or "")
        return None if kind is None else _CHECKS[kind]()


def me() -> User:
    """Return the user of the current request; only routes whose guard names one may ask."""
    user: User = g.user
    return user


def signed_in() -> User | None:
    """Return the user of the session, None when nobody is signed in."""
    return current_user.user if current_user.is_authenticated else None


def bearer(header: str) -> User:
    """Return the user whose API token the Authorization header carries; raises Unauthorised."""
    secret = header.removeprefix(_BEARER).strip()
    user = deps().users.user_of_token(secret) if header.startswith(_BEARER) and secret else None
    if user is None:
        raise Unauthorised("Send a valid API token as Authorization: Bearer.")
    return user


def sign_in(user: User) -> None:
    """Begin a fresh session for ``user``."""
    session.clear()
    session.permanent = True
    login_user(Visitor(user, deps().settings.secret_key))


def sign_out() -> None:
    """End the session."""
    logout_user()
    session.clear()


def csrf_token() -> str:
    """Return the token that this session's forms and scripts send back."""
    token: str = generate_csrf()
    return token


def _load(kept: str) -> Visitor | None:
    """Return who signed in; nobody when the password has changed since."""
    user = deps().users.get(kept.partition(_STAMPED)[0])
    visitor = Visitor(user, deps().settings.secret_key) if user else None
    return visitor if visitor and hmac.compare_digest(visitor.id, kept) else None


def _open() -> None:
    return None


def _form() -> None:
    if request.method not in SAFE_METHODS:
        _check_csrf()


def _session() -> ResponseReturnValue | None:
    user = signed_in()
    if user is None:
        return _ask_to_sign_in()
    _form()
    g.user = user
    return None


def _token() -> None:
    g.user = bearer(request.headers.get("Authorization", ""))


def _either() -> ResponseReturnValue | None:
    if "Authorization" not in request.headers:
        return _session()
    _token()
    return None


def _ask_to_sign_in() -> ResponseReturnValue:
    if for_program() or request.method not in SAFE_METHODS:
        raise Unauthorised("Sign in, or send an API token as Authorization: Bearer.")
    here = request.full_path.rstrip("?")
    return redirect(url_for("signin.login", next=here if here != "/" else None))


def _check_csrf() -> None:
    sent = request.headers.get("X-CSRFToken") or request.form.get("csrf_token")
    try:
        validate_csrf(sent)
    except ValidationError as error:
        raise Unauthorised(
            f"{error} Load the page again and repeat what you did.", code="CSRF"
        ) from None


_CHECKS: Final[dict[Guard, Callable[[], ResponseReturnValue | None]]] = {
    Guard.PUBLIC: _open,
    Guard.FORM: _form,
    Guard.SESSION: _session,
    Guard.TOKEN: _token,
    Guard.EITHER: _either,
    Guard.WEBHOOK: _open,
    Guard.ADDON: _open,
}
