"""The demo's database: its user, two accounts and five strategies, made once."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.bootstrap import Core
from app.demo.script import CAST, FUTURES, SHARES, Actor, Part
from app.domain.accounts import Account
from app.domain.errors import NotFound
from app.domain.money import ZERO
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy
from app.domain.users import User

USER: Final = "demo"
_CASH: Final = Decimal(500_000)
_COSTS: Final = {
    FUTURES: {"commission_per_unit": "2.25", "latency_ms": 40, "slippage_ticks": 1},
    SHARES: {"commission_per_unit": "0.005", "latency_ms": 80, "latency_jitter_ms": 60},
}


@dataclass(frozen=True, slots=True)
class Stage:
    """What the sender needs: the webhook key of each part, by its name, and the actors."""

    keys: Mapping[str, str]
    actors: tuple[Actor, ...]


def staged(made: Core, password: str, chance: random.Random) -> Stage:
    """Make what is missing and return the stage; actors go on from what their strategies hold."""
    user = _user(made, password)
    accounts = {account.name: account for account in made.accounts.list(user.id)}
    strategies = [_strategy(made, user, part, accounts[part.account]) for part in CAST]
    keys = {each.name: made.strategies.webhook_key(user.id, each.id) for each in strategies}
    cast = zip(CAST, strategies, strict=True)
    return Stage(keys, tuple(Actor(part, _held(made, each), chance) for part, each in cast))


def _user(made: Core, password: str) -> User:
    """Return the demo's user; at the first start it is made and takes over the two accounts."""
    if made.users.count():
        return made.users.by_name(USER)
    for name in (FUTURES, SHARES):
        made.accounts.create_paper(None, name, _CASH, _COSTS[name])
    return made.users.create(USER, password)


def _strategy(made: Core, user: User, part: Part, account: Account) -> Strategy:
    try:
        return made.strategies.find(user.id, part.name)
    except NotFound:
        links = [AccountLink(account.id)]
        return made.strategies.create(user.id, part.name, part.symbol, StrategySettings(), links)[0]


def _held(made: Core, strategy: Strategy) -> Decimal:
    with made.store.read() as uow:
        held = uow.positions.open(strategy_id=strategy.id)
    return sum((position.quantity for position in held.values()), ZERO)
