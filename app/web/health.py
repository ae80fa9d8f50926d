"""Health for machines that watch: alive, ready, and what each worker does."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify

from app.domain.errors import StoreUnavailable
from app.web.auth import Guard, guard
from app.web.deps import deps
from app.web.wire import workers


@guard(Guard.PUBLIC)
def health() -> Response:
    """Say how the server is; the status is 503 when the database or a worker does not answer."""
    web = deps()
    database = _database()
    ok = database == "ok" and web.health.healthy
    # What went wrong in a worker is for those who sign in.
    shown = ("state", "last_beat")
    report, worst = web.health.report(), web.health.latency.worst
    states = {name: {key: line[key] for key in shown} for name, line in report.items()}
    response = jsonify(
        status="ok" if ok else "degraded",
        version=web.settings.version,
        database=database,
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
    """Say whether alerts are taken and carried out.

    Not while stopping, not without the database, and not while a worker fails or is late.
    """
    web = deps()
    able = not web.draining() and web.health.healthy and _database() == "ok"
    response = jsonify(status="ok" if able else "not ready")
    response.status_code = 200 if able else 503
    return response


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
