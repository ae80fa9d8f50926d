"""``halt`` and ``resume``: the trading switches, thrown in the database.

A running server reads them in each decision, so the very next alert sees them; it also cancels and
closes within a second, because only it speaks to the venues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from app.bootstrap import Core
from app.commands.parts.given import json_option, user_option
from app.commands.parts.http import HttpServer
from app.commands.parts.opening import opened, owner
from app.commands.parts.output import document
from app.domain.errors import InvalidInput
from app.domain.safety.switches import Scope, TradingState
from app.services.halts import Halt, HaltReport

Command = TypeVar("Command", bound=Callable[..., None])


def _subject(command: Command) -> Command:
    """Add the options that say what is meant; without any it is the whole server."""
    for option in (
        click.option("--strategy", metavar="NAME", help="One strategy, by name or id."),
        click.option("--account", metavar="NAME", help="One account, by name or id."),
    ):
        command = option(command)
    return command


@click.command()
@_subject
@click.option("--reduce", is_flag=True, help="Let orders pass that reduce; cancel nothing.")
@click.option("--flatten", is_flag=True, help="Cancel exits too, and close every open position.")
@user_option
@json_option
def halt(
    account: str | None,
    strategy: str | None,
    user: str | None,
    *,
    reduce: bool,
    flatten: bool,
    as_json: bool,
) -> None:
    """Stop new orders of the server, an account or a strategy."""
    state = TradingState.REDUCING if reduce else TradingState.HALTED
    with opened() as made:
        scope, subject_id = _meant(made, account, strategy, user)
        asked = Halt(scope, subject_id, state, flatten, by_command=True)
        report = made.halts.halt(None, asked)
        server = HttpServer(made.settings.base_url).answers() if asked.cancels else True
    if as_json:
        document(_content(report))
    else:
        _say(asked, report, server=server)


@click.command()
@_subject
@user_option
@json_option
def resume(account: str | None, strategy: str | None, user: str | None, *, as_json: bool) -> None:
    """Let new orders out again, of the server, an account or a strategy."""
    with opened() as made:
        scope, subject_id = _meant(made, account, strategy, user)
        resumed = made.halts.resume(None, scope, subject_id, by_command=True)
        left = made.halts.stops(None)
    if as_json:
        document({"resumed": resumed, "stopped": [stop.sentence for stop in left]})
        return
    click.echo("Resumed." if resumed else "Nothing was stopped there.")
    for stop in left:
        click.echo(f"Still stopped: {stop.sentence}")


def _meant(
    made: Core, account: str | None, strategy: str | None, user: str | None
) -> tuple[Scope, str]:
    if account and strategy:
        raise InvalidInput("Name an account or a strategy, not both.")
    if account:
        return Scope.ACCOUNT, made.accounts.find(owner(made, user), account).id
    if strategy:
        return Scope.STRATEGY, made.strategies.find(owner(made, user), strategy).id
    return Scope.SERVER, ""


def _say(asked: Halt, report: HaltReport, *, server: bool) -> None:
    click.echo(report.stop.sentence)
    _lines("To cancel", report.cancelled)
    _lines("To close", report.closing)
    _lines("Note", report.problems)
    if asked.cancels and (report.cancelled or report.closing):
        when = "The running server does it now" if server else "It is done when a server starts"
        click.echo(f"{when}; the log tells what became of each.")


def _lines(what: str, lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(f"{what}: {line}")


def _content(report: HaltReport) -> dict[str, object]:
    switch = report.stop.switch
    return {
        "scope": switch.scope.value,
        "id": switch.subject_id,
        "state": switch.state.value,
        "since": switch.at,
        "sentence": report.stop.sentence,
        "to_cancel": list(report.cancelled),
        "to_close": list(report.closing),
        "problems": list(report.problems),
    }
