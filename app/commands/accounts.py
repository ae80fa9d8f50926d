"""``account``: trading accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import click

from app.brokers.chaos.faults import EVERY
from app.commands.parts.given import json_option, named_values, settings_option, user_option
from app.commands.parts.opening import opened, owner
from app.commands.parts.output import many, one
from app.domain.accounts import Account
from app.domain.errors import InvalidInput
from app.domain.money import parse

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
