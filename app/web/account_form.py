"""The form of an account: what is stored or typed in it, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from app.domain.errors import Conflict, InvalidInput
from app.domain.money import parse, wire

Form = dict[str, str]

FAULTS: Final = "faults"
PAPER: Final = "paper"
CHAOS: Final = "chaos"
_DOT: Final = f"{FAULTS}."
#: Fields that are no settings of the venue.
_OWN: Final = frozenset({"csrf_token", "name", "venue", "starting_cash", "roll"})


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What the form of a new account asks for."""

    name: str
    starting_cash: Decimal
    roll: str | None
    settings: dict[str, Any]


def shown(settings: Mapping[str, object]) -> Form:
    """Return stored settings as the form's fields; a zero is a zero, what is absent is empty."""
    faults = settings.get(FAULTS)
    form = {name: _text(value) for name, value in settings.items() if name != FAULTS}
    if isinstance(faults, Mapping):
        form |= {f"{_DOT}{name}": _text(value) for name, value in faults.items()}
    return form


def settings_of(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that were typed; an empty field is absent, a fault of zero too."""
    typed = {name: text.strip() for name, text in form.items() if name not in _OWN}
    settings: dict[str, Any] = {
        name: text for name, text in typed.items() if text and not name.startswith(_DOT)
    }
    faults = {
        name.removeprefix(_DOT): text
        for name, text in typed.items()
        if name.startswith(_DOT) and not _nothing(text)
    }
    return {**settings, FAULTS: faults} if faults else settings


def read_new(form: Mapping[str, str]) -> NewAccount:
    """Read the form of a new account; raises InvalidInput when its money is no number."""
    return NewAccount(
        name=form.get("name", ""),
        starting_cash=parse(form.get("starting_cash", ""), "starting_cash"),
        roll=form.get("roll", "").strip() or None,
        settings=settings_of(form),
    )


def problems(error: InvalidInput | Conflict) -> dict[str, str]:
    """Return what is wrong by the form's fields; what belongs to none is under ``form``."""
    if isinstance(error, Conflict):
        return {"name": error.detail}
    return dict(error.fields) or {"form": error.detail}


def _text(value: object) -> str:
    if value is None:
        return ""
    try:
        return wire(parse(value))
    except InvalidInput:
        return str(value)


def _nothing(text: str) -> bool:
    try:
        return not text or not parse(text)
    except InvalidInput:
        return False
