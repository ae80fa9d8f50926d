"""Could this order break a rule?  Asked before it is sent; what only reduces always passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from app.domain.decisions import Denied
from app.domain.money import ONE, ZERO, divide, exact, to_step, wire
from app.domain.refusals import denied
from app.propfirm.engine import reset
from app.propfirm.gates import GATES
from app.propfirm.proposals import Proposal, Surroundings
from app.propfirm.rulesets import RuleSet
from app.propfirm.state import AccountState

_CODES: Final = {"max_drawdown": "FUNDED_MAX_LOSS", "daily_loss": "FUNDED_DAILY_LOSS"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the order may go, and the numbers behind it.

    ``refusal`` is None when it may.  ``fits`` is how many contracts of it may go at once, all when
    it may.  ``loss`` is the worst case, unsigned, and ``worst_equity`` what would be left of the
    equity; ``breach_price`` is where the first limit would be broken, None when that is not known.
    Nothing of that is told of an exit, or where the amounts were not what refused it.
    """

    refusal: Denied | None
    fits: Decimal
    loss: Decimal | None = None
    worst_equity: Decimal | None = None
    breach_price: Decimal | None = None


@exact
def check(state: AccountState, rules: RuleSet, proposal: Proposal, around: Surroundings) -> Answer:
    """Return whether the order could break a rule; raises InvalidInput for an impossible stop."""
    if not proposal.opening:
        return Answer(None, proposal.quantity)
    state = reset(state, rules, rules.day(around.at))
    refusals = (each.refusal for each in _gates(state, rules, proposal, around))
    refusal = next((each for each in refusals if each is not None), None)
    if refusal is not None:
        return Answer(refusal, proposal.closing)
    if state.equity is None:
        return Answer(denied("FUNDED_UNKNOWN"), proposal.closing)
    return _weighed(state, rules, _Weight(state.equity, proposal, around.open_risk))


@dataclass(frozen=True, slots=True)
class Check:
    """One question that is asked of an order, and why the answer is no; None when it is yes.

    ``number`` is what it turns on: the equity, the contracts that could be held, or how much would
    be left of a limit at worst, negative beyond it; None where it is no matter of numbers.
    """

    name: str
    refusal: Denied | None
    number: Decimal | None = None


@exact
def checks(
    state: AccountState, rules: RuleSet, proposal: Proposal, around: Surroundings
) -> tuple[Check, ...]:
    """Return every question that ``check`` asks: the first with a refusal is what it refuses with.

    Without a known equity there is one question less for each amount; an exit is asked nothing.
    Raises InvalidInput for an impossible stop.
    """
    if not proposal.opening:
        return ()
    state = reset(state, rules, rules.day(around.at))
    gates = tuple(_gates(state, rules, proposal, around))
    if state.equity is None:
        return (*gates, Check("equity", denied("FUNDED_UNKNOWN")))
    weight = _Weight(state.equity, proposal, around.open_risk)
    amounts = _amounts(state, rules, weight, _fits(state, rules, weight))
    return (*gates, Check("equity", None, state.equity), *amounts)


@exact
def weigh(
    state: AccountState, rules: RuleSet, proposal: Proposal, around: Surroundings
) -> Answer | None:
    """Return what ``check`` would answer if nothing but the amounts counted.

    None while the equity is not known.  Raises InvalidInput for an impossible stop.
    """
    state = reset(state, rules, rules.day(around.at))
    if state.equity is None:
        return None
    return _weighed(state, rules, _Weight(state.equity, proposal, around.open_risk))


def _gates(
    state: AccountState, rules: RuleSet, proposal: Proposal, around: Surroundings
) -> Iterator[Check]:
    for name, gate in GATES.items():
        yield Check(name, gate(state, rules, proposal, around))


