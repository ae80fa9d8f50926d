"""An order as Alpaca keeps it, and an execution of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from app.domain.money import ZERO, divide
from app.domain.orders import Fill, Side
from app.sim.records import PaperFill
from app.sim.terms import Terms
from tests.venues.alpaca.words import Json, said, stamp

#: States in which an order is over.
OVER: Final = frozenset({"filled", "canceled", "expired", "replaced", "rejected"})
#: States in which the exchange has the order.
LIVE: Final = frozenset({"new", "partially_filled", "pending_cancel", "pending_replace"})


@dataclass(frozen=True)
class Ticket:
    """One order; ``number`` is its place in the account's own sequence.

    ``parent_id`` is the order whose leg it is, ``leg`` which one: take_profit or stop_loss.
    ``seen_filled`` is what had filled of the order that it replaces when that was asked for.
    """

    id: str
    client_order_id: str
    number: int
    symbol: str
    asset_id: str
    asset_class: str
    side: str
    type: str
    time_in_force: str
    status: str
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime
    order_class: str = ""
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    hwm: Decimal | None = None
    extended_hours: bool = False
    position_intent: str | None = None
    filled_at: datetime | None = None
    expired_at: datetime | None = None
    canceled_at: datetime | None = None
    failed_at: datetime | None = None
    replaced_at: datetime | None = None
    replaced_by: str | None = None
    replaces: str | None = None
    filled_qty: Decimal = ZERO
    cost: Decimal = ZERO
    parent_id: str | None = None
    leg: str | None = None
    triggered: bool = False
    seen_filled: Decimal = ZERO

    @property
    def over(self) -> bool:
        return self.status in OVER

    @property
    def direction(self) -> Side:
        return Side(self.side)

    @property
    def remaining(self) -> Decimal:
        """The quantity that may still fill; 0 for an order in dollars."""
        return ZERO if self.qty is None else self.qty - self.filled_qty

    def to_record(self) -> Json:
        return {each.name: _kept(getattr(self, each.name)) for each in fields(self)}

    @staticmethod
    def from_record(data: Json) -> Ticket:
        return Ticket(**{name: _read(str(_TYPES[name]), value) for name, value in data.items()})

    def to_json(self, legs: list[Json] | None = None) -> Json:
        """What Alpaca answers: every number a string."""
        average = divide(self.cost, self.filled_qty) if self.filled_qty else None
        answer: Json = {name: getattr(self, name) for name in _PLAIN}
        answer.update({name: stamp(getattr(self, name)) for name in _INSTANTS})
        answer.update({name: said(getattr(self, name)) for name in _NUMBERS})
        answer["filled_avg_price"] = None if average is None else said(round(average, 9))
        answer.update(order_type=self.type, legs=legs, expires_at=None, subtag=None, source=None)
        return answer


_TYPES: Final = {each.name: each.type for each in fields(Ticket)}
_INSTANTS: Final = tuple(name for name, kind in _TYPES.items() if "datetime" in str(kind))
_NUMBERS: Final = tuple(
    name
    for name, kind in _TYPES.items()
    if "Decimal" in str(kind) and name not in {"cost", "seen_filled"}
)
_OURS: Final = frozenset({"number", "cost", "parent_id", "leg", "triggered", "seen_filled"})
_PLAIN: Final = tuple(name for name in _TYPES if name not in {*_INSTANTS, *_NUMBERS, *_OURS})


@dataclass(frozen=True)
class Execution:
    """One execution of an order; ``number`` is its place in the account's own sequence."""

    id: str
    number: int
    order_id: str
    symbol: str
    side: str
    qty: Decimal
    price: Decimal
    at: datetime
    cum_qty: Decimal
    leaves_qty: Decimal
    order_status: str

    @property
    def activity_id(self) -> str:
        """The id under which it is listed: an instant, then a UUID."""
        at = self.at.strftime("%Y%m%d%H%M%S%f")[:17]
        return f"{at}::{self.id}"

    def to_record(self) -> Json:
        return {each.name: _kept(getattr(self, each.name)) for each in fields(self)}

    @staticmethod
    def from_record(data: Json) -> Execution:
        kinds = {each.name: str(each.type) for each in fields(Execution)}
        return Execution(**{name: _read(kinds[name], value) for name, value in data.items()})

    def to_json(self, account_id: str) -> Json:
        """What GET /v2/account/activities/FILL says of it."""
        return {
            "id": self.activity_id,
            "account_id": account_id,
            "activity_type": "FILL",
            "transaction_time": stamp(self.at),
            "type": "fill" if self.order_status == "filled" else "partial_fill",
            "price": said(self.price),
            "qty": said(self.qty),
            "side": self.side,
            "symbol": self.symbol,
            "leaves_qty": said(self.leaves_qty),
            "order_id": self.order_id,
            "cum_qty": said(self.cum_qty),
            "order_status": self.order_status,
        }

    def booked(self, terms: Terms) -> PaperFill:
        """The execution as the simulated market's ledger takes it."""
        fill = Fill(
            venue_fill_id=f"{self.number:012d}",
            account_id="",
            symbol=self.symbol,
            side=Side(self.side),
            quantity=self.qty,
            price=self.price,
            commission=ZERO,
            at=self.at,
        )
        return PaperFill(
            "", fill.venue_fill_id, self.number, self.at, "", self.order_id, fill, terms
        )


def _kept(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _read(kind: str, value: object) -> Any:  # noqa: ANN401  as the field says
    if value is None:
        return None
    if "Decimal" in kind:
        return Decimal(str(value))
    return datetime.fromisoformat(str(value)) if "datetime" in kind else value
