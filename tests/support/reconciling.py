"""What tests of reconciliation do: look, wait until a difference is believed, read."""

from __future__ import annotations

from decimal import Decimal

from app.domain.accounts import Account
from app.domain.events import FactKind
from app.domain.money import wire
from app.domain.orders import Order
from app.domain.safety.drift import Drift
from app.domain.strategies import Strategy
from app.services.reconcile import Numbers
from tests.support.floor import Floor


def look(floor: Floor, account: Account | None = None) -> bool:
    """Compare the account (the desk) once, and do what follows."""
    answered = floor.core.reconciler.look((account or floor.desk).id)
    floor.work()
    return answered


def look_until_sure(floor: Floor) -> None:
    """Look twice, so far apart that what both saw is believed."""
    look(floor)
    floor.clock.advance(11)
    look(floor)


def drifts(floor: Floor, account: Account | None = None) -> list[Drift]:
    """The unresolved drifts of the account."""
    with floor.core.store.read() as uow:
        return list(uow.drifts.unresolved((account or floor.desk).id))


def drift_of(floor: Floor, drift_id: str) -> Drift:
    with floor.core.store.read() as uow:
        found = uow.drifts.get(drift_id)
    assert found is not None
    return found


def numbers(drift: Drift) -> Numbers:
    return Numbers(drift.ours, drift.theirs)


def said(ours: str, theirs: str | None) -> Numbers:
    return Numbers(Decimal(ours), None if theirs is None else Decimal(theirs))


def held_by(floor: Floor, strategy: Strategy) -> list[str]:
    """What the strategy and the manual book hold of its product on the desk."""
    return [wire(floor.held(each)) for each in (strategy, manual(floor))]


def manual(floor: Floor, account: Account | None = None) -> Strategy:
    """The account's manual book."""
    with floor.core.store.read() as uow:
        found = uow.strategies.manual_of((account or floor.desk).id)
    assert found is not None
    return found


def account_book(floor: Floor, symbol: str = "ESZ2026") -> Decimal:
    """What all books of the desk add up to."""
    with floor.core.store.read() as uow:
        books = uow.positions.open(account_id=floor.desk.id)
    held = [position.quantity for key, position in books.items() if key.symbol == symbol]
    return sum(held, Decimal(0))


def order_named(floor: Floor, client_order_id: str) -> Order:
    with floor.core.store.read() as uow:
        found = uow.orders.by_client_id(client_order_id)
    assert found is not None
    return found


def told(floor: Floor, kind: FactKind) -> list[str]:
    """The messages of the facts of the kind."""
    return [fact.message for fact in floor.facts if fact.kind is kind]
