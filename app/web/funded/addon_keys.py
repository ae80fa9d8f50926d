"""The keys of add-ons, and the accounts that they tell of, as an API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.web.api.listing import Instant, ListQuery, Strict, add, part
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.shapes import addon as shapes
from app.web.wire import Json

_Name = Annotated[str, Field(max_length=200)]
#: How far back executions are listed when nobody says from when.
_DAYS = timedelta(days=30)


class KeyIn(Strict):
    """A name by which the key is recognised later, and whether its requests must be signed."""

    name: _Name
    signed: Annotated[bool, Field(strict=True)] = False


class KeyChangeIn(Strict):
    """What to change of a key; what is left out stays as it is."""

    name: _Name | None = None
    signed: Annotated[bool, Field(strict=True)] | None = None


class ExecutionQuery(ListQuery):
    """From ``since`` on; without it of the last 30 days."""

    since: Instant | None = None


@guard(Guard.SESSION)
def keys(query: ListQuery) -> Response:
    """List your add-on keys, without their secrets."""
    return part([shapes.key(each) for each in deps().addon.keys.list(me().id)], query)


@guard(Guard.SESSION)
def create(body: KeyIn) -> tuple[Json, int]:
    """Make an add-on key; its secret is shown only now."""
    key, secret = deps().addon.keys.create(me().id, body.name, signed=body.signed)
    return {**shapes.key(key), "secret": secret}, 201


@guard(Guard.SESSION)
def change(key_id: str, body: KeyChangeIn) -> Json:
    """Rename an add-on key, or demand that its requests are signed."""
    keyring = deps().addon.keys
    return shapes.key(keyring.change(me().id, key_id, name=body.name, signed=body.signed))


@guard(Guard.SESSION)
def revoke(key_id: str) -> tuple[str, int]:
    """Make an add-on key useless."""
    deps().addon.keys.revoke(me().id, key_id)
    return "", 204


@guard(Guard.EITHER)
def platforms(query: ListQuery) -> Response:
    """List the accounts that add-ons tell of, and how their messages arrive."""
    return part([shapes.platform(each) for each in deps().addon.reads.platforms(me().id)], query)


@guard(Guard.EITHER)
def platform(account_id: str) -> Json:
    """Show what an add-on told last of an account: figures, positions, orders."""
    return shapes.platform(deps().addon.reads.platform(me().id, account_id))


@guard(Guard.EITHER)
def executions(account_id: str, query: ExecutionQuery) -> Response:
    """List the executions that an add-on told of, newest first."""
    since: datetime = query.since or deps().clock.now() - _DAYS
    found = deps().addon.reads.executions(me().id, account_id, since)
    return part([shapes.execution(each) for each in found], query)


def install(api: APIBlueprint) -> None:
    """Add these routes; only a person makes a key, never another token."""
    add(api, "GET", "/addon-keys", keys, query=ListQuery)
    add(api, "POST", "/addon-keys", create, body=KeyIn)
    add(api, "PATCH", "/addon-keys/<key_id>", change, body=KeyChangeIn)
    add(api, "DELETE", "/addon-keys/<key_id>", revoke)
    add(api, "GET", "/platforms", platforms, query=ListQuery)
    add(api, "GET", "/accounts/<account_id>/platform", platform)
    add(api, "GET", "/accounts/<account_id>/executions", executions, query=ExecutionQuery)
