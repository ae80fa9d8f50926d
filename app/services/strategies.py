"""Strategies and their webhook keys: created, changed, switched, rotated, archived."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.accounts import Account
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.events import Fact, FactKind
from app.domain.instruments import Contract, resolve
from app.domain.settings import AccountLink, StrategySettings, validate, validate_link
from app.domain.strategies import Strategy, StrategyKind, StrategyState, WebhookKey
from app.services.market.listings import Listings
from app.services.ports import Clock, Ids, Store, UnitOfWork, Vault

_NAME_LENGTH: Final = 80
_STATE_WORDS: Final = {
    StrategyState.ON: "on",
    StrategyState.NO_NEW_ENTRIES: "set to no new entries",
    StrategyState.OFF: "off",
}


class StrategyService:
    """What a trader does with strategies; each belongs to one user and is invisible to others.

    ``user_id`` None stands for the command line, which sees everything.
    """

    def __init__(
        self, store: Store, clock: Clock, ids: Ids, vault: Vault, listings: Listings
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._listings = listings

    def create(
        self,
        user_id: str | None,
        name: str,
        symbol: str,
        settings: StrategySettings,
        accounts: Sequence[AccountLink],
    ) -> tuple[Strategy, str]:
        """Register a strategy and return it with its webhook key.

        Raises InvalidInput with the fields that are wrong, a symbol that the venue of an account
        does not trade among them, Conflict for a name in use.
        """
        now = self._clock.now()
        strategy = Strategy(
            id=self._ids(),
            name=name.strip(),
            symbol=symbol.strip().upper(),
            state=StrategyState.ON,
            settings=settings,
            accounts=tuple(accounts),
            created_at=now,
            updated_at=now,
            user_id=user_id,
        )
        self._ask_venues(strategy, frozenset())
        secret = self._vault.new_secret()
        with self._store.write() as uow:
            self._check(uow, strategy, now)
            uow.strategies.insert(strategy)
            uow.keys.insert(self._key(strategy.id, secret, now))
            self._tell(uow, strategy, f"{strategy.name}: created")
        return strategy, secret

    def update(
        self,
        user_id: str | None,
        strategy_id: str,
        *,
        name: str,
        symbol: str,
        settings: StrategySettings,
        accounts: Sequence[AccountLink],
    ) -> Strategy:
        """Change a strategy; what is decided from now on uses the new settings.

        Raises as ``create`` does; what it trades already stays, whatever a venue says of it.
        """
        now = self._clock.now()
        fields: dict[str, Any] = {
            "name": name.strip(),
            "symbol": symbol.strip().upper(),
            "settings": settings,
            "accounts": tuple(accounts),
            "updated_at": now,
        }
        with self._store.read() as uow:
            before = _webhook(uow, user_id, strategy_id)
        same = before.symbol == fields["symbol"]
        known = frozenset(link.account_id for link in before.accounts if same)
        self._ask_venues(replace(before, **fields), known)
        with self._store.write() as uow:
            strategy = replace(_webhook(uow, user_id, strategy_id), **fields)
            self._check(uow, strategy, now)
            uow.strategies.update(strategy)
            self._tell(uow, strategy, f"{strategy.name}: settings changed")
        return strategy

    def remark(self, strategy: Strategy) -> str | None:
        """Return what its venues, when they were asked last, left to be said of its symbol."""
        contract = self._contract(strategy)
        if contract is None:
            return None
        remarks = [self._listings.remark(each, contract) for each in self._accounts(strategy)]
        return " ".join(dict.fromkeys(each for each in remarks if each is not None)) or None

    def get(self, user_id: str | None, strategy_id: str) -> Strategy:
        """Return the strategy; raises NotFound, also for another user's."""
        with self._store.read() as uow:
            return _own(uow, user_id, strategy_id)

    def find(self, user_id: str | None, name_or_id: str) -> Strategy:
        """Return the strategy with that id or name; raises NotFound."""
        with self._store.read() as uow:
            strategy = uow.strategies.get(name_or_id)
            if strategy is not None and user_id in {None, strategy.user_id}:
                return strategy
            for candidate in uow.strategies.list(user_id):
                if candidate.name == name_or_id:
                    return candidate
        raise NotFound(f"There is no strategy named {name_or_id!r}.")

    def list(self, user_id: str | None, *, archived: bool = False) -> Sequence[Strategy]:
        """Return the webhook strategies in use, or those in the archive, by name."""
        with self._store.read() as uow:
            found = uow.strategies.list(user_id, archived=archived)
        listed = [
            strategy
            for strategy in found
            if strategy.kind is StrategyKind.WEBHOOK
            and (strategy.archived_at is not None) is archived
        ]
        return sorted(listed, key=lambda strategy: strategy.name.lower())

    def set_state(self, user_id: str | None, strategy_id: str, state: StrategyState) -> Strategy:
        """Switch the strategy; the very next alert sees it, and orders not yet sent do too.

        Raises Conflict for one in the archive.
        """
        now = self._clock.now()
        with self._store.write() as uow:
            before = _webhook(uow, user_id, strategy_id)
            if before.archived_at is not None:
                raise Conflict(f"{before.name} is in the archive: restore it first.")
            strategy = replace(before, state=state, updated_at=now)
            uow.strategies.set_state(strategy_id, state, now)
            self._tell(uow, strategy, f"{strategy.name}: {_STATE_WORDS[state]}")
        return strategy

    def archive(self, user_id: str | None, strategy_id: str) -> None:
        """Put the strategy away: its keys stop working, its history stays.

        Raises Conflict while it holds a position.
        """
        now = self._clock.now()
        with self._store.write() as uow:
            strategy = _webhook(uow, user_id, strategy_id)
            if uow.positions.open(strategy_id=strategy_id) or uow.orders.working(strategy_id):
                raise Conflict(
                    f"{strategy.name} still holds a position or a working order: close it first."
                )
            put_away = replace(strategy, state=StrategyState.OFF, archived_at=now, updated_at=now)
            uow.strategies.update(put_away)
            self._tell(uow, strategy, f"{strategy.name}: archived")

    def restore(self, user_id: str | None, strategy_id: str) -> Strategy:
        """Take the strategy back out of the archive, switched off; its keys work again.

        Raises Conflict when it is not there, or when its name is in use again.
        """
        now = self._clock.now()
        with self._store.write() as uow:
            archived = _own(uow, user_id, strategy_id)
            if archived.archived_at is None:
                raise Conflict(f"{archived.name} is not in the archive.")
            strategy = replace(archived, archived_at=None, updated_at=now)
            _check_unused(uow, strategy)
            uow.strategies.update(strategy)
            self._tell(uow, strategy, f"{strategy.name}: restored, switched off")
        return strategy

    def rotate_key(self, user_id: str | None, strategy_id: str, overlap: timedelta) -> str:
        """Make a new webhook key; the ones in use keep working for ``overlap``."""
        now = self._clock.now()
        secret = self._vault.new_secret()
        with self._store.write() as uow:
            strategy = _webhook(uow, user_id, strategy_id)
            for key in uow.keys.of_strategy(strategy_id):
                if key.expires_at is None or key.expires_at > now + overlap:
                    uow.keys.expire(key.id, now + overlap)
            uow.keys.insert(self._key(strategy_id, secret, now))
            fact = self._fact(strategy, f"{strategy.name}: webhook key rotated")
            uow.facts.append(replace(fact, kind=FactKind.KEY_ROTATED))
        return secret

    def webhook_key(self, user_id: str | None, strategy_id: str) -> str:
        """Return the newest webhook key, in the clear."""
        keys = self.keys(user_id, strategy_id)
        if not keys:
            raise NotFound("This strategy has no webhook key.")
        return self._vault.decrypt(keys[0].key_encrypted)

    def keys(self, user_id: str | None, strategy_id: str) -> Sequence[WebhookKey]:
        """Return the strategy's keys, newest first, expired ones included."""
        with self._store.read() as uow:
            _own(uow, user_id, strategy_id)
            return uow.keys.of_strategy(strategy_id)

    def _ask_venues(self, strategy: Strategy, known: Collection[str]) -> None:
        """Raise InvalidInput for a symbol that an account's venue does not trade.

        On the accounts of ``known`` it is only asked about.
        """
        contract = self._contract(strategy)
        if contract is None:
            return
        for account in self._accounts(strategy):
            refusal = self._listings.refusal(account, contract)
            if refusal is not None and account.id not in known:
                raise refusal

    def _contract(self, strategy: Strategy) -> Contract | None:
        """What it trades; None for a symbol that can be none, which is refused anyhow."""
        try:
            return resolve(strategy.symbol, self._clock.now().date())
        except InvalidInput:
            return None

    def _accounts(self, strategy: Strategy) -> Sequence[Account]:
        """Its accounts that are its owner's; others are refused anyhow."""
        with self._store.read() as uow:
            found = [uow.accounts.get(link.account_id) for link in strategy.accounts]
        return [each for each in found if each is not None and each.user_id == strategy.user_id]

    def _check(self, uow: UnitOfWork, strategy: Strategy, now: datetime) -> None:
        _check_name(strategy.name)
        _field("symbol", lambda: resolve(strategy.symbol, now.date()))
        validate(strategy.settings)
        _check_accounts(uow, strategy)
        _check_unused(uow, strategy)

    def _key(self, strategy_id: str, secret: str, now: datetime) -> WebhookKey:
        return WebhookKey(
            id=self._ids(),
            strategy_id=strategy_id,
            created_at=now,
            key_hash=self._vault.hash(secret),
            key_encrypted=self._vault.encrypt(secret),
        )

    def _fact(self, strategy: Strategy, message: str) -> Fact:
        return Fact(
            kind=FactKind.STRATEGY_CHANGED,
            at=self._clock.now(),
            message=message,
            user_id=strategy.user_id,
            strategy_id=strategy.id,
            data={"state": strategy.state.value, "name": strategy.name},
        )

    def _tell(self, uow: UnitOfWork, strategy: Strategy, message: str) -> None:
        uow.facts.append(self._fact(strategy, message))


