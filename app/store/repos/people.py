"""Repositories of people, accounts, strategies and webhook keys."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from app.domain.accounts import Account, AccountFlow, Credentials
from app.domain.errors import NotFound
from app.domain.settings import AccountLink
from app.domain.strategies import Strategy, StrategyKind, StrategyState, WebhookKey
from app.domain.users import ApiToken, User
from app.services.ports import KeyHolder, Owner
from app.store.records import Record, Repo, insert_or_replace
from app.store.tables.history import PNL_SERIES
from app.store.tables.people import (
    ACCOUNT_CREDENTIALS,
    ACCOUNTS,
    API_TOKENS,
    CASH_FLOWS,
    STRATEGIES,
    STRATEGY_ACCOUNTS,
    USERS,
    WEBHOOK_KEYS,
)

USER: Final = Record(User, USERS)
TOKEN: Final = Record(ApiToken, API_TOKENS)
ACCOUNT: Final = Record(Account, ACCOUNTS)
FLOW: Final = Record(AccountFlow, CASH_FLOWS)
CREDENTIALS: Final = Record(Credentials, ACCOUNT_CREDENTIALS)
KEY: Final = Record(WebhookKey, WEBHOOK_KEYS)
LINK: Final = Record(AccountLink, STRATEGY_ACCOUNTS)

_INSERT_USER: Final = insert(USERS)
_GET_USER: Final = select(*USER.columns).where(USERS.c.id == bindparam("id"))
_USER_BY_NAME: Final = select(*USER.columns).where(USERS.c.name == bindparam("name"))
_ALL_USERS: Final = select(*USER.columns).order_by(USERS.c.id)
_COUNT_USERS: Final = select(func.count()).select_from(USERS)
_SET_PASSWORD: Final = (
    update(USERS).where(USERS.c.id == bindparam("of")).values(password_hash=bindparam("new"))
)
_ADOPT: Final = tuple(
    update(table).where(table.c.user_id.is_(None)).values(user_id=bindparam("owner"))
    for table in (ACCOUNTS, STRATEGIES, PNL_SERIES)
)
_INSERT_TOKEN: Final = insert(API_TOKENS)
_TOKEN_BY_HASH: Final = select(*TOKEN.columns).where(API_TOKENS.c.token_hash == bindparam("hash"))
_TOKENS: Final = (
    select(*TOKEN.columns)
    .where(API_TOKENS.c.user_id == bindparam("user_id"))
    .order_by(API_TOKENS.c.id)
)
_REVOKE: Final = (
    update(API_TOKENS)
    .where(API_TOKENS.c.id == bindparam("token"), API_TOKENS.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
)


class Users(Repo):
    """People who sign in, and the tokens of their programs."""

    __slots__ = ()

    def insert(self, user: User) -> None:
        """Keep a new user; raises Conflict when the name is taken."""
        self._count(_INSERT_USER, USER.values(user))

    def get(self, user_id: str) -> User | None:
        """The user with this id."""
        return USER.maybe(self._first(_GET_USER, id=user_id))

    def by_name(self, name: str) -> User | None:
        """The user with this name."""
        return USER.maybe(self._first(_USER_BY_NAME, name=name))

    def count(self) -> int:
        """How many users there are."""
        row = self._first(_COUNT_USERS)
        return int(row[0]) if row else 0

    def list(self) -> Sequence[User]:
        """Every user, oldest first."""
        return USER.all(self._rows(_ALL_USERS))

    def set_password(self, user_id: str, password_hash: str) -> None:
        """Replace the password's hash; raises NotFound without such a user."""
        if not self._count(_SET_PASSWORD, {"of": user_id, "new": password_hash}):
            raise NotFound("There is no such user.")

    def adopt_all(self, user_id: str) -> None:
        """Give the user every strategy and account that has no owner yet, and their curves."""
        for statement in _ADOPT:
            self._count(statement, {"owner": user_id})

    def insert_token(self, token: ApiToken) -> None:
        """Keep a new token."""
        self._count(_INSERT_TOKEN, TOKEN.values(token))

    def token_by_hash(self, token_hash: str) -> ApiToken | None:
        """The token whose secret has this hash, revoked ones included."""
        return TOKEN.maybe(self._first(_TOKEN_BY_HASH, hash=token_hash))

    def tokens(self, user_id: str) -> Sequence[ApiToken]:
        """The user's tokens, oldest first, revoked ones included."""
        return TOKEN.all(self._rows(_TOKENS, user_id=user_id))

    def revoke_token(self, token_id: str, at: datetime) -> None:
        """End the token at ``at``; one that ended before keeps its instant."""
        self._count(_REVOKE, {"token": token_id, "at": at})


