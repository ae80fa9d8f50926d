"""Settings as the text fields of a form, both ways; every unreadable field is named at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from app.domain.alerts import Offset, OffsetUnit, QuantityType
from app.domain.errors import InvalidInput
from app.domain.money import parse, wire
from app.domain.orders import OrderType, Side, TimeInForce
from app.domain.settings.record import StrategySettings

_T = TypeVar("_T")
_Word = TypeVar("_Word", bound=StrEnum)

AS_ALERT: Final = "as_alert"
_SIDES: Final = {
    "both": None,
    "buy": Side.BUY,
    "long": Side.BUY,
    "sell": Side.SELL,
    "short": Side.SELL,
}
_SIDE_WORDS: Final = {None: "both", Side.BUY: "long", Side.SELL: "short"}
_WHOLE_NUMBERS: Final = (
    "max_age_s",
    "cooldown_s",
    "max_alerts_per_session",
    "dedupe_window_s",
    "heartbeat_minutes",
)


def from_text(fields: Mapping[str, str]) -> StrategySettings:
    """Return the settings that a form's fields say; an empty field is "not limited".

    A field that is absent is like an empty one.  Raises InvalidInput whose ``fields`` name each
    one that cannot be read and say why; contradictions are for ``validate``.
    """
    form = _Form(fields)
    settings = StrategySettings(
        allowed_side=form.read("sides", _side),
        sizing=form.read("sizing", lambda text: _choice(text, QuantityType)),
        size=form.read("size", _number),
        max_position=form.read("max_position", _number),
        order_type=form.read("order_type", lambda text: _choice(text, OrderType)),
        time_in_force=form.read("time_in_force", lambda text: _choice(text, TimeInForce)),
        take_profit=form.offset("take_profit"),
        stop_loss=form.offset("stop_loss"),
        trail=form.offset("trail"),
        max_age_s=form.read("max_age_s", _whole),
        cooldown_s=form.read("cooldown_s", _whole),
        max_alerts_per_session=form.read("max_alerts_per_session", _whole),
        dedupe_window_s=form.read("dedupe_window_s", _whole),
        heartbeat_minutes=form.read("heartbeat_minutes", _whole),
        windows=form.lines("windows"),
        symbol_map=form.read("symbol_map", _pairs) or {},
        source_allowlist=form.lines("source_allowlist"),
    )
    form.finish()
    return settings


def to_text(settings: StrategySettings) -> dict[str, str]:
    """Return the form's fields for the settings; ``from_text`` reads them back unchanged."""
    return {
        "sides": _SIDE_WORDS[settings.allowed_side],
        "sizing": settings.sizing or AS_ALERT,
        "size": _written(settings.size),
        "max_position": _written(settings.max_position),
        "order_type": settings.order_type or AS_ALERT,
        "time_in_force": settings.time_in_force or AS_ALERT,
        **_offset_fields("take_profit", settings.take_profit),
        **_offset_fields("stop_loss", settings.stop_loss),
        **_offset_fields("trail", settings.trail),
        **{name: _written(getattr(settings, name)) for name in _WHOLE_NUMBERS},
        "windows": "\n".join(settings.windows),
        "symbol_map": "\n".join(f"{sent}={to}" for sent, to in settings.symbol_map.items()),
        "source_allowlist": "\n".join(settings.source_allowlist),
    }


class _Form:
    """Reads fields one by one and keeps what is wrong with each."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields
        self._wrong: dict[str, str] = {}

    def text(self, name: str) -> str:
        return self._fields.get(name, "").strip()

    def lines(self, name: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.text(name).splitlines() if line.strip())

    def read(self, name: str, reader: Callable[[str], _T]) -> _T | None:
        text = self.text(name)
        try:
            return reader(text) if text else None
        except InvalidInput as fault:
            self._wrong[name] = fault.detail
            return None

    def offset(self, name: str) -> Offset | None:
        unit = self.text(f"{name}_unit") or OffsetUnit.TICKS
        return self.read(f"{name}_value", lambda value: _offset(value, unit))

    def finish(self) -> None:
        if self._wrong:
            raise InvalidInput("Some settings cannot be read.", fields=self._wrong)


def _offset(value: str, unit: str) -> Offset:
    try:
        return Offset(OffsetUnit(unit), _number(value))
    except ValueError:
        raise InvalidInput(f"The unit is one of {', '.join(OffsetUnit)}.") from None


def _side(text: str) -> Side | None:
    if text not in _SIDES:
        raise InvalidInput("Choose one of both, long, short.")
    return _SIDES[text]


def _choice(text: str, kind: type[_Word]) -> _Word | None:
    if text == AS_ALERT:
        return None
    try:
        return kind(text)
    except ValueError:
        raise InvalidInput(f"Choose one of {AS_ALERT}, {', '.join(kind)}.") from None


def _number(text: str) -> Decimal:
    return parse(text, "This")


def _whole(text: str) -> int:
    if not (text.isascii() and text.removeprefix("-").isdecimal()) or len(text) > 9:
        raise InvalidInput("Write a whole number, or leave it empty for no limit.")
    return int(text)


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        sent, sign, to = (part.strip() for part in line.partition("="))
        if not (sent and sign and to):
            raise InvalidInput(f"Write each line like NQ=MNQ, not {line[:40]!r}.")
        if sent in found:
            raise InvalidInput(f"{sent} is mapped twice.")
        found[sent] = to
    return found


def _written(number: Decimal | int | None) -> str:
    if number is None:
        return ""
    return wire(number) if isinstance(number, Decimal) else str(number)


def _offset_fields(name: str, offset: Offset | None) -> dict[str, str]:
    value = _written(offset.value if offset else None)
    return {
        f"{name}_value": value,
        f"{name}_unit": str(offset.unit) if offset else OffsetUnit.TICKS,
    }
