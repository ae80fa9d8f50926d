"""Funded accounts as an API: how they stand, their rules, their days, what they broke."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response, jsonify
from pydantic import Field

from app.propfirm import Near
from app.services.funded import Chosen
from app.web.api.listing import (
    Amount,
    Instant,
    ListQuery,
    Strict,
    Tabled,
    add,
    as_csv,
    part,
    wants_csv,
)
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.shapes import funded as shapes
from app.web.wire import Json

_Name = Annotated[str, Field(min_length=1, max_length=64)]


class RulesIn(Strict):
    """The version that the account is put under.

    ``balance`` and ``high_water`` are for an account that was traded before: what it has now, and
    the highest that its firm counts.
    """

    id: _Name
    version: _Name
    balance: Amount | None = None
    high_water: Amount | None = None


class PreferencesIn(Strict):
    """What to change of the owner's choices; what is left out stays as it is."""

    near_percent: Amount = Decimal(20)
    near: Near = Near.WARN
    flat_warning: Annotated[int, Field(strict=True)] = 10
    size_down: Annotated[bool, Field(strict=True)] = False
    own_device: Annotated[bool, Field(strict=True)] = False


class EquityQuery(Tabled):
    """From ``start`` until ``end``; absent since ever, or until now."""

    start: Instant | None = None
    end: Instant | None = None


@guard(Guard.EITHER)
def state(account_id: str) -> Json:
    """Show how a funded account stands at this moment."""
    return shapes.state(deps().funded.desk.state(me().id, account_id))


@guard(Guard.EITHER)
def rules(account_id: str) -> Json:
    """Show the version that an account is pinned to, others to move to, and changes."""
    pinned, others = deps().funded.desk.rules(me().id, account_id)
    return {
        "rules": shapes.rule_set(pinned),
        "versions": [shapes.version(each) for each in others],
        "changes": [
            shapes.change(each) for each in deps().funded.desk.changes(me().id, account_id)
        ],
    }


@guard(Guard.EITHER)
def pin(account_id: str, body: RulesIn) -> Json:
    """Put an account under a version of a firm's rules, or move it to another one."""
    chosen = Chosen(body.id, body.version, body.balance, body.high_water)
    deps().funded.changes.pin(me().id, account_id, chosen)
    return state(account_id)


@guard(Guard.EITHER)
def drop(account_id: str) -> tuple[str, int]:
    """Track an account no more; its days, minutes and violations are forgotten."""
    deps().funded.changes.drop(me().id, account_id)
    return "", 204


@guard(Guard.EITHER)
def prefer(account_id: str, body: PreferencesIn) -> Json:
    """Change what is done near a limit, before the flat time, and with an order too large."""
    wanted = body.model_dump(exclude_unset=True)
    deps().funded.changes.prefer(me().id, account_id, wanted)
    return state(account_id)


@guard(Guard.EITHER)
def violations(account_id: str, query: ListQuery) -> Response:
    """List what an account broke, newest first, with the figures of each moment."""
    found = deps().funded.desk.violations(me().id, account_id)
    return part([shapes.violation(each) for each in found], query)


@guard(Guard.EITHER)
def days(account_id: str, query: ListQuery) -> Response:
    """List an account's trading days, newest first."""
    found = deps().funded.desk.days(me().id, account_id)
    return part([shapes.day(each) for each in found], query)


@guard(Guard.EITHER)
def equity(account_id: str, query: EquityQuery) -> Response:
    """Show an account's equity and floor, at most 2,000 points, oldest first."""
    found = deps().funded.desk.equity(me().id, account_id, query.start, query.end)
    points = [shapes.point(each) for each in found]
    return as_csv(points, len(points)) if wants_csv() else jsonify(items=points)


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    one = "/accounts/<account_id>"
    add(api, "GET", f"{one}/state", state)
    add(api, "GET", f"{one}/rules", rules)
    add(api, "PUT", f"{one}/rules", pin, body=RulesIn)
    add(api, "DELETE", f"{one}/rules", drop)
    add(api, "PATCH", f"{one}/preferences", prefer, body=PreferencesIn)
    add(api, "GET", f"{one}/violations", violations, query=ListQuery)
    add(api, "GET", f"{one}/days", days, query=ListQuery)
    add(api, "GET", f"{one}/equity", equity, query=EquityQuery)
