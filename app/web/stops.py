"""What is stopped, as the pages and the API of one request show it; read once a request."""

from __future__ import annotations

from collections.abc import Mapping

from flask import g

from app.domain.safety.switches import Scope, Stop
from app.web.auth import me
from app.web.deps import deps

Stops = Mapping[tuple[Scope, str], Stop]


def stops_of(user_id: str) -> Stops:
    """Return what is not active, of the server and of the user's things, by scope and id."""
    if "stops" not in g:
        found = deps().halts.stops(user_id)
        g.stops = {(stop.switch.scope, stop.switch.subject_id): stop for stop in found}
    kept: Stops = g.stops
    return kept


def stop_on(scope: Scope, subject_id: str) -> Stop | None:
    """Return what stops this account or strategy by its own switch; None when nothing does."""
    return stops_of(me().id).get((scope, subject_id))
