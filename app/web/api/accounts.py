"""Trading accounts as an API: list, make, change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.domain.accounts import Account
from app.domain.safety.switches import Scope
from app.web import wire
from app.web.api.listing import Amount, ListQuery, Strict, add, part
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.stops import stop_on
from app.web.wire import Json


class AccountIn(Strict):
    """A paper account: its money, costs and latency (``settings``), and when its day begins.

    At the venue ``chaos`` its settings may also hold ``faults``, name -> probability.
    """

    name: str = Field(max_length=200)
    venue: Literal["paper", "chaos"] = "paper"
    starting_cash: Amount = Decimal(100_000)
    settings: dict[str, Any] = Field(default_factory=dict)
    roll: str | None = None


class ChangeIn(Strict):
    """The settings of an account, all of them: what is absent gets its default."""

    settings: dict[str, Any]


@guard(Guard.EITHER)
def accounts(query: ListQuery) -> Response:
    """List the trading accounts."""
    return part([shown(each) for each in deps().accounts.list(me().id)], query)


@guard(Guard.EITHER)
def account(account_id: str) -> Json:
    """Show one trading account."""
    return shown(deps().accounts.get(me().id, account_id))


@guard(Guard.EITHER)
def create(body: AccountIn) -> tuple[Json, int]:
    """Make a paper account."""
    made = deps().accounts.create_paper(
        me().id, body.name, body.starting_cash, body.settings, body.roll, body.venue
    )
    return shown(made), 201


@guard(Guard.EITHER)
def change(account_id: str, body: ChangeIn) -> Json:
    """Replace the settings of an account, for what is filled from now on."""
    return shown(deps().accounts.update_paper(me().id, account_id, body.settings))


def shown(each: Account) -> Json:
    """Return an account with its trading state."""
    return wire.account(each, stop_on(Scope.ACCOUNT, each.id))


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/accounts", accounts, query=ListQuery)
    add(api, "POST", "/accounts", create, body=AccountIn)
    add(api, "GET", "/accounts/<account_id>", account)
    add(api, "PUT", "/accounts/<account_id>", change, body=ChangeIn)
