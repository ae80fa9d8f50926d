"""Repositories of funded accounts: rules, states, days, minutes and violations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, or_, select, update

from app.domain.errors import Conflict, NotFound
from app.propfirm import FundedAccount, FundedDay, FundedMinute, News, Violation
from app.services.ports.funded import KeptNews, KeptRules
from app.store.records import Record, Repo, insert_or_replace, insert_or_skip
from app.store.tables.funded import (
    FUNDED_ACCOUNTS,
    FUNDED_DAYS,
    FUNDED_MINUTES,
    NEWS,
    RULE_SETS,
    VIOLATIONS,
)
from app.store.tables.people import ACCOUNTS

ACCOUNT: Final = Record(FundedAccount, FUNDED_ACCOUNTS)
DAY: Final = Record(FundedDay, FUNDED_DAYS)
MINUTE: Final = Record(FundedMinute, FUNDED_MINUTES)
VIOLATION: Final = Record(Violation, VIOLATIONS)

_a, _d, _m, _v, _r, _n = (
    FUNDED_ACCOUNTS.c,
    FUNDED_DAYS.c,
    FUNDED_MINUTES.c,
    VIOLATIONS.c,
    RULE_SETS.c,
    NEWS.c,
)
_CHANGING: Final = tuple(
    each.name for each in fields(FundedAccount) if each.name not in {"account_id", "source"}
)

_GET: Final = select(*ACCOUNT.columns).where(_a.account_id == bindparam("id"))
_HOLD: Final = _GET.with_for_update()
_ALL: Final = select(*ACCOUNT.columns).order_by(_a.number)
_OF_USER: Final = (
    select(*ACCOUNT.columns)
    .join(ACCOUNTS, ACCOUNTS.c.id == _a.account_id)
    .where(ACCOUNTS.c.user_id == bindparam("user_id"))
    .order_by(_a.number)
)
_INSERT: Final = insert(FUNDED_ACCOUNTS)
_UPDATE: Final = (
    update(FUNDED_ACCOUNTS)
    .where(_a.account_id == bindparam("id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_SAVE_DAY: Final = insert_or_replace(FUNDED_DAYS, "account_id", "day")
_DAY: Final = select(*DAY.columns).where(
    _d.account_id == bindparam("id"), _d.day == bindparam("day")
)
_DAYS: Final = (
    select(*DAY.columns)
    .where(_d.account_id == bindparam("id"), _d.day >= bindparam("first"))
    .order_by(_d.day)
)
_SAVE_MINUTE: Final = insert_or_replace(FUNDED_MINUTES, "account_id", "minute")
_MINUTE: Final = select(*MINUTE.columns).where(
    _m.account_id == bindparam("id"), _m.minute == bindparam("minute")
)
_MINUTES: Final = (
    select(*MINUTE.columns)
    .where(
        _m.account_id == bindparam("id"),
        _m.minute >= bindparam("first"),
        _m.minute <= bindparam("last"),
    )
    .order_by(_m.minute)
)
_OLD_MINUTES: Final = (
    select(_m.account_id, _m.minute)
    .where(_m.minute < bindparam("before"))
    .order_by(_m.minute)
    .limit(bindparam("most"))
)
_FORGET: Final = delete(FUNDED_MINUTES).where(
    _m.account_id == bindparam("id"), _m.minute == bindparam("of_minute")
)
_FORGET_SINCE: Final = delete(FUNDED_MINUTES).where(
    _m.account_id == bindparam("of_account"), _m.minute >= bindparam("first")
)
_FORGET_DAY: Final = delete(FUNDED_DAYS).where(
    _d.account_id == bindparam("of_account"), _d.day == bindparam("of_day")
)
_WITHDRAW: Final = delete(VIOLATIONS).where(
    _v.account_id == bindparam("of_account"), _v.id == bindparam("of")
)
_ADD_VIOLATION: Final = insert(VIOLATIONS)
_VIOLATIONS: Final = (
    select(*VIOLATION.columns).where(_v.account_id == bindparam("id")).order_by(_v.id)
)
_OWNED: Final = (FUNDED_DAYS, FUNDED_MINUTES, VIOLATIONS, FUNDED_ACCOUNTS)


class FundedAccounts(Repo):
    """Accounts under a firm's rules, by the id of the account."""

    __slots__ = ()

    def get(self, account_id: str) -> FundedAccount | None:
        """The account; None when it is not a funded one."""
        return ACCOUNT.maybe(self._first(_GET, id=account_id))

    def hold(self, account_id: str) -> FundedAccount | None:
        """The account as it is now; nobody else changes it before the transaction ends."""
        return ACCOUNT.maybe(self._first(_HOLD, id=account_id))

    def list(self, user_id: str | None = None) -> Sequence[FundedAccount]:
        """All funded accounts, or those of one user, in the order in which they were made."""
        if user_id is None:
            return ACCOUNT.all(self._rows(_ALL))
        return ACCOUNT.all(self._rows(_OF_USER, user_id=user_id))

    def insert(self, account: FundedAccount) -> None:
        """Keep a new funded account."""
        self._count(_INSERT, ACCOUNT.values(account))

    def save(self, account: FundedAccount) -> None:
        """Write the account as it is now; raises NotFound."""
        values = {f"new_{name}": getattr(account, name) for name in _CHANGING}
        if not self._count(_UPDATE, values | {"id": account.account_id}):
            raise NotFound("There is no such funded account.")

    def delete(self, account_id: str) -> None:
        """Track the account no more; its days and violations go too."""
        for table in _OWNED:
            self._connection.execute(delete(table).where(table.c.account_id == account_id))

    def save_day(self, day: FundedDay) -> None:
        """Write the day in place of what was known of it."""
        self._count(self._variant(_SAVE_DAY), DAY.values(day))

    def day(self, account_id: str, day: date) -> FundedDay | None:
        """What is known of that day."""
        return DAY.maybe(self._first(_DAY, id=account_id, day=day))

    def days(self, account_id: str, first: date | None = None) -> Sequence[FundedDay]:
        """The days from ``first`` on, oldest first."""
        return DAY.all(self._rows(_DAYS, id=account_id, first=first or date.min))

    def save_minute(self, minute: FundedMinute) -> None:
        """Write the minute in place of what was known of it."""
        self._count(self._variant(_SAVE_MINUTE), MINUTE.values(minute))

    def minute(self, account_id: str, minute: int) -> FundedMinute | None:
        """What is known of that minute."""
        return MINUTE.maybe(self._first(_MINUTE, id=account_id, minute=minute))

    def minutes(self, account_id: str, first: int, last: int) -> Sequence[FundedMinute]:
        """The minutes from ``first`` to ``last``, both in it, oldest first."""
        return MINUTE.all(self._rows(_MINUTES, id=account_id, first=first, last=last))

    def forget_minutes(self, before: int, most: int) -> int:
        """Delete at most ``most`` minutes that are older; returns how many were deleted."""
        found = self._rows(_OLD_MINUTES, before=before, most=most)
        if found:
            rows = [{"id": account_id, "of_minute": minute} for account_id, minute in found]
            self._connection.execute(_FORGET, rows)
        return len(found)

    def add_violation(self, violation: Violation) -> None:
        """Keep what was broken, with the figures of its moment."""
        self._count(_ADD_VIOLATION, VIOLATION.values(violation))

    def withdraw(self, account_id: str, violation_id: str) -> None:
        """Delete a violation that never was: news came late and said so."""
        self._count(_WITHDRAW, {"of_account": account_id, "of": violation_id})

    def rewind(self, account_id: str, days: Collection[date], first_minute: int) -> None:
        """Forget these days, and the minutes from ``first_minute`` on, to be written anew."""
        for day in days:
            self._count(_FORGET_DAY, {"of_account": account_id, "of_day": day})
        self._count(_FORGET_SINCE, {"of_account": account_id, "first": first_minute})

    def violations(self, account_id: str) -> Sequence[Violation]:
        """What the account broke, oldest first."""
        return VIOLATION.all(self._rows(_VIOLATIONS, id=account_id))


