"""First-run set-up, sign-in and sign-out, and the API tokens of who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from apiflask import APIBlueprint
from flask import Blueprint, Flask, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from werkzeug.exceptions import TooManyRequests

from app.domain.errors import Conflict, InvalidInput, Unauthorised
from app.domain.users import ApiToken
from app.web import wire
from app.web.api.listing import ListQuery, Strict, add, part
from app.web.auth import Guard, guard, me, sign_in, sign_out
from app.web.deps import WebDeps, deps
from app.web.throttle import Throttle
from app.web.wire import Json

HOME: Final = "/dashboard"
_WRONG: Final = "The name or the password is wrong."
_UNLIKE: Final = "Both passwords must be the same."


class TokenIn(Strict):
    """A name by which the token is recognised later."""

    name: str = Field(max_length=200)


def install(app: Flask, web: WebDeps) -> None:
    """Add the pages."""
    throttle = Throttle(web.settings.login_rate_limit, web.clock)
    routes = Blueprint("signin", __name__)

    @routes.route("/login", methods=["GET", "POST"])
    @guard(Guard.FORM)
    def login() -> ResponseReturnValue:
        if not deps().users.count():
            return redirect("/setup")
        if request.method == "POST":
            _not_too_often(throttle, request.form.get("name", ""))
            return _sign_in(request.form)
        return _login_page({}, {}, request.args.get("next", ""))

    routes.add_url_rule("/logout", "logout", logout, methods=["POST"])
    routes.add_url_rule("/setup", "setup", setup)
    routes.add_url_rule("/setup", "first_user", first_user, methods=["POST"])
    routes.add_url_rule("/settings/tokens", "token_page", token_page)
    app.register_blueprint(routes)


def _not_too_often(throttle: Throttle, name: str) -> None:
    """Count an attempt for its address and for its name; raises TooManyRequests."""
    keys = (f"address {request.remote_addr}", f"name {name.strip().lower()[:200]}")
    waits = [wait.seconds for key in keys if (wait := throttle.wait(key))]
    if waits:
        raise TooManyRequests(
            "There were too many attempts to sign in. Wait a little and try again.",
            retry_after=max(waits),
        )


def _sign_in(form: Mapping[str, str]) -> ResponseReturnValue:
    user = deps().users.verify(form.get("name", ""), form.get("password", ""))
    if user is None:
        page = _login_page({"name": form.get("name", "")}, {"form": _WRONG}, form.get("next", ""))
        return page, 401
    sign_in(user)
    return redirect(_local(form.get("next", "")))


def _local(path: str) -> str:
    """Return ``path`` when it lies on this server, else the home page."""
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if ours and path.isprintable() else HOME


def _login_page(form: Mapping[str, str], errors: Mapping[str, str], to: str) -> str:
    return render_template("login.html", page="login", form=form, errors=errors, next=_local(to))


@guard(Guard.SESSION)
def logout() -> ResponseReturnValue:
    """End the session."""
    sign_out()
    return redirect("/login")


@guard(Guard.FORM)
def setup() -> ResponseReturnValue:
    """Show the form for the first user, to who holds the one-time link."""
    token = request.args.get("token", "")
    if deps().users.count():
        return redirect("/login")
    _check_link(token)
    return _setup_page({}, {}, token)


@guard(Guard.FORM)
def first_user() -> ResponseReturnValue:
    """Make the first user and sign in."""
    form = request.form
    token, name, password = (form.get(each, "") for each in ("token", "name", "password"))
    _check_link(token)
    if password != form.get("password_again", ""):
        return _setup_page({"name": name}, {"password_again": _UNLIKE}, token), 422
    try:
        user = deps().users.first_user(token, name, password)
    except InvalidInput as error:
        return _setup_page({"name": name}, error.fields, token), 422
    except Conflict as error:
        return _setup_page({"name": name}, {"name": error.detail}, token), 409
    sign_in(user)
    return redirect(HOME)


def _check_link(token: str) -> None:
    if not deps().users.setup_token_valid(token):
        raise Unauthorised(
            "This set-up link is not valid. Start the server again: it prints a new one.",
            code="WRONG_SETUP_LINK",
        )


def _setup_page(form: Mapping[str, str], errors: Mapping[str, str], token: str) -> str:
    return render_template("setup.html", page="setup", form=form, errors=errors, token=token)


@guard(Guard.SESSION)
def tokens(query: ListQuery) -> Response:
    """List your API tokens, without their secrets."""
    return part([_token(each) for each in deps().users.tokens(me().id)], query)


@guard(Guard.SESSION)
def create_token(body: TokenIn) -> tuple[Json, int]:
    """Make an API token; its secret is shown only now."""
    token, secret = deps().users.create_token(me().id, body.name)
    return {**_token(token), "secret": secret}, 201


@guard(Guard.SESSION)
def revoke_token(token_id: str) -> tuple[str, int]:
    """Make an API token useless."""
    deps().users.revoke_token(me().id, token_id)
    return "", 204


@guard(Guard.SESSION)
def token_page() -> str:
    """Show your API tokens, with a form that makes one."""
    listed = [_token(each) for each in deps().users.tokens(me().id)]
    boot = {"tokens": listed[::-1], "base_url": deps().settings.base_url}
    return render_template("tokens.html", page="tokens", boot=boot)


def _token(each: ApiToken) -> Json:
    return {
        "id": each.id,
        "name": each.name,
        "created_at": wire.iso(each.created_at),
        "revoked_at": wire.when(each.revoked_at),
    }


def install_tokens(api: APIBlueprint) -> None:
    """Add the routes of API tokens; only a person makes one, never another token."""
    add(api, "GET", "/tokens", tokens, query=ListQuery)
    add(api, "POST", "/tokens", create_token, body=TokenIn)
    add(api, "DELETE", "/tokens/<token_id>", revoke_token)
