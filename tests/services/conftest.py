"""Tests of services run on a whole core, or on a counting house, with a database of their own."""

from __future__ import annotations

from tests.support.counting import counting_template, counting_url, house
from tests.support.floor import floor, floor_folder, floor_template

__all__ = [
    "counting_template",
    "counting_url",
    "floor",
    "floor_folder",
    "floor_template",
    "house",
]