_INSERT_ACCOUNT: Final = insert(ACCOUNTS)
_ACCOUNT_CHANGING: Final = (
    "name",
    "venue",
    "mode",
    "starting_cash",
    "roll",
    "user_id",
    "deposited",
    "max_order_value",
    "max_daily_loss",
    "max_orders_a_day",
)
_UPDATE_ACCOUNT: Final = (
    update(ACCOUNTS)
    .where(ACCOUNTS.c.id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in (*_ACCOUNT_CHANGING, "settings")})
)
_ACCOUNTS: Final = select(*ACCOUNT.columns).order_by(ACCOUNTS.c.id)
_HOLD_ACCOUNT: Final = (
    select(*ACCOUNT.columns).where(ACCOUNTS.c.id == bindparam("id")).with_for_update()
)
_INSERT_FLOW: Final = insert(CASH_FLOWS)
_FLOWS: Final = (
    select(*FLOW.columns)
    .where(CASH_FLOWS.c.account_id == bindparam("account_id"))
    .order_by(CASH_FLOWS.c.at, CASH_FLOWS.c.id)
)
_WITH_KEYS: Final = select(ACCOUNT_CREDENTIALS.c.account_id)
_ENTER: Final = insert_or_replace(ACCOUNT_CREDENTIALS, "account_id")
_CREDENTIALS: Final = select(*CREDENTIALS.columns).where(
    ACCOUNT_CREDENTIALS.c.account_id == bindparam("account_id")
)
_FORGET: Final = delete(ACCOUNT_CREDENTIALS).where(
    ACCOUNT_CREDENTIALS.c.account_id == bindparam("of")
)
_GET_ACCOUNT: Final = select(*ACCOUNT.columns).where(ACCOUNTS.c.id == bindparam("id"))


class Accounts(Repo):
    """Trading accounts."""

    __slots__ = ()

    def insert(self, account: Account) -> None:
        """Keep a new account; raises Conflict when its owner has one of that name."""
        self._count(_INSERT_ACCOUNT, ACCOUNT.values(account))

    def update(self, account: Account) -> None:
        """Store the account as it is now; raises NotFound when it was never inserted."""
        values = {f"new_{name}": value for name, value in ACCOUNT.values(account).items()}
        del values["new_id"], values["new_created_at"]
        if not self._count(_UPDATE_ACCOUNT, values | {"of": account.id}):
            raise NotFound("There is no such account.")

    def get(self, account_id: str) -> Account | None:
        """The account with this id."""
        return ACCOUNT.maybe(self._first(_GET_ACCOUNT, id=account_id))

    def hold(self, account_id: str) -> Account | None:
        """The account as it is now; nobody else holds or changes it before the transaction ends."""
        return ACCOUNT.maybe(self._first(_HOLD_ACCOUNT, id=account_id))

    def by_name(self, user_id: str | None, name: str) -> Account | None:
        """The account of that name of one user, or the oldest of anybody's when that is None."""
        wanted = _ACCOUNTS.where(ACCOUNTS.c.name == name)
        if user_id is not None:
            wanted = wanted.where(ACCOUNTS.c.user_id == user_id)
        return ACCOUNT.maybe(self._first(wanted))

    def by_number(self, venue: str, number: str) -> Account | None:
        """The account that the venue calls so, whoever's it is."""
        wanted = _ACCOUNTS.where(ACCOUNTS.c.venue == venue, ACCOUNTS.c.venue_number == number)
        return ACCOUNT.maybe(self._first(wanted))

    def add_flow(self, flow: AccountFlow) -> None:
        """Keep money that came in or left; the account itself is updated beside."""
        self._count(_INSERT_FLOW, FLOW.values(flow))

    def flows(self, account_id: str) -> Sequence[AccountFlow]:
        """The account's cash flows, oldest first."""
        return FLOW.all(self._rows(_FLOWS, account_id=account_id))

    def enter(self, credentials: Credentials) -> None:
        """Keep the keys to an account, in the place of those that it had."""
        self._count(self._variant(_ENTER), CREDENTIALS.values(credentials))

    def credentials(self, account_id: str) -> Credentials | None:
        """The keys to the account; None when it has none, or was disconnected."""
        return CREDENTIALS.maybe(self._first(_CREDENTIALS, account_id=account_id))

    def with_keys(self) -> Collection[str]:
        """The accounts that have keys, by id."""
        return {row[0] for row in self._rows(_WITH_KEYS)}

    def forget(self, account_id: str) -> None:
        """Remove the keys to the account, if it has any."""
        self._count(_FORGET, {"of": account_id})

    def list(self, user_id: str | None = None) -> Sequence[Account]:
        """Accounts of one user, or of all when ``user_id`` is None, oldest first."""
        wanted = _ACCOUNTS
        if user_id is not None:
            wanted = wanted.where(ACCOUNTS.c.user_id == user_id)
        return ACCOUNT.all(self._rows(wanted))


