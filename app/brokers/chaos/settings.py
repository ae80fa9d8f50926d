"""The settings of a chaos account: those of a paper account, and which faults how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.brokers.chaos.faults import EVERY, Fault
from app.brokers.paper_settings import PaperSettings
from app.domain.errors import InvalidInput
from app.domain.money import parse

FAULTS: Final = "faults"
RATE: Final = "requests_per_minute"


@dataclass(frozen=True, slots=True)
class ChaosSettings:
    """How a chaos account trades.

    ``paper`` are the settings of a paper account as they are stored; ``faults`` are probabilities
    from 0 to 1 and ``seed`` what their chance begins with; ``per_minute`` is the venue's limit of
    requests, None without one.
    """

    paper: Mapping[str, object]
    faults: Mapping[Fault, float]
    seed: int
    per_minute: int | None

    @staticmethod
    def read(data: Mapping[str, object]) -> ChaosSettings:
        """Read the settings as an account keeps them; raises InvalidInput with every fault."""
        paper = {name: value for name, value in data.items() if name not in {FAULTS, RATE}}
        wrong: dict[str, str] = {}
        seed = 0
        try:
            seed = PaperSettings.read(paper).seed
        except InvalidInput as error:
            wrong.update(error.fields)
        faults = _faults(data.get(FAULTS), wrong)
        per_minute = _rate(data.get(RATE), wrong)
        if wrong:
            listed = "; ".join(f"{name}: {fault}" for name, fault in sorted(wrong.items()))
            raise InvalidInput(
                f"The chaos account's settings cannot be used ({listed}).",
                code="INVALID_SETTINGS",
                fields=wrong,
            )
        return ChaosSettings(paper, faults, seed, per_minute)


def _faults(data: object, wrong: dict[str, str]) -> dict[Fault, float]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        wrong[FAULTS] = 'must be an object like {"drop_after": 0.05}'
        return {}
    found: dict[Fault, float] = {}
    for name, value in data.items():
        if name not in EVERY:
            wrong[f"{FAULTS}.{name}"] = f"is no fault; there are {', '.join(sorted(EVERY))}"
            continue
        try:
            chance = parse(value, str(name))
        except InvalidInput:
            wrong[f"{FAULTS}.{name}"] = "must be a number from 0 to 1"
            continue
        if not 0 <= chance <= 1:
            wrong[f"{FAULTS}.{name}"] = "must be a number from 0 to 1"
        found[Fault(name)] = float(chance)
    return found


def _rate(data: object, wrong: dict[str, str]) -> int | None:
    if data is None:
        return None
    try:
        rate = parse(data, RATE)
    except InvalidInput:
        rate = None
    if rate is None or rate < 1 or rate % 1 or rate > 1_000_000:
        wrong[RATE] = "must be a whole number from 1 to 1000000, or absent for no limit"
        return None
    return int(rate)
