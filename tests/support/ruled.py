"""An account of a trading floor, put under a firm's rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from app.bootstrap.funded import enforcer
from app.domain.accounts import Account
from app.domain.events import FactKind
from app.domain.inbox import Alert
from app.domain.safety.switches import Scope, Switch
from app.domain.strategies import Strategy
from app.propfirm import FundedAccount, Preferences, RuleSet, Source, opened
from app.services.ports import KeptRules
from tests.support.floor import ES, Floor


@dataclass
class Ruled:
    """A floor with one account under rules, and what tests do with it."""

    floor: Floor
    rules: RuleSet
    name: str = "paper"

    @property
    def account(self) -> Account:
        return self.floor.core.accounts.find(None, self.name)

    @property
    def funded(self) -> FundedAccount:
        with self.floor.core.store.read() as uow:
            found = uow.funded.get(self.account.id)
        assert found is not None
        return found

    def accept(self, **preferences: Any) -> None:  # noqa: ANN401  any field
        """Put the account under the rules, as a new one."""
        now = self.floor.clock.now()
        with self.floor.core.store.write() as uow:
            if uow.rule_sets.get(self.rules.id, self.rules.version) is None:
                uow.rule_sets.insert(KeptRules(self.rules, None, now))
            uow.funded.insert(
                FundedAccount(
                    self.account.id,
                    Source.FILLS,
                    self.rules.id,
                    self.rules.version,
                    opened(self.rules),
                    preferences=Preferences(**preferences),
                    accepted_at=now,
                )
            )

    def change(self, **fields: Any) -> None:  # noqa: ANN401  any field
        """Write what is kept of the account otherwise than it was."""
        with self.floor.core.store.write() as uow:
            held = uow.funded.hold(self.account.id)
            assert held is not None
            uow.funded.save(replace(held, **fields))

    def second(self, seconds: float = 1) -> None:
        """Let time pass, then look at the account as the workers of a server do."""
        floor = self.floor
        floor.clock.advance(seconds)
        now = floor.clock.now()
        floor.core.venue.step(now)
        floor.work()
        while floor.core.funded.resets.step(now):
            pass
        floor.core.funded.watching.step(now)
        enforcer(floor.core).step(now)
        floor.work()

    @property
    def switch(self) -> Switch | None:
        """The account's trading switch as it stands."""
        with self.floor.core.store.read() as uow:
            return uow.switches.get(Scope.ACCOUNT, self.account.id)

    def told(self, kind: FactKind) -> list[str]:
        """What facts of that kind said of the account."""
        own = self.account.id
        return [f.message for f in self.floor.facts if f.kind is kind and f.account_id == own]

    def strategy(self, name: str = "Breakout", **settings: object) -> Strategy:
        """A strategy on the account alone."""
        symbol = str(settings.pop("symbol", "ES"))
        return self.floor.strategy(name, symbol, [self.account], **settings)

    def send(self, strategy: Strategy, **fields: object) -> Alert:
        return self.floor.send(strategy, **fields)

    def held(self, strategy: Strategy, symbol: str = ES) -> Decimal:
        return self.floor.held(strategy, self.account, symbol)


def versioned(rules: RuleSet, **fields: Any) -> RuleSet:  # noqa: ANN401  any field
    """The rules with other fields, as a version of their own."""
    return replace(rules, id="made-for-a-test", version="1", **fields)