_STRATEGY_FIELDS: Final = tuple(column.name for column in STRATEGIES.c)
_INSERT_STRATEGY: Final = insert(STRATEGIES)
_UPDATE_STRATEGY: Final = (
    update(STRATEGIES)
    .where(STRATEGIES.c.id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in _STRATEGY_FIELDS if name != "id"})
)
_SET_STATE: Final = (
    update(STRATEGIES)
    .where(STRATEGIES.c.id == bindparam("of"))
    .values(state=bindparam("new_state"), updated_at=bindparam("at"))
)
_INSERT_LINK: Final = insert(STRATEGY_ACCOUNTS)
_CLEAR_LINKS: Final = delete(STRATEGY_ACCOUNTS).where(
    STRATEGY_ACCOUNTS.c.strategy_id == bindparam("of")
)
_STRATEGIES: Final = (
    select(*STRATEGIES.c, *LINK.columns)
    .outerjoin_from(
        STRATEGIES, STRATEGY_ACCOUNTS, STRATEGY_ACCOUNTS.c.strategy_id == STRATEGIES.c.id
    )
    .order_by(STRATEGIES.c.id, STRATEGY_ACCOUNTS.c.place)
)
_OWNER: Final = select(STRATEGIES.c.user_id, STRATEGIES.c.name).where(
    STRATEGIES.c.id == bindparam("id")
)
_MANUAL: Final = _STRATEGIES.where(
    STRATEGIES.c.kind == StrategyKind.MANUAL,
    STRATEGY_ACCOUNTS.c.account_id == bindparam("account_id"),
)
_GET_STRATEGY: Final = _STRATEGIES.where(STRATEGIES.c.id == bindparam("id"))


def _values(strategy: Strategy) -> dict[str, Any]:
    return {name: getattr(strategy, name) for name in _STRATEGY_FIELDS}


def _strategies(rows: Iterable[Sequence[Any]]) -> builtins.list[Strategy]:
    """One strategy for each id among the rows; each row adds the account that it names."""
    width = len(_STRATEGY_FIELDS)
    found: dict[str, tuple[Sequence[Any], builtins.list[AccountLink]]] = {}
    for row in rows:
        links = found.setdefault(row[0], (row, []))[1]
        if row[width] is not None:
            links.append(LINK.of(row[width:]))
    return [
        Strategy(
            **dict(zip(_STRATEGY_FIELDS, row[:width], strict=True)),
            accounts=tuple(links),
        )
        for row, links in found.values()
    ]


