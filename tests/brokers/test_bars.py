"""Recorded bars: read whole and strictly, or not at all."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.brokers.bars import read_quotes
from app.domain.errors import InvalidInput
from app.domain.quotes import Quote, QuoteSource

D = Decimal
BARS = "time,open,high,low,close,volume\n"
QUOTED = "time,open,high,low,close,volume,bid,ask\n"
FIRST = "2013-10-06T22:01:00Z,10,12,9,11,5"


def read(tmp_path: Path, text: str | bytes, half_spread: str = "0.5") -> list[Quote]:
    path = tmp_path / "es.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_quotes(path, "ESZ2013", D(half_spread))


def at(minute: int) -> datetime:
    return datetime(2013, 10, 6, 22, minute, tzinfo=UTC)


def test_a_bar_gives_the_bid_and_ask_at_its_end(tmp_path: Path) -> None:
    text = f"{QUOTED}{FIRST},10.75,11\n2013-10-06T22:02:00Z,,,,,,10.5,10.75\n"
    assert read(tmp_path, text) == [
        Quote("ESZ2013", D("10.75"), D(11), at(1), QuoteSource.REPLAY, D(11)),
        Quote("ESZ2013", D("10.5"), D("10.75"), at(2), QuoteSource.REPLAY, None),
    ]


def test_without_bid_and_ask_the_market_is_around_the_close(tmp_path: Path) -> None:
    text = f"{BARS}{FIRST}\n2013-10-06T22:02:00Z,,,,,\n"
    assert read(tmp_path, text) == [
        Quote("ESZ2013", D("10.5"), D("11.5"), at(1), QuoteSource.REPLAY, D(11))
    ]


def test_a_bar_whose_bid_or_ask_is_missing_gives_no_quote(tmp_path: Path) -> None:
    text = f"{QUOTED}{FIRST},10.75,11\n2013-10-06T22:02:00Z,10,12,9,11,5,,11\n"
    assert [quote.at for quote in read(tmp_path, text)] == [at(1)]


def test_compressed_files_byte_order_marks_and_other_zones_are_read(tmp_path: Path) -> None:
    text = f"{BARS}2013-10-06T17:01:00-05:00,10,12,9,11,5\n\n".encode("utf-8-sig")
    assert [quote.at for quote in read(tmp_path, gzip.compress(text))] == [at(1)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("time,open,close\n", 1, "header"),
        ("", 1, "header"),
        (f"{BARS}{FIRST}\n{FIRST}\n", 3, "time"),
        (f"{BARS}yesterday,10,12,9,11,5\n", 2, "time"),
        (f"{BARS}2013-10-06T22:01:00,10,12,9,11,5\n", 2, "time"),
        (f"{BARS}{FIRST},7\n", 2, "row"),
        (f'{BARS}"{FIRST}\n', 2, "row"),
        (f"{BARS}2013-10-06T22:01:00Z,10,12,9,eleven,5\n", 2, "close"),
        (f"{BARS}2013-10-06T22:01:00Z,10,NaN,9,11,5\n", 2, "high"),
        (f"{BARS}2013-10-06T22:01:00Z,10,10.5,9,11,5\n", 2, "high"),
        (f"{BARS}2013-10-06T22:01:00Z,10,12,10.5,11,5\n", 2, "low"),
        (f"{BARS}2013-10-06T22:01:00Z,10,12,,11,5\n", 2, "low"),
        (f"{BARS}{FIRST}\n2013-10-06T22:02:00Z,10,12,9,11,-5\n", 3, "volume"),
    ],
)
def test_the_first_fault_is_named_by_line_and_column(
    tmp_path: Path, text: str, line: int, column: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, text)
    assert f"es.csv, line {line}, column {column}: " in caught.value.detail
    assert set(caught.value.fields) == {column}


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"\x1f\x8b\x08broken", BARS.encode()])
def test_a_file_that_holds_no_prices_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"es\.csv"):
        read(tmp_path, raw)


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(f"{BARS}{FIRST}\n".encode())
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(tmp_path, whole[:-9])


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_quotes(tmp_path / "none.csv", "ESZ2013", D(0))
