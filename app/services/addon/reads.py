"""What people and programs read of the accounts that add-ons tell of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.accounts import Account
from app.domain.addon.records import Followed, KeptExecution
from app.domain.errors import NotFound
from app.services.ports import Clock, Store, UnitOfWork

#: Executions of one answer at most.
MOST_EXECUTIONS = 10_000


@dataclass(frozen=True, slots=True)
class Platform:
    """An account as its platform told of it last, and how its messages arrive."""

    account: Account
    followed: Followed
    at: datetime


class AddonReads:
    """Each user sees what was told of their own accounts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def platforms(self, user_id: str) -> Sequence[Platform]:
        """Return the accounts that add-ons tell of, in the order in which they did first."""
        with self._store.read() as uow:
            return [self._platform(uow, each) for each in uow.addons.list(user_id)]

    def platform(self, user_id: str, account_id: str) -> Platform:
        """Return what is told of an account; raises NotFound."""
        with self._store.read() as uow:
            return self._platform(uow, _own(uow, user_id, account_id))

    def executions(self, user_id: str, account_id: str, since: datetime) -> Sequence[KeptExecution]:
        """Return the executions since the instant, newest first; raises NotFound."""
        with self._store.read() as uow:
            _own(uow, user_id, account_id)
            return uow.addons.executions(account_id, since, MOST_EXECUTIONS)

    def _platform(self, uow: UnitOfWork, followed: Followed) -> Platform:
        account = uow.accounts.get(followed.account_id)
        if account is None:
            raise NotFound("There is no such account.")
        return Platform(account, followed, self._clock.now())


def _own(uow: UnitOfWork, user_id: str, account_id: str) -> Followed:
    followed = uow.addons.get(account_id)
    if followed is None or followed.user_id != user_id:
        raise NotFound("No add-on tells of such an account.")
    return followed