_RULES: Final = (_r.rules, _r.user_id, _r.made_at)
_VERSION: Final = select(*_RULES).where(
    _r.rule_set_id == bindparam("id"), _r.version == bindparam("version")
)
_VERSIONS: Final = (
    select(*_RULES)
    .where(or_(_r.user_id.is_(None), _r.user_id == bindparam("user_id")))
    .order_by(_r.rule_set_id, _r.number)
)
_ADD_RULES: Final = insert_or_skip(RULE_SETS, "rule_set_id", "version")
_NEWS_OF: Final = (
    select(_n.id, _n.user_id, _n.name, _n.start, _n.end)
    .where(_n.user_id == bindparam("user_id"))
    .order_by(_n.start, _n.id)
)
_ADD_NEWS: Final = insert(NEWS)
_DELETE_NEWS: Final = delete(NEWS).where(_n.id == bindparam("of"), _n.user_id == bindparam("user"))


def _kept(row: Sequence[Any]) -> KeptRules:
    return KeptRules(*row)


class RuleSets(Repo):
    """Versions of rule sets, which never change, and the users' lists of news."""

    __slots__ = ()

    def get(self, rule_set_id: str, version: str) -> KeptRules | None:
        """That version."""
        row = self._first(_VERSION, id=rule_set_id, version=version)
        return None if row is None else _kept(row)

    def list(self, user_id: str | None) -> Sequence[KeptRules]:
        """All versions that come with Signalbox and those of the user, by id, oldest first."""
        return [_kept(row) for row in self._rows(_VERSIONS, user_id=user_id)]

    def insert(self, kept: KeptRules) -> None:
        """Keep a version; raises Conflict when there is one with that id and version."""
        values = {
            "rule_set_id": kept.rules.id,
            "version": kept.rules.version,
            "user_id": kept.user_id,
            "rules": kept.rules,
            "made_at": kept.made_at,
        }
        if not self._count(self._variant(_ADD_RULES), values):
            raise Conflict(f"There is a version {kept.rules.version} of {kept.rules.id} already.")

    def news(self, user_id: str | None) -> Sequence[KeptNews]:
        """The user's list of news, by their start."""
        found = self._rows(_NEWS_OF, user_id=user_id)
        return [KeptNews(id_, owner, News(*rest)) for id_, owner, *rest in found]

    def add_news(self, news: KeptNews) -> None:
        """Put it on the list."""
        times = {"name": news.news.name, "start": news.news.start, "end": news.news.end}
        self._count(_ADD_NEWS, {"id": news.id, "user_id": news.user_id} | times)

    def delete_news(self, user_id: str, news_id: str) -> None:
        """Take it off the list; raises NotFound."""
        if not self._count(_DELETE_NEWS, {"of": news_id, "user": user_id}):
            raise NotFound("There is no such news on the list.")
