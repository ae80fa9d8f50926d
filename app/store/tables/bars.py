"""Tables of bars, and of the time for which a data service was asked for them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Table

from app.domain.quotes import BarSource, Timeframe
from app.store.tables.schema import METADATA, choice, decimal, instant, one_of
from app.store.types import Choice, Instant, Words

BARS: Final = Table(
    "bars",
    METADATA,
    Column("symbol", Words(), primary_key=True),
    Column("timeframe", Choice(Timeframe), primary_key=True),
    Column("at", Instant(), primary_key=True),
    decimal("open"),
    decimal("high"),
    decimal("low"),
    decimal("close"),
    decimal("volume", null=True),
    choice("source", BarSource),
    one_of("timeframe", Timeframe),
    one_of("source", BarSource),
    sqlite_with_rowid=False,
)

#: Every bar of such a time is in the table above: where there is none, nothing was traded.
BAR_RANGES: Final = Table(
    "bar_ranges",
    METADATA,
    Column("symbol", Words(), primary_key=True),
    Column("timeframe", Choice(Timeframe), primary_key=True),
    Column("start", Instant(), primary_key=True),
    instant("end"),
    one_of("timeframe", Timeframe),
    sqlite_with_rowid=False,
)
