"""Agreement as an API and as a page: what is stored beside what the fills say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from apiflask import APIBlueprint, APIFlask
from flask import Blueprint, render_template
from werkzeug.exceptions import TooManyRequests

from app.domain.errors import StoreUnavailable
from app.domain.safety.agreement import Asked, Disagreement, Run, RunState
from app.services.agreement import where
from app.web import wire
from app.web.api.listing import add
from app.web.auth import Guard, guard, me, signed_in
from app.web.deps import WebDeps, deps
from app.web.throttle import Throttle
from app.web.wire import Json

#: How often one user may have everything compared: it reads every fill.
_LIMIT: Final = "12/hour"


@guard(Guard.EITHER)
def standing() -> Json:
    """Return the newest comparisons, and what differed of your books, what is open first."""
    return _standing()


@guard(Guard.EITHER)
def acknowledge(disagreement_id: str) -> Json:
    """Note that you have seen a difference: it is told no more unless its numbers change."""
    desk, user = deps().agreement, me()
    return _difference(desk.acknowledge(user.id, disagreement_id), desk.standing(user.id).names)


@guard(Guard.SESSION)
def page() -> str:
    """Show how the last comparisons ended, and both numbers of whatever differs."""
    found = _standing()
    return render_template("agreement.html", page="proof", found=found, boot=found)


def _standing() -> Json:
    found = deps().agreement.standing(me().id)
    shown = [_difference(each, found.names) for each in found.disagreements]
    return {
        "running": any(each.state is RunState.RUNNING for each in found.runs),
        "open": found.open,
        "differences": shown,
        "runs": [_run(each) for each in found.runs],
    }


def _run(each: Run) -> Json:
    return {
        "id": each.id,
        "state": each.state.value,
        "asked": each.asked.value,
        "began_at": wire.iso(each.began_at),
        "ended_at": wire.when(each.ended_at),
        "books": each.books,
        "fills": each.fills,
        "seconds": each.milliseconds / 1000,
        "differences": each.differences,
        "skipped": each.skipped,
        "problem": each.problem,
    }


def _difference(each: Disagreement, names: Mapping[str, str]) -> Json:
    told = where(each.place)
    return {
        "id": each.id,
        "kept": each.kept.value,
        "field": each.field,
        "item": each.item,
        "strategy_id": each.strategy_id,
        "strategy_name": names.get(each.strategy_id or ""),
        "account_id": each.account_id,
        "account_name": names.get(each.account_id or ""),
        "symbol": each.symbol,
        "number": told[0].upper() + told[1:],
        "stored": each.stored,
        "derived": each.derived,
        "found_at": wire.iso(each.found_at),
        "seen_at": wire.iso(each.seen_at),
        "acknowledged_at": wire.when(each.acknowledged_at),
        "resolved_at": wire.when(each.resolved_at),
    }


def _badge() -> dict[str, object]:
    """How many of the user's numbers differ that nobody has seen, for the notice on every page."""
    try:
        user = signed_in()
        return {"disagreements": deps().agreement.count_open(user.id) if user else 0}
    except StoreUnavailable:
        return {"disagreements": 0}


def install(api: APIBlueprint, web: WebDeps) -> None:
    """Add these routes."""
    throttle = Throttle(_LIMIT, web.clock)

    @guard(Guard.EITHER)
    def begin() -> tuple[Json, int]:
        """Have everything that is stored compared with the fills; one comparison runs at a time."""
        wait = throttle.wait(me().id)
        if wait is not None:
            raise TooManyRequests(
                "The books were compared often enough in the last hour. Wait a little.",
                retry_after=wait.seconds,
            )
        return _run(deps().agreement.begin(Asked.PERSON, me().id)), 202

    add(api, "GET", "/agreement", standing)
    add(api, "POST", "/agreement", begin)
    add(api, "POST", "/agreement/differences/<disagreement_id>/acknowledge", acknowledge)


def install_page(app: APIFlask) -> None:
    """Add the page and the notice that leads to it."""
    routes = Blueprint("agreement", __name__)
    routes.add_url_rule("/agreement", "page", page)
    app.register_blueprint(routes)
    app.context_processor(_badge)
