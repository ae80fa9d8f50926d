"""Recorded bars from CSV files, read strictly: the first fault is named and nothing is loaded."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NoReturn

from app.domain.errors import InvalidInput
from app.domain.money import parse
from app.domain.quotes import Quote, QuoteSource

_PRICES: Final = ("open", "high", "low", "close")
_BAR: Final = ("time", *_PRICES, "volume")
_QUOTED: Final = (*_BAR, "bid", "ask")
_GZIP_MAGIC: Final = b"\x1f\x8b"

Numbers = dict[str, Decimal | None]


def read_quotes(path: Path, symbol: str, half_spread: Decimal) -> list[Quote]:
    """Return the quote at the end of each bar of a CSV or CSV.gz file, oldest first.

    The columns are time,open,high,low,close,volume and, if known, bid,ask; an empty field means no
    trade.  Without bid and ask the market is the close, ``half_spread`` in price to either side; a
    bar that has neither gives no quote.  Raises InvalidInput with the line and the column of the
    first fault.
    """
    quotes: list[Quote] = []
    last: datetime | None = None
    for line, at, numbers in _rows(path):
        if last is not None and at <= last:
            _fault(path, line, "time", f"must be later than {last.isoformat()}")
        last = at
        quote = _quote(symbol, at, numbers, half_spread)
        if quote is not None:
            quotes.append(quote)
    if not quotes:
        raise InvalidInput(f"{path.name} holds no prices.", code="BAD_BARS")
    return quotes


def _quote(symbol: str, at: datetime, numbers: Numbers, half_spread: Decimal) -> Quote | None:
    close, bid, ask = numbers["close"], numbers.get("bid"), numbers.get("ask")
    if bid is not None and ask is not None:
        return Quote(symbol, bid, ask, at, QuoteSource.REPLAY, close)
    if close is None or "bid" in numbers:
        return None
    return Quote(symbol, close - half_spread, close + half_spread, at, QuoteSource.REPLAY, close)


def _rows(path: Path) -> Iterator[tuple[int, datetime, Numbers]]:
    reader = csv.reader(io.StringIO(_text(path)), strict=True)
    try:
        header = tuple(name.strip().lower() for name in next(reader, []))
        if header not in {_BAR, _QUOTED}:
            _fault(path, 1, "header", f"must be {','.join(_BAR)} or {','.join(_QUOTED)}")
        for row in reader:
            if row:
                yield reader.line_num, *_row(path, reader.line_num, header, row)
    except csv.Error as error:
        _fault(path, reader.line_num, "row", f"cannot be read ({error})")


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        if raw.startswith(_GZIP_MAGIC):
            raw = gzip.decompress(raw)
        return raw.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}.", code="BAD_BARS") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not UTF-8 text.", code="BAD_BARS") from error


def _row(
    path: Path, line: int, header: Sequence[str], row: Sequence[str]
) -> tuple[datetime, Numbers]:
    if len(row) != len(header):
        _fault(path, line, "row", f"must have {len(header)} fields, has {len(row)}")
    at = _instant(path, line, row[0])
    numbers: Numbers = {}
    for name, text in zip(header[1:], row[1:], strict=True):
        try:
            numbers[name] = parse(text, name) if text.strip() else None
        except InvalidInput as fault:
            _fault(path, line, name, fault.fields[name])
    _check(path, line, numbers)
    return at, numbers


def _instant(path: Path, line: int, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        _fault(path, line, "time", "must be like 2026-01-31T14:30:00Z")
    if at.tzinfo is None:
        _fault(path, line, "time", "must say its time zone, as in 2026-01-31T14:30:00Z")
    return at.astimezone(UTC)


def _check(path: Path, line: int, numbers: Numbers) -> None:
    """Refuse a bar that contradicts itself; a crossed bid and ask is left to the quote book."""
    prices = [price for name in _PRICES if (price := numbers[name]) is not None]
    if len(prices) not in {0, len(_PRICES)}:
        missing = next(name for name in _PRICES if numbers[name] is None)
        _fault(path, line, missing, "is empty, while other prices of the bar are not")
    if prices and prices[1] != max(prices):
        _fault(path, line, "high", "is below another price of the bar")
    if prices and prices[2] != min(prices):
        _fault(path, line, "low", "is above another price of the bar")
    volume = numbers["volume"]
    if volume is not None and volume < 0:
        _fault(path, line, "volume", "must not be negative")


def _fault(path: Path, line: int, column: str, fault: str) -> NoReturn:
    raise InvalidInput(
        f"{path.name}, line {line}, column {column}: {fault}.",
        code="BAD_BARS",
        fields={column: f"line {line}: {fault}"},
    )
