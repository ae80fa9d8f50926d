"""The rules of funded accounts, pure: what a firm demands, and how an account stands under it.

rulesets (one version of a firm's rules), reading (refuses wrong ones with the field), library
(those that come with Signalbox, in firms/), state (what is known, what can happen), engine (what an
event makes of it), hours (flat time, trading hours, news), standing (the figures), proposals,
exposure, gates and guard (could this order break a rule?), account (as it is kept), keeping (as
JSON and back).
"""

from app.propfirm.account import (
    FundedAccount,
    FundedDay,
    FundedMinute,
    Near,
    Preferences,
    Recorded,
    Source,
    Violation,
)
from app.propfirm.engine import Step, after_all, reset, step
from app.propfirm.exposure import Exposure, Stake, exposed
from app.propfirm.gates import barred
from app.propfirm.guard import Answer, Check, check, checks, weigh
from app.propfirm.hours import News, in_hours, must_be_flat, news_at, next_flat
from app.propfirm.library import gathered, library, rule_set
from app.propfirm.limits import Limit, LimitName, limits
from app.propfirm.measures import MARGIN, Cause, Measure, Warned, closing, measure, warned
from app.propfirm.moving import moved, taken_over
from app.propfirm.proposals import Proposal, Surroundings
from app.propfirm.reading import read_rule_set
from app.propfirm.rulesets import (
    Automation,
    Compare,
    Consistency,
    DailyLoss,
    Drawdown,
    Kind,
    Mode,
    Policy,
    RuleSet,
    Tier,
)
from app.propfirm.standing import Standing, standing
from app.propfirm.state import (
    AccountState,
    Breach,
    Clock,
    DayResult,
    Event,
    Held,
    Payout,
    Rule,
    Severity,
    Status,
    Update,
    opened,
)

__all__ = [
    "MARGIN",
    "AccountState",
    "Answer",
    "Automation",
    "Breach",
    "Cause",
    "Check",
    "Clock",
    "Compare",
    "Consistency",
    "DailyLoss",
    "DayResult",
    "Drawdown",
    "Event",
    "Exposure",
    "FundedAccount",
    "FundedDay",
    "FundedMinute",
    "Held",
    "Kind",
    "Limit",
    "LimitName",
    "Measure",
    "Mode",
    "Near",
    "News",
    "Payout",
    "Policy",
    "Preferences",
    "Proposal",
    "Recorded",
    "Rule",
    "RuleSet",
    "Severity",
    "Source",
    "Stake",
    "Standing",
    "Status",
    "Step",
    "Surroundings",
    "Tier",
    "Update",
    "Violation",
    "Warned",
    "after_all",
    "barred",
    "check",
    "checks",
    "closing",
    "exposed",
    "gathered",
    "in_hours",
    "library",
    "limits",
    "measure",
    "moved",
    "must_be_flat",
    "news_at",
    "next_flat",
    "opened",
    "read_rule_set",
    "reset",
    "rule_set",
    "standing",
    "step",
    "taken_over",
    "warned",
    "weigh",
]
