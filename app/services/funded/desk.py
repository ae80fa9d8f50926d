"""Funded accounts as people and programs read them: figures, distances, history."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.domain.accounts import Account
from app.domain.errors import Conflict, NotFound
from app.domain.events import Fact
from app.domain.sessions import next_roll
from app.propfirm import (
    AccountState,
    FundedAccount,
    FundedDay,
    Limit,
    LimitName,
    RuleSet,
    Source,
    Standing,
    Status,
    Violation,
    limits,
)
from app.services import ports
from app.services.funded import words
from app.services.funded.curve import EquityPoint, Spread
from app.services.funded.rules import find
from app.services.funded.sessions import silent
from app.services.funded.tracker import Tracked, Tracker, Worths
from app.services.pnl import Worth
from app.services.ports import KeptRules, Store, UnitOfWork

#: Points of a curve of equity at most.
MOST_POINTS: Final = 2000
#: Changes of rules and preferences that are shown of an account.
MOST_CHANGES: Final = 100


class FundedStatus(StrEnum):
    """How a funded account stands, the worst that holds."""

    PENDING = "pending"
    FAILED = "failed"
    STALE = "stale"
    UNKNOWN = "unknown"
    PAUSED = "paused"
    NEAR = "near"
    PASSED = "passed"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class View:
    """A funded account at the instant ``at``; without ``rules`` it is pending and has no figures.

    ``words`` say how it stands.  ``updated_at`` is when the server heard of it last, of its own
    books at this moment; ``limits`` are the distances to what its rules name.
    """

    account: Account
    funded: FundedAccount
    at: datetime
    status: FundedStatus
    words: str
    updated_at: datetime | None
    rules: RuleSet | None = None
    standing: Standing | None = None
    state: AccountState | None = None
    limits: tuple[Limit, ...] = ()

    @property
    def age(self) -> timedelta | None:
        """How old the last news are; None before the first."""
        return None if self.updated_at is None else max(self.at - self.updated_at, timedelta())

    @property
    def stale(self) -> bool:
        """Whether the add-on should have told of it by now and has not."""
        return silent(self.funded, self.at)

    @property
    def unrealized(self) -> Decimal | None:
        """The open P&L, None while it is not known."""
        return None if self.state is None else self.state.unrealized

    @property
    def contracts(self) -> Decimal | None:
        """How many contracts are held; None while the account is pending."""
        return None if self.state is None else self.state.contracts

    @property
    def next_reset_at(self) -> datetime | None:
        """When the trading day ends; None while the account is pending."""
        return None if self.rules is None else next_roll(self.at, self.rules.roll)

    @property
    def next_flat_at(self) -> datetime | None:
        """From when nothing may be held; None without such a time."""
        return next((each.at for each in self.limits if each.at is not None), None)


class FundedDesk:
    """What the API and the pages read of funded accounts; each user sees their own alone.

    ``pause`` is called between the parts of a long answer, so that others are served in between.
    """

    def __init__(
        self,
        store: Store,
        clock: ports.Clock,
        tracker: Tracker,
        worths: Worths,
        pause: Callable[[], None],
    ) -> None:
        self._pause = pause
        self._store = store
        self._clock = clock
        self._tracker = tracker
        self._worths = worths

    def states(self, user_id: str | None) -> Sequence[View]:
        """Return the user's funded accounts as of this moment, in the order of their making.

        All of everybody's when ``user_id`` is None.
        """
        with self._store.read() as uow:
            own = {each.id: each for each in uow.accounts.list(user_id)}
            found = uow.funded.list(user_id)
            worths = self._worths({each.account_id for each in found})
            return [
                self._view(uow, own[each.account_id], each, worths)
                for each in found
                if each.account_id in own
            ]

    def state(self, user_id: str, account_id: str) -> View:
        """Return the account as of this moment; raises NotFound."""
        with self._store.read() as uow:
            account, funded = _own(uow, user_id, account_id)
            return self._view(uow, account, funded, self._worths({account_id}))

    def rules(self, user_id: str, account_id: str) -> tuple[KeptRules, Sequence[KeptRules]]:
        """Return the version that the account is pinned to, and all that it can be moved to.

        Raises NotFound, Conflict for a pending account.
        """
        with self._store.read() as uow:
            _, funded = _own(uow, user_id, account_id)
            if funded.rule_set_id is None or funded.rule_set_version is None:
                raise Conflict("The account is not pinned to rules yet.")
            pinned = find(uow, user_id, funded.rule_set_id, funded.rule_set_version)
            start = pinned.rules.start_balance
            others = [
                each
                for each in uow.rule_sets.list(user_id)
                if each.rules.start_balance == start and each.rules != pinned.rules
            ]
            return pinned, others

    def changes(self, user_id: str, account_id: str) -> Sequence[Fact]:
        """Return the last changes of the account's rules and preferences, newest first.

        Raises NotFound.
        """
        with self._store.read() as uow:
            _own(uow, user_id, account_id)
            return uow.facts.funded_changes(account_id, MOST_CHANGES)

    def violations(self, user_id: str, account_id: str) -> Sequence[Violation]:
        """Return what the account broke, newest first; raises NotFound."""
        with self._store.read() as uow:
            _own(uow, user_id, account_id)
            return list(reversed(uow.funded.violations(account_id)))

    def days(self, user_id: str, account_id: str, first: date | None = None) -> Sequence[FundedDay]:
        """Return the days of the account, newest first; raises NotFound."""
        with self._store.read() as uow:
            _own(uow, user_id, account_id)
            return list(reversed(uow.funded.days(account_id, first)))

    def equity(
        self, user_id: str, account_id: str, start: datetime | None, end: datetime | None
    ) -> Sequence[EquityPoint]:
        """Return the equity and the floor from ``start`` until ``end``, None is since ever, or now.

        At most ``MOST_POINTS``; what is more is drawn together, with its highest and lowest.
        Raises NotFound.
        """
        now = self._clock.now()
        with self._store.read() as uow:
            _, funded = _own(uow, user_id, account_id)
        earliest = funded.accepted_at or now
        until = min(end or now, now)
        span = Spread.over(max(start or earliest, earliest), until, MOST_POINTS)
        for first, last in span.parts():
            with self._store.read() as uow:
                span.take(uow.funded.minutes(account_id, first, last))
            self._pause()
        return span.points

    def _view(
        self,
        uow: UnitOfWork,
        account: Account,
        funded: FundedAccount,
        worths: Mapping[str, Worth],
    ) -> View:
        now = self._clock.now()
        if funded.state is None:
            return pending_view(account, funded, now)
        return view_of(
            account, self._tracker.as_of_now(uow, funded, worths.get(funded.account_id)), now
        )


def pending_view(account: Account, funded: FundedAccount, now: datetime) -> View:
    """Return an account that nobody has put under rules yet."""
    told = "Not under any rules yet: choose the firm's, and it is tracked"
    return View(account, funded, now, FundedStatus.PENDING, told, funded.updated_at)


def view_of(account: Account, tracked: Tracked, now: datetime) -> View:
    """Return a tracked account at the instant ``now``."""
    funded, rules, figures = tracked.account, tracked.rules, tracked.standing
    distances = limits(tracked.after, rules, funded.preferences, now)
    status = _status(funded, figures, distances, now)
    heard = now if funded.source is Source.FILLS else funded.updated_at
    return View(
        account=account,
        funded=funded,
        at=now,
        status=status,
        words=_told(status, tracked, distances, now),
        updated_at=heard,
        rules=rules,
        standing=figures,
        state=tracked.after,
        limits=distances,
    )


def _status(
    funded: FundedAccount, figures: Standing, distances: Collection[Limit], now: datetime
) -> FundedStatus:
    order = {
        FundedStatus.FAILED: figures.status is Status.FAILED,
        FundedStatus.STALE: silent(funded, now),
        FundedStatus.UNKNOWN: figures.equity is None,
        FundedStatus.PAUSED: figures.status is Status.PAUSED_DAY,
        FundedStatus.NEAR: any(each.near or each.broken for each in distances),
        FundedStatus.PASSED: figures.passed,
    }
    return next((status for status, holds in order.items() if holds), FundedStatus.OK)


def _told(
    status: FundedStatus, tracked: Tracked, distances: Collection[Limit], now: datetime
) -> str:
    funded, state = tracked.account, tracked.after
    if status is FundedStatus.FAILED:
        return f"Failed: {words.what_broke(state.breaches[-1], tracked.rules)}"
    if status is FundedStatus.STALE:
        heard = funded.updated_at
        if heard is None:
            return "The add-on has not told of it yet, so where its limits are is not known"
        return f"No news for {words.of_age(now - heard)}, so where its limits are is not known"
    if status is FundedStatus.UNKNOWN:
        return "A price of what it holds is not known, so where its limits are is not either"
    if status is FundedStatus.PAUSED:
        return "Paused until the next session: the daily loss was reached"
    return _distance(status, tracked, distances)


def _distance(status: FundedStatus, tracked: Tracked, distances: Collection[Limit]) -> str:
    if any(each.broken and each.name is LimitName.FLAT_TIME for each in distances):
        return "It holds something after the time from which it must be flat"
    if any(each.broken and each.name is LimitName.MAX_CONTRACTS for each in distances):
        return "It holds more contracts than its rules allow"
    if status is FundedStatus.PASSED and tracked.rules.profit_target is not None:
        return f"The profit target of {words.money(tracked.rules.profit_target)} is reached"
    losses = [each for each in distances if each.left is not None and each.name in _LOSSES]
    nearest = min(losses, key=lambda each: each.left or 0)
    return words.of_distance(nearest, tracked.rules)


_LOSSES: Final = {LimitName.MAX_LOSS, LimitName.DAILY_LOSS}


def _own(uow: UnitOfWork, user_id: str, account_id: str) -> tuple[Account, FundedAccount]:
    account, funded = uow.accounts.get(account_id), uow.funded.get(account_id)
    if account is None or account.user_id != user_id:
        raise NotFound("There is no such account.")
    if funded is None:
        raise NotFound("The account is under no firm's rules.")
    return account, funded
