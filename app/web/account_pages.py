"""The pages of accounts: all of them, one of them, and the forms that make and change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.domain.accounts import Account
from app.domain.errors import Conflict, InvalidInput
from app.services.reads import Paging, Scope
from app.web import account_form, wire
from app.web.account_form import CHAOS, PAPER, Form
from app.web.api import accounts as api
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.shapes import connections

View = Callable[..., ResponseReturnValue]

#: Working orders that the page of an account shows.
MOST_ORDERS: Final = 100
#: Names that people write in another way than a fault's name does.
_KNOWN_AS: Final = {"Html": "HTML", "utf8": "UTF-8"}
STARTING_CASH: Final = "100000"


@guard(Guard.SESSION)
def show_all() -> str:
    """List the accounts with their figures and what trades on them; watched ones have own pages."""
    found = deps().accounts.list(me().id)
    rows = [_row(each) for each in found if not each.watched]
    boot = {"accounts": [row["id"] for row in rows]}
    watched = len(found) - len(rows)
    return render_template(
        "accounts.html", page="accounts", accounts=rows, watched=watched, boot=boot
    )


@guard(Guard.SESSION)
def new() -> ResponseReturnValue:
    """Show the form of a new account."""
    venue = request.args.get("venue", PAPER)
    mild = deps().faults.presets.get("mild", {}) if venue == CHAOS else {}
    chosen = {"faults": mild} if mild else {}
    start = {"starting_cash": STARTING_CASH, "roll": deps().settings.trading_day_roll}
    return _page_new(venue, {**start, **account_form.shown(chosen)}, {})


@guard(Guard.SESSION)
def create() -> ResponseReturnValue:
    """Make an account of the form, or show again what was typed with what is wrong."""
    form, venue = request.form.to_dict(), request.form.get("venue", PAPER)
    try:
        made = _make(venue, account_form.read_new(form))
    except (InvalidInput, Conflict) as error:
        return _page_new(venue, form, account_form.problems(error)), _status(error)
    flash(f"{made.name} is created. Choose it in a strategy to trade on it.")
    return redirect(f"/accounts/{made.id}")


@guard(Guard.SESSION)
def show(account_id: str) -> ResponseReturnValue:
    """Show one account: its money, what it holds, what works, its settings."""
    account = deps().accounts.get(me().id, account_id)
    if account.watched:
        return redirect(f"/funded/{account_id}")
    return _page(account, account_form.shown(account.settings), {})


@guard(Guard.SESSION)
def save(account_id: str) -> ResponseReturnValue:
    """Save the settings, or show again what was typed with what is wrong."""
    account, form = deps().accounts.get(me().id, account_id), request.form.to_dict()
    try:
        saved = deps().accounts.update_paper(me().id, account_id, account_form.settings_of(form))
    except (InvalidInput, Conflict) as error:
        return _page(account, form, account_form.problems(error)), _status(error)
    flash(f"{saved.name} is saved. What is filled from now on follows the new settings.")
    return redirect(f"/accounts/{account_id}")


def _make(venue: str, typed: account_form.NewAccount) -> Account:
    return deps().accounts.create_paper(
        me().id, typed.name, typed.starting_cash, typed.settings, typed.roll, venue
    )


def _page_new(venue: str, form: Form, errors: Mapping[str, str]) -> str:
    return render_template(
        "account_new.html",
        page="accounts",
        venue=CHAOS if venue == CHAOS else PAPER,
        form=form,
        errors=errors,
        boot={"presets": api.presets()},
        **_faults(),
    )


def _page(account: Account, form: Form, errors: Mapping[str, str]) -> str:
    web, user = deps(), me()
    working = web.reads.orders(
        Scope(user.id, account_id=account.id), Paging(page_size=MOST_ORDERS), state="working"
    )
    connection = _connection(account)
    boot = {
        "account": {"id": account.id, "name": account.name},
        "connection": connection,
        "positions": [wire.position(p) for p in web.recorder.positions(user.id, None, account.id)],
        "orders": [wire.order_row(row) for row in working.rows],
        "presets": api.presets(),
    }
    return render_template(
        "account.html",
        page="accounts",
        account=_row(account),
        connection=connection,
        form=form,
        errors=errors,
        boot=boot,
        **_faults(),
    )


def _connection(account: Account) -> wire.Json | None:
    """How the account is connected; None at a venue that needs no connection."""
    if not account.traits.keys:
        return None
    return connections.shown(deps().connections.state(me().id, account.id))


def _row(account: Account) -> dict[str, Any]:
    """An account as the pages show it: what it is, its figures, and what trades on it."""
    linked = [
        {"id": each.id, "name": each.name, "state": each.state.value}
        for each in deps().strategies.list(me().id)
        if any(link.account_id == account.id for link in each.accounts)
    ]
    figures = {**api.of_books(account), "agreement": api.agreement(account)}
    return {**api.shown(account), **figures, "strategies": linked}


def _faults() -> dict[str, Any]:
    """The faults, in words, by what they befall."""
    groups: dict[str, list[dict[str, str]]] = {}
    for each in deps().faults.faults:
        called = each.name.replace("_", " ").capitalize()
        for plain, known in _KNOWN_AS.items():
            called = called.replace(plain, known)
        shown = {"name": each.name, "called": called, "words": each.words}
        groups.setdefault(each.about, []).append(shown)
    return {"fault_groups": groups, "presets": list(deps().faults.presets)}


def _status(error: InvalidInput | Conflict) -> int:
    return 409 if isinstance(error, Conflict) else 422


def install(app: Flask) -> None:
    """Add the pages."""
    routes = Blueprint("accounts", __name__)
    views: dict[str, View] = {
        "/accounts": show_all,
        "/accounts/new": new,
        "/accounts/<account_id>": show,
    }
    for path, view in views.items():
        routes.add_url_rule(path, view_func=view)
    actions: dict[str, View] = {"/accounts/new": create, "/accounts/<account_id>": save}
    for path, action in actions.items():
        routes.add_url_rule(path, view_func=action, methods=["POST"])
    app.register_blueprint(routes)
