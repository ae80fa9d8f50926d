"""Bars in CSV files, read strictly: the first fault is named by its line and column."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NoReturn

from app.domain.errors import InvalidInput
from app.domain.instruments import Contract
from app.domain.money import parse
from app.domain.quotes.bars import Bar, Timeframe, begin, following

#: The largest file that is taken over the network, in bytes; packed by gzip or not.
MOST_BYTES: Final = 16 * 1024 * 1024
#: The most lines of one file: three years of minutes around the clock.
MOST_LINES: Final = 1_600_000
_LONGEST_LINE: Final = 4096
_PRICES: Final = ("open", "high", "low", "close")
_BAR: Final = ("time", *_PRICES, "volume")
_QUOTED: Final = (*_BAR, "bid", "ask")
_GZIP_MAGIC: Final = b"\x1f\x8b"

Numbers = dict[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its number, its instant in UTC, and its numbers by column."""

    number: int
    at: datetime
    numbers: Numbers


def read_lines(name: str, raw: bytes) -> Iterator[Line]:
    """Yield the lines of a CSV or CSV.gz file called ``name``, whose times rise.

    The columns are time,open,high,low,close,volume and, if known, bid,ask; an empty field means no
    trade.  Raises InvalidInput with the line and the column of the first fault.
    """
    stream: io.BytesIO | gzip.GzipFile = io.BytesIO(raw)
    if raw.startswith(_GZIP_MAGIC):
        stream = gzip.GzipFile(fileobj=stream)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    last: datetime | None = None
    try:
        for line in _rows(name, text):
            if last is not None and line.at <= last:
                fault(name, line.number, "time", f"must be later than {last.isoformat()}")
            last = line.at
            yield line
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{name} cannot be read: {error}.", code="BAD_BARS") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name} is not UTF-8 text.", code="BAD_BARS") from error


def read_bars(
    name: str, raw: bytes, contract: Contract, timeframe: Timeframe, now: datetime
) -> Iterator[tuple[int, Bar]]:
    """Yield the bars of a file with their lines; ``time`` is when each begins.

    A line without prices is a time without trades.  Raises InvalidInput as ``read_lines``, and for
    a time that begins no bar or is not over at ``now``, and for prices that cannot be.
    """
    instrument = contract.instrument
    for line in read_lines(name, raw):
        starts = begin(timeframe, line.at, instrument)
        if line.at != starts:
            detail = f"begins no bar of {timeframe}, as {starts.isoformat()} does"
            fault(name, line.number, "time", detail)
        if following(timeframe, line.at, instrument) > now:
            fault(name, line.number, "time", "is of a bar that is not over yet")
        bar = _bar(contract.symbol, line)
        if bar is None:
            continue
        if bar.low <= 0 and not instrument.negative_prices:
            fault(name, line.number, "low", "must be above zero")
        yield line.number, bar


def fault(name: str, line: int, column: str, words: str) -> NoReturn:
    """Raise InvalidInput for a fault of the file called ``name``."""
    raise InvalidInput(
        f"{name}, line {line}, column {column}: {words}.",
        code="BAD_BARS",
        fields={column: f"line {line}: {words}"},
    )


def _bar(symbol: str, line: Line) -> Bar | None:
    first, high, low, last = (line.numbers[each] for each in _PRICES)
    if first is None or high is None or low is None or last is None:
        return None
    return Bar(symbol, line.at, first, high, low, last, line.numbers["volume"])


def _rows(name: str, text: io.TextIOWrapper) -> Iterator[Line]:
    reader = csv.reader(_bounded(name, text), strict=True)
    try:
        header = tuple(each.strip().lower() for each in next(reader, []))
        if header not in {_BAR, _QUOTED}:
            fault(name, 1, "header", f"must be {','.join(_BAR)} or {','.join(_QUOTED)}")
        for row in reader:
            if row:
                yield _line(name, reader.line_num, header, row)
    except csv.Error as error:
        fault(name, reader.line_num, "row", f"cannot be read ({error})")


def _bounded(name: str, text: io.TextIOWrapper) -> Iterator[str]:
    """The lines, none of them so long that a packed file could fill the memory with it."""
    for number, line in enumerate(iter(lambda: text.readline(_LONGEST_LINE), ""), 1):
        if len(line) == _LONGEST_LINE:
            fault(name, number, "row", f"is longer than {_LONGEST_LINE} characters")
        if number > MOST_LINES:
            fault(name, number, "row", f"is one too many: a file has at most {MOST_LINES} lines")
        yield line


def _line(name: str, number: int, header: Sequence[str], row: Sequence[str]) -> Line:
    if len(row) != len(header):
        fault(name, number, "row", f"must have {len(header)} fields, has {len(row)}")
    at = _instant(name, number, row[0])
    numbers: Numbers = {}
    for column, text in zip(header[1:], row[1:], strict=True):
        try:
            numbers[column] = parse(text, column) if text.strip() else None
        except InvalidInput as wrong:
            fault(name, number, column, wrong.fields[column])
    _check(name, number, numbers)
    return Line(number, at, numbers)


def _instant(name: str, number: int, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        fault(name, number, "time", "must be like 2026-01-31T14:30:00Z")
    if at.tzinfo is None:
        fault(name, number, "time", "must say its time zone, as in 2026-01-31T14:30:00Z")
    return at.astimezone(UTC)


def _check(name: str, number: int, numbers: Numbers) -> None:
    """Refuse a bar that contradicts itself; a crossed bid and ask is left to the quote book."""
    prices = [price for column in _PRICES if (price := numbers[column]) is not None]
    if len(prices) not in {0, len(_PRICES)}:
        missing = next(column for column in _PRICES if numbers[column] is None)
        fault(name, number, missing, "is empty, while other prices of the bar are not")
    if prices and prices[1] != max(prices):
        fault(name, number, "high", "is below another price of the bar")
    if prices and prices[2] != min(prices):
        fault(name, number, "low", "is above another price of the bar")
    volume = numbers["volume"]
    if volume is not None and volume < 0:
        fault(name, number, "volume", "must not be negative")
