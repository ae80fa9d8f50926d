"""What guards a position: the take profit and stop that its entries asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.decisions import Decision
from app.domain.orders import Order
from app.domain.protection import Protection
from app.services.ports import BookKey, UnitOfWork


@dataclass(frozen=True, slots=True)
class Guard:
    """A book's newest filled entry, and the protection that it asked for."""

    entry: Order
    protection: Protection


def guard_of(uow: UnitOfWork, key: BookKey) -> Guard | None:
    """Return what guards the book, by its newest filled entry; None when nothing does."""
    entry = uow.orders.last_entry(key)
    if entry is None or entry.alert_id is None:
        return None
    decision = uow.decisions.get(entry.alert_id, key.account_id)
    protection = Protection() if decision is None else protection_of(decision)
    return None if protection == Protection() else Guard(entry, protection)


def protection_of(decision: Decision) -> Protection:
    """Return what is to guard the position that the decision opens; nothing when it opens none."""
    stored = decision.settings.get("protection")
    return Protection.from_json(stored) if isinstance(stored, Mapping) else Protection()
