"""What a switch reaches: the orders and books of the server, an account or a strategy."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.errors import NotFound
from app.domain.money import wire
from app.domain.orders import Order
from app.domain.positions import Position
from app.domain.safety.switches import Scope
from app.services.ports import BookKey, UnitOfWork


def concerns(uow: UnitOfWork, user_id: str | None, scope: Scope, subject_id: str) -> bool:
    """Whether the subject is there and the user's; the server is everybody's."""
    if scope is Scope.SERVER:
        return True
    found = (uow.accounts if scope is Scope.ACCOUNT else uow.strategies).get(subject_id)
    return found is not None and user_id in {None, found.user_id}


def check_subject(uow: UnitOfWork, user_id: str | None, scope: Scope, subject_id: str) -> None:
    """Raise NotFound unless the subject is there and the user's; the server is everybody's."""
    if not concerns(uow, user_id, scope, subject_id):
        raise NotFound(f"There is no such {scope}.")


def working_in(uow: UnitOfWork, scope: Scope, subject_id: str) -> list[Order]:
    """Return the orders in reach that may still fill, but those that guard a position."""
    strategy_id = subject_id if scope is Scope.STRATEGY else None
    account_id = subject_id if scope is Scope.ACCOUNT else None
    orders = uow.orders.working(strategy_id, account_id)
    return [order for order in orders if not order.role.protective]


def open_in(uow: UnitOfWork, scope: Scope, subject_id: str) -> Mapping[BookKey, Position]:
    """Return the books in reach that hold something."""
    strategy_id = subject_id if scope is Scope.STRATEGY else None
    account_id = subject_id if scope is Scope.ACCOUNT else None
    return uow.positions.open(strategy_id, account_id)


def book_words(uow: UnitOfWork, key: BookKey, position: Position) -> str:
    """Return a book in words: "Breakout: 2 ESZ2026 on desk"."""
    account = uow.accounts.get(key.account_id)
    name = uow.strategies.owner(key.strategy_id).name
    where = account.name if account else "an account that is gone"
    return f"{name}: {wire(position.quantity)} {key.symbol} on {where}"
