"""The command line: which commands there are, and what a failure of one looks like.

A command's module is imported only when the command is used, so that help is there at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final, NamedTuple, cast

import click

from app.domain.errors import ConfigError, InvalidInput, SignalboxError


class Entry(NamedTuple):
    """Where a command is, ``module:name`` below ``app.commands``, and its sentence in the help."""

    place: str
    help: str


COMMANDS: Final = {
    "serve": Entry("serve:serve", "Bring the database up to date and serve."),
    "demo": Entry("demo:demo", "Serve a made-up market with strategies that trade."),
    "migrate": Entry("migrate:migrate", "Bring the database up to date."),
    "backup": Entry("backup:backup", "Copy the database to FILE while the server runs."),
    "restore": Entry("backup:restore", "Put a backup in the database's place."),
    "doctor": Entry("doctor:doctor", "Check everything that the server needs."),
    "user": Entry("people:user", "Make the people who sign in."),
    "token": Entry("people:token", "Make API tokens for programs."),
    "notify": Entry("people:notify", "List the channels of notices, or try one."),
    "account": Entry("accounts:account", "Make, list and change trading accounts."),
    "strategy": Entry("strategies:strategy", "Make, list and switch strategies."),
    "alert": Entry("alerts:alert", "Send alerts to the running server."),
    "halt": Entry("halts:halt", "Stop new orders of the server, an account or a strategy."),
    "resume": Entry(
        "halts:resume", "Let new orders out again, of the server, an account or a strategy."
    ),
    "history": Entry("history:history", "Show how much P&L history is kept, or check it."),
    "bars": Entry("prices.bars:bars", "Show which bars are kept, or import them from a file."),
    "venue": Entry("venue:venue", "Run the paper venue by itself, with faults on demand."),
    "addon-sim": Entry("addon:addon_sim", "Play a NinjaTrader add-on."),
    "replay": Entry("replay:replay", "Run recorded days through the code that trades."),
    "agreement": Entry("agreement:agreement", "Compare everything that is stored with the fills."),
    "storm": Entry("storm:storm", "Flood a server with alerts, kill it, judge what is on paper."),
}


class Failed(click.ClickException):
    """A failure of ours: one sentence on stderr, exit code 1."""

    exit_code = 1


class BadInput(Failed):
    """What was given cannot be used, or a setting is wrong: exit code 2, as click's own."""

    exit_code = 2


class Commands(click.Group):
    """The top group; it knows each command's sentence without importing its module."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's own
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002  click's own
        cmd_name: str,
    ) -> click.Command | None:
        """Return the command, imported now; None when there is none of that name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.place.partition(":")
        return cast("click.Command", getattr(import_module(f"app.commands.{module}"), name))

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002  click's own
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a failure of ours is told in one sentence, without a traceback."""
        try:
            return super().invoke(ctx)
        except SignalboxError as error:
            bad = isinstance(error, InvalidInput | ConfigError)
            raise (BadInput if bad else Failed)(sentence(error)) from error


def sentence(error: SignalboxError) -> str:
    """Return what went wrong, with the fields that are wrong where the sentence leaves them out."""
    fields = error.fields if isinstance(error, InvalidInput) else {}
    unsaid = [f"{name}: {fault}" for name, fault in fields.items() if fault not in error.detail]
    return " ".join([error.detail, *(f"{each.rstrip('.')}." for each in unsaid)])


@click.group(cls=Commands, name="signalbox")
def commands() -> None:
    """Signalbox: alerts in, orders out, every number open to its fills."""


def main() -> None:
    """Run the command that the arguments name."""
    commands(prog_name="python -m app")
