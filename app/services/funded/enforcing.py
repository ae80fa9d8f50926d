"""Enforcing the rules of funded accounts: pauses, closes and warns before the firm does.

What is to be done follows from the account's kept state at each look, so a restart goes on with it.
A measure throws the account's trading switch, which the guard and the switches see, the halt keeper
cancels by and the closer closes by; it takes nothing back but its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from app.domain.accounts import Account
from app.domain.events import Fact, FactKind, Level
from app.domain.money import wire
from app.domain.safety.switches import BY_RULES, Scope, Switch, TradingState
from app.propfirm import (
    Cause,
    FundedAccount,
    Limit,
    Measure,
    Warned,
    closing,
    limits,
    measure,
    warned,
)
from app.services.funded import deeds
from app.services.funded.deeds import Subject
from app.services.funded.standing import Standing, read_standing, write_standing
from app.services.funded.tracker import Tracker
from app.services.halts import HaltKeeper
from app.services.halts.reach import open_in, working_in
from app.services.inbox import Inbox
from app.services.ports import Store, UnitOfWork
from app.services.trading import switches
from app.services.trading.settle import Settler

#: What may change what is done, so that it is looked at without waiting for the next second.
_HEARD: Final = frozenset(
    {
        FactKind.RULE_BREACHED,
        FactKind.FUNDED_CHANGED,
        FactKind.FUNDED_DAY_BEGAN,
        FactKind.TRADING_RESUMED,
    }
)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at an account found; ``wanted`` is the measure, None for none."""

    subject: Subject
    warnings: Warned
    wanted: Measure | None


class Enforcer:
    """Looks at every funded account once a second, and at once when one breaks a rule."""

    def __init__(
        self,
        store: Store,
        tracker: Tracker,
        settler: Settler,
        keeper: HaltKeeper,
        inbox: Inbox,
    ) -> None:
        self._store = store
        self._tracker = tracker
        self._settler = settler
        self._keeper = keeper
        self._closer = keeper.closer
        self._inbox = inbox

    @staticmethod
    def hears(facts: Sequence[Fact]) -> bool:
        """Whether the facts are a reason to look now."""
        return any(fact.kind in _HEARD for fact in facts)

    def step(self, now: datetime) -> bool:
        """Do what is to be done now; returns False, for once a second is enough."""
        with self._store.read() as uow:
            due = self._due(uow, now)
        for account_id in due:
            with self._settler.transaction() as uow:
                self._see_to(uow, account_id, now)
        if due:
            self._inbox.wake()
            self._keeper.step(now)
        return False

    def _due(self, uow: UnitOfWork, now: datetime) -> list[str]:
        """The accounts with something to be done or taken back."""
        standing = read_standing(uow)
        found = {each.account_id: each for each in uow.funded.list() if not each.pending}
        accounts = {each.id: each for each in uow.accounts.list()} if found else {}
        due = [account_id for account_id in standing if account_id not in found]
        for account_id, funded in found.items():
            stands = standing.get(account_id)
            look = self._look(uow, accounts.get(account_id), funded, stands, now)
            if look is not None and not self._idle(uow, look, stands):
                due.append(account_id)
        return due

    def _look(
        self,
        uow: UnitOfWork,
        account: Account | None,
        funded: FundedAccount | None,
        stands: Standing | None,
        now: datetime,
    ) -> _Look | None:
        if account is None or funded is None or funded.state is None:
            return None
        rules = self._tracker.rules_of(uow, funded)
        subject = Subject(account, funded, rules, funded.state, now)
        found = limits(subject.state, rules, funded.preferences, now)
        warnings = warned(funded.told, found, subject.state, funded.preferences, rules.day(now))
        wanted = _wanted(uow, subject, warnings, stands)
        return _Look(subject, warnings, wanted)

    def _idle(self, uow: UnitOfWork, look: _Look, stands: Standing | None) -> bool:
        """Whether everything is as it is to be."""
        wanted = look.wanted
        if look.warnings.told != look.subject.funded.told:
            return False
        if wanted is None or stands is None or stands.key != wanted.key:
            return wanted is None and stands is None
        if look.subject.watched:
            return True
        return _halted(uow, look.subject) and not self._to_close(uow, look.subject, wanted)

    def _to_close(self, uow: UnitOfWork, subject: Subject, wanted: Measure) -> bool:
        own = subject.account.id
        if not wanted.closes or not open_in(uow, Scope.ACCOUNT, own):
            return False
        return not self._closer.under_way(uow, Scope.ACCOUNT, own)

    # --- doing it: inside one transaction ---------------------------------------------------------

    def _see_to(self, uow: UnitOfWork, account_id: str, now: datetime) -> None:
        """Decide again with the account held, and write down all that follows."""
        standing = read_standing(uow)
        stands = standing.pop(account_id, None)
        funded, account = uow.funded.hold(account_id), uow.accounts.get(account_id)
        look = self._look(uow, account, funded, stands, now)
        if look is not None:
            _warn(uow, look)
        if look is not None and look.wanted is not None:
            standing[account_id] = self._take(uow, look.subject, look.wanted, stands)
        elif stands is not None:
            _end(uow, account_id, stands, now)
        write_standing(uow, standing, now)

    def _take(
        self, uow: UnitOfWork, subject: Subject, wanted: Measure, stands: Standing | None
    ) -> Standing:
        """Take the measure, or go on with it; returns what is kept of it."""
        fresh = stands is None or stands.key != wanted.key
        if subject.watched:
            if fresh:
                words = deeds.only_watched(subject, wanted)
                _deed(uow, subject, wanted, "FUNDED_WATCHED", words, ())
            return Standing(wanted.key)
        before = _throw(uow, subject, wanted, stands)
        books, doubts = list[str](), list[str]()
        closes = self._to_close(uow, subject, wanted)
        if closes:
            books, doubts = self._closer.begin(uow, Scope.ACCOUNT, subject.account.id)
        if fresh or closes:
            words = " ".join([deeds.begun(subject, wanted, books), *doubts])
            _deed(uow, subject, wanted, _code(wanted), words, books)
        return Standing(wanted.key, before)


