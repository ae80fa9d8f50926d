"""Reconciling: each account is compared with its venue at the start, each minute, and on demand.

A look asks the venue first, with no transaction open, and then books what was missed, imports what
is not ours and writes down what differs, in one transaction.  It never sends an order.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.accounts import Account
from app.domain.errors import BrokerAuth, BrokerError, NotFound
from app.domain.events import Fact, FactKind, Level
from app.domain.orders import Order, OrderState
from app.domain.reports import AuthReport, LinkReport
from app.domain.safety.drift import GRACE, Difference
from app.services.ports import Brokers, Clock, Ids, Store, UnitOfWork
from app.services.reconcile import compare
from app.services.reconcile.asking import Answer, Question, ask, expected, held_now, question
from app.services.reconcile.drifts import DriftBook
from app.services.reconcile.external import Importer
from app.services.trading import trust
from app.services.trading.send import Sender
from app.services.trading.settle import BATCH, Settler

#: How often an account is compared, in seconds; and how soon again when a difference is suspected
#: or while the venue's stream is down, so that nothing tells what fills.
EVERY_S: Final = 60.0
SOON_S: Final = 11.0
#: How soon a venue that did not answer is asked again; it doubles each time, up to a minute.
_RETRY_S: Final = 5.0
#: Transactions in which what waits is booked before a comparison, at most.
_ROUNDS: Final = 50
_NOT_OURS: Final = frozenset({"FILL_NOT_OURS", "REPORT_NOT_OURS"})


@dataclass(slots=True)
class Check:
    """How the comparison of an account stands; instants are None for never.

    ``linked`` says whether the venue's stream is connected, None when it has none or says nothing;
    ``problem`` is why the venue could not be asked the last time, None when it answered.
    """

    asked_at: datetime | None = None
    answered_at: datetime | None = None
    next_at: datetime | None = None
    linked: bool | None = None
    problem: str | None = None
    failures: int = 0


class Reconciler:
    """Compares accounts; each by one look at a time, so that a silent venue delays no other."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        brokers: Brokers,
        settler: Settler,
        sender: Sender,
    ) -> None:
        self._store = store
        self._clock = clock
        self._brokers = brokers
        self._settler = settler
        self._sender = sender
        self._ids = ids
        self._drifts = DriftBook(ids)
        self._checks: dict[str, Check] = {}
        self._due: dict[str, float] = {}
        self._looks: dict[str, threading.Lock] = {}

    # --- when -------------------------------------------------------------------------------------

    def begin(self) -> list[str]:
        """Doubt every account until it was compared, as at a start; return the accounts."""
        now = self._clock.now()
        with self._store.write() as uow:
            accounts = _compared_with_venues(uow)
            for account_id in accounts:
                trust.doubt(uow, account_id, now)
        return accounts

    def run(self) -> tuple[str, ...]:
        """Compare every account, one after the other; return those whose venue did not answer."""
        return tuple(account_id for account_id in self.begin() if not self.look(account_id))

    def due(self) -> list[str]:
        """Return the accounts that are to be compared now."""
        now = self._clock.monotonic()
        with self._store.read() as uow:
            accounts = _compared_with_venues(uow)
        return [each for each in accounts if self._due.get(each, now) <= now]

    def check_soon(self, account_id: str) -> None:
        """Have the account compared at the next turn."""
        self._due[account_id] = self._clock.monotonic()

    def linked(self, report: LinkReport) -> None:
        """Hear of a venue's connection: one that came back may have missed something."""
        self._check(report.account_id).linked = report.up
        self.check_soon(report.account_id)

    def hear(self, facts: Sequence[Fact]) -> None:
        """Listen to the bus: reports that are not ours, and accounts connected and disconnected."""
        for fact in facts:
            if fact.kind is FactKind.ACCOUNT_DISCONNECTED and fact.account_id:
                self._checks[fact.account_id] = Check(linked=False)
            wanted = fact.code in _NOT_OURS or fact.kind is FactKind.ACCOUNT_CONNECTED
            if wanted and fact.account_id:
                self.check_soon(fact.account_id)

    def compared(self, account_id: str) -> bool:
        """Whether the venue answered the last time that it was asked."""
        check = self.check(account_id)
        return check.answered_at is not None and check.problem is None

    def check(self, account_id: str) -> Check:
        """Return how the account's comparison stands in this process."""
        return self._checks.get(account_id) or Check()

    # --- one look ---------------------------------------------------------------------------------

    def look(self, account_id: str) -> bool:
        """Compare the account now; False when its venue did not answer, and nothing was changed."""
        with self._looks.setdefault(account_id, threading.Lock()):
            asked = self._question(account_id)
            if asked is None:
                return True
            check = self._check(account_id)
            check.asked_at = asked.at
            self._due[account_id] = self._clock.monotonic() + EVERY_S
            try:
                answer = ask(self._brokers.of(account_id), asked)
            except (BrokerError, NotFound) as error:
                if isinstance(error, BrokerAuth):
                    self._settler.receive(AuthReport(account_id, asked.at, error.detail))
                self._silent(asked.account, check, error.detail)
                return False
            suspects = self._write(asked, answer, back=check.problem is not None)
            check.answered_at, check.problem, check.failures = self._clock.now(), None, 0
            soon = suspects or check.linked is False
            self._next(account_id, check, SOON_S if soon else EVERY_S)
            return True

    def _check(self, account_id: str) -> Check:
        return self._checks.setdefault(account_id, Check())

    def _next(self, account_id: str, check: Check, seconds: float) -> None:
        """Set when the next look is due, unless one was asked for meanwhile."""
        at = self._clock.monotonic() + seconds
        self._due[account_id] = min(self._due.get(account_id, at), at)
        check.next_at = self._clock.now() + timedelta(seconds=seconds)

    def _question(self, account_id: str) -> Question | None:
        with self._store.read() as uow:
            account = uow.accounts.get(account_id)
            if account is None:
                return None
            last = uow.flags.get(_compared(account_id))
            at = None if last is None else datetime.fromisoformat(last)
            return question(uow, account, at, self._clock.now())

    def _silent(self, account: Account, check: Check, detail: str) -> None:
        first, check.problem = check.problem is None, detail
        check.failures += 1
        self._due.pop(account.id, None)
        self._next(account.id, check, min(_RETRY_S * 2 ** (check.failures - 1), EVERY_S))
        if first:
            with self._store.write() as uow:
                message = f"{account.name}: the broker cannot be asked for its positions. {detail}"
                uow.facts.append(self._fact(account, FactKind.VENUE_SILENT, Level.ERROR, message))

    def _write(self, asked: Question, answer: Answer, *, back: bool) -> bool:
        """Book, import and compare; whether a difference is suspected and not yet believed."""
        self._import(asked, answer)
        self._adopt(asked, answer)
        for _ in range(_ROUNDS):
            if not self._settler.settle():
                break
        account = asked.account
        with self._settler.transaction() as uow:
            found = self._differences(uow, asked, answer)
            imported = frozenset(report.fill.symbol for report in answer.fills)
            suspects = self._drifts.note(uow, account, found, imported, self._clock.now())
            uow.flags.set(_compared(account.id), asked.at.isoformat(), asked.at)
            if not suspects:
                trust.believe(uow, account.id)
            if back:
                message = f"{account.name}: the broker answers again"
                uow.facts.append(self._fact(account, FactKind.VENUE_ANSWERS, Level.INFO, message))
        return suspects

    def _import(self, asked: Question, answer: Answer) -> None:
        """Take over what is not ours, and book the fills that are missing."""
        held = {name: order for name, order in answer.found.items() if order is not None}
        held |= answer.open_orders
        now = self._clock.now()
        for start in range(0, max(1, len(answer.fills)), BATCH):
            fills = answer.fills[start : start + BATCH]
            with self._settler.transaction() as uow:
                importer = self._importer(uow, asked.account)
                if importer is not None:
                    importer.orders(uow, held, fills, now)
                    importer.book(uow, fills)

    def _importer(self, uow: UnitOfWork, account: Account) -> Importer | None:
        manual = uow.strategies.manual_of(account.id)
        if manual is None:
            return None
        return Importer(self._settler, self._ids, manual, account)

    def _adopt(self, asked: Question, answer: Answer) -> None:
        """Settle orders of which the venue says more than we know, and cancels that were lost."""
        for order in asked.working:
            held = answer.found.get(order.client_order_id)
            if held is not None:
                self._sender.adopt(order, held)
            elif order.state is OrderState.PENDING_CANCEL:
                self._sender.clear_up(order)

    def _differences(
        self, uow: UnitOfWork, asked: Question, answer: Answer
    ) -> list[tuple[Difference, bool]]:
        """Return what differs now, each with whether nothing of its symbol is under way."""
        account, now = asked.account, self._clock.now()
        working = uow.orders.working(account_id=account.id)
        before, held = expected(asked, answer), held_now(uow, account.id)
        books = compare.Books(account.name, before, held, working)
        found = compare.positions(books, answer.quantities)
        found += [compare.order(books, each) for each in working if _missing(each, asked, answer)]
        filled = {fill.symbol: fill.at for fill in uow.fills.since(account.id, now - GRACE)}
        return [
            (each, compare.calm(each.symbol, filled.get(each.symbol), working, now))
            for each in found
        ]

    def _fact(self, account: Account, kind: FactKind, level: Level, message: str) -> Fact:
        return Fact(
            kind=kind,
            at=self._clock.now(),
            message=message,
            level=level,
            user_id=account.user_id,
            account_id=account.id,
        )


def _missing(order: Order, asked: Question, answer: Answer) -> bool:
    """Whether the venue was asked for the order, has it not, and nothing happened to it since."""
    if answer.found.get(order.client_order_id, order) is not None:
        return False
    return any(
        each.id == order.id and each.updated_at == order.updated_at for each in asked.working
    )


def _compared_with_venues(uow: UnitOfWork) -> list[str]:
    """The accounts that have books of ours and a venue to ask, by id."""
    traded = [account for account in uow.accounts.list() if not account.watched]
    keyed = any(account.traits.keys for account in traded)
    connected = uow.accounts.with_keys() if keyed else ()
    return [each.id for each in traded if not each.traits.keys or each.id in connected]


def _compared(account_id: str) -> str:
    return f"compared:{account_id}"
