"""The P&L oracle: its cases, a ledger that runs them, and the comparison with what is expected.

``ORACLE_DIR`` names a folder to read instead of the project's copies.  A ledger is anything that
takes fills as they arrive and then knows its books: the domain alone, or the domain and a store.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from app.domain.journal import RoundTrip, Trip, advance, journal
from app.domain.metrics import Metrics, measure
from app.domain.orders import Fill, Side
from app.domain.positions import FLAT, Lots, Position, apply, converted, fold, pair, unrealised

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ACCOUNT = "oracle"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Arrival:
    """A fill as it arrives, the price that its step is valued at, and the currency rates."""

    fill: Fill
    mark: Decimal
    rate: Decimal
    mark_rate: Decimal


@dataclass(frozen=True)
class Case:
    """One row of the oracle."""

    id: str
    category: str
    symbol: str
    multiplier: Decimal
    arrivals: tuple[Arrival, ...]
    steps: tuple[Row, ...]
    final: Row
    round_trips: tuple[Row, ...]
    metrics: Row


class Ledger(Protocol):
    """What the oracle asks of whoever keeps the books of one strategy, account and instrument."""

    def take(self, fill: Fill) -> None:
        """Book ``fill`` as it arrives: perhaps again, perhaps late."""

    def position(self) -> Position:
        """Return the position that the books hold now."""

    def lots(self) -> Lots:
        """Return the first-in first-out matching of the fills so far."""

    def closed(self) -> tuple[RoundTrip, ...]:
        """Return the finished round trips, oldest first."""

    def converted(self, rate: Callable[[Fill], Decimal]) -> Decimal:
        """Return the net realised money in the account's currency."""


class DomainLedger:
    """The real domain code, used as the pipeline does: one step a fill, anew when one is late."""

    def __init__(self, multiplier: Decimal) -> None:
        self.multiplier = multiplier
        self.fills: list[Fill] = []
        self._position, self._lots = FLAT, Lots()
        self._closed: list[RoundTrip] = []
        self._trip: Trip | None = None

    def take(self, fill: Fill) -> None:
        if self.knows(fill):
            return
        self.fills.append(fill)
        if self.in_order(fill):
            self._advance(fill)
        else:
            self._rebuild()

    def knows(self, fill: Fill) -> bool:
        return any(known.venue_fill_id == fill.venue_fill_id for known in self.fills)

    def in_order(self, fill: Fill) -> bool:
        return self._position.continues(fill)

    def step(self, position: Position, fill: Fill) -> Position:
        return apply(position, fill, self.multiplier)

    def _advance(self, fill: Fill) -> None:
        self._position = self.step(self._position, fill)
        self._lots = pair(self._lots, fill, self.multiplier)
        closed, self._trip = advance(self._trip, fill, self.multiplier)
        self._closed += [closed] if closed else []

    def _rebuild(self) -> None:
        self.fills.sort(key=lambda fill: (fill.at, fill.venue_fill_id))
        self._position = fold(self.fills, self.multiplier)
        closed, self._trip = journal(self.fills, self.multiplier)
        self._closed, self._lots = list(closed), Lots()
        for fill in self.fills:
            self._lots = pair(self._lots, fill, self.multiplier)

    def position(self) -> Position:
        return self._position

    def lots(self) -> Lots:
        return self._lots

    def closed(self) -> tuple[RoundTrip, ...]:
        return tuple(self._closed)

    def converted(self, rate: Callable[[Fill], Decimal]) -> Decimal:
        return converted(self.fills, self.multiplier, rate)


def folder() -> Path:
    """Return the folder that holds the oracles."""
    return Path(os.environ.get("ORACLE_DIR") or Path(__file__).parent / "data")


@cache
def cases() -> tuple[Case, ...]:
    """Return every case of the P&L oracle."""
    with (folder() / "pnl.jsonl").open(encoding="utf-8") as lines:
        return tuple(_case(json.loads(line)) for line in lines if line.strip())


def _case(row: Row) -> Case:
    symbol = row["instrument"]["symbol"]
    return Case(
        id=row["id"],
        category=row["category"],
        symbol=symbol,
        multiplier=Decimal(row["instrument"]["multiplier"]),
        arrivals=tuple(_arrival(fill, symbol) for fill in row["fills"]),
        steps=tuple(row["steps"]),
        final=row["final"],
        round_trips=tuple(row["round_trips"]),
        metrics=row["metrics"],
    )


