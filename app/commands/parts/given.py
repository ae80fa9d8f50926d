"""Options that several commands take, and how their texts are read."""

from __future__ import annotations

from collections.abc import Sequence

import click

from app.domain.errors import InvalidInput

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
user_option = click.option("--user", metavar="NAME", help="Whose it is, where there are several.")
settings_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="One of its settings, like max_position=4; may be repeated.",
)


def named_values(settings: Sequence[str], what: str = "setting") -> dict[str, str]:
    """Return the pairs of ``name=value`` texts; raises InvalidInput for a text that is none."""
    found = {}
    for text in settings:
        name, sign, value = text.partition("=")
        if not (name.strip() and sign):
            raise InvalidInput(f"Write a {what} like name=value, not {text[:40]!r}.")
        found[name.strip()] = value.strip()
    return found
