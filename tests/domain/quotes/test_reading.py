"""Bars of CSV files, as they are imported; the columns themselves are in the brokers' tests."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.domain.errors import InvalidInput
from app.domain.instruments import resolve
from app.domain.quotes import Bar, Timeframe
from app.domain.quotes.reading import read_bars

HEAD = "time,open,high,low,close,volume\n"
NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
D = Decimal


def read(text: str | bytes, symbol: str = "AAPL", timeframe: str = "1m") -> list[tuple[int, Bar]]:
    raw = text if isinstance(text, bytes) else text.encode()
    contract = resolve(symbol, date(2026, 3, 6))
    return list(read_bars("a.csv", raw, contract, Timeframe(timeframe), NOW))


def test_a_bar_has_the_line_that_it_stands_on_and_a_time_without_trades_has_none() -> None:
    text = f"{HEAD}2026-03-02T14:30:00Z,1,2,0.5,1.5,7\n\n2026-03-02T14:31:00Z,,,,,\n"
    text += "2026-03-02T09:32:00-05:00,1,1,1,1,\n"
    first, later = (datetime(2026, 3, 2, 14, minute, tzinfo=UTC) for minute in (30, 32))
    assert read(text) == [
        (2, Bar("AAPL", first, D(1), D(2), D("0.5"), D("1.5"), D(7))),
        (5, Bar("AAPL", later, D(1), D(1), D(1), D(1), None)),
    ]


@pytest.mark.parametrize(
    ("symbol", "timeframe", "line", "column", "words"),
    [
        ("AAPL", "1m", "2026-03-02T14:30:01Z,1,1,1,1,1", "time", "begins no bar of 1m"),
        ("AAPL", "5m", "2026-03-02T14:31:00Z,1,1,1,1,1", "time", "as 2026-03-02T14:30:00"),
        ("AAPL", "1d", "2026-03-02T00:00:00Z,1,1,1,1,1", "time", "as 2026-03-01T05:00:00"),
        ("AAPL", "1d", "2026-03-06T05:00:00Z,1,1,1,1,1", "time", "not over yet"),
        ("AAPL", "1m", "2027-03-02T14:30:00Z,1,1,1,1,1", "time", "not over yet"),
        ("AAPL", "1m", "2026-03-02T14:30:00Z,1,1,0,1,1", "low", "above zero"),
        ("ES", "1m", "2026-03-02T14:30:00Z,1,1,-1,1,1", "low", "above zero"),
        ("AAPL", "1m", f"2026-03-02T14:30:00Z,1,1,1,1,{'1' * 5000}", "row", "longer than"),
    ],
)
def test_what_can_be_no_bar_is_refused_with_its_line_and_column(
    symbol: str, timeframe: str, line: str, column: str, words: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(f"{HEAD}{line}\n", symbol, timeframe)
    assert f"a.csv, line 2, column {column}: " in caught.value.detail
    assert words in caught.value.detail


def test_a_price_below_zero_is_read_where_the_market_allows_it() -> None:
    ((_, bar),) = read(f"{HEAD}2026-03-02T14:30:00Z,-1,1,-37.63,1,1\n", "CL")
    assert bar.low == D("-37.63")


def test_a_packed_line_that_would_fill_the_memory_is_refused_before_it_does() -> None:
    with pytest.raises(InvalidInput, match="line 2, column row: is longer than"):
        read(gzip.compress(HEAD.encode() + b"9" * 50_000_000))
