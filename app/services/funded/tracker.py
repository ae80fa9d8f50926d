"""Plays events of funded accounts and keeps what comes of them, all in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.errors import Conflict, InvariantBroken, NotFound
from app.domain.money import ZERO, exact
from app.domain.sessions import day_bounds
from app.propfirm import (
    AccountState,
    Breach,
    Clock,
    Event,
    FundedAccount,
    Held,
    Payout,
    RuleSet,
    Source,
    Standing,
    Status,
    Update,
    after_all,
    reset,
    standing,
    step,
)
from app.services import ports
from app.services.funded.checkpoints import keep_checkpoint
from app.services.funded.chronicle import Chronicle
from app.services.funded.sessions import silent
from app.services.pnl import Worth
from app.services.ports import Ids, UnitOfWork

Worths = Callable[[Collection[str]], Mapping[str, Worth]]
"""What our own books of each of these accounts come to at this moment."""

_INSTANT: Final = timedelta(microseconds=1)
#: Versions of rule sets that are kept in memory; they never change.
_REMEMBERED: Final = 256


@dataclass(frozen=True, slots=True)
class Tracked:
    """A funded account after events, with the rules that it is pinned to.

    ``account`` holds the state after them and ``before`` is the state that it had; ``breaches`` are
    those that the events brought.
    """

    account: FundedAccount
    rules: RuleSet
    before: AccountState
    breaches: tuple[Breach, ...] = ()

    @property
    def after(self) -> AccountState:
        """The state after the events."""
        return state_of(self.account)

    @property
    def standing(self) -> Standing:
        """The figures after the events."""
        return standing(self.after, self.rules)


def state_of(account: FundedAccount) -> AccountState:
    """Return the account's state; raises Conflict for a pending one, which has none."""
    if account.state is None:
        raise Conflict("The account is not pinned to rules yet.")
    return account.state


def quiet(state: AccountState, news: Update) -> Event:
    """Return the news, or that time passes when they tell nothing new.

    A day with nothing but such news is no trading day.  To an account that has failed all news are
    nothing new.
    """
    same = (news.balance, news.unrealized) == (state.balance, state.unrealized)
    return Clock(news.at) if same or state.status is Status.FAILED else news


@exact
def balance_of(
    state: AccountState, rules: RuleSet, baseline: Decimal, realised: Decimal
) -> Decimal:
    """Return the balance of an account of our own whose books have realised so much, net.

    It counts from the rules' start and from what was realised since the account was accepted;
    payouts take from it, deposits do not add to it.
    """
    return rules.start_balance + realised - baseline - state.paid_out


