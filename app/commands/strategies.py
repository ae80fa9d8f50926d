"""``strategy``: made, listed, switched, and their webhook keys rotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import click

from app.bootstrap import Core
from app.commands.parts.given import json_option, named_values, settings_option, user_option
from app.commands.parts.opening import opened, owner
from app.commands.parts.output import many, one
from app.domain.errors import InvalidInput
from app.domain.settings import AccountLink, StrategySettings, from_text, to_text
from app.domain.strategies import Strategy, StrategyState
from app.services.accounts import FIRST_ACCOUNT


@click.group()
def strategy() -> None:
    """Make, list and switch strategies."""


@strategy.command()
@click.argument("name")
@click.option("--symbol", required=True, help="What it trades, like ES, SPY or BTCUSD.")
@click.option(
    "--account",
    "accounts",
    multiple=True,
    default=[FIRST_ACCOUNT],
    show_default=True,
    help="Name or id of an account that it trades on; may be repeated.",
)
@settings_option
@user_option
@json_option
def create(
    name: str,
    symbol: str,
    accounts: Sequence[str],
    settings: Sequence[str],
    user: str | None,
    *,
    as_json: bool,
) -> None:
    """Make a strategy and print its webhook key and address."""
    chosen = from_text(_fields(named_values(settings)))
    with opened() as made:
        user_id = owner(made, user)
        links = [AccountLink(made.accounts.find(user_id, each).id) for each in accounts]
        found, key = made.strategies.create(user_id, name, symbol, chosen, links)
        remark = made.strategies.remark(found)
        one(_with_key(made, found, key), as_json=as_json)
    if remark is not None:
        click.echo(remark, err=True)


@strategy.command("list")
@user_option
@json_option
def list_strategies(user: str | None, *, as_json: bool) -> None:
    """List the strategies by name."""
    with opened() as made:
        found = made.strategies.list(made.users.by_name(user).id if user else None)
        names = {each.id: each.name for each in made.accounts.list(None)}
    rows = [_row(each, [names[link.account_id] for link in each.accounts]) for each in found]
    many(rows, "There is no strategy yet.", as_json=as_json)


@strategy.command("rotate-key")
@click.argument("name_or_id")
@click.option(
    "--overlap",
    type=click.IntRange(0, 30 * 24 * 60),
    default=60,
    show_default=True,
    help="Minutes that the present key keeps working.",
)
@user_option
@json_option
def rotate_key(name_or_id: str, overlap: int, user: str | None, *, as_json: bool) -> None:
    """Make a new webhook key; the present one works on for a while."""
    with opened() as made:
        found = _found(made, name_or_id, user)
        key = made.strategies.rotate_key(None, found.id, timedelta(minutes=overlap))
        one(_with_key(made, found, key), as_json=as_json)


@strategy.command()
@click.argument("name_or_id")
@click.option("--no-new-entries", is_flag=True, help="Let it only close what it holds.")
@user_option
@json_option
def enable(name_or_id: str, user: str | None, *, no_new_entries: bool, as_json: bool) -> None:
    """Switch a strategy on; the very next alert sees it."""
    state = StrategyState.NO_NEW_ENTRIES if no_new_entries else StrategyState.ON
    _switch(name_or_id, user, state, as_json=as_json)


@strategy.command()
@click.argument("name_or_id")
@click.option("--no-new-entries", is_flag=True, help="Let it still close what it holds.")
@user_option
@json_option
def disable(name_or_id: str, user: str | None, *, no_new_entries: bool, as_json: bool) -> None:
    """Switch a strategy off; the very next alert sees it."""
    state = StrategyState.NO_NEW_ENTRIES if no_new_entries else StrategyState.OFF
    _switch(name_or_id, user, state, as_json=as_json)


def _fields(given: Mapping[str, str]) -> dict[str, str]:
    """The fields of the form, the given ones in place of their defaults."""
    fields = to_text(StrategySettings())
    unknown = dict.fromkeys(set(given) - set(fields), "is no setting")
    if unknown:
        raise InvalidInput(f"The settings are {', '.join(fields)}.", fields=unknown)
    return {**fields, **given}


def _switch(name_or_id: str, user: str | None, state: StrategyState, *, as_json: bool) -> None:
    with opened() as made:
        found = _found(made, name_or_id, user)
        switched = made.strategies.set_state(None, found.id, state)
    content = {"id": switched.id, "name": switched.name, "state": switched.state.value}
    one(content, as_json=as_json)


def _found(made: Core, name_or_id: str, user: str | None) -> Strategy:
    return made.strategies.find(owner(made, user), name_or_id)


def _with_key(made: Core, found: Strategy, key: str) -> dict[str, object]:
    address = f"{made.settings.base_url}/webhook/{key}"
    return {"id": found.id, "name": found.name, "webhook_key": key, "webhook_url": address}


def _row(found: Strategy, accounts: Sequence[str]) -> dict[str, object]:
    return {
        "id": found.id,
        "name": found.name,
        "symbol": found.symbol,
        "state": found.state.value,
        "accounts": list(accounts),
    }
