"""The filters of a strategy, in their fixed order; the first that refuses an alert says so.

An exit passes every filter that is about entering: whoever is in the market must be able to leave
it.  Two filters hold for exits too, because they say who may trade at all: a strategy that is off,
and the list of allowed sources.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.alerts import Intent
from app.domain.decisions import Denied
from app.domain.instruments import Contract, same_product
from app.domain.orders import Side
from app.domain.refusals import denied
from app.domain.settings import Resolved
from app.domain.strategies import StrategyState


@dataclass(frozen=True, slots=True)
class Context:
    """What the filters look at besides the alert and the settings.

    ``source_address`` is None for what did not come over the network; ``product`` is the
    strategy's own contract.  Counts and times are of alerts that were executed, the count in the
    trading session of ``now``.
    """

    now: datetime
    state: StrategyState
    contract: Contract
    product: Contract
    source_address: str | None = None
    executed_in_session: int = 0
    last_executed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    intent: Intent
    resolved: Resolved
    context: Context
    opens: Side


def check(
    intent: Intent, settings: Resolved, context: Context, *, opens: Side | None
) -> Denied | None:
    """Return why the alert may not be executed, or None when it passes.

    ``opens`` is the side of the plan's order that opens or adds; None means that the plan only
    reduces the position or cancels orders.  It is decided by the plan, never by the action's word.
    """
    refusal = _gates(settings, context)
    if refusal or opens is None:
        return refusal
    question = _Question(intent, settings, context, opens)
    return next((found for entry_filter in _ENTRIES if (found := entry_filter(question))), None)


def _gates(settings: Resolved, context: Context) -> Denied | None:
    if context.state is StrategyState.OFF:
        return denied("STRATEGY_OFF")
    address = context.source_address
    if address is not None and not source_allowed(address, settings.settings.source_allowlist):
        return denied("SOURCE_NOT_ALLOWED", address=address)
    return None


def source_allowed(address: str, allowlist: tuple[str, ...]) -> bool:
    """Whether the address lies in one of the listed addresses or networks; no list allows all."""
    if not allowlist:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    networks = (ipaddress.ip_network(text, strict=False) for text in allowlist)
    return any(mapped in network for network in networks)


def _no_new_entries(asked: _Question) -> Denied | None:
    if asked.context.state is StrategyState.NO_NEW_ENTRIES:
        return denied("NO_NEW_ENTRIES")
    return None


def _stale(asked: _Question) -> Denied | None:
    sent, limit = asked.intent.sent_at, asked.resolved.settings.max_age_s
    if sent is None or limit is None:
        return None
    age = max(asked.context.now - sent, timedelta(0))
    if age <= timedelta(seconds=limit):
        return None
    return denied("STALE_ALERT", age=_seconds(age), limit=limit)


def _direction(asked: _Question) -> Denied | None:
    allowed = asked.resolved.settings.allowed_side
    if allowed in {None, asked.opens}:
        return None
    return denied(
        "SIDE_NOT_ALLOWED",
        direction=_DIRECTIONS[asked.opens],
        allowed=_DIRECTIONS[asked.opens.opposite],
    )


def _symbol(asked: _Question) -> Denied | None:
    contract, product = asked.context.contract, asked.context.product
    if same_product(contract, product):
        return None
    return denied("SYMBOL_NOT_ALLOWED", symbol=contract.symbol, allowed=product.root)


def _window(asked: _Question) -> Denied | None:
    windows = asked.resolved.windows
    if not windows or any(window.contains(asked.context.now) for window in windows):
        return None
    return denied("OUTSIDE_WINDOW", windows="; ".join(map(str, windows)))


def _cooldown(asked: _Question) -> Denied | None:
    last, limit = asked.context.last_executed_at, asked.resolved.settings.cooldown_s
    if last is None or limit is None:
        return None
    elapsed = abs(asked.context.now - last)
    if elapsed >= timedelta(seconds=limit):
        return None
    return denied("COOLDOWN", elapsed=_seconds(elapsed), limit=limit)


def _count(asked: _Question) -> Denied | None:
    limit, count = asked.resolved.settings.max_alerts_per_session, asked.context.executed_in_session
    if limit is None or count < limit:
        return None
    return denied("TOO_MANY_ALERTS", count=count, limit=limit)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())


_DIRECTIONS: Final = {Side.BUY: "long", Side.SELL: "short"}

_ENTRIES: Final[tuple[Callable[[_Question], Denied | None], ...]] = (
    _no_new_entries,
    _stale,
    _direction,
    _symbol,
    _window,
    _cooldown,
    _count,
)
