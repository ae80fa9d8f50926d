"""Plays an account again from a checkpoint, when news came that belong before what was played.

The account ends as if everything had come in its order: state, days, minutes and violations.  What
was told of it stays in the log; what was told and never was is taken back there, in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.events import Fact, FactKind, Level
from app.propfirm import (
    AccountState,
    Breach,
    Clock,
    Event,
    FundedAccount,
    Recorded,
    RuleSet,
    step,
)
from app.services.addon.news import needed
from app.services.funded import Tracked, Tracker
from app.services.funded.chronicle import Chronicle, minute_of
from app.services.funded.words import what_broke
from app.services.ports import Checkpoint, Entry, Ids, UnitOfWork

_DAY = timedelta(days=1)


def playable(checkpoint: Checkpoint | None, held: FundedAccount) -> bool:
    """Whether nothing but news changed the account since: no rules, no payout."""
    if checkpoint is None or checkpoint.state is None or held.state is None:
        return False
    pinned = (held.rule_set_id, held.rule_set_version, held.accepted_at, held.state.paid_out)
    return pinned == (
        checkpoint.rule_set_id,
        checkpoint.rule_set_version,
        checkpoint.accepted_at,
        checkpoint.state.paid_out,
    )


class Replaying:
    """Plays accounts again."""

    def __init__(self, tracker: Tracker, ids: Ids) -> None:
        self._tracker = tracker
        self._ids = ids

    def again(
        self,
        uow: UnitOfWork,
        held: FundedAccount,
        start: AccountState,
        entries: Sequence[Entry],
        now: datetime,
    ) -> Tracked:
        """Play the entries from ``start`` on, and write what comes of them in place of what did.

        ``held`` is the account, held by the caller, with the state that it had come to.
        """
        before = held.state or start
        rules = self._tracker.rules_of(uow, held)
        told = before.breaches[len(start.breaches) :]
        _rewind(uow, held, start)
        log = Chronicle(uow, held, rules, self._ids, now)
        state = start
        for entry in entries:
            for event in needed(state, entry.events):
                state = _played(log, state, rules, event, told)
        if before.at is not None and (state.at is None or state.at < before.at):
            state = _played(log, state, rules, Clock(before.at), told)
        log.write()
        kept = replace(held, state=state, updated_at=now)
        uow.funded.save(kept)
        _take_back(uow, kept, rules, [each for each in told if each not in state.breaches], now)
        return Tracked(kept, rules, before, tuple(log.breaches))


def _played(
    log: Chronicle, state: AccountState, rules: RuleSet, event: Event, told: Sequence[Breach]
) -> AccountState:
    done = step(state, rules, event)
    unheard = tuple(each for each in done.breaches if each not in told)
    log.note(state, replace(done, breaches=unheard), event)
    return done.state


def _rewind(uow: UnitOfWork, held: FundedAccount, start: AccountState) -> None:
    """Forget the days and minutes that the entries wrote; those of the checkpoint go on."""
    first = None if start.day is None else start.day + _DAY
    days = uow.funded.days(held.account_id, first)
    own = [each.day for each in days if each.recorded is Recorded.OWN]
    uow.funded.rewind(held.account_id, own, 0 if start.at is None else minute_of(start.at) + 1)


def _take_back(
    uow: UnitOfWork, held: FundedAccount, rules: RuleSet, gone: Sequence[Breach], now: datetime
) -> None:
    """Delete the violations that never were, and say so."""
    if not gone:
        return
    for violation in uow.funded.violations(held.account_id):
        if violation.breach in gone:
            uow.funded.withdraw(held.account_id, violation.id)
    account = uow.accounts.get(held.account_id)
    name = held.account_id if account is None else account.name
    for breach in gone:
        text = f"Funded account {name}: taken back, now that what was missing came: "
        uow.facts.append(
            Fact(
                kind=FactKind.FUNDED_CHANGED,
                at=now,
                message=f"{text}{what_broke(breach, rules)}.",
                level=Level.WARNING,
                code="ADDON_TAKEN_BACK",
                user_id=None if account is None else account.user_id,
                account_id=held.account_id,
                data={"rule": breach.rule.value, "at": breach.at.isoformat()},
            )
        )