@dataclass(frozen=True, slots=True)
class _Weight:
    """What the order could cost: so much for each opened contract, and so much in any case."""

    equity: Decimal
    proposal: Proposal
    open_risk: Decimal

    @property
    def each(self) -> Decimal:
        return self.proposal.distance * self.proposal.multiplier + self.proposal.fee

    @property
    def carried(self) -> Decimal:
        """What the position that is added to loses on the way."""
        return self.proposal.added_to * self.proposal.distance * self.proposal.multiplier

    @property
    def aside(self) -> Decimal:
        """What does not depend on where the price goes."""
        return self.open_risk + self.proposal.closing * self.proposal.fee

    @property
    def loss(self) -> Decimal:
        return self.aside + self.carried + self.proposal.opening * self.each

    def fitting(self, room: Decimal, rules: RuleSet) -> Decimal:
        """The most contracts that can be opened without breaking a limit so far away."""
        left = room - self.aside - self.carried
        if rules.broken(left):
            return ZERO
        most = to_step(divide(left, self.each), ONE, ROUND_FLOOR)
        return max(most - 1, ZERO) if rules.broken(left - most * self.each) else most

    def breach_price(self, room: Decimal) -> Decimal:
        """The price at which a limit so far away is reached."""
        order = self.proposal
        left = room - self.aside - order.opening * order.fee
        exposed = (order.opening + order.added_to) * order.multiplier
        return order.price - order.side.sign * divide(left, exposed)


def _weighed(state: AccountState, rules: RuleSet, weight: _Weight) -> Answer:
    """Hold the worst case against each limit; the first that it could break refuses it."""
    fits = _fits(state, rules, weight)
    refusals = (each.refusal for each in _amounts(state, rules, weight, fits))
    return Answer(
        refusal=next((each for each in refusals if each is not None), None),
        fits=fits,
        loss=weight.loss,
        worst_equity=weight.equity - weight.loss,
        breach_price=weight.breach_price(min(_rooms(state, rules, weight.equity).values())),
    )


def _rooms(state: AccountState, rules: RuleSet, equity: Decimal) -> dict[str, Decimal]:
    """How far each limit is away, by its name."""
    rooms = {"max_drawdown": equity - state.floor}
    daily = state.daily_room(rules)
    return rooms if daily is None else rooms | {"daily_loss": daily}


def _fits(state: AccountState, rules: RuleSet, weight: _Weight) -> Decimal:
    order = weight.proposal
    rooms = _rooms(state, rules, weight.equity).values()
    fitting = [weight.fitting(room, rules) for room in rooms]
    return order.closing + min([order.opening, *fitting, *_free_contracts(state, rules, order)])


def _amounts(
    state: AccountState, rules: RuleSet, weight: _Weight, fits: Decimal
) -> Iterator[Check]:
    order = weight.proposal
    for free in _free_contracts(state, rules, order):
        refusal = _too_many(state, rules, order, fits) if order.opening > free else None
        yield Check("contracts", refusal, _kept(state, order) + order.opening)
    for name, room in _rooms(state, rules, weight.equity).items():
        left = room - weight.loss
        broken = rules.broken(left)
        refusal = _too_much(state, rules, weight, _CODES[name], room, fits) if broken else None
        yield Check(name, refusal, left)


def _free_contracts(state: AccountState, rules: RuleSet, order: Proposal) -> list[Decimal]:
    """How many contracts the limit leaves to open; empty without a limit."""
    most = state.most_contracts(rules)
    if most is None:
        return []
    return [max(most - _kept(state, order), ZERO)]


def _kept(state: AccountState, order: Proposal) -> Decimal:
    """The contracts that stay: news of the position may not have told of all that is held."""
    return max(state.contracts, abs(order.held)) - order.closing


def _too_many(state: AccountState, rules: RuleSet, order: Proposal, fits: Decimal) -> Denied:
    after = _kept(state, order) + order.opening
    return denied("FUNDED_CONTRACTS", after=after, limit=state.most_contracts(rules), fits=fits)


def _too_much(
    state: AccountState, rules: RuleSet, weight: _Weight, code: str, room: Decimal, fits: Decimal
) -> Denied:
    stop = weight.proposal.stop
    daily = rules.daily_loss
    return denied(
        code,
        loss=weight.loss,
        where="one tick against it" if stop is None else f"at its stop of {wire(stop)}",
        equity=weight.equity,
        floor=state.floor,
        room=room,
        limit=None if daily is None else daily.amount,
        fits=fits,
    )