def _arrival(row: Row, symbol: str) -> Arrival:
    fill = Fill(
        venue_fill_id=row["exec_id"],
        account_id=ACCOUNT,
        symbol=symbol,
        side=Side(row["side"]),
        quantity=Decimal(row["qty"]),
        price=Decimal(row["price"]),
        commission=Decimal(row["commission"]),
        at=_instant(row["ts"]),
        base_fee=Decimal(row.get("base_fee", 0)),
    )
    rate = Decimal(row.get("fx", 1))
    return Arrival(fill, Decimal(row["mark"]), rate, Decimal(row.get("mark_fx", 1)))


def _instant(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def differences(case: Case, ledger: Ledger) -> Iterator[str]:
    """Run ``case`` through ``ledger`` and yield each way in which its books are not as expected."""
    rates = {each.fill.venue_fill_id: each.rate for each in case.arrivals}
    for number, (arrival, expected) in enumerate(zip(case.arrivals, case.steps, strict=True)):
        ledger.take(arrival.fill)
        for problem in _step(case, arrival, expected, ledger, rates):
            yield f"{case.id} step {number}: {problem}"
    for problem in _step(case, case.arrivals[-1], case.final, ledger, rates):
        yield f"{case.id} final: {problem}"
    for problem in _journal(case, ledger.closed()):
        yield f"{case.id}: {problem}"


def _step(
    case: Case, arrival: Arrival, expected: Row, ledger: Ledger, rates: Mapping[str, Decimal]
) -> Iterator[str]:
    position, lots, multiplier = ledger.position(), ledger.lots(), case.multiplier
    open_pnl = unrealised(position, arrival.mark, multiplier)
    actual: dict[str, Decimal | None] = {
        "avg_entry": position.average_price,
        "realized_gross": position.realised_gross,
        "commission": position.commission,
        "realized_net": position.realised_net,
        "unrealized": open_pnl,
        "total_net": None if open_pnl is None else position.realised_net + open_pnl,
        "fifo_realized_gross": lots.realised_gross,
        "fifo_unrealized": lots.unrealised(arrival.mark, multiplier),
    }
    if "acct_realized_net" in expected:
        actual["acct_realized_net"] = ledger.converted(lambda fill: rates[fill.venue_fill_id])
        actual["acct_unrealized"] = None if open_pnl is None else open_pnl * arrival.mark_rate
    if position.quantity != Decimal(expected["net_qty"]):
        yield f"net_qty is {position.quantity}, not {expected['net_qty']}"
    fill = arrival.fill
    yield from _unequal(actual, expected, fill.quantity * fill.price * multiplier)


def _journal(case: Case, closed: tuple[RoundTrip, ...]) -> Iterator[str]:
    if len(closed) != len(case.round_trips):
        yield f"{len(closed)} round trips, not {len(case.round_trips)}"
    for number, (trip, expected) in enumerate(zip(closed, case.round_trips, strict=False)):
        for problem in _trip(trip, expected, case.multiplier):
            yield f"round trip {number}: {problem}"
    for problem in _metrics(measure(closed), case):
        yield f"metrics: {problem}"


def _trip(trip: RoundTrip, expected: Row, multiplier: Decimal) -> Iterator[str]:
    same = {
        "direction": (str(trip.direction), expected["direction"]),
        "opened_ts": (trip.opened_at, _instant(expected["opened_ts"])),
        "closed_ts": (trip.closed_at, _instant(expected["closed_ts"])),
        "peak_qty": (trip.peak_quantity, Decimal(expected["peak_qty"])),
        "qty": (trip.quantity, Decimal(expected["qty"])),
    }
    yield from (
        f"{key} is {is_}, not {should}" for key, (is_, should) in same.items() if is_ != should
    )
    actual = {
        "avg_entry": trip.average_entry,
        "avg_exit": trip.average_exit,
        "gross": trip.gross,
        "commission": trip.commission,
        "net": trip.net,
    }
    yield from _unequal(actual, expected, trip.quantity * trip.average_entry * multiplier)


def _metrics(metrics: Metrics, case: Case) -> Iterator[str]:
    for key in ("round_trips", "wins", "losses", "scratches"):
        if getattr(metrics, key) != case.metrics[key]:
            yield f"{key} is {getattr(metrics, key)}, not {case.metrics[key]}"
    keys = ("gross_profit", "gross_loss", "profit_factor", "win_rate", "expectancy")
    yield from _unequal({key: getattr(metrics, key) for key in keys}, case.metrics, Decimal(0))


def _unequal(
    actual: Mapping[str, Decimal | None], expected: Row, notional: Decimal
) -> Iterator[str]:
    tolerance = Decimal("1e-9") * max(Decimal(1), abs(notional))
    for key, value in actual.items():
        wanted = expected[key]
        if value is None or wanted is None:
            if value is not wanted:
                yield f"{key} is {value}, not {wanted}"
        elif abs(value - Decimal(wanted)) > tolerance:
            yield f"{key} is {value}, not {wanted}"
