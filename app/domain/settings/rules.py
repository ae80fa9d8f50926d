"""Which settings make no sense, alone or together; they are refused when saved, with the reason."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from app.domain.alerts import Offset, OffsetUnit, QuantityType
from app.domain.errors import InvalidInput
from app.domain.orders import OrderType, Side, TimeInForce
from app.domain.sessions import Window
from app.domain.settings.record import AccountLink, StrategySettings

Problem = tuple[str, str]
"""The setting, and what is wrong with it."""

_WEEK_S: Final = 7 * 24 * 3600
_WEEK_MINUTES: Final = 7 * 24 * 60
_MOST_ALERTS: Final = 100_000
_MOST_EQUITY: Final = Decimal(1000)
_ALL: Final = Decimal(100)
_MOST_FACTOR: Final = Decimal(1000)
_PERCENTAGES: Final = {
    QuantityType.PERCENT_OF_EQUITY: _MOST_EQUITY,
    QuantityType.PERCENT_OF_POSITION: _ALL,
}
_TRIGGERED: Final = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})


def validate(settings: StrategySettings) -> None:
    """Accept the settings, or raise InvalidInput whose ``fields`` say what is wrong with each."""
    _refuse([problem for rule in _RULES for problem in rule(settings)])


def validate_link(link: AccountLink) -> None:
    """Accept how a strategy trades on one account, or raise InvalidInput with ``fields``."""
    problems = []
    if not 0 < link.quantity_factor <= _MOST_FACTOR:
        problems.append(("quantity_factor", "The factor must be above 0 and at most 1000."))
    if link.max_position is not None and link.max_position <= 0:
        problems.append(("max_position", _NO_POSITION))
    _refuse(problems)


def _refuse(problems: list[Problem]) -> None:
    if not problems:
        return
    fields: dict[str, str] = {}
    for name, reason in problems:
        fields[name] = f"{fields[name]} {reason}" if name in fields else reason
    raise InvalidInput(" ".join(fields.values()), code="BAD_SETTINGS", fields=fields)


_NO_POSITION: Final = (
    "The max position must be above 0; leave it empty for no limit, or switch the strategy off."
)


def _sizes(settings: StrategySettings) -> Iterator[Problem]:
    sizing, size = settings.sizing, settings.size
    if sizing is None and size is not None:
        yield "size", "A size needs a sizing; as the alert says, the alert brings its own."
    if sizing is not None and size is None:
        yield "size", f"A sizing of {_words(sizing)} needs a size."
    if size is not None and size <= 0:
        yield "size", "The size must be above 0."
    if sizing in _PERCENTAGES and size is not None and size > _PERCENTAGES[sizing]:
        yield "size", f"{_words(sizing).capitalize()} goes up to {_PERCENTAGES[sizing]}."


def _position_limit(settings: StrategySettings) -> Iterator[Problem]:
    limit = settings.max_position
    if limit is None:
        return
    if limit <= 0:
        yield "max_position", _NO_POSITION
    elif settings.sizing is QuantityType.FIXED and (settings.size or limit) > limit:
        yield "max_position", "The size is above the max position, so no entry would be whole."


def _protection(settings: StrategySettings) -> Iterator[Problem]:
    if settings.stop_loss and settings.trail:
        yield "trail", "A position has one stop: keep the stop loss or the trail."
    if settings.trail and settings.trail.unit is OffsetUnit.PRICE:
        yield "trail", "A trail is a distance: use ticks, percent or amount."
    for name in ("take_profit", "stop_loss"):
        offset = getattr(settings, name)
        if _level(offset) is not None and settings.allowed_side is None:
            yield name, "A fixed price fits one direction only: allow one side, or use a distance."
    for name in ("stop_loss", "trail"):
        offset = getattr(settings, name)
        if offset and offset.unit is OffsetUnit.PERCENT and offset.value >= _ALL:
            yield name, "A stop 100 percent away or more would never be reached."


def _levels(settings: StrategySettings) -> Iterator[Problem]:
    profit, loss, side = (
        _level(settings.take_profit),
        _level(settings.stop_loss),
        settings.allowed_side,
    )
    if profit is None or loss is None or side is None:
        return
    if (profit - loss) * side.sign <= 0:
        above = "above" if side is Side.BUY else "below"
        yield "take_profit", f"The take profit must lie {above} the stop loss."


def _level(offset: Offset | None) -> Decimal | None:
    return offset.value if offset and offset.unit is OffsetUnit.PRICE else None


def _order(settings: StrategySettings) -> Iterator[Problem]:
    if settings.time_in_force is TimeInForce.IOC and settings.order_type in _TRIGGERED:
        kind = _words(settings.order_type)
        yield "time_in_force", f"A {kind} order waits for its price; ioc would cancel it at once."


def _limits(settings: StrategySettings) -> Iterator[Problem]:
    yield from _between("max_age_s", settings.max_age_s, 1, _WEEK_S)
    yield from _between("cooldown_s", settings.cooldown_s, 0, _WEEK_S)
    yield from _between("max_alerts_per_session", settings.max_alerts_per_session, 1, _MOST_ALERTS)
    yield from _between("dedupe_window_s", settings.dedupe_window_s, 0, _WEEK_S)
    yield from _between("heartbeat_minutes", settings.heartbeat_minutes, 2, _WEEK_MINUTES)


def _between(name: str, value: int | None, least: int, most: int) -> Iterator[Problem]:
    if value is not None and not least <= value <= most:
        yield name, f"Write a number from {least} to {most}, or leave it empty for no limit."


def _windows(settings: StrategySettings) -> Iterator[Problem]:
    for text in settings.windows:
        try:
            Window.parse(text)
        except InvalidInput as fault:
            yield "windows", fault.detail


def _symbols(settings: StrategySettings) -> Iterator[Problem]:
    sources = {source.upper() for source in settings.symbol_map}
    for source, to in settings.symbol_map.items():
        if source.upper() == to.upper():
            yield "symbol_map", f"{source} is mapped to itself."
        elif to.upper() in sources:
            yield (
                "symbol_map",
                f"{source} is mapped to {to}, which is mapped again; map it directly.",
            )


def _sources(settings: StrategySettings) -> Iterator[Problem]:
    for text in settings.source_allowlist:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            yield "source_allowlist", f"{text[:40]!r} is no address; write it like 52.89.214.238."


def _words(name: str) -> str:
    return name.replace("_", " ")


_RULES: Final[tuple[Callable[[StrategySettings], Iterator[Problem]], ...]] = (
    _sizes,
    _position_limit,
    _protection,
    _levels,
    _order,
    _limits,
    _windows,
    _symbols,
    _sources,
)
