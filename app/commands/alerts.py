"""``alert send``: post an alert to the running server, as TradingView would."""

from __future__ import annotations

import json
import secrets
import sys
from typing import Final

import click

from app.commands.parts.given import json_option, user_option
from app.commands.parts.http import HttpServer
from app.commands.parts.opening import opened, owner
from app.commands.parts.output import one
from app.config import load
from app.domain.alerts import Action
from app.domain.errors import InvalidInput

_FAULT: Final = 400


@click.group()
def alert() -> None:
    """Send alerts to the running server."""


@alert.command()
@click.argument("what", nargs=-1, metavar="[STRATEGY] [MESSAGE]")
@click.option("--key", help="The webhook key, instead of naming the strategy.")
@click.option("--action", type=click.Choice([str(each) for each in Action]))
@click.option("--symbol", help="Otherwise the strategy's own.")
@click.option("--quantity")
@click.option("--price", help="The sender's price at the signal.")
@click.option("--id", "alert_id", help="The same id twice is one alert; otherwise it is new.")
@click.option("--server", help="Where the server is, if not where the settings say.")
@user_option
@json_option
def send(
    what: tuple[str, ...],
    key: str | None,
    action: str | None,
    symbol: str | None,
    quantity: str | None,
    price: str | None,
    alert_id: str | None,
    server: str | None,
    user: str | None,
    *,
    as_json: bool,
) -> None:
    """Send MESSAGE (- reads it from the standard input), or one made of the options."""
    named, message = _arguments(what, by_key=key is not None)
    options = {"action": action, "symbol": symbol, "quantity": quantity, "price": price}
    body = _body(message, {**options, "id": alert_id})
    address = server or load().base_url
    status, answer = HttpServer(address, key or _key(named, user)).deliver(body)
    one({"status_code": status, **answer}, as_json=as_json)
    if status >= _FAULT:
        sys.exit(1)


def _arguments(what: tuple[str, ...], *, by_key: bool) -> tuple[str, str | None]:
    """Return the strategy's name ("" with a key) and the message, None when there is none."""
    names = 0 if by_key else 1
    if not names <= len(what) <= names + 1:
        raise InvalidInput("Name one strategy (or give --key), and one message or options.")
    return (what[0] if names else ""), (what[names] if len(what) > names else None)


def _body(message: str | None, options: dict[str, str | None]) -> bytes:
    fields = {name: text for name, text in options.items() if text is not None}
    if message is not None and fields:
        raise InvalidInput("Give a message or options, not both.")
    if message is not None:
        return sys.stdin.buffer.read() if message == "-" else message.encode()
    if "action" not in fields:
        raise InvalidInput("Give a message, or --action.")
    return json.dumps({"id": f"command-line-{secrets.token_hex(8)}", **fields}).encode()


def _key(name: str, user: str | None) -> str:
    with opened() as made:
        found = made.strategies.find(owner(made, user), name)
        return made.strategies.webhook_key(None, found.id)
