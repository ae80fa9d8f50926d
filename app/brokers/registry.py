"""The open broker of each account, made by its venue's name on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock

from app.domain.accounts import Account
from app.domain.errors import NotFound
from app.domain.reports import Report
from app.services.ports import Broker

Factory = Callable[[Account], Broker]


class Registry:
    """Implements the port ``Brokers``; an account that is slow to open holds up no other."""

    def __init__(
        self, factories: Mapping[str, Factory], account: Callable[[str], Account | None]
    ) -> None:
        """``factories`` make a broker by venue name; ``account`` looks an account up by its id."""
        self._factories = factories
        self._account = account
        self._brokers: dict[str, Broker] = {}
        self._locks: dict[str, Lock] = {}
        self._receive: Callable[[Report], None] | None = None

    def of(self, account_id: str) -> Broker:
        """Return the account's broker, opened.

        Raises NotFound for an account or venue that is not known, and what opening raises.
        """
        with self._locks.setdefault(account_id, Lock()):
            broker = self._brokers.get(account_id)
            if broker is None:
                broker = self._opened(account_id)
                self._brokers[account_id] = broker
        return broker

    def listen(self, receive: Callable[[Report], None]) -> None:
        """Hand every later report of every account to ``receive``, which only queues it."""
        self._receive = receive
        for broker in tuple(self._brokers.values()):
            broker.listen(receive)

    def forget(self, account_id: str) -> None:
        """Close the account's broker; the next use makes it anew, with the present settings."""
        with self._locks.setdefault(account_id, Lock()):
            broker = self._brokers.pop(account_id, None)
            if broker is not None:
                broker.close()

    def renew(self, account_id: str) -> None:
        """Open the account's broker again with the present settings, if it is open.

        It is not left closed: orders that rest there must go on working.
        """
        with self._locks.setdefault(account_id, Lock()):
            broker = self._brokers.pop(account_id, None)
            if broker is not None:
                broker.close()
                self._brokers[account_id] = self._opened(account_id)

    def close_all(self) -> None:
        """Close every broker that is open."""
        for account_id in tuple(self._brokers):
            self.forget(account_id)

    def _opened(self, account_id: str) -> Broker:
        account = self._account(account_id)
        if account is None:
            raise NotFound("There is no such account.")
        factory = self._factories.get(account.venue)
        if factory is None:
            raise NotFound(
                f"The account {account.name} is at the venue {account.venue!r}, unknown."
            )
        broker = factory(account)
        if self._receive is not None:
            broker.listen(self._receive)
        broker.open()
        return broker