def _own(uow: UnitOfWork, user_id: str | None, strategy_id: str) -> Strategy:
    strategy = uow.strategies.get(strategy_id)
    if strategy is None or (user_id is not None and strategy.user_id != user_id):
        raise NotFound("There is no such strategy.")
    return strategy


def _webhook(uow: UnitOfWork, user_id: str | None, strategy_id: str) -> Strategy:
    """The strategy, which must not be an account's manual book: that one is not to be changed."""
    strategy = _own(uow, user_id, strategy_id)
    if strategy.kind is not StrategyKind.WEBHOOK:
        raise Conflict("An account's manual book has no webhook and no settings.")
    return strategy


def _check_unused(uow: UnitOfWork, strategy: Strategy) -> None:
    other = uow.strategies.by_name(strategy.user_id, strategy.name)
    if other is not None and other.id != strategy.id:
        raise Conflict(f"There is a strategy named {strategy.name!r} already.")


def _check_name(name: str) -> None:
    if not name or len(name) > _NAME_LENGTH or not name.isprintable():
        problem = f"must be 1 to {_NAME_LENGTH} visible characters"
        raise InvalidInput(f"The name {problem}.", fields={"name": problem})


def _field(name: str, check: Callable[[], object]) -> None:
    """Run a check and name the form's field in what it raises."""
    try:
        check()
    except InvalidInput as error:
        raise InvalidInput(error.detail, code=error.code, fields={name: error.detail}) from None


def _check_accounts(uow: UnitOfWork, strategy: Strategy) -> None:
    if not strategy.accounts:
        raise InvalidInput(
            "A strategy needs at least one account to trade on.",
            fields={"accounts": "choose at least one"},
        )
    if len({link.account_id for link in strategy.accounts}) < len(strategy.accounts):
        raise InvalidInput(
            "An account is named twice.", fields={"accounts": "choose each account once"}
        )
    for link in strategy.accounts:
        validate_link(link)
        account = uow.accounts.get(link.account_id)
        if account is None or account.user_id != strategy.user_id:
            raise InvalidInput(
                "One of the accounts does not exist.", fields={"accounts": "no such account"}
            )
