"""Made-up days of funded accounts: an account that breaks a rule, one that wins, two at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from app.addonsim.script import Json, Line
from app.domain.errors import InvalidInput
from app.domain.money import ZERO

_INSTRUMENT: Final = "NQ 12-26"
_POINT_VALUE: Final = Decimal(20)
_TICK: Final = Decimal("0.25")
_COMMISSION: Final = Decimal("2.10")
_PRICE: Final = Decimal(21_500)


@dataclass
class Trader:
    """An account that trades one contract of NQ and writes down what its platform would say."""

    name: str
    balance: Decimal
    at: float = 0.0
    lines: list[Line] = field(default_factory=list)
    _price: Decimal = _PRICE
    _held: int = 0
    _average: Decimal = ZERO
    _realized: Decimal = ZERO
    _fees: Decimal = ZERO
    _count: int = 0

    def begins(self) -> None:
        """Say what is there, flat."""
        self._say("connection", kind="snapshot")

    def trades(self, contracts: int) -> None:
        """Buy so many contracts at the price of now, or sell where it is negative."""
        closed = min(abs(contracts), abs(self._held)) if contracts * self._held < 0 else 0
        sign = 1 if self._held > 0 else -1
        self._realized += closed * sign * (self._price - self._average) * _POINT_VALUE
        self._fees += abs(contracts) * _COMMISSION
        if closed == 0:
            total = self._average * self._held + self._price * contracts
            self._average = total / (self._held + contracts)
        self._held += contracts
        self._count += 1
        self._say("execution", executions=[self._execution(contracts)])

    def moves(self, points: Decimal | int, seconds: int = 1) -> None:
        """Let the price move evenly by so many points in so many seconds, a message each."""
        begin = self._price
        for second in range(1, seconds + 1):
            step = Decimal(points) * second / seconds
            self._price = begin + (step / _TICK).to_integral_value() * _TICK
            self._say("item")

    def rests(self, seconds: int) -> None:
        """Let seconds pass in which only the platform's own flood of values goes on."""
        for _ in range(seconds):
            self._say("item")

    @property
    def _open(self) -> Decimal:
        return self._held * (self._price - self._average) * _POINT_VALUE if self._held else ZERO

    def _say(self, reason: str, kind: str = "delta", executions: Sequence[Json] = ()) -> None:
        cash = self.balance + self._realized - self._fees
        values = {
            "cash_value": cash,
            "net_liquidation": cash + self._open,
            "realized_pnl": self._realized - self._fees,
            "gross_realized_pnl": self._realized,
            "unrealized_pnl": self._open,
            "commission": self._fees,
            "fee": ZERO,
            "sod_cash_value": self.balance,
        }
        self.lines.append(
            Line(
                self.at,
                {"name": self.name},
                kind=kind,
                reason=[reason],
                values={name: f"{value:.2f}" for name, value in values.items()},
                positions=[self._position()] if self._held else [],
                orders=[],
                executions=executions,
            )
        )
        self.at += 1.0

    def _position(self) -> Json:
        return {
            "instrument": _INSTRUMENT,
            "root": "NQ",
            "market_position": "Long" if self._held > 0 else "Short",
            "quantity": abs(self._held),
            "average_price": str(self._average),
            "unrealized_pnl": f"{self._open:.2f}",
            "point_value": str(_POINT_VALUE),
            "tick_size": str(_TICK),
        }

    def _execution(self, contracts: int) -> Json:
        return {
            "execution_id": f"{self.name}-e{self._count}",
            "order_id": f"{self.name}-o{self._count}",
            "instrument": _INSTRUMENT,
            "side": "Buy" if contracts > 0 else "Sell",
            "quantity": abs(contracts),
            "price": str(self._price),
            "commission": str(_COMMISSION * abs(contracts)),
            "fee": "0.00",
            "is_entry": self._held != 0,
            "operation": "Add",
        }


def soft_breach(account: str, balance: Decimal) -> list[Line]:
    """A day that loses 1,160 and ends flat: more than a daily loss limit of 1,000 allows."""
    return _falling(account, balance, points=-29)


def hard_breach(account: str, balance: Decimal) -> list[Line]:
    """A day that falls by 2,680 with contracts open: below a floor of 2,000 or 2,500."""
    return _falling(account, balance, points=-67)


def winning_day(account: str, balance: Decimal) -> list[Line]:
    """A day of two round trips that wins 620 before fees and gives a part of its peak back."""
    trader = Trader(account, balance)
    trader.begins()
    trader.trades(1)
    trader.moves(30, 8)
    trader.moves(-8, 3)
    trader.trades(-1)
    trader.rests(2)
    trader.trades(-1)
    trader.moves(-9, 5)
    trader.trades(1)
    trader.rests(2)
    return trader.lines


def two_accounts(account: str, balance: Decimal) -> list[Line]:
    """A winning day on one account and, in the same seconds, a soft breach on another."""
    both = [*winning_day(account, balance), *soft_breach(f"{account}-B", balance)]
    return sorted(both, key=lambda line: line.at)


def _falling(account: str, balance: Decimal, points: int) -> list[Line]:
    trader = Trader(account, balance)
    trader.begins()
    trader.trades(1)
    trader.moves(6, 3)
    trader.trades(1)
    trader.moves(-3, 2)
    trader.moves(points, 10)
    trader.trades(-2)
    trader.rests(3)
    return trader.lines


SCENARIOS: Final[dict[str, Callable[[str, Decimal], list[Line]]]] = {
    "soft-breach": soft_breach,
    "hard-breach": hard_breach,
    "winning-day": winning_day,
    "two-accounts": two_accounts,
}


def scenario(name: str, account: str, balance: Decimal) -> list[Line]:
    """Return the lines of a scenario; raises InvalidInput when there is none of that name."""
    made = SCENARIOS.get(name)
    if made is None:
        raise InvalidInput(f"There is no scenario {name!r}: they are {', '.join(SCENARIOS)}.")
    return made(account, balance)
