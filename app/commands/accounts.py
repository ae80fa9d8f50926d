"""``account``: trading accounts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import click

from app.bootstrap import Core
from app.bootstrap.connecting import connections_of
from app.brokers.chaos.faults import EVERY
from app.commands.parts.given import json_option, named_values, settings_option, user_option
from app.commands.parts.opening import opened, owner
from app.commands.parts.output import many, one
from app.domain.accounts import ALPACA, Account, Mode
from app.domain.errors import InvalidInput
from app.domain.money import parse
from app.services.connections import Bounds, ConnectionDesk, KeyPair, Wish
from app.services.ports import Probe

faults_option = click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME=CHANCE",
    help="A fault of a chaos account and its probability, like drop_after=0.05; may be repeated.",
)
roll_option = click.option(
    "--roll", help='Start of its trading day: "16:00 America/Chicago weekdays", "close XNYS".'
)


@click.group()
def account() -> None:
    """Make, list and change trading accounts."""


@account.command("list")
@user_option
@json_option
def list_accounts(user: str | None, *, as_json: bool) -> None:
    """List the accounts, oldest first."""
    with opened() as made:
        found = made.accounts.list(made.users.by_name(user).id if user else None)
    many([_row(each) for each in found], "There is no account yet.", as_json=as_json)


@account.command("faults")
@json_option
def list_faults(*, as_json: bool) -> None:
    """List the faults that a chaos account can have."""
    rows: list[dict[str, str | Decimal]]
    rows = [{"fault": fault.value, "what": what} for fault, what in EVERY.items()]
    many(rows, "There is none.", as_json=as_json)


@account.command()
@click.argument("name")
@click.option(
    "--venue",
    type=click.Choice(["paper", "chaos"]),
    default="paper",
    show_default=True,
    help="chaos: the paper market behind a network that fails.",
)
@click.option("--cash", default="100000", show_default=True, help="Money that it starts with.")
@roll_option
@settings_option
@faults_option
@user_option
@json_option
def create(
    name: str,
    venue: str,
    cash: str,
    roll: str | None,
    settings: Sequence[str],
    faults: Sequence[str],
    user: str | None,
    *,
    as_json: bool,
) -> None:
    """Make a paper account."""
    chosen = _chosen(settings, faults, {})
    with opened() as made:
        found = made.accounts.create_paper(
            owner(made, user), name, parse(cash, "cash"), chosen, roll, venue
        )
    one(_row(found), as_json=as_json)


@account.command()
@click.argument("name")
@roll_option
@settings_option
@faults_option
@user_option
@json_option
def change(
    name: str,
    roll: str | None,
    settings: Sequence[str],
    faults: Sequence[str],
    user: str | None,
    *,
    as_json: bool,
) -> None:
    """Change the costs and the market of a paper account; the rest of its settings stay."""
    if not (settings or faults or roll):
        raise InvalidInput("Say what to change, like --set commission_per_unit=2.25.")
    with opened() as made:
        user_id = owner(made, user)
        present = made.accounts.find(user_id, name)
        chosen = _chosen(settings, faults, present.settings)
        found = made.accounts.update_paper(user_id, present.id, chosen, roll)
    one(_row(found), as_json=as_json)


@account.command()
@click.argument("name")
@click.option("--live", is_flag=True, help="Real money; it needs all three limits.")
@click.option("--max-order-value", metavar="DOLLARS", help="What one order may be worth.")
@click.option("--max-daily-loss", metavar="DOLLARS", help="Nothing is opened after such a loss.")
@click.option("--max-orders-a-day", type=int, help="Orders a day at most, exits apart.")
@click.option("--confirm", default="", metavar="NAME", help="With real money: the name once more.")
@roll_option
@settings_option
@user_option
@json_option
def connect(
    name: str,
    live: bool,  # noqa: FBT001  click's own
    max_order_value: str | None,
    max_daily_loss: str | None,
    max_orders_a_day: int | None,
    confirm: str,
    roll: str | None,
    settings: Sequence[str],
    user: str | None,
    *,
    as_json: bool,
) -> None:
    """Connect an account at Alpaca, or enter new keys to the one of that name.

    SIGNALBOX_KEY and SIGNALBOX_SECRET are read, or both are asked for.
    """
    bounds = Bounds(
        None if max_order_value is None else parse(max_order_value, "max_order_value"),
        None if max_daily_loss is None else parse(max_daily_loss, "max_daily_loss"),
        max_orders_a_day,
    )
    mode = Mode.LIVE if live else Mode.PAPER
    chosen = _switched(named_values(settings))
    wish = Wish(name, _keys(), mode, chosen, bounds, confirm, roll)
    with opened() as made:
        user_id, desk = owner(made, user), _desk(made)
        known = next((each for each in made.accounts.list(user_id) if each.name == name), None)
        if known is None:
            found = desk.connect(user_id, wish)
        elif wish == Wish(name, wish.keys):
            found = desk.replace_keys(user_id, known.id, wish.keys)
        else:
            raise InvalidInput(f"There is an account {name} already: only its keys are replaced.")
    one(_row(found), as_json=as_json)


@account.command("test")
@click.argument("name")
@user_option
@json_option
def test_account(name: str, user: str | None, *, as_json: bool) -> None:
    """Ask the venue what the keys of a connected account open."""
    with opened() as made:
        user_id = owner(made, user)
        found = _desk(made).test_account(user_id, made.accounts.find(user_id, name).id)
    one(_said(found), as_json=as_json)


@account.command()
@click.argument("name")
@user_option
@json_option
def disconnect(name: str, user: str | None, *, as_json: bool) -> None:
    """Forget the keys of an account; its orders at the venue stay there."""
    with opened() as made:
        user_id = owner(made, user)
        found = made.accounts.find(user_id, name)
        stay = _desk(made).disconnect(user_id, found.id)
    one({"id": found.id, "name": found.name, "orders_that_stay": stay}, as_json=as_json)


def _desk(made: Core) -> ConnectionDesk:
    return connections_of(made, {ALPACA: made.parts.alpaca})


def _keys() -> KeyPair:
    """The keys from the environment, or asked for: on a command line others could read them."""
    key = os.environ.get("SIGNALBOX_KEY") or click.prompt("Key", hide_input=True)
    secret = os.environ.get("SIGNALBOX_SECRET") or click.prompt("Secret", hide_input=True)
    return KeyPair(str(key), str(secret))


def _switched(settings: Mapping[str, str]) -> dict[str, object]:
    """The settings with true and false as what they are."""
    words = {"true": True, "false": False}
    return {name: words.get(text.lower(), text) for name, text in settings.items()}


def _said(found: Probe) -> dict[str, object]:
    money = found.snapshot
    return {
        "account": found.number,
        "status": found.status,
        "cash": money.cash,
        "equity": money.equity,
        "buying_power": money.buying_power,
        "blocked": list(found.blocked),
    }


def _chosen(
    settings: Sequence[str], faults: Sequence[str], present: Mapping[str, object]
) -> dict[str, object]:
    """The present settings with what was given on the command line."""
    chosen: dict[str, object] = {**present, **named_values(settings)}
    if faults:
        before = present.get("faults")
        kept = before if isinstance(before, Mapping) else {}
        chosen["faults"] = {**kept, **named_values(faults, "fault")}
    return chosen


def _row(found: Account) -> dict[str, str | Decimal]:
    return {
        "id": found.id,
        "name": found.name,
        "venue": found.venue,
        "mode": found.mode.value,
        "starting_cash": found.starting_cash,
        "roll": found.roll,
        "settings": " ".join(_words(found.settings)),
    }


def _words(settings: Mapping[str, object]) -> Iterator[str]:
    for name, value in sorted(settings.items()):
        if isinstance(value, Mapping):
            yield from _words({f"{name}.{part}": each for part, each in value.items()})
        else:
            yield f"{name}={value}"
