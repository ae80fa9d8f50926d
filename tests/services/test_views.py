"""Whose scope it is, and when its day begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import cast

import pytest

from app.domain.accounts import Account, Mode
from app.domain.errors import NotFound
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyState
from app.services.ports import Store
from app.services.reads import Scope
from app.services.views import Views

CHICAGO = "16:00 America/Chicago"
#: 09:00 in Chicago on Wednesday, the trading day of 4 March 2026.
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
ANN = Scope("ann")
D = Decimal
MADE = datetime(2026, 1, 1, tzinfo=UTC)


def account(name: str, user: str = "ann", roll: str = CHICAGO) -> Account:
    return Account(name, name, "paper", Mode.PAPER, Decimal(1000), MADE, roll, user_id=user)


def strategy(name: str, *accounts: str, user: str = "ann") -> Strategy:
    links = tuple(AccountLink(each) for each in accounts)
    return Strategy(
        name, name, "ES", StrategyState.ON, StrategySettings(), links, MADE, MADE, user_id=user
    )


@dataclass
class Shelf:
    """A store that only finds strategies and accounts."""

    strategies: dict[str, Strategy] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)

    @contextmanager
    def read(self) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(strategies=self.strategies, accounts=self.accounts)


def views(shelf: Shelf | None = None) -> Views:
    return Views(cast("Store", shelf or Shelf()), CHICAGO)


def test_the_account_says_when_its_day_begins() -> None:
    shelf = Shelf(
        {"one": strategy("one", "utc"), "two": strategy("two", "utc", "chicago")},
        {"utc": account("utc", roll="00:00 UTC"), "chicago": account("chicago")},
    )
    made = views(shelf=shelf)
    rolls = {
        "whole": str(made.roll(ANN)),
        "account": str(made.roll(Scope("ann", account_id="utc"))),
        "its strategy": str(made.roll(Scope("ann", "one"))),
        "on two accounts": str(made.roll(Scope("ann", "two"))),
    }
    assert rolls == {
        "whole": CHICAGO,
        "account": "00:00 UTC",
        "its strategy": "00:00 UTC",
        "on two accounts": CHICAGO,
    }


@pytest.mark.parametrize(
    "scope",
    [
        Scope("bob", "one"),
        Scope("bob", account_id="a"),
        Scope("ann", "x"),
        Scope("ann", account_id="x"),
    ],
)
def test_what_is_not_the_users_is_not_found(scope: Scope) -> None:
    made = views(shelf=Shelf({"one": strategy("one", "a")}, {"a": account("a")}))
    for call in (made.check, made.roll):
        with pytest.raises(NotFound):
            call(scope)
