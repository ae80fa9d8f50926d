"""Health for machines that watch: alive, ready, and what each worker does."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify

from app.domain.errors import StoreUnavailable
from app.services.ownership import Role
from app.web.auth import Guard, guard
from app.web.deps import deps
from app.web.wire import workers


@guard(Guard.PUBLIC)
def health() -> Response:
    """Say how the server is; the status is 503 when the database or a worker does not answer."""
    web = deps()
    database = _database()
    trouble = web.storage.trouble
    ok = database == "ok" and web.health.healthy and not web.storage.failing
    # What went wrong in a worker is for those who sign in.
    shown = ("state", "last_beat")
    report, worst = web.health.report(), web.health.latency.worst
    states = {name: {key: line[key] for key in shown} for name, line in report.items()}
    role = web.ownership.role
    response = jsonify(
        status="degraded" if not ok else "ok" if role is Role.TRADING else role.value,
        version=web.settings.version,
        role=role.value,
        database=database,
        storage="ok" if trouble is None else trouble.code,
        hub_latency_ms=None if worst is None else round(worst * 1000, 1),
        workers=workers(states),
    )
    response.status_code = 200 if ok else 503
    return response


@guard(Guard.PUBLIC)
def live() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


@guard(Guard.PUBLIC)
def ready() -> Response:
    """Say whether alerts are taken and carried out, and if not why.

    Not while stopping or standing by, not without the database, and not while a worker fails or
    is late.
    """
    reasons = _reasons()
    role = deps().ownership.role
    status = "ok" if not reasons else "not ready" if role is Role.TRADING else role.value
    response = jsonify(status=status, reasons=reasons)
    response.status_code = 503 if reasons else 200
    return response


def _reasons() -> list[str]:
    web = deps()
    reasons = []
    if web.draining():
        reasons.append("The server is stopping.")
    if web.ownership.role is Role.STANDBY:
        reasons.append("Another server trades; this one stands by.")
    if web.ownership.role is Role.STARTING:
        reasons.append("The server settles what is open before it trades.")
    if _database() != "ok":
        reasons.append("The database does not answer.")
    if web.storage.failing:
        reasons.append("The disk of the database failed: STORAGE_FAILED.")
    bad = {name: line["state"] for name, line in web.health.report().items()}
    reasons += [f"The worker {name} is {state}." for name, state in bad.items() if state != "ok"]
    return reasons


def _database() -> str:
    try:
        deps().users.count()
    except StoreUnavailable:
        return "unavailable"
    return "ok"


def install(app: Flask) -> None:
    """Add these routes."""
    routes = Blueprint("health", __name__)
    routes.add_url_rule("/health", "health", health)
    routes.add_url_rule("/health/live", "live", live)
    routes.add_url_rule("/health/ready", "ready", ready)
    app.register_blueprint(routes)
