"""P&L is tested on real books and curves in a database of its own."""

from __future__ import annotations

from tests.support.counting import counting_template, counting_url, house

__all__ = ["counting_template", "counting_url", "house"]
