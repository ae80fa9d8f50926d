"""The public catalogue of codes: as a page for people and as JSON for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apiflask import APIBlueprint
from flask import render_template

from app.domain.refusals import GROUPS, Refusal, setting_of
from app.web.api.listing import add
from app.web.auth import Guard, guard
from app.web.wire import Json

PATH = "/help/refusals"
_PLACE = re.compile(r"\{(\w+)\}")


@guard(Guard.PUBLIC)
def refusals() -> Json:
    """List every code with its sentence, the setting behind it, and what to change."""
    return {"items": [row for group, found in GROUPS.items() for row in _rows(group, found)]}


@guard(Guard.PUBLIC)
def page() -> str:
    """Show the catalogue; it holds nothing of anybody's."""
    groups = [
        {
            "name": group,
            "rows": [
                {
                    **_row(group, each),
                    "parts": _parts(each.sentence),
                    "changes": _parts(each.change),
                    "shown": setting.shown if (setting := setting_of(each.code)) else None,
                }
                for each in found
            ],
        }
        for group, found in GROUPS.items()
    ]
    return render_template("refusals.html", page="refusals", groups=groups)


def _rows(group: str, found: tuple[Refusal, ...]) -> Iterator[Json]:
    return (_row(group, each) for each in found)


def _row(group: str, each: Refusal) -> Json:
    setting = setting_of(each.code)
    return {
        "code": each.code,
        "group": group,
        "sentence": each.sentence,
        "what_to_change": each.change,
        "setting": setting
        and {"place": setting.place.value, "name": setting.name, "label": setting.label},
        "help": f"{PATH}#{each.code}",
    }


def _parts(text: str) -> list[Json]:
    """The text in parts: words as they are, and places that each case fills in."""
    return [
        {"text": part.replace("_", " ") if index % 2 else part, "place": bool(index % 2)}
        for index, part in enumerate(_PLACE.split(text))
        if part
    ]


def install(api: APIBlueprint) -> None:
    """Add the list for programs."""
    add(api, "GET", "/refusals", refusals)
