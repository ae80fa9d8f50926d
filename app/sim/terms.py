"""The numbers of a contract that its fills are computed with, kept beside every order and fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.domain.instruments import Contract, InstrumentKind
from app.domain.money import wire


@dataclass(frozen=True, slots=True)
class Terms:
    """How one contract trades: ``tick_size`` in price, ``multiplier`` in money per point and unit.

    They are stored with what was traded, because a symbol alone may be read differently later.
    """

    symbol: str
    kind: InstrumentKind
    tick_size: Decimal
    multiplier: Decimal

    @staticmethod
    def of(contract: Contract) -> Terms:
        """Return the terms of ``contract``."""
        instrument = contract.instrument
        return Terms(contract.symbol, instrument.kind, instrument.tick_size, instrument.multiplier)

    def to_json(self) -> dict[str, object]:
        """Return the terms as a JSON object, decimals as strings."""
        return {
            "symbol": self.symbol,
            "kind": self.kind.value,
            "tick_size": wire(self.tick_size),
            "multiplier": wire(self.multiplier),
        }

    @staticmethod
    def from_json(data: Mapping[str, object]) -> Terms:
        """Read what ``to_json`` wrote."""
        return Terms(
            symbol=str(data["symbol"]),
            kind=InstrumentKind(str(data["kind"])),
            tick_size=Decimal(str(data["tick_size"])),
            multiplier=Decimal(str(data["multiplier"])),
        )
