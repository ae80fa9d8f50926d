"""One entry of the catalogue of refusals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: What to change where nothing is wrong.
NO_CHANGE: Final = "Nothing."


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason to refuse: a ``sentence`` with places to fill, and what to ``change``."""

    code: str
    sentence: str
    change: str
