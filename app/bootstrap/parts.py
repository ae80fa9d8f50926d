"""The machine's parts: clock, identifiers, secrets, the database, prices and venues."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, NoReturn

import structlog

from app.bootstrap.venues import alpaca_venue, chaos_venue
from app.brokers.alpaca.keys import Keys
from app.brokers.alpaca.venue import AlpacaVenue
from app.brokers.chaos import ChaosVenue
from app.brokers.paper import PaperVenue
from app.brokers.quotes import QuoteBook, Refused
from app.brokers.registry import Factory, Registry
from app.config import Settings
from app.domain.accounts import ALPACA, CHAOS, PAPER, WATCHED, Account
from app.domain.errors import NotFound, SignalboxError
from app.domain.events import Fact, FactKind
from app.domain.quotes import Quote
from app.domain.refusals import explain
from app.ids import TimeOrderedIds
from app.services.bus import Bus
from app.services.ports import Clock
from app.services.storage import MIB, Storage
from app.store import migrate
from app.store.engine import make_engines
from app.store.paper_log import SqlPaperLog
from app.store.unit_of_work import SqlStore
from app.vault import Vault, load_master

_KEY_CHECK: Final = "secrets_check"
#: What an open broker does not know yet when it was told of an account.
_RENEWING: Final = frozenset({FactKind.ACCOUNT_CHANGED, FactKind.ACCOUNT_KEYS_REPLACED})

_log = structlog.get_logger()


class Wake:
    """A bell that rings whatever was hung on it later: it unties who wakes from who is woken."""

    def __init__(self) -> None:
        self._ring: Callable[[], None] = nothing

    def to(self, ring: Callable[[], None]) -> None:
        """Ring this from now on."""
        self._ring = ring

    def __call__(self) -> None:
        """Ring."""
        self._ring()


def nothing() -> None:
    """Wake nobody: work is done inline."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the services stand on."""

    settings: Settings
    clock: Clock
    ids: TimeOrderedIds
    vault: Vault
    bus: Bus
    storage: Storage
    store: SqlStore
    quotes: QuoteBook
    venue: PaperVenue
    chaos: ChaosVenue
    alpaca: AlpacaVenue
    brokers: Registry


def open_parts(
    settings: Settings, clock: Clock, seed: int | None, venues: Mapping[str, Factory]
) -> Parts:
    """Open the database and the quote book.

    Raises ConfigError when a setting is wrong or the database's schema is not the one that this
    program knows.
    """
    chance = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311
    vault = Vault(load_master(_secret(settings), settings.data_dir))
    engines = migrate.checked(make_engines(settings.store_url))
    bus = Bus(_report_listener)
    storage = Storage(clock, settings.min_free_mb * MIB)
    store = SqlStore(engines, bus.publish, storage)
    _check_key(store, vault, clock)
    quotes = QuoteBook(
        timedelta(seconds=settings.quote_max_age_s),
        timedelta(seconds=settings.alert_price_max_age_s),
        _report_quote,
    )
    venue = PaperVenue(SqlPaperLog(store), quotes, clock)
    quotes.on_quote(venue.on_quote)
    spread = random.Random(seed)  # noqa: S311  spreads who waits
    chaos = chaos_venue(settings, quotes, clock, spread)
    quotes.on_quote(chaos.on_quote)
    alpaca = alpaca_venue(settings, partial(_keys, store, vault), quotes, clock, spread)
    factories = _factories(venue, chaos, alpaca) | dict(venues)
    brokers = Registry(factories, partial(_account, store))
    bus.subscribe(partial(_follow_accounts, brokers))
    return Parts(
        settings=settings,
        clock=clock,
        ids=TimeOrderedIds(clock.now, chance),
        vault=vault,
        bus=bus,
        storage=storage,
        store=store,
        quotes=quotes,
        venue=venue,
        chaos=chaos,
        alpaca=alpaca,
        brokers=brokers,
    )


def _factories(paper: PaperVenue, chaos: ChaosVenue, alpaca: AlpacaVenue) -> dict[str, Factory]:
    return {PAPER: paper.broker, CHAOS: chaos.broker, ALPACA: alpaca.broker, WATCHED: _watched}


def _watched(account: Account) -> NoReturn:
    raise NotFound(explain("WATCHED_ONLY", account=account.name))


def _check_key(store: SqlStore, vault: Vault, clock: Clock) -> None:
    """Refuse to start under another SECRET_KEY than the one that secrets were stored under."""
    try:
        with store.read() as uow:
            kept = uow.flags.get(_KEY_CHECK)
        if kept is not None:
            vault.decrypt(kept)
            return
        with store.write() as uow:
            uow.flags.set(_KEY_CHECK, vault.encrypt("signalbox"), clock.now())
    except SignalboxError:
        store.close()
        raise


def _secret(settings: Settings) -> str | None:
    return settings.secret_key.get_secret_value() if settings.secret_key else None


def _account(store: SqlStore, account_id: str) -> Account | None:
    with store.read() as uow:
        return uow.accounts.get(account_id)


def _keys(store: SqlStore, vault: Vault, account_id: str) -> Keys | None:
    """The keys of an account; None when it is disconnected."""
    with store.read() as uow:
        kept = uow.accounts.credentials(account_id)
    return None if kept is None else Keys.from_json(vault.decrypt(kept.keys_encrypted))


def _follow_accounts(brokers: Registry, facts: Sequence[Fact]) -> None:
    """Give an account's broker its present settings and keys; one without keys is closed."""
    for fact in facts:
        if fact.account_id is None:
            continue
        if fact.kind in _RENEWING:
            brokers.renew(fact.account_id)
        elif fact.kind is FactKind.ACCOUNT_DISCONNECTED:
            brokers.forget(fact.account_id)


def _report_listener(error: Exception) -> None:
    _log.error("listener_failed", exc_info=error)


def _report_quote(quote: Quote, reason: Refused) -> None:
    _log.debug("quote_refused", symbol=quote.symbol, reason=reason.value)
