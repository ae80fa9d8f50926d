"""What forbids to open anything, whatever its size: each gate answers why not, or None."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from app.domain.decisions import Denied
from app.domain.refusals import denied
from app.domain.sessions import next_roll
from app.propfirm.hours import in_hours, news_at
from app.propfirm.measures import closing
from app.propfirm.proposals import Proposal, Surroundings
from app.propfirm.rulesets import Policy, RuleSet
from app.propfirm.state import AccountState, Status

Gate = Callable[[AccountState, RuleSet, Proposal, Surroundings], Denied | None]


def barred(state: AccountState, rules: RuleSet, at: datetime) -> Denied | None:
    """Return why the account opens nothing at all at that instant, None when it may."""
    if state.status is Status.FAILED:
        last = state.breaches[-1]
        return denied("FUNDED_FAILED", rule=last.rule, at=last.at)
    if state.status is Status.PAUSED_DAY and rules.daily_loss is not None:
        until = next_roll(at, rules.roll)
        return denied("FUNDED_PAUSED", limit=rules.daily_loss.amount, until=until)
    return None


def _status(
    state: AccountState, rules: RuleSet, _proposal: Proposal, around: Surroundings
) -> Denied | None:
    return barred(state, rules, around.at)


def _automation(
    _state: AccountState, rules: RuleSet, proposal: Proposal, _around: Surroundings
) -> Denied | None:
    policy = rules.automation.policy
    away = policy is Policy.OWN_DEVICE and not proposal.own_device
    if not proposal.automated or not (away or policy is Policy.FORBIDDEN):
        return None
    return denied("FUNDED_AUTOMATION", firm=rules.firm, note=rules.automation.note)


def _product(
    _state: AccountState, rules: RuleSet, proposal: Proposal, _around: Surroundings
) -> Denied | None:
    products = rules.allowed_products
    if not products or proposal.root in products:
        return None
    return denied("FUNDED_PRODUCT", symbol=proposal.root, allowed=", ".join(sorted(products)))


def _hours(
    _state: AccountState, rules: RuleSet, _proposal: Proposal, around: Surroundings
) -> Denied | None:
    if in_hours(rules, around.at):
        return None
    return denied("FUNDED_HOURS", hours=", ".join(map(str, rules.allowed_hours)))


def _news(
    _state: AccountState, _rules: RuleSet, _proposal: Proposal, around: Surroundings
) -> Denied | None:
    news = news_at(around.news, around.at)
    return None if news is None else denied("FUNDED_NEWS", name=news.name, until=news.end)


def _flat_time(
    _state: AccountState, rules: RuleSet, _proposal: Proposal, around: Surroundings
) -> Denied | None:
    # What would be opened now would be closed at once.
    if not closing(rules, around.at):
        return None
    return denied("FUNDED_FLAT_TIME", flat_time=f"{rules.flat_time:%H:%M}", zone=rules.zone.key)


#: The gates by what they look at, in the order in which they refuse.
GATES: Final[dict[str, Gate]] = {
    "status": _status,
    "automation": _automation,
    "product": _product,
    "hours": _hours,
    "news": _news,
    "flat_time": _flat_time,
}
