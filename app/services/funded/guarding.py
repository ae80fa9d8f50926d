"""The guard of funded accounts: before an entry goes out, whether it could break a rule.

It is asked in the transaction that writes the order, with the account's row held: what another
strategy was just allowed to send is at stake already, so that the same room is never given twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from app.domain.accounts import Account
from app.domain.decisions import Denied, Leg
from app.domain.errors import InvariantBroken
from app.domain.money import ZERO, divide, exact
from app.domain.positions import FLAT, Position
from app.domain.refusals import denied
from app.domain.risk import entry_price
from app.propfirm import (
    AccountState,
    Answer,
    Check,
    FundedAccount,
    Proposal,
    RuleSet,
    Source,
    Stake,
    Surroundings,
    barred,
    check,
    checks,
    exposed,
    weigh,
)
from app.services.funded.stakes import (
    CostsOf,
    Pricing,
    stakes_in,
    stop_price,
    worth_in,
)
from app.services.funded.tracker import Tracker
from app.services.ports import Clock, Quotes, UnitOfWork
from app.services.trading.permits import Opening, Ruling

#: A smaller entry may have its stop further away, so what fits is asked again so often at most.
_TURNS: Final = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry as the guard sees it: everything that its answer follows from."""

    state: AccountState
    rules: RuleSet
    proposal: Proposal
    around: Surroundings

    def answer(self) -> Answer:
        """Return whether the entry could break a rule."""
        return check(self.state, self.rules, self.proposal, self.around)

    def weighed(self) -> Answer | None:
        """Return the amounts of the answer, whatever else forbids the entry; None if not known."""
        return weigh(self.state, self.rules, self.proposal, self.around)

    def checks(self) -> tuple[Check, ...]:
        """Return everything that was asked for the answer."""
        return checks(self.state, self.rules, self.proposal, self.around)


class Guarding:
    """Asks the guard about entries on funded accounts; other accounts have no such rules."""

    def __init__(self, tracker: Tracker, clock: Clock, quotes: Quotes, costs: CostsOf) -> None:
        self._tracker = tracker
        self._clock = clock
        self._quotes = quotes
        self._costs = costs

    def judge(self, uow: UnitOfWork, opening: Opening) -> Ruling | None:
        """Return how much of the entry may go out now, None for an account that is no funded one.

        The account's row is held until the caller's transaction ends.
        """
        held = uow.funded.hold(opening.key.account_id)
        if held is None or held.state is None:
            return None
        answer = self._asked(uow, held, opening)
        if answer.refusal is None:
            return Ruling(opening.leg.quantity)
        if not held.preferences.size_down:
            return Ruling(ZERO, answer.refusal)
        return self._sized(uow, held, opening, answer)

    def seen(
        self,
        uow: UnitOfWork,
        funded: FundedAccount,
        opening: Opening,
        price: Decimal | None = None,
        told: Sequence[Stake] = (),
    ) -> Judged | Denied:
        """Return the entry as the guard sees it, or why it cannot; ``price`` stands for the market.

        ``told`` is at stake beside what our own books hold.  The account must be pinned to rules.
        """
        account = _account(uow, funded.account_id)
        pricing = Pricing(self._quotes, self._costs(account), self._clock.now())
        positions = uow.positions.all(account.id)
        own = funded.source is Source.FILLS
        worth = worth_in(positions, pricing) if own else None
        tracked = self._tracker.as_of_now(uow, funded, worth)
        # Where a price is not known, it may be known that the account opens nothing at all.
        shut = barred(tracked.after, tracked.rules, pricing.now)
        stakes = stakes_in(uow, opening, positions, pricing)
        if isinstance(stakes, Denied):
            return shut or stakes
        mark = pricing.mark(opening.key.symbol) if price is None else price
        price = entry_price(opening.leg, mark)
        if price is None:
            return shut or denied("FUNDED_NO_PRICE", symbol=opening.key.symbol)
        average = _average(positions.get(opening.key, FLAT), opening.leg, price)
        own_device = funded.preferences.own_device
        order = replace(_proposal(opening, pricing, price, average), own_device=own_device)
        met = exposed(order, opening.key.symbol, [*stakes, *told])
        # A platform tells how many contracts it holds; our own books are counted here.
        contracts = met.contracts if own else max(met.contracts, tracked.after.contracts)
        news = tuple(each.news for each in uow.rule_sets.news(account.user_id))
        return Judged(
            replace(tracked.after, contracts=contracts),
            tracked.rules,
            met.proposal,
            Surroundings(pricing.now, news, met.open_risk),
        )

    def _asked(self, uow: UnitOfWork, funded: FundedAccount, opening: Opening) -> Answer:
        judged = self.seen(uow, funded, opening)
        return Answer(judged, ZERO) if isinstance(judged, Denied) else judged.answer()

    def _sized(
        self, uow: UnitOfWork, funded: FundedAccount, opening: Opening, answer: Answer
    ) -> Ruling:
        """Ask with less and less until it fits; refused with the first reason when nothing does."""
        why, smaller = answer.refusal, opening
        for _ in range(_TURNS):
            if answer.refusal is None:
                return Ruling(smaller.leg.quantity, why)
            if not answer.fits:
                break
            smaller = replace(smaller, leg=replace(smaller.leg, quantity=answer.fits))
            answer = self._asked(uow, funded, smaller)
        return Ruling(ZERO, why)


def _account(uow: UnitOfWork, account_id: str) -> Account:
    account = uow.accounts.get(account_id)
    if account is None:
        raise InvariantBroken(f"The funded account {account_id} is gone.")
    return account


def _proposal(opening: Opening, pricing: Pricing, price: Decimal, average: Decimal) -> Proposal:
    contract, leg = pricing.contract(opening.key.symbol), opening.leg
    instrument = contract.instrument
    return Proposal(
        root=contract.root,
        side=leg.side,
        quantity=leg.quantity,
        price=price,
        tick_size=instrument.tick_size,
        multiplier=instrument.multiplier,
        stop=stop_price(opening.protection, leg.side, price, average, contract),
        fee=2 * pricing.fee(contract, price),
        automated=opening.automated,
    )


@exact
def _average(position: Position, leg: Leg, price: Decimal) -> Decimal:
    """The average price of the book once the entry is filled: its protection is measured there."""
    if position.average_price is None or position.quantity * leg.side.sign <= 0:
        return price
    held = abs(position.quantity)
    paid = held * position.average_price + leg.quantity * price
    return divide(paid, held + leg.quantity)
