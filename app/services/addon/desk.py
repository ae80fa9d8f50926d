"""Takes what add-ons post: numbers, executions and the rules' state, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from app.domain.accounts import Account, Mode
from app.domain.addon.clocks import heard, time_of
from app.domain.addon.messages import Message, Operation
from app.domain.addon.records import AddonKey, Followed
from app.domain.addon.stream import Placed, Verdict, placed
from app.domain.errors import NotFound
from app.domain.events import Fact, FactKind, Level
from app.domain.refusals import explain
from app.propfirm import FundedAccount, FundedDay, Recorded, Source
from app.services.accounts import AccountService
from app.services.addon.news import events_of
from app.services.addon.replaying import Replaying, Told
from app.services.funded import Tracked, Tracker, View
from app.services.funded.desk import view_of
from app.services.ports import Clock, Ids, Store, UnitOfWork
from app.services.together import GroupCommit

#: Accounts that one key may tell of.
MOST_ACCOUNTS: Final = 100
#: How seldom a key's use is written down, in seconds.
_USED_EVERY_S: Final = 60

Moved = Callable[[Sequence[str]], None]
"""Hears of the accounts that were told of, by id, after the commit."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The messages of one account that one request brought, in their order."""

    key: AddonKey
    name: str
    messages: tuple[Message, ...]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one message."""

    seq: int
    verdict: Verdict
    ack: int | None = None
    resend_from: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a delivery: message by message, and how the account stands after them.

    ``account`` is None when there was no room for another one: nothing was kept.  ``applied_at`` is
    when it was kept, None before.
    """

    name: str
    taken: tuple[Taken, ...] = ()
    account: Account | None = None
    view: View | None = None
    applied_at: datetime | None = None


@dataclass(slots=True)
class _Case:
    """One account while its messages are taken."""

    account: Account
    followed: Followed
    funded: FundedAccount
    now: datetime
    tracked: Tracked | None = None
    facts: list[Fact] = field(default_factory=list)

    def tell(self, code: str, data: dict[str, object], **details: object) -> None:
        """Note a line for the log."""
        self.facts.append(
            Fact(
                kind=FactKind.FUNDED_CHANGED,
                at=self.now,
                message=f"Account {self.account.name}: {explain(code, **details)}",
                level=Level.WARNING,
                code=code,
                user_id=self.account.user_id,
                account_id=self.account.id,
                data=data,
            )
        )