class Tracker:
    """The state of each funded account: played on by events, or looked at as of this moment."""

    def __init__(self, clock: ports.Clock, ids: Ids, worths: Worths) -> None:
        self._clock = clock
        self._ids = ids
        self._worths = worths
        self._rules: dict[tuple[str, str], RuleSet] = {}

    def apply(
        self,
        uow: UnitOfWork,
        account_id: str,
        events: Iterable[Event],
        heard_at: datetime | None,
    ) -> Tracked:
        """Play the events in their order, and write state, days, minutes, violations and facts.

        Trading days that ended before an event are ended first.  ``heard_at`` is when the server
        heard of the account, None when it did not.  The account's row is held until the transaction
        ends.  News that tell nothing new are to be given as ``quiet`` says.  Raises NotFound for an
        account that is not a funded one, Conflict for a pending one, and what the engine raises.
        """
        held = _held(uow, account_id)
        return self._apply(uow, held, self.rules_of(uow, held), events, heard_at)

    def look(
        self, uow: UnitOfWork, account_id: str, worth: Worth | None, now: datetime
    ) -> Tracked | None:
        """Play on an account of our own with what its books come to ``now``; None when it is none.

        Nothing else happens in between: its row is held from before the events are made of it.
        """
        held = uow.funded.hold(account_id)
        if held is None or held.pending or held.source is not Source.FILLS:
            return None
        rules = self.rules_of(uow, held)
        last = state_of(held).at
        at = now if last is None else max(now, last)
        return self._apply(uow, held, rules, events_of(held, rules, worth, at), now)

    def _apply(
        self,
        uow: UnitOfWork,
        held: FundedAccount,
        rules: RuleSet,
        events: Iterable[Event],
        heard_at: datetime | None,
    ) -> Tracked:
        log = Chronicle(uow, held, rules, self._ids, self._clock.now())
        state = state_of(held)
        for event in events:
            state = self._ended(uow, held, rules, log, state, event.at)
            done = step(state, rules, event)
            log.note(state, done, event)
            state = done.state
        return self._keep(uow, held, rules, log, state, heard_at)

    def end_day(self, uow: UnitOfWork, account_id: str, now: datetime) -> Tracked | None:
        """End the account's trading day if it is over at ``now``; None when it is not.

        A day that began already begins no second time.
        """
        held = uow.funded.hold(account_id)
        if held is None or held.state is None:
            return None
        rules = self.rules_of(uow, held)
        log = Chronicle(uow, held, rules, self._ids, self._clock.now())
        state = self._ended(uow, held, rules, log, held.state, now)
        if state is held.state:
            return None
        if held.source is Source.ADDON and uow.addons.checkpoint(account_id) is None:
            # What was told before the day's end may still be under way: it is played from here.
            keep_checkpoint(uow, held)
        return self._keep(uow, held, rules, log, state, None)

    def current(self, uow: UnitOfWork, account_id: str) -> Tracked | None:
        """Return the account as of this moment, None when it is no funded one or is pending.

        Nothing is written.  One of our own is played on, in memory, with what its books come to
        now; one that an add-on tells of is as it told last, its equity unknown when it has fallen
        silent.
        """
        found = uow.funded.get(account_id)
        if found is None or found.state is None:
            return None
        return self.as_of_now(uow, found, self._worth(account_id))

    def as_of_now(self, uow: UnitOfWork, account: FundedAccount, worth: Worth | None) -> Tracked:
        """Do what ``current`` does for an account that was read already, its books at ``worth``."""
        rules, before = self.rules_of(uow, account), state_of(account)
        now = self._clock.now()
        if account.source is Source.ADDON:
            state = before
            if state.day is not None:
                state = reset(state, rules, rules.day(now))
            if silent(account, now):
                state = replace(state, unrealized=None)
            return Tracked(replace(account, state=state), rules, before)
        state = after_all(before, rules, events_of(account, rules, worth, now))
        breaches = state.breaches[len(before.breaches) :]
        return Tracked(replace(account, state=state), rules, before, breaches)

    def pay(self, uow: UnitOfWork, account_id: str, amount: Decimal) -> None:
        """Take a payout out of a funded account at this moment; another account is left alone."""
        held = uow.funded.hold(account_id)
        if held is None or held.state is None:
            return
        now, last = self._clock.now(), held.state.at
        at = now if last is None else max(now, last)
        events: list[Event] = [Payout(at, amount)]
        if held.source is Source.FILLS:
            events = [*self.own_news(held, self.rules_of(uow, held), at), *events]
        self.apply(uow, account_id, events, None)

    def own_news(self, account: FundedAccount, rules: RuleSet, at: datetime) -> Sequence[Event]:
        """Return what our own books tell of the account, as events of the instant ``at``."""
        return events_of(account, rules, self._worth(account.account_id), at)

    def _worth(self, account_id: str) -> Worth | None:
        return self._worths({account_id}).get(account_id)

    def rules_of(self, uow: UnitOfWork, account: FundedAccount) -> RuleSet:
        """Return the version that the account is pinned to; raises Conflict for a pending one."""
        if account.rule_set_id is None or account.rule_set_version is None:
            raise Conflict("The account is not pinned to rules yet.")
        pinned = (account.rule_set_id, account.rule_set_version)
        if pinned not in self._rules:
            kept = uow.rule_sets.get(*pinned)
            if kept is None:
                raise InvariantBroken(f"The rules {pinned[0]} {pinned[1]} are gone.")
            if len(self._rules) >= _REMEMBERED:
                self._rules.clear()
            self._rules[pinned] = kept.rules
        return self._rules[pinned]

    def _ended(
        self,
        uow: UnitOfWork,
        account: FundedAccount,
        rules: RuleSet,
        log: Chronicle,
        state: AccountState,
        at: datetime,
    ) -> AccountState:
        """End every trading day that is over at ``at``, each with the balance known at its end."""
        missed = 0
        while state.day is not None and (day := rules.day(at)) > state.day:
            _, end = day_bounds(state.day, rules.roll)
            if account.source is Source.FILLS and state.status is not Status.FAILED:
                last, more = _closing(uow, account, rules, state, end)
                if last is not None:
                    done = step(state, rules, last)
                    log.note(state, done, last)
                    state = done.state
                day = rules.day(end) if more else day
            begins, _ = day_bounds(day, rules.roll)
            known = begins if state.at is None else max(state.at, begins)
            state = replace(reset(state, rules, day), at=known)
            missed += 1
        if missed:
            log.began(state, missed)
        return state

    def _keep(
        self,
        uow: UnitOfWork,
        held: FundedAccount,
        rules: RuleSet,
        log: Chronicle,
        state: AccountState,
        heard_at: datetime | None,
    ) -> Tracked:
        log.write()
        kept = replace(held, state=state, updated_at=heard_at or held.updated_at)
        uow.funded.save(kept)
        return Tracked(kept, rules, state_of(held), tuple(log.breaches))


