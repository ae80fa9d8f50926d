"""Users, accounts, strategies and their webhook keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.accounts import Account, AccountFlow, Credentials
from app.domain.settings import StrategySettings
from app.domain.strategies import Strategy, StrategyState, WebhookKey
from app.domain.users import ApiToken, User


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """What the intake needs to know about the strategy behind a webhook key, in one look-up."""

    key: WebhookKey
    user_id: str | None
    strategy_name: str
    symbol: str
    state: StrategyState
    settings: StrategySettings
    archived: bool


@dataclass(frozen=True, slots=True)
class Owner:
    """Who may see what happens to a strategy, and what people call it.

    ``user_id`` is None while nobody owns it.
    """

    user_id: str | None
    name: str


class Strategies(Protocol):
    """Strategies and the accounts they trade on."""

    def insert(self, strategy: Strategy) -> None: ...

    def update(self, strategy: Strategy) -> None: ...

    def get(self, strategy_id: str) -> Strategy | None: ...

    def by_name(self, user_id: str | None, name: str) -> Strategy | None: ...

    def list(self, user_id: str | None = None, *, archived: bool = False) -> Sequence[Strategy]:
        """Strategies of one user, or of all when ``user_id`` is None; manual ones included."""

    def set_state(self, strategy_id: str, state: StrategyState, at: datetime) -> None: ...

    def owner(self, strategy_id: str) -> Owner:
        """Whose strategy it is and its name, by a cheap look-up; raises NotFound."""

    def manual_of(self, account_id: str) -> Strategy | None:
        """The account's manual book."""


class Keys(Protocol):
    """Webhook keys, found by the hash of the secret."""

    def insert(self, key: WebhookKey) -> None: ...

    def holder(self, key_hash: str) -> KeyHolder | None:
        """The key with this hash and its strategy, in one cheap look-up; expired keys included."""

    def of_strategy(self, strategy_id: str) -> Sequence[WebhookKey]:
        """Newest first, expired ones included."""

    def expire(self, key_id: str, at: datetime) -> None: ...


class Accounts(Protocol):
    """Trading accounts."""

    def insert(self, account: Account) -> None: ...

    def update(self, account: Account) -> None: ...

    def get(self, account_id: str) -> Account | None: ...

    def hold(self, account_id: str) -> Account | None:
        """The account as it is now; nobody else holds or changes it before the transaction ends."""

    def by_name(self, user_id: str | None, name: str) -> Account | None: ...

    def by_number(self, venue: str, number: str) -> Account | None:
        """The account that the venue calls so, whoever's it is."""

    def list(self, user_id: str | None = None) -> Sequence[Account]: ...

    def add_flow(self, flow: AccountFlow) -> None:
        """Keep money that came in or left; the account's ``deposited`` is updated beside."""

    def flows(self, account_id: str) -> Sequence[AccountFlow]:
        """The account's cash flows, oldest first."""

    def enter(self, credentials: Credentials) -> None:
        """Keep the keys to an account, in the place of those that it had."""

    def credentials(self, account_id: str) -> Credentials | None:
        """The keys to the account; None when it has none, or was disconnected."""

    def with_keys(self) -> Collection[str]:
        """The accounts that have keys, by id."""

    def forget(self, account_id: str) -> None:
        """Remove the keys to the account, if it has any."""


class Users(Protocol):
    """People who sign in, and the tokens of their programs."""

    def insert(self, user: User) -> None: ...

    def get(self, user_id: str) -> User | None: ...

    def by_name(self, name: str) -> User | None: ...

    def count(self) -> int: ...

    def list(self) -> Sequence[User]: ...

    def set_password(self, user_id: str, password_hash: str) -> None: ...

    def adopt_all(self, user_id: str) -> None:
        """Give the user every strategy and account that has no owner yet."""

    def insert_token(self, token: ApiToken) -> None: ...

    def token_by_hash(self, token_hash: str) -> ApiToken | None: ...

    def tokens(self, user_id: str) -> Sequence[ApiToken]: ...

    def revoke_token(self, token_id: str, at: datetime) -> None: ...
