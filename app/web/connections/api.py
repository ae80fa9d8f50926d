"""Connections as an API: keys go in, are tried, and never come out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from pydantic import Field, SecretStr

from app.domain.accounts import Mode
from app.domain.errors import BrokerUnavailable
from app.domain.refusals import explain
from app.services.connections import Bounds, KeyPair, Wish
from app.web.api import accounts
from app.web.api.listing import Amount, Strict, add
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.shapes import connections as shapes
from app.web.wire import Json

_Key = Annotated[SecretStr, Field(max_length=200)]
_Name = Annotated[str, Field(max_length=200)]


class KeysIn(Strict):
    """The key to an account at its venue, and its secret; neither is ever shown again."""

    key: _Key
    secret: _Key

    @property
    def pair(self) -> KeyPair:
        """The keys for the desk."""
        return KeyPair(self.key.get_secret_value(), self.secret.get_secret_value())


class TrialIn(KeysIn):
    """Keys to be tried: at which venue, and whether they are for paper or for real money."""

    venue: Literal["alpaca"] = "alpaca"
    mode: Mode = Mode.PAPER


class BoundsIn(Strict):
    """What bounds the orders of an account, in its currency; what is absent or null is no bound.

    With real money all three are needed, and ``confirmation``, the account's name, to loosen one.
    """

    max_order_value: Amount | None = None
    max_daily_loss: Amount | None = None
    max_orders_a_day: int | None = None
    confirmation: _Name = ""

    @property
    def bounds(self) -> Bounds:
        """The bounds for the desk."""
        return Bounds(self.max_order_value, self.max_daily_loss, self.max_orders_a_day)


class ConnectIn(TrialIn, BoundsIn):
    """An account to be connected; ``settings`` are the venue's (``feed``, ``extended_hours``).

    With real money ``confirmation`` is its name once more.
    """

    name: _Name
    settings: dict[str, Any] = Field(default_factory=dict)
    roll: str | None = None


class SettingsIn(Strict):
    """The venue's own settings of an account, all of them: what is absent gets its default."""

    settings: dict[str, Any]


@guard(Guard.EITHER)
def connect(body: ConnectIn) -> tuple[Json, int]:
    """Connect an account: its keys are tried once, and kept encrypted if they work."""
    wish = Wish(
        body.name,
        body.pair,
        body.mode,
        body.settings,
        body.bounds,
        body.confirmation,
        body.roll,
        body.venue,
    )
    return accounts.shown(deps().connections.connect(me().id, wish)), 201


@guard(Guard.EITHER)
def test_connection(body: TrialIn) -> Json:
    """Try keys and keep nothing: show what they open."""
    return shapes.probe(deps().connections.test(body.pair, body.mode, body.venue))


@guard(Guard.EITHER)
def test_account(account_id: str) -> Json:
    """Try the keys of a connected account now."""
    return shapes.probe(deps().connections.test_account(me().id, account_id))


@guard(Guard.EITHER)
def connection(account_id: str) -> Json:
    """Show how an account is connected: its stream, its last error, its requests, its bounds."""
    return _state(account_id)


@guard(Guard.EITHER)
def venue_history(account_id: str) -> Json:
    """Show the account's last days by its venue's own count beside ours, the newest first."""
    web, account = deps(), deps().accounts.get(me().id, account_id)
    if not web.ownership.may_trade:
        said = "This server stands by and asks no venue."
        words = explain("NO_VENUE_HISTORY", venue=account.traits.title, said=said)
        raise BrokerUnavailable(words, code="NO_VENUE_HISTORY")
    found = web.beside.days(me().id, account)
    return {"account_id": account.id, "days": [shapes.day_beside(each) for each in found]}


@guard(Guard.EITHER)
def configure(account_id: str, body: SettingsIn) -> Json:
    """Replace the venue's own settings of a connected account."""
    deps().connections.set_up(me().id, account_id, body.settings)
    return _state(account_id)


@guard(Guard.EITHER)
def replace_keys(account_id: str, body: KeysIn) -> Json:
    """Enter other keys to the same account at its venue, also to connect it again."""
    deps().connections.replace_keys(me().id, account_id, body.pair)
    return _state(account_id)


@guard(Guard.EITHER)
def bound(account_id: str, body: BoundsIn) -> Json:
    """Replace the bounds of an account."""
    changed = deps().connections.bound(me().id, account_id, body.bounds, body.confirmation)
    return shapes.bounds(changed)


@guard(Guard.EITHER)
def disconnect(account_id: str) -> Json:
    """Forget an account's keys; its history stays, and so do its orders at the venue."""
    stay = deps().connections.disconnect(me().id, account_id)
    return {**_state(account_id), "working_orders": stay}


def _state(account_id: str) -> Json:
    return shapes.shown(deps().connections.state(me().id, account_id))


def install_connections(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "POST", "/accounts/connect", connect, body=ConnectIn)
    add(api, "POST", "/accounts/test-connection", test_connection, body=TrialIn)
    own = "/accounts/<account_id>"
    add(api, "GET", f"{own}/connection", connection)
    add(api, "GET", f"{own}/venue-history", venue_history)
    add(api, "PUT", f"{own}/connection", configure, body=SettingsIn)
    add(api, "PUT", f"{own}/keys", replace_keys, body=KeysIn)
    add(api, "PUT", f"{own}/limits", bound, body=BoundsIn)
    add(api, "POST", f"{own}/test", test_account)
    add(api, "POST", f"{own}/disconnect", disconnect)
