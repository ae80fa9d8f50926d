"""Recorded bars of a file as the quotes of a market."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from app.domain.errors import InvalidInput
from app.domain.quotes import Quote, QuoteSource
from app.domain.quotes.reading import Line, read_lines


def read_quotes(path: Path, symbol: str, half_spread: Decimal) -> list[Quote]:
    """Return the quote at the end of each bar of a CSV or CSV.gz file, oldest first.

    ``time`` is when a bar ends.  Without bid and ask the market is the close, ``half_spread`` in
    price to either side; a bar that has neither gives no quote.  Raises InvalidInput with the line
    and the column of the first fault.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}.", code="BAD_BARS") from error
    made = (_quote(symbol, line, half_spread) for line in read_lines(path.name, raw))
    quotes = [quote for quote in made if quote is not None]
    if not quotes:
        raise InvalidInput(f"{path.name} holds no prices.", code="BAD_BARS")
    return quotes


def _quote(symbol: str, line: Line, half_spread: Decimal) -> Quote | None:
    numbers, at = line.numbers, line.at
    close, bid, ask = numbers["close"], numbers.get("bid"), numbers.get("ask")
    if bid is not None and ask is not None:
        return Quote(symbol, bid, ask, at, QuoteSource.REPLAY, close)
    if close is None or "bid" in numbers:
        return None
    return Quote(symbol, close - half_spread, close + half_spread, at, QuoteSource.REPLAY, close)
