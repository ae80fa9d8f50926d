"""A rehearsal: one paper signal through everything that trades, on a scratch database."""

from __future__ import annotations

import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Final

from app.bootstrap import Core, core
from app.clock import SystemClock
from app.config import Settings
from app.domain.errors import InvariantBroken
from app.domain.inbox import AlertState
from app.domain.instruments import resolve
from app.domain.quotes import Quote, QuoteSource
from app.domain.settings import AccountLink, StrategySettings
from app.services.inbox import Delivery
from app.store import migrate

_SYMBOL: Final = "MES"
_PRICE: Final = Decimal(5000)


def rehearsed(settings: Settings) -> str:
    """Buy and sell one on paper and return in words what came of it; nothing of it is kept.

    Raises InvariantBroken when an alert, an order or a position is not what it must be.
    """
    with tempfile.TemporaryDirectory(prefix="signalbox-") as folder:
        own = {"data_dir": Path(folder), "database_url": None, "secret_key": None}
        scratch = settings.model_copy(update=own)
        migrate.upgrade(scratch.store_url)
        made = core(scratch)
        try:
            return _play(made)
        finally:
            made.close()


def _play(made: Core) -> str:
    symbol = resolve(_SYMBOL, made.clock.now().date()).symbol
    account = made.accounts.ensure_first()
    link = [AccountLink(account.id)]
    _, key = made.strategies.create(None, "Rehearsal", _SYMBOL, StrategySettings(), link)
    started = SystemClock().monotonic()
    for action, held in (("buy", Decimal(1)), ("exit", Decimal(0))):
        made.quotes.put(Quote(symbol, _PRICE, _PRICE, made.clock.now(), QuoteSource.STREAM))
        _send(made, key, action)
        _expect(made, action, held)
    took = (SystemClock().monotonic() - started) * 1000
    return f"a paper signal was bought and closed in {took:.0f} ms"


def _send(made: Core, key: str, action: str) -> None:
    body = {"symbol": _SYMBOL, "action": action, "quantity": "1"}
    answer = made.inbox.accept(key, Delivery(body=json.dumps(body).encode()))
    executor = made.executor()
    while executor.step(made.clock.now()):
        pass
    while made.settler.settle():
        pass
    with made.store.read() as uow:
        alert = uow.alerts.get(str(answer.body.get("alert_id")))
    if alert is None or alert.state is not AlertState.EXECUTED:
        ended = "lost" if alert is None else f"{alert.state}, {alert.code}: {alert.detail}"
        raise InvariantBroken(f"A paper signal to {action} was not executed: {ended}")


def _expect(made: Core, action: str, held: Decimal) -> None:
    with made.store.read() as uow:
        found = sum((each.quantity for each in uow.positions.all().values()), Decimal(0))
    if found != held:
        raise InvariantBroken(f"After a paper signal to {action}, {found} is held, not {held}.")
