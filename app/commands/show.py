"""A recording shown on a running server: who is driven, and what is told meanwhile."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.bootstrap import Core
from app.commands.parts.http import HttpServer
from app.commands.parts.opening import opened
from app.config import load
from app.domain.errors import InvalidInput, NotFound
from app.domain.settings import AccountLink, StrategySettings
from app.replay.recording import Recording
from app.replay.show import drive, todays_name


def show(
    recording: Recording,
    speed: float,
    *,
    account: str | None,
    server: str | None,
    key: str | None,
    token: str | None,
) -> None:
    """Drive the running server and print a line for each alert."""
    address = server or load().base_url
    if account is not None:
        with _keys(account, recording) as (own_key, own_token):
            _drive(recording, HttpServer(address, own_key, own_token), speed)
    else:
        _drive(recording, HttpServer(address, key or "", token), speed)


def _drive(recording: Recording, server: HttpServer, speed: float) -> None:
    wait = threading.Event().wait
    for sent in drive(recording, server, speed, wait, secrets.token_hex(4)):
        click.echo(f"{sent.at:%Y-%m-%d %H:%M:%S}  alert {sent.line}: {sent.answer}")


@contextmanager
def _keys(account: str, recording: Recording) -> Iterator[tuple[str, str]]:
    """Give the webhook key of a strategy on the account, and a token that ends with the showing."""
    with opened() as made:
        found = made.accounts.find(None, account)
        if found.user_id is None:
            raise InvalidInput("Create the first user before a recording is shown.")
        key = _key(made, found.user_id, found.id, todays_name(recording.contract))
        token, secret = made.users.create_token(found.user_id, "Replay for show")
        try:
            yield key, secret
        finally:
            made.users.revoke_token(found.user_id, token.id)


def _key(made: Core, user_id: str, account_id: str, symbol: str) -> str:
    """Return the key of the strategy that shows recordings of ``symbol`` there, made if need be."""
    name = f"Replay of {symbol}"
    try:
        found = made.strategies.find(user_id, name)
    except NotFound:
        links = [AccountLink(account_id)]
        return made.strategies.create(
            user_id, name, symbol, StrategySettings(max_age_s=None), links
        )[1]
    if found.link(account_id) is None:
        raise InvalidInput(f"The strategy {name!r} trades on another account.")
    return made.strategies.webhook_key(user_id, found.id)
