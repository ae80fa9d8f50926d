"""The faults that a chaos account can be told to have, in words, for people who choose some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FaultWords:
    """One fault: what it befalls ("Requests"), and what it does as half a sentence."""

    name: str
    about: str
    words: str


@dataclass(frozen=True, slots=True)
class FaultBook:
    """Every fault, and choices of some: probabilities from 0 to 1 by fault, by preset."""

    faults: Sequence[FaultWords]
    presets: Mapping[str, Mapping[str, Decimal]]
