"""The map of what must survive names every promise once, and only tests that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.tree import ROOT, functions

MAP = ROOT / "docs" / "reliability.md"
INCIDENTS = dict(zip("ABCDEFGHIJK", [12, 8, 8, 10, 9, 8, 9, 7, 8, 6, 8], strict=True))
CRASH_POINTS = 21
FAULTS = 24


@dataclass(frozen=True)
class Row:
    """A line of the map: its number, the tests that it names, and what is not proven."""

    number: str
    tests: list[str]
    missing: str


def rows() -> Iterator[Row]:
    for line in MAP.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"[A-K]\d+", cells[0]):
            number, _, tests, missing = cells
            yield Row(number, re.findall(r"`([^`]+)`", tests), missing)


def numbers() -> list[str]:
    """Every number of the reference: incidents, then crash points and faults with two digits."""
    incidents = [f"{x}{n}" for x, last in INCIDENTS.items() for n in range(1, last + 1)]
    crashes = [f"C{n:02}" for n in range(1, CRASH_POINTS + 1)]
    return incidents + crashes + [f"F{n:02}" for n in range(1, FAULTS + 1)]


def test_every_number_has_one_line_in_its_order() -> None:
    assert [row.number for row in rows()] == numbers()


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.number)
def test_a_line_names_tests_that_exist_or_says_why_there_are_none(row: Row) -> None:
    for test in row.tests:
        path, name = test.split("::")
        assert name in {function.name for function in functions(ROOT / "tests" / path)}, test
    assert row.tests or row.missing
    assert not row.missing or row.missing.endswith(".")
