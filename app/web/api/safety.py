"""Trading states as an API: halt, reduce, resume, and what is stopped now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from apiflask import APIBlueprint
from flask import Response, g

from app.domain.errors import InvalidInput
from app.domain.safety.switches import Scope, Stop, TradingState
from app.services.halts import Halt, HaltReport
from app.web import wire
from app.web.api.listing import ListQuery, Strict, add, part
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json

Stops = Mapping[tuple[Scope, str], Stop]
"""What is not active, by scope and id."""


class SubjectIn(Strict):
    """What is meant: the whole server, or the account or strategy with this id."""

    scope: Scope = Scope.SERVER
    id: str = ""

    def checked(self) -> tuple[Scope, str]:
        """Return scope and id; raises InvalidInput when they do not fit each other."""
        if (self.scope is Scope.SERVER) == bool(self.id):
            fault = "must be empty" if self.id else f"must be the id of the {self.scope}"
            raise InvalidInput(f"For the scope {self.scope} the id {fault}.", fields={"id": fault})
        return self.scope, self.id


class HaltIn(SubjectIn):
    """What is stopped, how strictly, and whether open positions are closed as well."""

    state: Literal["halted", "reducing"] = "halted"
    flatten: bool = False


def stops_of(user_id: str) -> Stops:
    """Return what is not active, of the server and of the user's things, by scope and id.

    It is read once a request.
    """
    if "stops" not in g:
        found = deps().halts.stops(user_id)
        g.stops = {(stop.switch.scope, stop.switch.subject_id): stop for stop in found}
    kept: Stops = g.stops
    return kept


def stop_on(scope: Scope, subject_id: str) -> Stop | None:
    """Return what stops this account or strategy by its own switch; None when nothing does."""
    return stops_of(me().id).get((scope, subject_id))


@guard(Guard.EITHER)
def halt(body: HaltIn) -> Json:
    """Stop new orders and cancel what works; with ``flatten`` close every position."""
    scope, subject_id = body.checked()
    asked = Halt(scope, subject_id, TradingState(body.state), body.flatten)
    report = deps().halts.halt(me().id, asked)
    return {
        "scope": scope.value,
        "id": subject_id,
        "state": report.stop.switch.state.value,
        "cancelled": len(report.cancelled),
        "cancelled_orders": list(report.cancelled),
        "closing": len(report.closing),
        "closing_positions": list(report.closing),
        "problems": list(report.problems),
        "message": _message(asked, report),
    }


@guard(Guard.EITHER)
def resume(body: SubjectIn) -> Json:
    """Let new orders out again."""
    scope, subject_id = body.checked()
    deps().halts.resume(me().id, scope, subject_id)
    message = "Resumed: alerts are executed again."
    left = deps().halts.stops(me().id)
    if left:
        message = f"Resumed. Still stopped: {', '.join(stop.subject for stop in left)}."
    return {"scope": scope.value, "id": subject_id, "state": "active", "message": message}


@guard(Guard.EITHER)
def trading_states(query: ListQuery) -> Response:
    """List what is halted or only reduces, with who threw each switch, when and why."""
    return part([wire.stop(each) for each in deps().halts.stops(me().id)], query)


def _message(asked: Halt, report: HaltReport) -> str:
    if not asked.cancels:
        return f"From now on only orders that reduce pass on {report.stop.subject}."
    orders, closing = len(report.cancelled), len(report.closing)
    what = "Halted" if asked.state is TradingState.HALTED else "Reducing only"
    return (
        f"{what}: {orders} order{'' if orders == 1 else 's'} being cancelled,"
        f" {closing} position{'' if closing == 1 else 's'} being closed."
    )


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "POST", "/halt", halt, body=HaltIn)
    add(api, "POST", "/resume", resume, body=SubjectIn)
    add(api, "GET", "/trading-states", trading_states, query=ListQuery)
