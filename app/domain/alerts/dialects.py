"""From named fields to their meaning: the native dialect."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeVar

from app.domain.alerts.intent import (
    Action,
    Intent,
    Offset,
    OffsetUnit,
    QuantityType,
    Sentiment,
    number,
)
from app.domain.errors import InvalidInput
from app.domain.orders import OrderType, TimeInForce

T = TypeVar("T")

_SAME: Final = (
    "action",
    "prev_market_position",
    "market_position_size",
    "prev_market_position_size",
    "quantity_type",
    "order_type",
    "limit_price",
    "stop_price",
    "time_in_force",
    "price",
    "time",
    "timenow",
    "comment",
    "test",
)
_OFFSETS: Final = ("take_profit", "stop_loss", "trail")

#: Every name that has a meaning, in lower case, with the name that the other functions use.
NAMES: Final = {
    **{name: name for name in (*_SAME, *_OFFSETS)},
    **{f"{name}_{unit}": f"{name}_{unit}" for name in _OFFSETS for unit in OffsetUnit},
    **dict.fromkeys(("symbol", "ticker"), "symbol"),
    **dict.fromkeys(("market_position", "sentiment"), "market_position"),
    **dict.fromkeys(("quantity", "qty", "contracts"), "quantity"),
    **dict.fromkeys(("id", "alert_id"), "id"),
    **dict.fromkeys(("account", "account_group"), "account"),
    "tif": "time_in_force",
}

#: What each action word asks for, and the position that the word itself names.
ACTIONS: Final[Mapping[str, tuple[Action, Sentiment | None]]] = {
    "buy": (Action.BUY, None),
    "sell": (Action.SELL, None),
    "long": (Action.BUY, Sentiment.LONG),
    "short": (Action.SELL, Sentiment.SHORT),
    "add": (Action.ADD, None),
    "exit": (Action.EXIT, None),
    "close": (Action.EXIT, None),
    "flat": (Action.EXIT, Sentiment.FLAT),
    "reverse": (Action.REVERSE, None),
    "cancel": (Action.CANCEL, None),
    "heartbeat": (Action.HEARTBEAT, None),
}

_SENTIMENTS: Final = {
    **{str(sentiment): sentiment for sentiment in Sentiment},
    "bullish": Sentiment.LONG,
    "bearish": Sentiment.SHORT,
}
_QUANTITY_TYPES: Final = {str(kind): kind for kind in QuantityType}
_ORDER_TYPES: Final = {str(kind): kind for kind in OrderType}
_TIMES_IN_FORCE: Final = {str(kind): kind for kind in TimeInForce}
_FLAGS: Final = {"true": True, "false": False, "1": True, "0": False}

#: The finest quantity that any instrument trades in.
_FINEST: Final = Decimal("1e-8")

#: Length of a Unix time in seconds, and in milliseconds, with the divisor of each.
_UNIX: Final = {10: 1, 13: 1000}

#: (needs a limit price, needs a stop price) of each order type.
_PRICES: Final = {
    OrderType.MARKET: (False, False),
    OrderType.LIMIT: (True, False),
    OrderType.STOP: (False, True),
    OrderType.STOP_LIMIT: (True, True),
    OrderType.TRAILING_STOP: (False, False),
}
#: The order type that the prices alone tell.
_TYPE_OF: Final = {
    (False, False): None,
    (True, False): OrderType.LIMIT,
    (False, True): OrderType.STOP,
    (True, True): OrderType.STOP_LIMIT,
}
_PARTS: Final = {name: {unit: f"{name}_{unit}" for unit in OffsetUnit} for name in _OFFSETS}
_SMALL: Final = "nothing trades in steps below 0.00000001"


def native(fields: Mapping[str, object]) -> Intent:
    """Return what the fields of a native message mean.

    Raises InvalidInput that names the field: MISSING_ACTION, UNKNOWN_ACTION, UNKNOWN_VALUE,
    BAD_NUMBER, BAD_QUANTITY, MISSING_QUANTITY, MISSING_PRICE, BAD_OFFSET, BAD_TIME, BAD_TYPE,
    CONTRADICTION, UNRESOLVED_PLACEHOLDER.
    """
    known, unknown = _sorted_out(fields)
    values = _Values(known)
    action, wanted, wanted_size = _asked(values)
    previous, previous_size = _position(values, "prev_market_position")
    sized = wanted is Sentiment.FLAT or wanted_size is not None
    quantity, quantity_type = _quantity(values, sized=sized)
    trail = values.offset("trail", OffsetUnit.AMOUNT)
    order_type, limit_price, stop_price = _order(values, trail)
    return Intent(
        action=action,
        wanted=wanted,
        wanted_size=wanted_size,
        previous=previous,
        previous_size=previous_size,
        symbol=values.text("symbol"),
        quantity=quantity,
        quantity_type=quantity_type,
        order_type=order_type,
        limit_price=limit_price,
        stop_price=stop_price,
        take_profit=values.offset("take_profit", OffsetUnit.PRICE),
        stop_loss=values.offset("stop_loss", OffsetUnit.PRICE),
        trail=trail,
        time_in_force=values.choice("time_in_force", _TIMES_IN_FORCE),
        price=values.number("price"),
        sent_at=_sent_at(values),
        id=values.text("id"),
        account=values.text("account"),
        comment=values.text("comment", free=True),
        test=values.flag("test"),
        unknown=unknown,
    )


class _Values:
    """The fields with a meaning under their native names; what is absent is None, never zero."""

    def __init__(self, known: Mapping[str, object]) -> None:
        self._known = known

    def text(self, name: str, *, free: bool = False) -> str | None:
        value = self._known.get(name)
        if value is None or isinstance(value, str):
            if value and not free and "{{" in value:
                raise _unresolved(name, value)
            return value
        raise _fault("BAD_TYPE", name, "must be text or a number")

    def number(self, name: str) -> Decimal | None:
        value = self.text(name)
        return None if value is None else number(value, name)

    def choice(self, name: str, words: Mapping[str, T], code: str = "UNKNOWN_VALUE") -> T | None:
        value = self.text(name)
        if value is None:
            return None
        word = value.lower().replace("-", "_").replace(" ", "_")
        if word in words:
            return words[word]
        near = difflib.get_close_matches(word[:40], words, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise _fault(code, name, f"is {value[:40]!r}{hint}, but must be one of {', '.join(words)}")

    def flag(self, name: str) -> bool:
        value = self._known.get(name)
        return value if isinstance(value, bool) else bool(self.choice(name, _FLAGS))

    def offset(self, name: str, bare: OffsetUnit) -> Offset | None:
        base = self._known.get(name)
        if base is None and self._known.keys().isdisjoint(_PARTS[name].values()):
            return None
        parts = base if isinstance(base, dict) else {}
        if parts.keys() - set(OffsetUnit):
            raise _fault("BAD_OFFSET", name, "must say one of price, ticks, percent, amount")
        written = [] if base is None or parts is base else [self.text(name) or ""]
        for unit, longer in _PARTS[name].items():
            found = (parts.get(unit), self._known.get(longer))
            written += [f"{value} {unit}" for value in found if value is not None and value != ""]
        if len(written) > 1:
            raise _fault(
                "CONTRADICTION", name, f"says {' and '.join(written)[:80]}; keep one of them"
            )
        return _offset(name, written[0], bare) if written else None


def _sorted_out(fields: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    known: dict[str, object] = {}
    unknown: dict[str, object] = {}
    for name, sent in fields.items():
        value = sent.strip() if isinstance(sent, str) else sent
        meaning = NAMES.get(name) or NAMES.get(name.strip().lower())
        if meaning is None:
            unknown[name] = sent
        elif value is not None and value != "" and known.setdefault(meaning, value) != value:
            raise _fault(
                "CONTRADICTION", meaning, "is said twice with different values; keep one of them"
            )
    return known, unknown


def _asked(values: _Values) -> tuple[Action, Sentiment | None, Decimal | None]:
    word = values.choice("action", ACTIONS, "UNKNOWN_ACTION")
    wanted, size = _position(values, "market_position")
    if word is None and wanted is None:
        raise _fault(
            "MISSING_ACTION", "action", f"is missing; it says what to do: {', '.join(ACTIONS)}"
        )
    action, named = word or (Action.TARGET, None)
    if named and wanted and named is not wanted:
        raise _fault("CONTRADICTION", "action", f"wants {named}, but market_position says {wanted}")
    return action, wanted or named, size


def _position(values: _Values, name: str) -> tuple[Sentiment | None, Decimal | None]:
    """Return sentiment and unsigned size; some senders write a short one below zero."""
    sentiment = values.choice(name, _SENTIMENTS)
    size = values.number(f"{name}_size")
    if size is None:
        return sentiment, None
    by_size = Sentiment.SHORT if size < 0 else sentiment if size else Sentiment.FLAT
    if sentiment not in {None, by_size} or (size and sentiment is Sentiment.FLAT):
        raise _fault("CONTRADICTION", name, f"is {sentiment}, but {name}_size is {size}")
    return by_size, abs(size)


def _quantity(values: _Values, *, sized: bool) -> tuple[Decimal | None, QuantityType]:
    """Return the quantity; zero is one only where the wanted position says the size (``sized``)."""
    quantity = values.number("quantity")
    kind = values.choice("quantity_type", _QUANTITY_TYPES) or QuantityType.FIXED
    if quantity is None and kind is not QuantityType.FIXED:
        raise _fault("MISSING_QUANTITY", "quantity", f"is missing; {kind} needs it")
    if quantity is not None and quantity < _FINEST and (quantity or not sized):
        why = "must be above zero; leave it out to trade the strategy's size"
        raise _fault(
            "BAD_QUANTITY", "quantity", f"is {quantity}, but {why if quantity <= 0 else _SMALL}"
        )
    return quantity, kind


def _order(
    values: _Values, trail: Offset | None
) -> tuple[OrderType | None, Decimal | None, Decimal | None]:
    """Return order type and prices; prices without a type tell it, never the other way round."""
    limit, stop = values.number("limit_price"), values.number("stop_price")
    kind = values.choice("order_type", _ORDER_TYPES)
    if kind is None:
        return _TYPE_OF[limit is not None, stop is not None], limit, stop
    if kind is OrderType.TRAILING_STOP and trail is None:
        raise _fault("MISSING_PRICE", "trail", f"is missing; order_type {kind} needs it")
    needs_limit, needs_stop = _PRICES[kind]
    _match_price(kind, "limit_price", limit, needed=needs_limit)
    _match_price(kind, "stop_price", stop, needed=needs_stop)
    return kind, limit, stop


def _match_price(kind: OrderType, name: str, price: Decimal | None, *, needed: bool) -> None:
    if needed and price is None:
        raise _fault("MISSING_PRICE", name, f"is missing; order_type {kind} needs it")
    if price is not None and not needed:
        raise _fault(
            "CONTRADICTION", name, f"is given, but order_type {kind} has none; leave one out"
        )


def _offset(name: str, written: str, bare: OffsetUnit) -> Offset:
    if "{{" in written:
        raise _unresolved(name, written)
    try:
        offset = Offset.parse(written, bare)
    except InvalidInput as fault:
        raise InvalidInput(
            f"{name}: {fault.detail}", code="BAD_OFFSET", fields={name: fault.detail}
        ) from None
    if name == "trail" and offset.unit is OffsetUnit.PRICE:
        raise _fault(
            "BAD_OFFSET", name, "must be a distance: amount, ticks or percent, not a price"
        )
    return offset


def _sent_at(values: _Values) -> datetime | None:
    """Return when the alert was sent, in UTC; ``time`` counts only without ``timenow``."""
    name = "timenow" if values.text("timenow") else "time"
    text = values.text(name)
    if text is None:
        return None
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text) / _UNIX[len(text)], UTC)
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        problem = f"is {text[:40]!r}, no time; write it like 2026-03-02T14:30:00Z"
        raise _fault("BAD_TIME", name, problem) from None


def _unresolved(name: str, value: str) -> InvalidInput:
    return _fault(
        "UNRESOLVED_PLACEHOLDER",
        name,
        f"holds {value[:60]!r}, which was not filled in; check the placeholder's name, and that"
        " this kind of alert has it",
    )


def _fault(code: str, name: str, problem: str) -> InvalidInput:
    return InvalidInput(f"The field {name} {problem}.", code=code, fields={name: problem})