class Strategies(Repo):
    """Strategies and the accounts they trade on."""

    __slots__ = ()

    def insert(self, strategy: Strategy) -> None:
        """Keep a new strategy; raises Conflict when its owner has one of that name."""
        self._count(_INSERT_STRATEGY, _values(strategy))
        self._link(strategy)

    def update(self, strategy: Strategy) -> None:
        """Store the strategy as it is now; raises NotFound when it was never inserted."""
        values = {f"new_{name}": value for name, value in _values(strategy).items()}
        del values["new_id"]
        if not self._count(_UPDATE_STRATEGY, values | {"of": strategy.id}):
            raise NotFound("There is no such strategy.")
        self._count(_CLEAR_LINKS, {"of": strategy.id})
        self._link(strategy)

    def _link(self, strategy: Strategy) -> None:
        rows = [
            LINK.values(link) | {"strategy_id": strategy.id, "place": place}
            for place, link in enumerate(strategy.accounts)
        ]
        if rows:
            self._connection.execute(_INSERT_LINK, rows)

    def get(self, strategy_id: str) -> Strategy | None:
        """The strategy with this id, archived or not."""
        return next(iter(_strategies(self._rows(_GET_STRATEGY, id=strategy_id))), None)

    def owner(self, strategy_id: str) -> Owner:
        """Whose strategy it is and its name; raises NotFound."""
        row = self._first(_OWNER, id=strategy_id)
        if row is None:
            raise NotFound("There is no such strategy.")
        return Owner(*row)

    def manual_of(self, account_id: str) -> Strategy | None:
        """The account's manual book."""
        return next(iter(_strategies(self._rows(_MANUAL, account_id=account_id))), None)

    def by_name(self, user_id: str | None, name: str) -> Strategy | None:
        """The strategy of that name which is not archived; of anybody when ``user_id`` is None."""
        wanted = _STRATEGIES.where(STRATEGIES.c.name == name, STRATEGIES.c.archived_at.is_(None))
        return next(iter(_strategies(self._rows(_of(user_id, wanted)))), None)

    def list(self, user_id: str | None = None, *, archived: bool = False) -> Sequence[Strategy]:
        """Strategies of one user, or of all when ``user_id`` is None; manual ones included.

        With ``archived`` those that are archived come too.
        """
        wanted = _of(user_id, _STRATEGIES)
        if not archived:
            wanted = wanted.where(STRATEGIES.c.archived_at.is_(None))
        return _strategies(self._rows(wanted))

    def set_state(self, strategy_id: str, state: StrategyState, at: datetime) -> None:
        """Switch the strategy; raises NotFound without such a strategy."""
        if not self._count(_SET_STATE, {"of": strategy_id, "new_state": state, "at": at}):
            raise NotFound("There is no such strategy.")


def _of(user_id: str | None, wanted: Select[Any]) -> Select[Any]:
    return wanted if user_id is None else wanted.where(STRATEGIES.c.user_id == user_id)


_INSERT_KEY: Final = insert(WEBHOOK_KEYS)
_HOLDER: Final = (
    select(
        *KEY.columns,
        STRATEGIES.c.user_id,
        STRATEGIES.c.name,
        STRATEGIES.c.symbol,
        STRATEGIES.c.state,
        STRATEGIES.c.settings,
        STRATEGIES.c.archived_at.is_not(None),
    )
    .join_from(WEBHOOK_KEYS, STRATEGIES, STRATEGIES.c.id == WEBHOOK_KEYS.c.strategy_id)
    .where(WEBHOOK_KEYS.c.key_hash == bindparam("key_hash"))
)
_OF_STRATEGY: Final = (
    select(*KEY.columns)
    .where(WEBHOOK_KEYS.c.strategy_id == bindparam("strategy_id"))
    .order_by(WEBHOOK_KEYS.c.id.desc())
)
_EXPIRE: Final = (
    update(WEBHOOK_KEYS)
    .where(WEBHOOK_KEYS.c.id == bindparam("key"))
    .values(expires_at=bindparam("at"))
)


class Keys(Repo):
    """Webhook keys, found by the hash of the secret."""

    __slots__ = ()

    def insert(self, key: WebhookKey) -> None:
        """Keep a new key."""
        self._count(_INSERT_KEY, KEY.values(key))

    def holder(self, key_hash: str) -> KeyHolder | None:
        """The key with this hash and its strategy, in one cheap look-up; expired keys included."""
        row = self._first(_HOLDER, key_hash=key_hash)
        if row is None:
            return None
        width = len(KEY.columns)
        return KeyHolder(KEY.of(row[:width]), *row[width:])

    def of_strategy(self, strategy_id: str) -> Sequence[WebhookKey]:
        """Newest first, expired ones included."""
        return KEY.all(self._rows(_OF_STRATEGY, strategy_id=strategy_id))

    def expire(self, key_id: str, at: datetime) -> None:
        """Let the key end at ``at``."""
        self._count(_EXPIRE, {"key": key_id, "at": at})
