"""Sentences about what the rules do to a funded account, and what its owner is warned of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.accounts import Account
from app.domain.money import ZERO, wire
from app.domain.sessions import next_roll
from app.propfirm import (
    MARGIN,
    AccountState,
    Cause,
    FundedAccount,
    Limit,
    LimitName,
    Measure,
    Near,
    RuleSet,
    Severity,
    Source,
)
from app.services.funded import words

_LIMITS = {LimitName.DAILY_LOSS: "daily loss", LimitName.MAX_LOSS: "maximum loss"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A funded account with its rules, and how it stands at the instant ``at``."""

    account: Account
    funded: FundedAccount
    rules: RuleSet
    state: AccountState
    at: datetime

    @property
    def watched(self) -> bool:
        """Whether we only watch the account: then nothing can be closed from here."""
        return self.funded.source is Source.ADDON

    @property
    def named(self) -> str:
        """What sentences about it begin with."""
        return f"Funded account {self.account.name}"


def why(subject: Subject, measure: Measure) -> str:
    """Return why the measure is taken, as a sentence that stays the same while it goes on."""
    rules = subject.rules
    if measure.cause is Cause.FAILED:
        return f"{_broke(subject, Severity.HARD)}; nothing opens on the account any more."
    if measure.cause is Cause.PAUSED:
        until = next_roll(subject.at, rules.roll)
        return f"{_broke(subject, Severity.SOFT)}; nothing opens until {until:%Y-%m-%d %H:%M} UTC."
    if measure.cause is Cause.FLAT_TIME:
        seconds = int(MARGIN.total_seconds())
        return (
            f"Nothing may be held from {_flat_time(rules)} until the session ends, and everything"
            f" is closed {seconds} seconds before."
        )
    chosen = subject.funded.preferences
    return (
        f"The {_LIMITS.get(measure.limit or LimitName.MAX_LOSS, '')} came near: at most"
        f" {wire(chosen.near_percent)}% of it was left. Nothing opens until clearly more is left,"
        " or the preferences of the account say otherwise."
    )


def _broke(subject: Subject, severity: Severity) -> str:
    """What broke, by the last breach that was so severe: there is one behind the status."""
    broken = [each for each in subject.state.breaches if each.severity is severity]
    said = words.what_broke(broken[-1], subject.rules)
    return said[0].upper() + said[1:]


def begun(subject: Subject, measure: Measure, closing: Sequence[str]) -> str:
    """Return that the measure is taken; ``closing`` are the books that are being closed."""
    if not measure.closes:
        done = "Working entries are cancelled; exits pass."
    elif not closing:
        done = "Nothing was open; working entries are cancelled."
    else:
        books = "1 position" if len(closing) == 1 else f"{len(closing)} positions"
        done = f"Working entries are cancelled, and {books} closed: {'; '.join(closing)}."
    return f"{subject.named}: {why(subject, measure)} {done}"


def only_watched(subject: Subject, measure: Measure) -> str:
    """Return that somebody has to close an account that we can only watch."""
    held = _contracts(subject)
    return (
        f"{subject.named}: {why(subject, measure)} Signalbox only watches this account and cannot"
        f" close what it holds ({held}): close it in NinjaTrader now."
    )


def near(subject: Subject, limit: Limit) -> str:
    """Return that a limit is near, and what is done about it."""
    if limit.name is LimitName.FLAT_TIME:
        return _before_flat(subject, limit)
    percent = "" if limit.left_percent is None else f" ({limit.left_percent:.1f}%)"
    of = f"{words.money(limit.limit or ZERO)}{percent}"
    left = f"{subject.named}: {words.money(limit.left or ZERO)} of the {_LIMITS[limit.name]} of"
    return f"{left} {of} is left. {_about(subject)}"


def _about(subject: Subject) -> str:
    chosen = subject.funded.preferences.near
    if chosen is Near.WARN:
        return "This is a warning only, as its preferences say."
    if subject.watched:
        return "Signalbox only watches this account: trade smaller or close there."
    return "Everything is closed now." if chosen is Near.FLATTEN else "Nothing more is opened now."


def _before_flat(subject: Subject, limit: Limit) -> str:
    left = (limit.at or subject.at) - subject.at
    minutes = max(round(left.total_seconds() / 60), 0)
    when = f"{_flat_time(subject.rules)}, in {minutes} minute{'' if minutes == 1 else 's'}"
    does = (
        f"Signalbox only watches this account: close {_contracts(subject)} in NinjaTrader."
        if subject.watched
        else f"Everything that is open ({_contracts(subject)}) is closed shortly before."
    )
    return f"{subject.named} must be flat at {when}. {does}"


def _contracts(subject: Subject) -> str:
    held = subject.state.contracts
    return f"{wire(held)} contract{'' if held == 1 else 's'}"


def _flat_time(rules: RuleSet) -> str:
    return f"{rules.flat_time:%H:%M} ({rules.zone.key})"
