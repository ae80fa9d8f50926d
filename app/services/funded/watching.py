"""Funded accounts of our own, each second from our books; and all of them, told to their owners."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from app.domain.accounts import Account
from app.domain.events import Fact, FactKind
from app.propfirm import Clock, FundedAccount, Source
from app.services.funded.desk import View, pending_view, view_of
from app.services.funded.tracker import (
    Tracked,
    Tracker,
    Worths,
    could_break,
    events_of,
    state_of,
)
from app.services.pnl import Worth
from app.services.ports import Store, UnitOfWork

#: An account to which nothing happens is written this often, so that its age stays true.
_TOUCHED_EVERY: Final = timedelta(seconds=5)
#: What makes it worth while to look at an account before the next second.
_MOVES: Final = frozenset(
    {
        FactKind.POSITION_CHANGED,
        FactKind.RULE_BREACHED,
        FactKind.FUNDED_CHANGED,
        FactKind.FUNDED_DAY_BEGAN,
        FactKind.FUNDED_STALE,
        FactKind.FUNDED_HEARD,
        FactKind.FUNDED_ENFORCED,
    }
)


class FundedSink(Protocol):
    """Where it goes how funded accounts stand: the sockets of each user, or nowhere."""

    def watchers(self) -> Collection[str]:
        """The users who look at this moment."""
        ...

    def rules(self, views: Mapping[str, Sequence[View]]) -> None:
        """Show each user (by id) how these accounts of theirs stand."""
        ...


class NobodyLooks:
    """Drops everything: for replays and tools without pages."""

    def watchers(self) -> Collection[str]:
        """Return nobody."""
        return ()

    def rules(self, views: Mapping[str, Sequence[View]]) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """An account as it was found and as it stands; None for a pending one.

    ``moved`` says that it has to be written to stand as its books say, ``breaks`` that it may break
    a limit of loss then.
    """

    found: FundedAccount
    tracked: Tracked | None = None
    moved: bool = False
    breaks: bool = False


class Watching:
    """Plays on the accounts that trade here, and tells everybody how theirs stand, each second.

    What did not move is not written, but for the age of the news.
    """

    def __init__(self, store: Store, tracker: Tracker, worths: Worths) -> None:
        self._store = store
        self._tracker = tracker
        self._worths = worths
        self._sink: FundedSink = NobodyLooks()
        self._noting = threading.Lock()
        self._moved: set[str] = set()
        self._funded: Collection[str] = ()
        self._accounts: dict[str, Account] = {}
        self._second: int | None = None
        self._wake: Callable[[], None] = _nobody

    def wake_with(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever an account is to be looked at without waiting."""
        self._wake = wake

    def show(self, sink: FundedSink) -> None:
        """Tell ``sink`` from now on."""
        self._sink = sink

    def hear(self, facts: Sequence[Fact]) -> None:
        """Listen to the bus: accounts to which something happened are looked at at once."""
        moved = set()
        for fact in facts:
            if fact.kind is FactKind.ACCOUNT_CHANGED:
                self._accounts = {}
            known = fact.account_id in self._funded or fact.kind is FactKind.FUNDED_CHANGED
            if fact.kind in _MOVES and known and fact.account_id is not None:
                moved.add(fact.account_id)
        if moved:
            self.moved(moved)

    def moved(self, account_ids: Collection[str]) -> None:
        """Look at these accounts without waiting; after the commit of what moved them."""
        with self._noting:
            self._moved.update(account_ids)
        self._wake()

    def step(self, now: datetime) -> bool:
        """Look at all accounts once a second, and at once at those that were heard of."""
        second = int(now.timestamp())
        with self._noting:
            heard, self._moved = self._moved, set()
        if second == self._second and not heard:
            return False
        only = heard if second == self._second else None
        self._second = second
        self._tell(self._watch(now, only), now)
        return False

    def _watch(self, now: datetime, only: Collection[str] | None) -> Sequence[_Seen]:
        """Read the accounts, and write what moved in one transaction."""
        with self._store.read() as uow:
            found = self._found(uow, only)
            own = {each.account_id for each in found if each.source is Source.FILLS}
            worths = self._worths(own) if own else {}
            seen = {each.account_id: self._look(uow, each, worths, now) for each in found}
        changed = [each for each in seen.values() if each.moved]
        if changed:
            seen |= self._keep(changed, worths, now)
        return list(seen.values())

    def _found(self, uow: UnitOfWork, only: Collection[str] | None) -> Sequence[FundedAccount]:
        if only is not None:
            known = (uow.funded.get(account_id) for account_id in only)
            return [each for each in known if each is not None]
        found = uow.funded.list()
        self._funded = {each.account_id for each in found}
        return found

    def _look(
        self,
        uow: UnitOfWork,
        found: FundedAccount,
        worths: Mapping[str, Worth],
        now: datetime,
    ) -> _Seen:
        if found.pending:
            return _Seen(found)
        if found.source is not Source.FILLS:
            return _Seen(found, self._tracker.as_of_now(uow, found, None))
        rules, state = self._tracker.rules_of(uow, found), state_of(found)
        news = events_of(found, rules, worths.get(found.account_id), now)
        told = [each for each in news if not isinstance(each, Clock)]
        if told or rules.day(now) != state.day or _old(found, now):
            breaks = any(could_break(state, rules, each) for each in told)
            return _Seen(found, moved=True, breaks=breaks)
        return _Seen(found, Tracked(found, rules, state))

    def _keep(
        self, changed: Sequence[_Seen], worths: Mapping[str, Worth], now: datetime
    ) -> dict[str, _Seen]:
        """Write what moved; only what may tell of a breach waits for the disk."""
        breaks = any(each.breaks for each in changed)
        kept = {}
        with self._store.write() if breaks else self._store.record() as uow:
            for each in changed:
                account_id = each.found.account_id
                played = self._tracker.look(uow, account_id, worths.get(account_id), now)
                if played is not None:
                    kept[account_id] = _Seen(played.account, played)
        return kept

    def _tell(self, seen: Sequence[_Seen], now: datetime) -> None:
        watchers = self._sink.watchers()
        if not watchers or not seen:
            return
        views: dict[str, list[View]] = {}
        for each in seen:
            account = self._account(each.found.account_id)
            if account is None or account.user_id is None or account.user_id not in watchers:
                continue
            if each.tracked is not None:
                view = view_of(account, each.tracked, now)
            elif each.found.pending:
                view = pending_view(account, each.found, now)
            else:
                continue  # it was dropped meanwhile
            views.setdefault(account.user_id, []).append(view)
        if views:
            self._sink.rules(views)

    def _account(self, account_id: str) -> Account | None:
        if account_id not in self._accounts:
            with self._store.read() as uow:
                self._accounts = {each.id: each for each in uow.accounts.list()}
        return self._accounts.get(account_id)


def _nobody() -> None:
    """Wake nobody: whoever made the watch calls ``step``."""


def _old(found: FundedAccount, now: datetime) -> bool:
    return found.updated_at is None or now - found.updated_at >= _TOUCHED_EVERY
