"""Funded accounts as they are kept: their rules, their state, their days and what they broke."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from app.propfirm import FundedAccount, FundedDay, FundedMinute, News, RuleSet, Violation


class FundedAccounts(Protocol):
    """Accounts under a firm's rules, by the id of the account."""

    def get(self, account_id: str) -> FundedAccount | None: ...

    def hold(self, account_id: str) -> FundedAccount | None:
        """Read the account; nobody else changes it before the transaction ends."""

    def list(self, user_id: str | None = None) -> Sequence[FundedAccount]:
        """All funded accounts, or those of one user, in the order in which they were made."""

    def insert(self, account: FundedAccount) -> None: ...

    def save(self, account: FundedAccount) -> None:
        """Write the account as it is now; raises NotFound."""

    def delete(self, account_id: str) -> None:
        """Track the account no more; its days and violations go too."""

    def save_day(self, day: FundedDay) -> None:
        """Write the day in place of what was known of it."""

    def day(self, account_id: str, day: date) -> FundedDay | None: ...

    def days(self, account_id: str, first: date | None = None) -> Sequence[FundedDay]:
        """The days from ``first`` on, oldest first."""

    def save_minute(self, minute: FundedMinute) -> None:
        """Write the minute in place of what was known of it."""

    def minute(self, account_id: str, minute: int) -> FundedMinute | None: ...

    def minutes(self, account_id: str, first: int, last: int) -> Sequence[FundedMinute]:
        """The minutes from ``first`` to ``last``, both in it, oldest first."""

    def forget_minutes(self, before: int, most: int) -> int:
        """Delete at most ``most`` minutes that are older; returns how many were deleted."""

    def add_violation(self, violation: Violation) -> None: ...

    def withdraw(self, account_id: str, violation_id: str) -> None:
        """Delete a violation that never was: news came late and said so."""

    def rewind(self, account_id: str, days: Collection[date], first_minute: int) -> None:
        """Forget these days, and the minutes from ``first_minute`` on, to be written anew."""

    def violations(self, account_id: str) -> Sequence[Violation]:
        """What the account broke, oldest first."""


@dataclass(frozen=True, slots=True)
class KeptRules:
    """One version of a rule set; ``user_id`` is None for what comes with Signalbox."""

    rules: RuleSet
    user_id: str | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class KeptNews:
    """A time of a user's list of news."""

    id: str
    user_id: str
    news: News


class RuleSets(Protocol):
    """Versions of rule sets, which never change, and the users' lists of news."""

    def get(self, rule_set_id: str, version: str) -> KeptRules | None: ...

    def list(self, user_id: str | None) -> Sequence[KeptRules]:
        """All versions that come with Signalbox and those of the user, by id, oldest first."""

    def insert(self, kept: KeptRules) -> None:
        """Keep a version; raises Conflict when there is one with that id and version."""

    def news(self, user_id: str | None) -> Sequence[KeptNews]:
        """The user's list of news, by their start."""

    def add_news(self, news: KeptNews) -> None: ...

    def delete_news(self, user_id: str, news_id: str) -> None:
        """Take it off the list; raises NotFound."""
