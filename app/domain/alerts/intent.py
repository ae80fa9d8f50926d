"""What an alert means, in one form, whatever dialect it was written in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.money import ZERO, parse, wire
from app.domain.orders import OrderType, TimeInForce


class Action(StrEnum):
    """What the alert asks for.

    TARGET names only the position that is wanted; HEARTBEAT only says that the sender is alive.
    """

    BUY = "buy"
    SELL = "sell"
    ADD = "add"
    EXIT = "exit"
    REVERSE = "reverse"
    CANCEL = "cancel"
    TARGET = "target"
    HEARTBEAT = "heartbeat"


class Sentiment(StrEnum):
    """Direction of a position."""

    LONG = "long"
    SHORT = "short"
    FLAT = "flat"

    @property
    def sign(self) -> int:
        """+1 for long, -1 for short, 0 for flat."""
        return {Sentiment.LONG: 1, Sentiment.SHORT: -1, Sentiment.FLAT: 0}[self]


class QuantityType(StrEnum):
    """What a quantity counts: units, money, money at risk to the stop, or a percentage."""

    FIXED = "fixed"
    DOLLAR_AMOUNT = "dollar_amount"
    RISK_DOLLAR_AMOUNT = "risk_dollar_amount"
    PERCENT_OF_EQUITY = "percent_of_equity"
    PERCENT_OF_POSITION = "percent_of_position"


class OffsetUnit(StrEnum):
    """What an offset counts: PRICE is a level; the others are distances from the entry price.

    TICKS counts ticks, PERCENT is percent of the entry price, AMOUNT is a difference in price.
    """

    PRICE = "price"
    TICKS = "ticks"
    PERCENT = "percent"
    AMOUNT = "amount"


_OFFSET: Final = re.compile(r"(\S+?)\s*(ticks?|%|percent|amount|price)?", re.IGNORECASE)
_UNITS: Final = {"tick": OffsetUnit.TICKS, "%": OffsetUnit.PERCENT}


@dataclass(frozen=True, slots=True)
class Offset:
    """Where protection lies, its unit carried with its value; distances are above zero."""

    unit: OffsetUnit
    value: Decimal

    def __post_init__(self) -> None:
        if self.unit is OffsetUnit.PRICE:
            return
        if self.value <= 0:
            raise _bad_offset(f"A distance in {self.unit} must be above zero, not {self.value}.")
        if self.unit is OffsetUnit.TICKS and self.value % 1:
            raise _bad_offset(f"Ticks are counted in whole numbers, not {self.value}.")

    def __str__(self) -> str:
        return f"{wire(self.value)} {self.unit}"

    @classmethod
    def parse(cls, text: str, bare: OffsetUnit = OffsetUnit.PRICE) -> Offset:
        """Return the offset that ``text`` means: "20 ticks", "1.5%", "2.50 amount", "5010.25".

        A number alone has the unit ``bare``.  Raises InvalidInput BAD_OFFSET.
        """
        match = _OFFSET.fullmatch(text.strip())
        if not match:
            raise _bad_offset(f"{text[:40]!r} is no offset; write 20 ticks, 1.5% or a price.")
        word = (match[2] or bare).lower()
        return cls(_UNITS.get(word) or OffsetUnit(word), number(match[1], "offset"))


@dataclass(frozen=True, slots=True)
class Intent:
    """What one alert asks for; None is "not said", never zero.

    ``wanted`` and ``wanted_size`` are the position *after* the trade, ``previous`` and
    ``previous_size`` the sender's position before it; sizes and ``quantity`` are unsigned, and
    ``quantity`` is zero only when the wanted position says its size (nothing changes).
    ``price`` is the sender's price at the signal.  ``unknown`` holds the fields without a meaning
    here, as they came.
    """

    action: Action
    wanted: Sentiment | None = None
    wanted_size: Decimal | None = None
    previous: Sentiment | None = None
    previous_size: Decimal | None = None
    symbol: str | None = None
    quantity: Decimal | None = None
    quantity_type: QuantityType = QuantityType.FIXED
    order_type: OrderType | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    take_profit: Offset | None = None
    stop_loss: Offset | None = None
    trail: Offset | None = None
    time_in_force: TimeInForce | None = None
    price: Decimal | None = None
    sent_at: datetime | None = None
    id: str | None = None
    account: str | None = None
    comment: str | None = None
    test: bool = False
    unknown: Mapping[str, object] = field(default_factory=dict)

    @property
    def wanted_position(self) -> Decimal | None:
        """The sender's signed position after the trade; None when its size is not said."""
        return _signed(self.wanted, self.wanted_size)

    @property
    def previous_position(self) -> Decimal | None:
        """The sender's signed position before the trade; None when its size is not said."""
        return _signed(self.previous, self.previous_size)


def number(text: str, field: str) -> Decimal:
    """Return the number in ``text``, exactly; raises InvalidInput BAD_NUMBER naming ``field``."""
    try:
        return parse(text, field)
    except InvalidInput as fault:
        raise InvalidInput(fault.detail, code="BAD_NUMBER", fields=fault.fields) from None


def _signed(sentiment: Sentiment | None, size: Decimal | None) -> Decimal | None:
    if sentiment is Sentiment.FLAT:
        return ZERO
    if sentiment is None or size is None:
        return None
    return size * sentiment.sign


def _bad_offset(detail: str) -> InvalidInput:
    return InvalidInput(detail, code="BAD_OFFSET")
