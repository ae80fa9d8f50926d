"""Figures: what was measured, in which unit, and the target that it is held against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

_SIGNS: Final = {"at least": "≥", "at most": "≤"}


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure has to be: ``at least`` or ``at most`` the value, in the figure's unit."""

    bound: Literal["at least", "at most"]
    value: float

    def met_by(self, value: float) -> bool:
        """Whether the value is good enough."""
        return value >= self.value if self.bound == "at least" else value <= self.value

    def __str__(self) -> str:
        return f"{_SIGNS[self.bound]} {self.value:g}"


def at_least(value: float) -> Target:
    """Return a target that larger values meet."""
    return Target("at least", value)


def at_most(value: float) -> Target:
    """Return a target that smaller values meet."""
    return Target("at most", value)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; ``note`` says what it is made of."""

    part: str
    name: str
    value: float
    unit: str
    target: Target | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, or nothing where there is no target."""
        if self.target is None:
            return ""
        return "met" if self.target.met_by(self.value) else "missed"

    def document(self) -> dict[str, object]:
        """Return the figure as JSON."""
        return {**asdict(self), "verdict": self.verdict}

    def row(self) -> tuple[str, ...]:
        """Return the figure as the cells of a table."""
        value = f"{self.value:,.3g}" if abs(self.value) < 100 else f"{self.value:,.0f}"
        target = str(self.target or "")
        return (self.part, self.name, f"{value} {self.unit}".strip(), target, self.verdict)


HEADINGS: Final = ("part", "figure", "measured", "target", "")


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as aligned lines, each note under its figure."""
    shown = list(figures)
    rows = [HEADINGS, *(figure.row() for figure in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [_line(row, widths) for row in rows]
    notes = ["", *(figure.note for figure in shown)]
    return "\n".join(
        f"{line}\n{' ' * (widths[0] + 2)}{note}" if note else line
        for line, note in zip(lines, notes, strict=True)
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below or at which ``percent`` of all lie; the largest for 100."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
