"""What a strategy is set to, as a record and as JSON, and as it holds on one account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from app.domain.alerts import Offset, QuantityType
from app.domain.errors import InvalidInput
from app.domain.money import parse, wire
from app.domain.orders import OrderType, Side, TimeInForce
from app.domain.protection.levels import offset_from_json, offset_to_json
from app.domain.sessions import Window

_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class StrategySettings:
    """What the trader set; None everywhere means "not limited" or "as the alert says".

    ``size`` counts what ``sizing`` says.  A sizing of percent_of_position is for exits: they close
    that part of the position, and entries are sized by the alert.  ``order_type`` is for entries;
    exits go to the market unless the alert itself says otherwise.  ``heartbeat_minutes`` is for how
    many minutes of its trading time the sender may be silent before entries are paused.
    """

    allowed_side: Side | None = None
    sizing: QuantityType | None = None
    size: Decimal | None = None
    max_position: Decimal | None = None
    order_type: OrderType | None = None
    time_in_force: TimeInForce | None = None
    take_profit: Offset | None = None
    stop_loss: Offset | None = None
    trail: Offset | None = None
    max_age_s: int | None = None
    cooldown_s: int | None = None
    max_alerts_per_session: int | None = None
    dedupe_window_s: int | None = 3
    heartbeat_minutes: int | None = None
    windows: tuple[str, ...] = ()
    symbol_map: Mapping[str, str] = field(default_factory=dict)
    source_allowlist: tuple[str, ...] = ()

    def mapped(self, written: str) -> str:
        """Return the symbol to trade for the one that was written: mapped once, else unchanged.

        The map is asked for the text as sent, for it without its exchange, and for its root, so
        that a map of ``NQ`` to ``MNQ`` also covers ``CME_MINI:NQ1!``.
        """
        known = {source.upper(): to for source, to in self.symbol_map.items()}
        whole = written.strip().replace("\\", "").upper()
        core = whole.rpartition(":")[2]
        found = (known[name] for name in (whole, core, core.removesuffix("1!")) if name in known)
        return next(found, written)

    def to_json(self) -> dict[str, object]:
        """Return the settings as JSON, numbers that must be exact as decimal strings."""
        return {
            "allowed_side": self.allowed_side and str(self.allowed_side),
            "sizing": self.sizing and str(self.sizing),
            "size": _text(self.size),
            "max_position": _text(self.max_position),
            "order_type": self.order_type and str(self.order_type),
            "time_in_force": self.time_in_force and str(self.time_in_force),
            "take_profit": offset_to_json(self.take_profit),
            "stop_loss": offset_to_json(self.stop_loss),
            "trail": offset_to_json(self.trail),
            "max_age_s": self.max_age_s,
            "cooldown_s": self.cooldown_s,
            "max_alerts_per_session": self.max_alerts_per_session,
            "dedupe_window_s": self.dedupe_window_s,
            "heartbeat_minutes": self.heartbeat_minutes,
            "windows": list(self.windows),
            "symbol_map": dict(self.symbol_map),
            "source_allowlist": list(self.source_allowlist),
        }

    @staticmethod
    def from_json(stored: Mapping[str, object]) -> StrategySettings:
        """Return what ``to_json`` made; what is absent has its default.

        Raises InvalidInput when a value is of another kind.
        """
        reader = _Stored(stored)
        return StrategySettings(
            allowed_side=reader.choice("allowed_side", Side),
            sizing=reader.choice("sizing", QuantityType),
            size=reader.number("size"),
            max_position=reader.number("max_position"),
            order_type=reader.choice("order_type", OrderType),
            time_in_force=reader.choice("time_in_force", TimeInForce),
            take_profit=offset_from_json(stored.get("take_profit")),
            stop_loss=offset_from_json(stored.get("stop_loss")),
            trail=offset_from_json(stored.get("trail")),
            max_age_s=reader.whole("max_age_s"),
            cooldown_s=reader.whole("cooldown_s"),
            max_alerts_per_session=reader.whole("max_alerts_per_session"),
            dedupe_window_s=reader.whole("dedupe_window_s", 3),
            heartbeat_minutes=reader.whole("heartbeat_minutes"),
            windows=reader.texts("windows"),
            symbol_map=reader.pairs("symbol_map"),
            source_allowlist=reader.texts("source_allowlist"),
        )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else wire(number)


@dataclass(frozen=True, slots=True)
class AccountLink:
    """One account that a strategy trades on, with what differs there."""

    account_id: str
    quantity_factor: Decimal = Decimal(1)
    max_position: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The settings of one strategy on one account, resolved once and never changed.

    ``max_position`` is the tighter one of the strategy's and the account's; ``quantity_factor``
    multiplies every size but those that are measured by the position itself.
    """

    strategy_id: str
    account_id: str
    settings: StrategySettings
    quantity_factor: Decimal = Decimal(1)
    max_position: Decimal | None = None
    windows: tuple[Window, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the snapshot that is stored with each decision."""
        return {
            **self.settings.to_json(),
            "strategy_id": self.strategy_id,
            "account_id": self.account_id,
            "quantity_factor": wire(self.quantity_factor),
            "max_position": _text(self.max_position),
        }


def resolved(strategy_id: str, settings: StrategySettings, link: AccountLink) -> Resolved:
    """Return the settings as they hold on the account; raises InvalidInput for a bad window."""
    caps = [cap for cap in (settings.max_position, link.max_position) if cap is not None]
    return Resolved(
        strategy_id=strategy_id,
        account_id=link.account_id,
        settings=settings,
        quantity_factor=link.quantity_factor,
        max_position=min(caps, default=None),
        windows=tuple(Window.parse(text) for text in settings.windows),
    )


class _Stored:
    """Stored values read strictly: a value of another kind raises InvalidInput with its name."""

    def __init__(self, stored: Mapping[str, object]) -> None:
        self._stored = stored

    def number(self, name: str) -> Decimal | None:
        value = self._stored.get(name)
        return None if value is None else parse(value, name)

    def whole(self, name: str, default: int | None = None) -> int | None:
        value = self._stored.get(name, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise _unlike(name, "a whole number")
        return value

    def choice(self, name: str, kind: type[_Word]) -> _Word | None:
        value = self._stored.get(name)
        try:
            return None if value is None else kind(str(value))
        except ValueError:
            raise _unlike(name, f"one of {', '.join(kind)}") from None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._stored.get(name, ())
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise _unlike(name, "a list of texts")
        return tuple(value)

    def pairs(self, name: str) -> dict[str, str]:
        value = self._stored.get(name, {})
        if not isinstance(value, Mapping) or not all(
            isinstance(item, str) for pair in value.items() for item in pair
        ):
            raise _unlike(name, "pairs of texts")
        return dict(value)


def _unlike(name: str, kind: str) -> InvalidInput:
    return InvalidInput(f"The setting {name} must be {kind}.", fields={name: f"must be {kind}"})
