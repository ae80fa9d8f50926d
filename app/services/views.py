"""The read side: whose scope it is, and when its day begins."""

from __future__ import annotations

from app.domain.errors import NotFound
from app.domain.sessions import Roll
from app.services.ports import Store, UnitOfWork
from app.services.reads import Scope


class Views:
    """What pages and programs look at; nothing here changes anything.

    ``roll`` says when a trading day begins where no account does.
    """

    def __init__(self, store: Store, roll: str) -> None:
        self._store = store
        self._roll = roll

    def check(self, scope: Scope) -> Scope:
        """Return ``scope``; raises NotFound when its strategy or account is not the user's."""
        with self._store.read() as uow:
            _check_scope(uow, scope)
        return scope

    def roll(self, scope: Scope) -> Roll:
        """Return when the scope's trading day begins: as its account says, else the default."""
        with self._store.read() as uow:
            _check_scope(uow, scope)
            return Roll.parse(_roll_text(uow, scope) or self._roll)


def _check_scope(uow: UnitOfWork, scope: Scope) -> None:
    if scope.strategy_id is not None:
        strategy = uow.strategies.get(scope.strategy_id)
        if strategy is None or strategy.user_id != scope.user_id:
            raise NotFound("There is no such strategy.")
    if scope.account_id is not None:
        account = uow.accounts.get(scope.account_id)
        if account is None or account.user_id != scope.user_id:
            raise NotFound("There is no such account.")


def _roll_text(uow: UnitOfWork, scope: Scope) -> str | None:
    """The roll of the one account that the scope is about; None when it is about several."""
    account_id = scope.account_id
    if account_id is None and scope.strategy_id is not None:
        strategy = uow.strategies.get(scope.strategy_id)
        rolls = {
            account.roll
            for link in (strategy.accounts if strategy else ())
            if (account := uow.accounts.get(link.account_id))
        }
        return rolls.pop() if len(rolls) == 1 else None
    account = uow.accounts.get(account_id) if account_id else None
    return account.roll if account else None
