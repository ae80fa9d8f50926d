"""The proof as an API and as pages: begin a storm on an account, follow it, read its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from apiflask import APIBlueprint, APIFlask
from flask import Blueprint, Response, render_template, request
from pydantic import Field

from app.domain.accounts import CHAOS, PAPER
from app.domain.errors import InvalidInput
from app.domain.safety.storms import MOST_ALERTS, MOST_SENDERS, Storm, StormState, Wish
from app.web import wire
from app.web.api.listing import ListQuery, Strict, add, part
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json

_ROWS_A_PAGE: Final = 50


class StormIn(Strict):
    """A storm to begin: the account, how many alerts, how many senders, the share sent again."""

    account_id: str
    alerts: int = Field(200, ge=1, le=MOST_ALERTS)
    senders: int = Field(8, ge=1, le=MOST_SENDERS)
    resend: float = Field(0.3, ge=0, le=1)
    seed: int = Field(1, ge=0, lt=2**31)


@guard(Guard.EITHER)
def begin(body: StormIn) -> tuple[Json, int]:
    """Begin a storm on a paper or chaos account; one runs at a time."""
    wish = Wish(body.alerts, body.senders, body.resend, body.seed)
    return _storm(deps().storms.begin(me().id, body.account_id, wish)), 202


@guard(Guard.EITHER)
def stop(storm_id: str) -> Json:
    """End a running storm without a verdict; what it left open is closed."""
    return _storm(deps().storms.stop(me().id, storm_id))


@guard(Guard.EITHER)
def storms() -> Json:
    """List the newest storms with their verdicts, without their alerts."""
    return {"items": [_storm(each) for each in deps().storms.list(me().id)]}


@guard(Guard.EITHER)
def storm(storm_id: str) -> Json:
    """Return one storm with its report; its alerts are a list of their own."""
    return _storm(deps().storms.get(me().id, storm_id))


@guard(Guard.EITHER)
def storm_alerts(storm_id: str, query: ListQuery) -> Response:
    """List the alerts of a storm: what each asked for, what was answered, what became of it."""
    return part(_rows(deps().storms.get(me().id, storm_id)), query)


@guard(Guard.SESSION)
def page() -> str:
    """Show what a storm is, the form that begins one, and the runs so far."""
    accounts = [
        {"id": each.id, "name": each.name, "venue": each.venue}
        for each in deps().accounts.list(me().id)
        if each.venue in {PAPER, CHAOS}
    ]
    found = [_storm(each) for each in deps().storms.list(me().id)]
    return render_template(
        "proof.html",
        page="proof",
        accounts=accounts,
        chosen=request.args.get("account"),
        wish=Wish(),
        most_alerts=MOST_ALERTS,
        most_senders=MOST_SENDERS,
        storms=found,
        boot={"running": next((each for each in found if each["state"] == "running"), None)},
    )


@guard(Guard.SESSION)
def one_page(storm_id: str) -> str:
    """Show one storm: its verdict, its figures, and each of its alerts."""
    found = deps().storms.get(me().id, storm_id)
    rows, number = _rows(found), _number(request.args.get("page", "1"))
    last = max(1, -(-len(rows) // _ROWS_A_PAGE))
    shown = _storm(found)
    return render_template(
        "storm.html",
        page="proof",
        storm=shown,
        bars=_bars(shown["report"]),
        alerts=rows[(number - 1) * _ROWS_A_PAGE : number * _ROWS_A_PAGE],
        linked=found.account_id is not None,
        pages={"page": number, "total_pages": last, "total_items": len(rows)},
        boot={"running": shown if found.state is StormState.RUNNING else None},
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and int(text)):
        raise InvalidInput("The page must be a number from 1.", fields={"page": "from 1"})
    return int(text)


def _storm(each: Storm) -> dict[str, Any]:
    wish, report = each.settings.get("wish"), dict(each.report)
    report.pop("alerts", None)
    account = deps().accounts.get(me().id, each.account_id) if each.account_id else None
    return {
        "id": each.id,
        "state": each.state.value,
        "started_at": wire.iso(each.started_at),
        "ended_at": wire.when(each.ended_at),
        "account_id": each.account_id,
        "account_name": account.name if account else None,
        "settings": wish if isinstance(wish, Mapping) else report.get("settings"),
        "report": report,
    }


def _rows(each: Storm) -> list[Json]:
    rows = each.report.get("alerts", [])
    return [dict(row) for row in rows] if isinstance(rows, Sequence) else []


def _bars(report: Mapping[str, Any]) -> list[Json]:
    """How many alerts led to how many orders, each as a share of the longest bar, in percent."""
    counts: Mapping[str, int] = report.get("orders_per_alert", {})
    most = max(counts.values(), default=1)
    return [
        {"orders": int(orders), "alerts": alerts, "width": round(100 * alerts / most, 1)}
        for orders, alerts in counts.items()
    ]


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/storms", storms)
    add(api, "POST", "/storms", begin, body=StormIn)
    add(api, "GET", "/storms/<storm_id>", storm)
    add(api, "GET", "/storms/<storm_id>/alerts", storm_alerts, query=ListQuery)
    add(api, "POST", "/storms/<storm_id>/stop", stop)


def install_pages(app: APIFlask) -> None:
    """Add the pages."""
    routes = Blueprint("storms", __name__)
    routes.add_url_rule("/proof", "list", page)
    routes.add_url_rule("/proof/<storm_id>", "one", one_page)
    app.register_blueprint(routes)
