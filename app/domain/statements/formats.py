"""The formats by their columns: which one a header belongs to, and where what is needed stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.errors import InvalidInput
from app.domain.statements.cells import read_number, read_time
from app.domain.statements.sheet import Line, positions
from app.domain.statements.told import Format, fault

Names = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A format: its name for people, the columns that it must have and those that it may have.

    Each column has several names; the first that the file has counts.
    """

    format: Format
    title: str
    needs: Names
    may: Names = field(default_factory=dict)


_CURRENCY: Final = r"( [a-z]{2,6})?"

SHAPES: Final = (
    Shape(
        Format.ALPACA_ACTIVITIES,
        "Alpaca account activities",
        {
            "kind": ("activity type",),
            "time": ("transaction time", "date", "time"),
            "symbol": ("symbol",),
            "side": ("side",),
            "quantity": ("qty", "quantity"),
            "price": ("price",),
        },
        {
            "fill_id": ("id", "activity id"),
            "order_id": ("order id",),
            "fee": ("commission", "fees", "fee"),
        },
    ),
    Shape(
        Format.ALPACA_ORDERS,
        "Alpaca order history",
        {
            "time": ("filled at",),
            "symbol": ("symbol", "asset"),
            "side": ("side",),
            "quantity": ("filled qty", "filled quantity"),
            "price": ("filled avg price", "avg fill price", "avg. fill price", "fill price"),
        },
        {
            "ended": ("canceled at", "expired at", "updated at"),
            "order_id": ("id", "order id"),
            "client_id": ("client order id",),
            "fee": ("commission",),
        },
    ),
    Shape(
        Format.TRADOVATE_PERFORMANCE,
        "Tradovate performance",
        {
            "symbol": ("symbol", "contract"),
            "buy_id": ("buyfillid", "buy fill id"),
            "sell_id": ("sellfillid", "sell fill id"),
            "quantity": ("qty", "paired qty"),
            "buy_price": ("buyprice", "buy price"),
            "sell_price": ("sellprice", "sell price"),
            "bought": ("boughttimestamp", "bought timestamp"),
            "sold": ("soldtimestamp", "sold timestamp"),
        },
    ),
    Shape(
        Format.TRADOVATE_FILLS,
        "Tradovate fills",
        {
            "fill_id": ("fill id", "_id"),
            "time": ("_timestamp", "timestamp", "fill time"),
            "symbol": ("contract",),
            "side": ("b/s",),
            "quantity": ("quantity", "qty"),
            "price": ("price",),
        },
        {
            "order_id": ("order id", "_orderid", "orderid"),
            "fee": ("commission",),
            "active": ("_active", "active"),
        },
    ),
    Shape(
        Format.TRADOVATE_ORDERS,
        "Tradovate orders",
        {
            "order_id": ("order id", "orderid"),
            "time": ("fill time",),
            "symbol": ("contract",),
            "side": ("b/s",),
            "quantity": ("filled qty", "filledqty"),
            "price": ("avgprice", "avg fill price", "decimalfillavg"),
        },
        {"fee": ("commission",)},
    ),
    Shape(
        Format.TRADINGVIEW_TRADES,
        "TradingView list of trades",
        {
            "trade": ("trade #", "trade number"),
            "type": ("type",),
            "time": ("date/time", "date and time"),
            "price": (f"price{_CURRENCY}",),
            "quantity": (
                "contracts",
                "quantity",
                r"size \(qty\)",
                r"position size \(qty\)",
                "shares",
            ),
        },
        {"label": ("signal",), "fee": (f"commission{_CURRENCY}",)},
    ),
)

TITLES: Final = {shape.format: shape.title for shape in SHAPES}


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file is written: its shape, its header, where its columns are and how to read them.

    ``comma`` says that decimals are written with a comma.
    """

    shape: Shape
    header: Sequence[str]
    places: Mapping[str, int]
    zone: ZoneInfo
    comma: bool = False


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one line by what they mean; each reader raises InvalidInput with the place."""

    line: Line
    layout: Layout

    def text(self, name: str) -> str:
        """Return the cell without spaces around it; "" where the file has no such column."""
        place = self.layout.places.get(name)
        return "" if place is None else self.line.cells[place].strip()

    def number(self, name: str) -> Decimal:
        """Return the cell's number."""
        try:
            return read_number(self.text(name), comma=self.layout.comma)
        except ValueError as error:
            raise self.fault(name, str(error)) from None

    def maybe(self, name: str) -> Decimal | None:
        """Return the cell's number; None for an empty cell or where there is no such column."""
        return self.number(name) if self.text(name) else None

    def time(self, name: str) -> datetime:
        """Return the cell's instant."""
        try:
            return read_time(self.text(name), self.layout.zone)
        except ValueError as error:
            raise self.fault(name, str(error)) from None

    def fault(self, name: str, what: str) -> InvalidInput:
        """Return the refusal of this cell."""
        place = self.layout.places[name]
        return fault(self.line.number, place + 1, self.layout.header[place].strip()[:40], what)


def lay_out(header: Line, zone: ZoneInfo, *, comma: bool) -> Layout:
    """Return how a file with this header is written; raises InvalidInput with what is known."""
    found = positions(header.cells)
    for shape in SHAPES:
        places = {name: _place(names, found) for name, names in shape.needs.items()}
        if all(place is not None for place in places.values()):
            places |= {name: _place(names, found) for name, names in shape.may.items()}
            known = {name: place for name, place in places.items() if place is not None}
            return Layout(shape, header.cells, known, zone, comma)
    raise _unknown(header, found)


def _place(names: Sequence[str], found: Mapping[str, int]) -> int | None:
    for name in names:
        pattern = _pattern(name)
        for heading, place in found.items():
            if pattern.fullmatch(heading):
                return place
    return None


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(name if "(" in name else re.escape(name))


def _unknown(header: Line, found: Mapping[str, int]) -> InvalidInput:
    """Say which formats are known, and what the nearest one lacks."""
    lacking = {
        shape.title: [names[0] for names in shape.needs.values() if _place(names, found) is None]
        for shape in SHAPES
    }
    near = min(SHAPES, key=lambda shape: len(lacking[shape.title]) / len(shape.needs))
    hint = ""
    if len(lacking[near.title]) < len(near.needs):
        missing = ", ".join(repr(re.sub(r"\(.*\)\??$", "", name)) for name in lacking[near.title])
        hint = f" The nearest is {near.title}, which also needs the columns {missing}."
    known = ", ".join(TITLES.values())
    return fault(
        header.number,
        None,
        "",
        f"these columns belong to no file that can be read. Known are: {known}.{hint}",
    )
