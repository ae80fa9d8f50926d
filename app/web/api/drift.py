"""Reconciliation as an API and as a page: what differs from the broker, and what is done."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from apiflask import APIBlueprint, APIFlask
from flask import Blueprint, render_template

from app.domain.errors import StoreUnavailable
from app.domain.money import wire as text
from app.domain.safety.drift import Drift, DriftState
from app.services.reconcile import AccountDrift, Numbers
from app.web import wire
from app.web.api.listing import Amount, Strict, add
from app.web.auth import Guard, guard, me, signed_in
from app.web.deps import deps
from app.web.wire import Json

_DONE: Final = {
    "accept": "Accepted: our books say what the broker says.",
    "flatten": "Accepted, and the order that closes the difference is on its way.",
}


class DriftQuery(Strict):
    """Which drifts: of one account, in one state."""

    account_id: str | None = None
    state: DriftState | None = None


class CheckIn(Strict):
    """Which account is compared; without it all are."""

    account_id: str | None = None


class DecisionIn(Strict):
    """The numbers that the decision is about; ``price`` where none is known."""

    ours: Amount
    theirs: Amount | None
    price: Amount | None = None


@guard(Guard.EITHER)
def drifts(query: DriftQuery) -> Json:
    """List how each account was compared with its broker, and what differs."""
    return _state(query.account_id, query.state)


@guard(Guard.EITHER)
def check(body: CheckIn) -> tuple[Json, int]:
    """Have accounts compared now; what is found is shown as it comes."""
    asked = deps().drift.check(me().id, body.account_id)
    return {"account_ids": asked, "message": "Comparing with the broker."}, 202


@guard(Guard.EITHER)
def accept(drift_id: str, body: DecisionIn) -> Json:
    """Book the difference into the account's manual book; nothing is sent."""
    return _decided("accept", drift_id, body)


@guard(Guard.EITHER)
def flatten(drift_id: str, body: DecisionIn) -> Json:
    """Book the difference into the manual book and close just that at the market."""
    return _decided("flatten", drift_id, body)


@guard(Guard.SESSION)
def page() -> str:
    """Show what each broker says beside what our books say."""
    return render_template("drift.html", page="drift", boot=_state(None, None))


def _decided(what: Literal["accept", "flatten"], drift_id: str, body: DecisionIn) -> Json:
    desk, numbers = deps().drift, Numbers(body.ours, body.theirs)
    decide = desk.accept if what == "accept" else desk.flatten
    done = decide(me().id, drift_id, numbers, body.price)
    return {**_drift(done), "message": _DONE[what]}


def _state(account_id: str | None, state: DriftState | None) -> Json:
    found = deps().drift.accounts(me().id, account_id)
    return {
        "open": sum(len(each.open) for each in found),
        "accounts": [_account(each, state) for each in found],
    }


def _account(each: AccountDrift, state: DriftState | None) -> Json:
    check = each.check
    return {
        "account_id": each.account.id,
        "account_name": each.account.name,
        "venue": each.account.venue,
        "mode": each.account.mode.value,
        "checked_at": wire.when(check.asked_at),
        "answered_at": wire.when(check.answered_at),
        "next_check_at": wire.when(check.next_at),
        "connected": check.linked,
        "problem": check.problem,
        "drifts": [_drift(drift) for drift in each.drifts if state in {None, drift.state}],
    }


def _drift(drift: Drift) -> Json:
    decided = drift.resolved_by is not None
    return {
        "id": drift.id,
        "account_id": drift.account_id,
        "symbol": drift.symbol,
        "state": drift.state.value,
        "cause": drift.cause.value,
        "ours": text(drift.ours),
        "theirs": _number(drift.theirs),
        "gap": text(drift.gap),
        "detail": drift.detail,
        "order_id": drift.order_id,
        "found_at": wire.iso(drift.found_at),
        "seen_at": wire.iso(drift.seen_at),
        "resolution": drift.resolution.value if drift.resolution else None,
        "resolved_at": wire.when(drift.resolved_at),
        "resolved_by": me().name if decided and drift.resolved_by == me().id else None,
    }


def _number(value: Decimal | None) -> str | None:
    return None if value is None else text(value)


def _badge() -> dict[str, object]:
    """How many differences wait for the user, for the badge beside the page's name."""
    try:
        user = signed_in()
        return {"drift_open": deps().drift.count_open(user.id) if user else 0}
    except StoreUnavailable:
        return {"drift_open": 0}


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/drift", drifts, query=DriftQuery)
    add(api, "POST", "/drift/check", check, body=CheckIn)
    add(api, "POST", "/drift/<drift_id>/accept", accept, body=DecisionIn)
    add(api, "POST", "/drift/<drift_id>/flatten", flatten, body=DecisionIn)


def install_page(app: APIFlask) -> None:
    """Add the page and the badge that leads to it."""
    routes = Blueprint("drift", __name__)
    routes.add_url_rule("/drift", "page", page)
    app.register_blueprint(routes)
    app.context_processor(_badge)
