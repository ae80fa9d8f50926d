"""What a quote says that a contract is worth."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain.quotes import Quote, QuoteSource

AT = datetime(2026, 3, 4, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("bid", "ask", "last", "mark"),
    [
        ("270", "270.10", None, "270.05"),
        ("270", "270.10", "270.02", "270.02"),
        ("270", "270.10", "270.50", "270.05"),
        ("190", "210", "215", "200"),
        ("150", "300", "270", "270"),
        ("150", "270.20", "270.50", "270.20"),
        ("2", "2.50", "5", "2.50"),
        ("2", "2.50", "1", "2"),
        ("-0.02", "0.02", "0.01", "0.01"),
    ],
)
def test_the_mark_is_the_last_trade_if_it_can_be_and_never_the_middle_of_a_wide_spread(
    bid: str, ask: str, last: str | None, mark: str
) -> None:
    numbers = (Decimal(bid), Decimal(ask), AT, QuoteSource.SNAPSHOT)
    quote = Quote("AAPL", *numbers, None if last is None else Decimal(last))
    assert quote.mark == Decimal(mark)
