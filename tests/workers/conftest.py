"""Tests of workers run on a whole core with a database of its own."""

from __future__ import annotations

from tests.support.floor import floor, floor_folder, floor_template

__all__ = ["floor", "floor_folder", "floor_template"]
