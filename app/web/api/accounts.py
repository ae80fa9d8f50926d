"""Trading accounts as an API: list, make, change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.domain.accounts import Account, AccountFlow, FlowKind
from app.domain.errors import Conflict
from app.domain.money import exact
from app.domain.safety.switches import Scope as Switched
from app.services.pnl import Summary
from app.services.reads import Paging, Scope
from app.web import wire
from app.web.api.listing import Amount, Instant, ListQuery, Strict, add, part
from app.web.api.safety import stop_on
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.shapes import funded
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
    """The settings of an account, all of them: what is absent gets its default.

    ``roll`` is when its trading day begins; absent, that stays.
    """

    settings: dict[str, Any]
    roll: str | None = None


class FlowIn(Strict):
    """Money that came into an account or left it; ``at`` is now when it is absent."""

    kind: FlowKind
    amount: Amount
    at: Instant | None = None
    note: str = Field("", max_length=200)


class AccountsQuery(ListQuery):
    """With ``funded`` only those under a firm's rules, each as it stands at this moment."""

    funded: bool = False


@guard(Guard.EITHER)
def accounts(query: AccountsQuery) -> Response:
    """List the trading accounts."""
    if query.funded:
        return part([funded.state(each) for each in deps().funded.desk.states(me().id)], query)
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
    return shown(deps().accounts.update_paper(me().id, account_id, body.settings, body.roll))


@guard(Guard.EITHER)
def cash_flows(account_id: str, query: ListQuery) -> Response:
    """List an account's deposits and payouts, oldest first; what left it is negative."""
    found = deps().accounts.cash_flows(me().id, account_id)
    return part([_flow(each) for each in found], query)


@guard(Guard.EITHER)
def move_cash(account_id: str, body: FlowIn) -> tuple[Json, int]:
    """Write down a deposit, a payout or an adjustment."""
    made = deps().accounts.move_cash(
        me().id, account_id, body.kind, body.amount, body.at, body.note
    )
    return _flow(made), 201


def _flow(each: AccountFlow) -> Json:
    return {
        "id": each.id,
        "at": wire.iso(each.at),
        "kind": each.kind.value,
        "amount": wire.money(each.amount),
        "note": each.note,
        "made_at": wire.iso(each.made_at),
    }


@guard(Guard.EITHER)
def figures(account_id: str) -> Json:
    """Show an account's money: by our books, and as its venue says; a watched one has no books."""
    each = deps().accounts.get(me().id, account_id)
    if each.watched:
        raise Conflict(f"{each.name} is only watched: its figures are those of its rules' state.")
    return {**of_books(each), **_of_venue(each), "agreement": agreement(each)}


@guard(Guard.EITHER)
def faults() -> Json:
    """List what a chaos account can be told to do wrong, with choices to begin with."""
    book = deps().faults
    return {
        "faults": [
            {"name": each.name, "about": each.about, "words": each.words} for each in book.faults
        ],
        "presets": presets(),
    }


def presets() -> dict[str, dict[str, str]]:
    """Return the presets: probabilities from 0 to 1 as decimal text, by fault, by preset."""
    return {
        name: {fault: str(chance) for fault, chance in chosen.items()}
        for name, chosen in deps().faults.presets.items()
    }


def shown(each: Account) -> Json:
    """Return an account with its trading state."""
    return wire.account(each, stop_on(Switched.ACCOUNT, each.id))


def of_books(each: Account) -> Json:
    """Return an account's figures by our own books; what hangs on an unknown price is null."""
    web, user = deps(), me()
    summary = web.recorder.summary(user.id, each.id)
    working = web.reads.orders(
        Scope(user.id, account_id=each.id), Paging(page_size=1), state="working"
    )
    return {
        "account_id": each.id,
        "equity": wire.money(summary.equity),
        "cash": wire.money(_cash(each, summary)),
        "realised": wire.money(summary.realised),
        "open_pnl": wire.money(summary.open_pnl),
        "today_pnl": wire.money(summary.today_pnl),
        "open_positions": summary.active_positions,
        "working_orders": working.total,
    }


@exact
def _cash(each: Account, summary: Summary) -> Decimal:
    return each.capital + summary.realised - summary.paid


def agreement(each: Account) -> Json:
    """Return whether our books and the venue agree, as of the last comparison it answered.

    ``state`` is agree, differ, or unknown before the first; ``linked`` says whether its news come
    in, null where it has no stream.
    """
    (found,) = deps().drift.accounts(me().id, each.id)
    check, differing = found.check, len(found.open)
    compared = "agree" if check.answered_at else "unknown"
    return {
        "state": "differ" if differing else compared,
        "differences": differing,
        "checked_at": wire.when(check.answered_at),
        "linked": check.linked,
        "problem": check.problem,
    }


def _of_venue(each: Account) -> Json:
    web = deps()
    if not web.ownership.may_trade:
        return {"venue": None, "venue_problem": "This server stands by and asks no venue."}
    told = web.funds.of(each.id)
    said = told.snapshot
    money = said and {
        "cash": wire.money(said.cash),
        "equity": wire.money(said.equity),
        "buying_power": wire.money(said.buying_power),
        "at": wire.iso(said.at),
    }
    return {"venue": money, "venue_problem": told.problem}


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/accounts", accounts, query=AccountsQuery)
    add(api, "POST", "/accounts", create, body=AccountIn)
    add(api, "GET", "/accounts/<account_id>", account)
    add(api, "PUT", "/accounts/<account_id>", change, body=ChangeIn)
    add(api, "GET", "/accounts/<account_id>/cash-flows", cash_flows, query=ListQuery)
    add(api, "POST", "/accounts/<account_id>/cash-flows", move_cash, body=FlowIn)
    add(api, "GET", "/accounts/<account_id>/figures", figures)
    add(api, "GET", "/faults", faults)
