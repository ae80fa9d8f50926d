"""A whole server with an account at the stand-in for Alpaca."""

from __future__ import annotations

from dataclasses import replace

from app.bootstrap import Runtime
from app.brokers.alpaca.keys import Keys
from app.domain.accounts import ALPACA, Account, Credentials
from app.domain.settings import AccountLink, StrategySettings


def connected(made: Runtime, keys: Keys) -> tuple[Account, str]:
    """An account at Alpaca with a strategy that is on, and the key of its alerts."""
    core = made.core
    plain = core.accounts.create_paper(None, "alpaca")
    account = replace(plain, venue=ALPACA, settings={})
    sealed = core.vault.encrypt(keys.to_json())
    with core.store.write() as uow:
        uow.accounts.update(account)
        uow.accounts.enter(Credentials(account.id, keys.hint, sealed, core.clock.now()))
    links = [AccountLink(account.id)]
    _, key = core.strategies.create(None, "One", "AAPL", StrategySettings(), links)
    return account, key
