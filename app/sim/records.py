"""What the paper venue keeps: its orders and fills as records that a store writes as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, cast

from app.domain.orders import Fill, OrderState, OrderType, Side, TimeInForce
from app.sim.book import WorkingOrder
from app.sim.terms import Terms

JsonObject = Mapping[str, object]

_ORDER: Final = tuple(WorkingOrder.__dataclass_fields__)
_FILL: Final = tuple(Fill.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """One order of a paper account: unique by (account_id, client_order_id).

    ``number`` is the venue's own count within the account, shared with its fills; ``at`` is when
    the order last changed.
    """

    account_id: str
    client_order_id: str
    number: int
    state: OrderState
    at: datetime
    order: WorkingOrder
    reason: str | None = None

    @property
    def venue_order_id(self) -> str:
        """The venue's own name of the order, unique within the account."""
        return str(self.number)

    def to_json(self) -> dict[str, object]:
        """Return the whole record as a JSON object."""
        return {
            "account_id": self.account_id,
            "client_order_id": self.client_order_id,
            "number": self.number,
            "state": self.state.value,
            "at": self.at.isoformat(),
            "reason": self.reason,
            "order": {name: _encode(getattr(self.order, name)) for name in _ORDER},
        }

    @staticmethod
    def from_json(data: JsonObject) -> PaperOrder:
        """Read what ``to_json`` wrote."""
        return PaperOrder(
            account_id=str(data["account_id"]),
            client_order_id=str(data["client_order_id"]),
            number=int(str(data["number"])),
            state=OrderState(str(data["state"])),
            at=datetime.fromisoformat(str(data["at"])),
            order=_working(_object(data["order"])),
            reason=_text(data["reason"]),
        )


@dataclass(frozen=True, slots=True)
class PaperFill:
    """One execution of a paper account: unique by (account_id, venue_fill_id).

    ``number`` is the venue's own count within the account; later fills have higher ones.
    """

    account_id: str
    venue_fill_id: str
    number: int
    at: datetime
    client_order_id: str
    venue_order_id: str
    fill: Fill
    terms: Terms

    def to_json(self) -> dict[str, object]:
        """Return the whole record as a JSON object."""
        return {
            "account_id": self.account_id,
            "venue_fill_id": self.venue_fill_id,
            "number": self.number,
            "at": self.at.isoformat(),
            "client_order_id": self.client_order_id,
            "venue_order_id": self.venue_order_id,
            "fill": {name: _encode(getattr(self.fill, name)) for name in _FILL},
            "terms": self.terms.to_json(),
        }

    @staticmethod
    def from_json(data: JsonObject) -> PaperFill:
        """Read what ``to_json`` wrote."""
        return PaperFill(
            account_id=str(data["account_id"]),
            venue_fill_id=str(data["venue_fill_id"]),
            number=int(str(data["number"])),
            at=datetime.fromisoformat(str(data["at"])),
            client_order_id=str(data["client_order_id"]),
            venue_order_id=str(data["venue_order_id"]),
            fill=_fill(_object(data["fill"])),
            terms=Terms.from_json(_object(data["terms"])),
        )


@dataclass(frozen=True, slots=True)
class PaperState:
    """What a paper account is rebuilt from when it opens.

    ``working`` are the orders that may still fill and ``fills`` all fills, both by number;
    ``last_number`` is the highest number of any order or fill, 0 when there is none.
    """

    working: Sequence[PaperOrder]
    fills: Sequence[PaperFill]
    last_number: int


def _encode(value: object) -> object:
    """Return ``value`` as JSON has it: decimals, instants and enumerations become strings."""
    if isinstance(value, Decimal | Side | OrderType | TimeInForce):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value.to_json() if isinstance(value, Terms) else value


def _working(data: JsonObject) -> WorkingOrder:
    return WorkingOrder(
        terms=Terms.from_json(_object(data["terms"])),
        book=str(data["book"]),
        side=Side(str(data["side"])),
        type=OrderType(str(data["type"])),
        time_in_force=TimeInForce(str(data["time_in_force"])),
        quantity=_decimal(data["quantity"]),
        due_at=datetime.fromisoformat(str(data["due_at"])),
        limit_price=_decimal_or_none(data["limit_price"]),
        stop_price=_decimal_or_none(data["stop_price"]),
        trail=_decimal_or_none(data["trail"]),
        reduce_only=data["reduce_only"] is True,
        expires_at=_instant_or_none(data["expires_at"]),
        triggered=data["triggered"] is True,
        filled_quantity=_decimal(data["filled_quantity"]),
        cost=_decimal(data["cost"]),
        charged=_decimal(data["charged"]),
    )


def _fill(data: JsonObject) -> Fill:
    return Fill(
        venue_fill_id=str(data["venue_fill_id"]),
        account_id=str(data["account_id"]),
        symbol=str(data["symbol"]),
        side=Side(str(data["side"])),
        quantity=_decimal(data["quantity"]),
        price=_decimal(data["price"]),
        commission=_decimal(data["commission"]),
        at=datetime.fromisoformat(str(data["at"])),
        order_id=_text(data["order_id"]),
        strategy_id=_text(data["strategy_id"]),
        base_fee=_decimal(data["base_fee"]),
    )


def _object(value: object) -> JsonObject:
    return cast("JsonObject", value)


def _decimal(value: object) -> Decimal:
    return Decimal(str(value))


def _decimal_or_none(value: object) -> Decimal | None:
    return None if value is None else _decimal(value)


def _instant_or_none(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
