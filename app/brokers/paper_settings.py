"""The settings of a paper account: read strictly, every fault named, nothing ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.instruments import InstrumentKind
from app.domain.money import ZERO, divide, parse
from app.sim.account import Rules
from app.sim.costs import Costs
from app.sim.ledger import Margins

_HUNDRED: Final = Decimal(100)
_LONGEST_DELAY_MS: Final = 60_000

#: Percent of the notional, about what brokers ask of day traders: an account of 100,000 holds a
#: dozen ES contracts, or stocks for four times its money.
DEFAULT_MARGINS: Final = {
    InstrumentKind.FUTURE: Decimal(2),
    InstrumentKind.STOCK: Decimal(25),
    InstrumentKind.CRYPTO: Decimal(25),
}


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """How a paper account trades, and the seed of its chance (the jitter of its latency)."""

    rules: Rules
    seed: int

    @staticmethod
    def read(data: Mapping[str, object]) -> PaperSettings:
        """Read the settings as an account keeps them; what is absent has its default.

        Raises InvalidInput with one entry in ``fields`` for each fault.
        """
        values, faults = _values(data)
        if values.get("margin_percent") is not None and values.get("leverage") is not None:
            faults["leverage"] = "set either leverage or margin_percent, not both"
        if faults:
            listed = "; ".join(f"{name}: {fault}" for name, fault in sorted(faults.items()))
            raise InvalidInput(
                f"The paper account's settings cannot be used ({listed}).",
                code="INVALID_SETTINGS",
                fields=faults,
            )
        return _settings(values)


def _values(data: Mapping[str, object]) -> tuple[dict[str, Decimal | None], dict[str, str]]:
    values: dict[str, Decimal | None] = {}
    faults: dict[str, str] = {}
    for name, value in data.items():
        rule = _FIELDS.get(name)
        if rule is None:
            faults[name] = f"is no setting; there are {', '.join(sorted(_FIELDS))}"
        elif value is None:
            values[name] = None
        else:
            try:
                values[name] = parse(value, name)
            except InvalidInput as fault:
                faults[name] = fault.fields[name]
                continue
            fault_found = rule(values[name] or ZERO)
            if fault_found is not None:
                faults[name] = fault_found
    return values, faults


def _between(low: int, high: int, *, whole: bool = False) -> Callable[[Decimal], str | None]:
    """Make the check of a number from ``low`` to ``high``: it returns what is wrong, or None."""
    kind = "a whole number" if whole else "a number"

    def check(value: Decimal) -> str | None:
        if low <= value <= high and not (whole and value % 1):
            return None
        return f"must be {kind} from {low} to {high}"

    return check


def _above_zero(value: Decimal) -> str | None:
    return None if value > 0 else "must be above 0, or empty for no limit"


def _margin(value: Decimal) -> str | None:
    return None if 0 < value <= _HUNDRED else "must be above 0 and at most 100"


_FIELDS: Final[Mapping[str, Callable[[Decimal], str | None]]] = {
    "commission_per_unit": _between(0, 1_000),
    "commission_percent": _between(0, 10),
    "commission_minimum": _between(0, 1_000),
    "slippage_ticks": _between(0, 1_000, whole=True),
    "latency_ms": _between(0, _LONGEST_DELAY_MS, whole=True),
    "latency_jitter_ms": _between(0, _LONGEST_DELAY_MS, whole=True),
    "liquidity_per_quote": _above_zero,
    "margin_percent": _margin,
    "leverage": _between(1, 1_000),
    "seed": _between(0, 2**31 - 1, whole=True),
}


def _settings(values: Mapping[str, Decimal | None]) -> PaperSettings:
    def amount(name: str) -> Decimal:
        return values.get(name) or ZERO

    costs = Costs(
        per_unit=amount("commission_per_unit"),
        percent=amount("commission_percent"),
        minimum=amount("commission_minimum"),
        slippage_ticks=amount("slippage_ticks"),
        latency_ms=int(amount("latency_ms")),
        jitter_ms=int(amount("latency_jitter_ms")),
    )
    rules = Rules(costs, values.get("liquidity_per_quote"), Margins(_margins(values)))
    return PaperSettings(rules, int(amount("seed")))


def _margins(values: Mapping[str, Decimal | None]) -> dict[InstrumentKind, Decimal]:
    percent, leverage = values.get("margin_percent"), values.get("leverage")
    if leverage is not None:
        percent = divide(_HUNDRED, leverage)
    return dict(DEFAULT_MARGINS if percent is None else dict.fromkeys(InstrumentKind, percent))
