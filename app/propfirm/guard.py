"""Could this order break a rule?  Asked before it is sent; what only reduces always passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from app.domain.decisions import Denied
from app.domain.money import ONE, ZERO, divide, exact, to_step, wire
from app.domain.refusals import denied
from app.domain.sessions import next_roll
from app.propfirm.engine import reset
from app.propfirm.hours import in_hours, must_be_flat, news_at
from app.propfirm.proposals import Proposal, Surroundings
from app.propfirm.rulesets import Policy, RuleSet
from app.propfirm.state import AccountState, Status


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
    refusal = next(_forbidden(state, rules, proposal, around), None)
    if refusal is not None:
        return Answer(refusal, proposal.closing)
    if state.equity is None:
        return Answer(denied("FUNDED_UNKNOWN"), proposal.closing)
    return _weighed(state, rules, _Weight(state.equity, proposal, around.open_risk))


def _forbidden(
    state: AccountState, rules: RuleSet, proposal: Proposal, around: Surroundings
) -> Iterator[Denied]:
    """Yield what forbids to open anything, whatever its size."""
    yield from _closed(state, rules, around)
    yield from _unwanted(rules, proposal)
    yield from _untimely(rules, around)


def _closed(state: AccountState, rules: RuleSet, around: Surroundings) -> Iterator[Denied]:
    if state.status is Status.FAILED:
        last = state.breaches[-1]
        yield denied("FUNDED_FAILED", rule=last.rule, at=last.at)
    if state.status is Status.PAUSED_DAY and rules.daily_loss is not None:
        until = next_roll(around.at, rules.roll)
        yield denied("FUNDED_PAUSED", limit=rules.daily_loss.amount, until=until)


def _unwanted(rules: RuleSet, proposal: Proposal) -> Iterator[Denied]:
    policy = rules.automation.policy
    away = policy is Policy.OWN_DEVICE and not proposal.own_device
    if proposal.automated and (away or policy is Policy.FORBIDDEN):
        yield denied("FUNDED_AUTOMATION", firm=rules.firm, note=rules.automation.note)
    products = rules.allowed_products
    if products and proposal.root not in products:
        yield denied("FUNDED_PRODUCT", symbol=proposal.root, allowed=", ".join(sorted(products)))


def _untimely(rules: RuleSet, around: Surroundings) -> Iterator[Denied]:
    if not in_hours(rules, around.at):
        yield denied("FUNDED_HOURS", hours=", ".join(map(str, rules.allowed_hours)))
    news = news_at(around.news, around.at)
    if news is not None:
        yield denied("FUNDED_NEWS", name=news.name, until=news.end)
    if must_be_flat(rules, around.at):
        yield denied("FUNDED_FLAT_TIME", flat_time=f"{rules.flat_time:%H:%M}", zone=rules.zone.key)


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
    order = weight.proposal
    rooms = {"FUNDED_MAX_LOSS": weight.equity - state.floor}
    daily = state.daily_room(rules)
    if daily is not None:
        rooms["FUNDED_DAILY_LOSS"] = daily
    free = _free_contracts(state, rules, order)
    fitting = [weight.fitting(room, rules) for room in rooms.values()]
    fits = order.closing + min([order.opening, *fitting, *free])
    broken = [code for code, room in rooms.items() if rules.broken(room - weight.loss)]
    refusal = None
    if free and order.opening > free[0]:
        refusal = _too_many(state, rules, order, fits)
    elif broken:
        refusal = _too_much(state, rules, weight, broken[0], rooms[broken[0]], fits)
    return Answer(
        refusal=refusal,
        fits=fits,
        loss=weight.loss,
        worst_equity=weight.equity - weight.loss,
        breach_price=weight.breach_price(min(rooms.values())),
    )


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
