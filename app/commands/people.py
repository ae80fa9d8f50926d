"""``user`` and ``token``: who may sign in, and the programs that may ask in their name."""

from __future__ import annotations

import click

from app.commands.parts.given import json_option, user_option
from app.commands.parts.opening import opened, owner
from app.commands.parts.output import one
from app.domain.errors import InvalidInput

_password_option = click.option(
    "--password",
    envvar="SIGNALBOX_PASSWORD",
    help="Otherwise SIGNALBOX_PASSWORD is read, or the password is asked for.",
)


@click.group()
def user() -> None:
    """Make the people who sign in."""


@user.command()
@click.argument("name")
@_password_option
@json_option
def create(name: str, password: str | None, *, as_json: bool) -> None:
    """Make a user; the first one takes over what was made before."""
    password = _asked() if password is None else password
    with opened() as made:
        person = made.users.create(name, password)
    one({"id": person.id, "name": person.name}, as_json=as_json)


@user.command("password")
@click.argument("name")
@_password_option
@json_option
def change_password(name: str, password: str | None, *, as_json: bool) -> None:
    """Give a user another password; the old one is not needed, and every sign-in ends."""
    password = _asked() if password is None else password
    with opened() as made:
        person = made.users.set_password(name, password)
    if as_json:
        one({"id": person.id, "name": person.name}, as_json=True)
    else:
        click.echo(f"{person.name} has a new password. Who was signed in has to sign in again.")


def _asked() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@click.group()
def token() -> None:
    """Make API tokens for programs."""


@token.command("create")
@click.argument("name")
@user_option
@json_option
def create_token(name: str, user: str | None, *, as_json: bool) -> None:
    """Make an API token; it is shown this once."""
    with opened() as made:
        user_id = owner(made, user)
        if user_id is None:
            raise InvalidInput("A token belongs to a user: make one first with `user create`.")
        kept, secret = made.users.create_token(user_id, name)
    one({"id": kept.id, "name": kept.name, "token": secret}, as_json=as_json)
