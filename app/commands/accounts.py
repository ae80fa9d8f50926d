"""``account``: trading accounts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import click

from app.commands.given import json_option, named_values, settings_option, user_option
from app.commands.opening import opened, owner
from app.commands.output import many, one
from app.domain.accounts import Account
from app.domain.errors import InvalidInput
from app.domain.money import parse


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


@account.command()
@click.argument("name")
@click.option("--cash", default="100000", show_default=True, help="Money that it starts with.")
@click.option("--roll", help='Start of its trading day, like "16:00 America/Chicago".')
@settings_option
@user_option
@json_option
def create(
    name: str,
    cash: str,
    roll: str | None,
    settings: Sequence[str],
    user: str | None,
    *,
    as_json: bool,
) -> None:
    """Make a paper account."""
    chosen = named_values(settings)
    with opened() as made:
        found = made.accounts.create_paper(
            owner(made, user), name, parse(cash, "cash"), chosen, roll
        )
    one(_row(found), as_json=as_json)


@account.command()
@click.argument("name")
@settings_option
@user_option
@json_option
def change(name: str, settings: Sequence[str], user: str | None, *, as_json: bool) -> None:
    """Change the costs and the market of a paper account; the rest of its settings stay."""
    chosen = named_values(settings)
    if not chosen:
        raise InvalidInput("Say what to change, like --set commission_per_unit=2.25.")
    with opened() as made:
        user_id = owner(made, user)
        present = made.accounts.find(user_id, name)
        found = made.accounts.update_paper(user_id, present.id, {**present.settings, **chosen})
    one(_row(found), as_json=as_json)


def _row(found: Account) -> dict[str, str | Decimal]:
    return {
        "id": found.id,
        "name": found.name,
        "venue": found.venue,
        "mode": found.mode.value,
        "starting_cash": found.starting_cash,
        "roll": found.roll,
        "settings": " ".join(f"{name}={value}" for name, value in sorted(found.settings.items())),
    }
