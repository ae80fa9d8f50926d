"""What somebody wants who connects an account, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from app.domain.accounts import ALPACA, Account, Mode

_MOST_ORDERS: Final = 100_000


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key and its secret as they were typed; neither is ever shown."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds the orders of an account: amounts in its currency, None for no bound."""

    max_order_value: Decimal | None = None
    max_daily_loss: Decimal | None = None
    max_orders_a_day: int | None = None

    @classmethod
    def of(cls, account: Account) -> Bounds:
        """Return the bounds of the account."""
        return cls(account.max_order_value, account.max_daily_loss, account.max_orders_a_day)

    def by_name(self) -> dict[str, Decimal | int | None]:
        """Return the bounds by the names of an account's fields."""
        return {
            "max_order_value": self.max_order_value,
            "max_daily_loss": self.max_daily_loss,
            "max_orders_a_day": self.max_orders_a_day,
        }

    def faults(self, mode: Mode) -> dict[str, str]:
        """Return what is wrong by field; with real money none may be missing."""
        found = {}
        for name, bound in self.by_name().items():
            if bound is None and mode is Mode.LIVE:
                found[name] = "must be given where real money is at stake"
            elif bound is not None and bound <= 0:
                found[name] = "must be above zero"
        if self.max_orders_a_day is not None and self.max_orders_a_day > _MOST_ORDERS:
            found["max_orders_a_day"] = f"must be at most {_MOST_ORDERS}"
        return found

    def looser_than(self, before: Bounds) -> bool:
        """Whether any of them lets more through than the one ``before`` did."""
        old = before.by_name()
        return any(_looser(bound, old[name]) for name, bound in self.by_name().items())


@dataclass(frozen=True, slots=True)
class Wish:
    """An account to be connected.

    ``settings`` are the venue's own; ``roll`` is when its trading day begins, None as the server's
    other accounts; ``confirmation`` is its name once more, typed by who puts real money at stake.
    """

    name: str
    keys: KeyPair
    mode: Mode = Mode.PAPER
    settings: Mapping[str, object] = field(default_factory=dict)
    bounds: Bounds = Bounds()
    confirmation: str = ""
    roll: str | None = None
    venue: str = ALPACA


def _looser(bound: Decimal | int | None, before: Decimal | int | None) -> bool:
    if bound is None or before is None:
        return bound is None and before is not None
    return bound > before
