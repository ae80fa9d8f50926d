"""Plays an account again from a checkpoint, when news came that belong before what was played.

The account ends as if everything had come in its order: state, days, minutes and violations.  What
was told of it stays in the log; what was told and never was is taken back there, in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.addon.stream import MOST, Place
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
from app.services.funded.checkpoints import keep_checkpoint
from app.services.funded.chronicle import Chronicle, minute_of
from app.services.funded.tracker import state_of
from app.services.funded.words import what_broke
from app.services.ports import Checkpoint, Entry, Ids, UnitOfWork


@dataclass(frozen=True, slots=True)
class Told:
    """What a message told of how the account was ``at`` an instant, and its place among others.

    ``late`` is that newer messages were played already, ``unsure`` that older ones may come from
    now on, and ``waits`` that they still may after it.  ``heard_at`` is None where the platform
    itself hears nothing.
    """

    place: Place
    at: datetime
    events: tuple[Event, ...]
    late: bool
    unsure: bool
    waits: bool
    heard_at: datetime | None


class Replaying:
    """Plays news at their place in the order of things.

    As long as older news may come, the account is kept as it was before, with all that was told
    since.  So it is when a trading day ended by the clock: what was told before may be under way.
    """

    def __init__(self, tracker: Tracker, ids: Ids) -> None:
        self._tracker = tracker
        self._ids = ids

    def play(self, uow: UnitOfWork, held: FundedAccount, told: Told, now: datetime) -> Tracked:
        """Play the news, and all newer ones again where there are any.

        ``held`` is the account, held by the caller; raises Conflict for a pending one.
        """
        state, own = state_of(held), held.account_id
        checkpoint = _checkpoint(uow, held, wanted=told.unsure)
        if checkpoint is None or checkpoint.state is None:
            return self._tracker.apply(uow, own, needed(state, told.events), told.heard_at)
        uow.addons.add_entry(Entry(own, told.place, told.events))
        if told.late or (state.at is not None and told.at < state.at):
            entries = uow.addons.entries(own)
            if len(entries) > MOST:
                uow.addons.close(own)
            return self._again(uow, held, checkpoint, checkpoint.state, entries, told.heard_at, now)
        if not told.waits:
            uow.addons.close(own)
        return self._tracker.apply(uow, own, needed(state, told.events), told.heard_at)

    def _again(
        self,
        uow: UnitOfWork,
        held: FundedAccount,
        start: Checkpoint,
        state: AccountState,
        entries: Sequence[Entry],
        heard_at: datetime | None,
        now: datetime,
    ) -> Tracked:
        """Play the entries from ``state`` on, and write what comes of them in place of what did."""
        before, rules = state_of(held), self._tracker.rules_of(uow, held)
        known = before.breaches[len(state.breaches) :]
        _rewind(uow, start, state)
        log = Chronicle(uow, held, rules, self._ids, now)
        for entry in entries:
            for event in needed(state, entry.events):
                state = _played(log, state, rules, event, known)
        if before.at is not None and (state.at is None or state.at < before.at):
            state = _played(log, state, rules, Clock(before.at), known)
        log.write()
        kept = replace(held, state=state, updated_at=heard_at or held.updated_at)
        uow.funded.save(kept)
        _take_back(uow, kept, rules, [each for each in known if each not in state.breaches], now)
        return Tracked(kept, rules, before, tuple(log.breaches))


def _checkpoint(uow: UnitOfWork, held: FundedAccount, *, wanted: bool) -> Checkpoint | None:
    """The account as it was before; useless once other rules, or a payout, changed it since."""
    kept = uow.addons.checkpoint(held.account_id)
    if kept is not None and not _playable(kept, held):
        uow.addons.close(held.account_id)
        kept = None
    if kept is None and wanted:
        kept = keep_checkpoint(uow, held)
    return kept


def _playable(kept: Checkpoint, held: FundedAccount) -> bool:
    if kept.state is None or held.state is None:
        return False
    then, now = kept.state.paid_out, held.state.paid_out
    pinned = (held.rule_set_id, held.rule_set_version, held.accepted_at)
    return then == now and pinned == (kept.rule_set_id, kept.rule_set_version, kept.accepted_at)


def _played(
    log: Chronicle, state: AccountState, rules: RuleSet, event: Event, told: Sequence[Breach]
) -> AccountState:
    done = step(state, rules, event)
    unheard = tuple(each for each in done.breaches if each not in told)
    log.note(state, replace(done, breaches=unheard), event)
    return done.state


def _rewind(uow: UnitOfWork, start: Checkpoint, state: AccountState) -> None:
    """Forget the days and minutes since the checkpoint, and put its own ones back."""
    own = start.account_id
    days = uow.funded.days(own, state.day)
    minute = 0 if state.at is None else minute_of(state.at)
    ours = [each.day for each in days if each.recorded is Recorded.OWN]
    uow.funded.rewind(own, ours, minute)
    if start.day is not None:
        uow.funded.save_day(start.day)
    if start.minute is not None:
        uow.funded.save_minute(start.minute)


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