def events_of(
    account: FundedAccount, rules: RuleSet, worth: Worth | None, now: datetime
) -> Sequence[Event]:
    """Return what our own books tell of the account at ``now``; time passes when nothing moved.

    Without a book of the account its open P&L is not known.
    """
    state = state_of(account)
    if worth is None:
        return [quiet(state, Update(now, state.balance, None))]
    balance = balance_of(state, rules, account.baseline, worth.realised)
    events = [quiet(state, Update(now, balance, worth.open_pnl))]
    if worth.contracts != state.contracts:
        events.append(Held(now, worth.contracts))
    return events


@exact
def could_break(state: AccountState, rules: RuleSet, news: Event) -> bool:
    """Whether the news may break a limit of loss: what is to be kept whatever happens then."""
    equity = news.equity(rules) if isinstance(news, Update) else None
    if equity is None:
        return False
    rooms = [equity - state.floor]
    if rules.daily_loss is not None:
        rooms.append(equity - state.day_start_balance + rules.daily_loss.amount)
    return any(map(rules.broken, rooms))


def _held(uow: UnitOfWork, account_id: str) -> FundedAccount:
    held = uow.funded.hold(account_id)
    if held is None:
        raise NotFound("There is no such funded account.")
    return held


@exact
def realised_of(uow: UnitOfWork, account_id: str) -> Decimal:
    """Return what the books of the account have realised since their first fill, net."""
    books = uow.positions.all(account_id).values()
    return sum((each.realised_net for each in books), ZERO)


@exact
def _closing(
    uow: UnitOfWork, account: FundedAccount, rules: RuleSet, state: AccountState, end: datetime
) -> tuple[Update | None, bool]:
    """What the day closed with by the fills until its end, and whether there are later ones.

    The first is None when it is known already.  What was open at the end is not known any more,
    unless it was nothing.
    """
    own = account.account_id
    more = bool(uow.fills.since(own, end))
    later = uow.fills.realised_since(None, own, end) if more else ZERO
    realised = realised_of(uow, own) - later
    balance = balance_of(state, rules, account.baseline, realised)
    if balance == state.balance:
        return None, more
    flat = not more and not uow.positions.open(account_id=own)
    return Update(end - _INSTANT, balance, ZERO if flat else None), more
