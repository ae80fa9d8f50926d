"""``user``, ``token`` and ``notify``: who may sign in, their programs, and where they are told."""

from __future__ import annotations

from collections.abc import Sequence

import click

from app.bootstrap import ROOT
from app.bootstrap.notices import make_notices
from app.commands.parts.given import json_option, user_option
from app.commands.parts.opening import opened, owner
from app.commands.parts.output import document, one, table
from app.domain.errors import InvalidInput, NotFound
from app.domain.notices import Channel
from app.services.notices import NoticeDesk

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


@click.command()
@click.option("--test", "tried", metavar="NAME", help="Send a test to the channel of this name.")
@user_option
@json_option
@click.pass_context
def notify(context: click.Context, tried: str | None, user: str | None, *, as_json: bool) -> None:
    """List the channels of notices, or try one; exit code 1 when a test was not taken."""
    with opened() as made:
        user_id = owner(made, user)
        if user_id is None:
            raise InvalidInput("A channel belongs to a user: make one first with `user create`.")
        notices = make_notices(made, ROOT)
        try:
            if tried is None:
                _list_channels(notices.desk.all(user_id), as_json=as_json)
            elif not _try_channel(notices.desk, user_id, tried, as_json=as_json):
                context.exit(1)
        finally:
            notices.courier.close()


def _list_channels(channels: Sequence[Channel], *, as_json: bool) -> None:
    rows = [
        {
            "name": each.name,
            "service": each.service,
            "address": each.shown,
            "on": "yes" if each.enabled else "no",
            "last_sent_at": each.last_sent_at,
            "last_error": each.last_error,
        }
        for each in channels
    ]
    if as_json:
        document(rows)
    else:
        table(rows, "There are no channels: add one on the page Notifications.")


def _try_channel(desk: NoticeDesk, user_id: str, name: str, *, as_json: bool) -> bool:
    """Send a test; whether the service took it."""
    channel = next((each for each in desk.all(user_id) if each.name == name), None)
    if channel is None:
        raise NotFound(f"There is no channel named {name!r}.")
    tested = desk.test(user_id, channel.id)
    if as_json:
        one({"sent": tested.sent, "message": tested.message}, as_json=True)
    else:
        click.echo(tested.message)
    return tested.sent