def _wanted(
    uow: UnitOfWork, subject: Subject, warnings: Warned, stands: Standing | None
) -> Measure | None:
    """What is to be done to the account now.

    One that we only watch is told of what broke while it holds something; what comes near is told
    of as a warning already.
    """
    state, rules, at = subject.state, subject.rules, subject.at
    holds = bool(state.contracts)
    if not subject.watched:
        # Orders are only looked for when they matter.
        holds = closing(rules, at) and _open(uow, subject)
    flat = stands is not None and stands.key.startswith(Cause.FLAT_TIME)
    chosen = subject.funded.preferences
    wanted = measure(state, rules, chosen, warnings.near, at, holds=holds or flat)
    if wanted is None or not subject.watched:
        return wanted
    goes_on = stands is not None and stands.key == wanted.key
    return wanted if wanted.cause is not Cause.NEAR and (holds or goes_on) else None


def _warn(uow: UnitOfWork, look: _Look) -> None:
    """Tell of the limits that came near, and remember it."""
    if look.warnings.told == look.subject.funded.told:
        return
    for limit in look.warnings.fresh:
        words = deeds.near(look.subject, limit)
        _tell(uow, look.subject, FactKind.RULE_NEAR, "FUNDED_NEAR", words, _distance(limit))
    uow.funded.save(replace(look.subject.funded, told=look.warnings.told))


def _open(uow: UnitOfWork, subject: Subject) -> bool:
    """Whether the account holds something, or has an entry that may still fill."""
    own = subject.account.id
    entries = [each for each in working_in(uow, Scope.ACCOUNT, own) if not each.reduce_only]
    return bool(entries or open_in(uow, Scope.ACCOUNT, own))


def _halted(uow: UnitOfWork, subject: Subject) -> bool:
    """Whether the account is halted, by whomever."""
    stands = uow.switches.get(Scope.ACCOUNT, subject.account.id)
    return stands is not None and stands.state is TradingState.HALTED


def _code(wanted: Measure) -> str:
    return "FUNDED_CLOSED" if wanted.closes else "FUNDED_REDUCED"


def _throw(
    uow: UnitOfWork, subject: Subject, wanted: Measure, standing: Standing | None
) -> Switch | None:
    """Halt the account unless somebody did; returns the milder switch that gave way to ours."""
    stands = uow.switches.get(Scope.ACCOUNT, subject.account.id)
    active = stands is None or stands.state is TradingState.ACTIVE
    ours = stands is not None and stands.code in BY_RULES and not active
    before = None if ours or active else stands
    if ours and standing is not None:
        before = standing.before
        if standing.key == wanted.key:
            return before
    if before is stands and _halted(uow, subject):
        return None
    detail = deeds.why(subject, wanted)
    where = Scope.ACCOUNT, subject.account.id
    switches.impose(uow, Switch(*where, TradingState.HALTED, subject.at, _code(wanted), detail))
    return before


def _end(uow: UnitOfWork, account_id: str, standing: Standing, now: datetime) -> None:
    """Take back what the rules stopped, and nothing else; what stood before them stands again."""
    stands = uow.switches.get(Scope.ACCOUNT, account_id)
    if stands is None or stands.code not in BY_RULES or stands.state is TradingState.ACTIVE:
        return
    if standing.before is not None:
        switches.impose(uow, standing.before)
    else:
        switches.resume(uow, Scope.ACCOUNT, account_id, now, code=stands.code)


def _distance(limit: Limit) -> dict[str, object]:
    return {
        "limit": limit.name.value,
        "amount": None if limit.limit is None else wire(limit.limit),
        "left": None if limit.left is None else wire(limit.left),
        "at": None if limit.at is None else limit.at.isoformat(),
    }


def _deed(
    uow: UnitOfWork,
    subject: Subject,
    wanted: Measure,
    code: str,
    text: str,
    books: Sequence[str],
) -> None:
    data = {
        "cause": wanted.cause.value,
        "limit": None if wanted.limit is None else wanted.limit.value,
        "closing": list(books),
    }
    _tell(uow, subject, FactKind.FUNDED_ENFORCED, code, text, data)


def _tell(
    uow: UnitOfWork,
    subject: Subject,
    kind: FactKind,
    code: str,
    text: str,
    data: Mapping[str, object],
) -> None:
    uow.facts.append(
        Fact(
            kind=kind,
            at=subject.at,
            message=text,
            level=Level.WARNING,
            code=code,
            user_id=subject.account.user_id,
            account_id=subject.account.id,
            data=data,
        )
    )