class AddonDesk:
    """Takes messages; ``moved`` hears of their accounts after each commit.

    ``pause`` lets those that arrive together be kept in one transaction.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        accounts: AccountService,
        tracker: Tracker,
        pause: Callable[[], None],
        moved: Moved,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._accounts = accounts
        self._tracker = tracker
        self._replaying = Replaying(tracker, ids)
        self._moved = moved
        self._commit: GroupCommit[Delivery, Received] = GroupCommit(store, pause, self._keep)

    def take(self, key: AddonKey, messages: Iterable[Message]) -> Sequence[Received]:
        """Take the messages of one request; those of an account together, each in its place.

        Raises StoreUnavailable: what was kept by then is a duplicate when it is sent again.
        """
        received_at = self._clock.now()
        accounts: dict[str, list[Message]] = {}
        for message in messages:
            accounts.setdefault(message.account.name, []).append(message)
        return [
            self._take(Delivery(key, name, tuple(own), received_at))
            for name, own in accounts.items()
        ]

    def _take(self, delivery: Delivery) -> Received:
        received = self._commit(delivery)
        if received.account is not None:
            applied_at = self._clock.now()
            self._moved([received.account.id])
            received = replace(received, applied_at=applied_at)
        return received

    def _keep(self, uow: UnitOfWork, delivery: Delivery) -> Received:
        case = self._case(uow, delivery)
        if case is None:
            return Received(delivery.name)
        taken = tuple(self._message(uow, case, message) for message in delivery.messages)
        uow.addons.save(replace(case.followed, heard_at=case.now, key_id=delivery.key.id))
        for fact in case.facts:
            uow.facts.append(fact)
        _note_use(uow, delivery)
        tracked = case.tracked or self._tracker.current(uow, case.account.id)
        view = None if tracked is None else view_of(case.account, tracked, case.now)
        return Received(delivery.name, taken, case.account, view)

    def _case(self, uow: UnitOfWork, delivery: Delivery) -> _Case | None:
        """The account, made when nobody told of it before; None when there is no room for it."""
        user_id, now = delivery.key.user_id, delivery.received_at
        followed = uow.addons.hold(user_id, delivery.name)
        if followed is None:
            return self._new_case(uow, delivery)
        account = uow.accounts.get(followed.account_id)
        if account is None:
            raise NotFound("There is no such account.")
        funded = uow.funded.hold(followed.account_id)
        if funded is None:
            funded = FundedAccount(account.id, Source.ADDON)
            uow.funded.insert(funded)
        return _Case(account, followed, funded, now)

    def _new_case(self, uow: UnitOfWork, delivery: Delivery) -> _Case | None:
        key, now = delivery.key, delivery.received_at
        own = [each for each in uow.addons.list(key.user_id) if each.key_id == key.id]
        if len(own) >= MOST_ACCOUNTS:
            return None
        simulated = delivery.messages[0].account.is_simulated
        mode = Mode.PAPER if simulated else Mode.LIVE
        account = self._accounts.watch_within(uow, key.user_id, delivery.name, mode)
        followed = Followed(account.id, key.user_id, delivery.name, key.id)
        funded = FundedAccount(account.id, Source.ADDON)
        uow.addons.insert(followed)
        uow.funded.insert(funded)
        case = _Case(account, followed, funded, now)
        case.tell("ADDON_ACCOUNT", {"key_id": key.id}, name=delivery.name)
        return case

    def _message(self, uow: UnitOfWork, case: _Case, message: Message) -> Taken:
        before = case.followed
        found = placed(before.stream, message, case.now)
        case.followed = replace(before, stream=found.stream)
        if found.lost:
            case.tell("ADDON_LOST", {"messages": found.lost}, count=found.lost)
        if found.place is not None:
            self._heard(uow, case, message, found, before)
        return Taken(message.seq, found.verdict, found.ack, found.resend_from)

    def _heard(
        self, uow: UnitOfWork, case: _Case, message: Message, found: Placed, before: Followed
    ) -> None:
        """Keep what a message tells that is new, and play it unless something has to come first."""
        _book(uow, case, message, found.verdict)
        if found.verdict is Verdict.HELD:
            return
        _clocked(case, message, before)
        if found.verdict.newest:
            case.followed = replace(case.followed, newest=replace(message, executions=(), days=()))
        self._play(uow, case, message, found)

    def _play(self, uow: UnitOfWork, case: _Case, message: Message, found: Placed) -> None:
        heard_at = case.now if message.account.connected else None
        if case.funded.state is None:
            case.funded = replace(case.funded, updated_at=heard_at or case.funded.updated_at)
            uow.funded.save(case.funded)
            return
        skew = case.followed.skew
        at = message.event_time if skew is None else time_of(message, skew)
        told = Told(
            place=found.place or (0, 0),
            at=at,
            events=events_of(message, at),
            late=found.verdict is Verdict.LATE,
            unsure=found.checkpoint,
            waits=found.stream.opened_at is not None,
            heard_at=heard_at,
        )
        case.tracked = self._replaying.play(uow, case.funded, told, case.now)
        case.funded = case.tracked.account
        _advised(uow, case, message, case.tracked)


def _book(uow: UnitOfWork, case: _Case, message: Message, verdict: Verdict) -> None:
    """Keep executions once; only what comes in its order corrects one that is known."""
    for execution in message.executions:
        if verdict.newest and execution.operation is not Operation.ADD:
            uow.addons.replace_execution(case.account.id, execution, case.now)
        else:
            uow.addons.add_execution(case.account.id, execution, case.now)


def _clocked(case: _Case, message: Message, before: Followed) -> None:
    """Learn from the message how far its clock is off; another session may be another machine."""
    current = case.followed.stream.current
    earlier = before.stream.current
    same = current is not None and earlier is not None and current.id == earlier.id
    known = before.skew if same else None
    skew = heard(known, message.sent_at, case.now)
    case.followed = replace(case.followed, skew=skew)
    if skew.flagged and (known is None or not known.flagged):
        seconds = abs(skew.behind).total_seconds()
        way = "behind" if skew.behind.total_seconds() > 0 else "ahead"
        case.tell(
            "ADDON_CLOCK",
            {"behind_s": skew.behind.total_seconds()},
            seconds=f"{seconds:.0f}",
            way=way,
        )


def _advised(uow: UnitOfWork, case: _Case, message: Message, tracked: Tracked) -> None:
    """Keep what the platform says of days that the server has nothing of itself."""
    today = tracked.rules.day(case.now)
    told = {each.day: each.pnl for each in message.days if each.day < today}
    if not told:
        return
    known = {each.day for each in uow.funded.days(case.account.id, min(told))}
    for day, pnl in told.items():
        if day not in known:
            uow.funded.save_day(FundedDay(case.account.id, day, pnl, Recorded.ADDON))


def _note_use(uow: UnitOfWork, delivery: Delivery) -> None:
    key, now = delivery.key, delivery.received_at
    installation = delivery.messages[0].installation_id
    used = key.last_used_at
    fresh = used is not None and (now - used).total_seconds() < _USED_EVERY_S
    if not fresh or key.installation_id != installation:
        uow.addon_keys.used(key.id, installation, now)
