"""Flattening: every open book in reach is closed by an alert of its own, until all are flat.

What is to be flat is kept in the database, so that a restart goes on with it, and so that the
command line can ask the running server for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Final

from app.domain.accounts import CHAOS, PAPER
from app.domain.events import Fact, FactKind, Level
from app.domain.inbox import Alert, AlertState
from app.domain.orders import OrderState
from app.domain.positions import Position
from app.domain.remarks import FLATTEN
from app.domain.safety.switches import Scope, TradingState
from app.services.halts.reach import book_words, open_in, working_in
from app.services.manual import ManualDesk
from app.services.ports import BookKey, Clock, Quotes, UnitOfWork
from app.services.trading.switches import state_of

#: The flag under which it is kept what is to be flat.
_FLAG: Final = "flattening"
#: An order of a close that ended so has not closed anything.
_FAILED: Final = frozenset(
    {OrderState.REJECTED, OrderState.DENIED, OrderState.EXPIRED, OrderState.CANCELED}
)
_DONE: Final = frozenset({AlertState.EXECUTED, AlertState.NO_ACTION})


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be flat; ``closes`` is the alert that closes each book, ``told`` what failed."""

    scope: Scope
    subject_id: str
    closes: dict[BookKey, str] = field(default_factory=dict)
    told: frozenset[BookKey] = frozenset()

    @property
    def of(self) -> tuple[Scope, str]:
        """Scope and subject."""
        return self.scope, self.subject_id


class Closer:
    """Closes books by alerts from inside, and tells what could not be closed."""

    def __init__(self, clock: Clock, desk: ManualDesk, quotes: Quotes) -> None:
        self._clock = clock
        self._desk = desk
        self._quotes = quotes

    def begin(self, uow: UnitOfWork, scope: Scope, subject_id: str) -> tuple[list[str], list[str]]:
        """Close every open book in reach; returns what is being closed, and doubts, in words."""
        closes, closing, doubts = {}, [], []
        for key, position in open_in(uow, scope, subject_id).items():
            closes[key] = self._desk.enqueue_close(uow, key, FLATTEN).id
            closing.append(book_words(uow, key, position))
            doubts += self._doubts(uow, key, closing[-1])
        tasks = [each for each in _read(uow) if each.of != (scope, subject_id)]
        self._write(uow, [*tasks, _Task(scope, subject_id, closes)])
        return closing, doubts

    def pending(self, uow: UnitOfWork) -> bool:
        """Whether anything is to be flat and may not be yet."""
        return uow.flags.get(_FLAG) is not None

    def under_way(self, uow: UnitOfWork, scope: Scope, subject_id: str) -> bool:
        """Whether everything there is being closed already."""
        return any(each.of == (scope, subject_id) for each in _read(uow))

    def go_on(self, uow: UnitOfWork) -> bool:
        """Close what has opened since, and tell what failed; whether there is a new close."""
        before = _read(uow)
        after = [task for each in before if (task := self._look(uow, each)) is not None]
        if after != before:
            self._write(uow, after)
        return bool(_alerts(after) - _alerts(before))

    def _look(self, uow: UnitOfWork, task: _Task) -> _Task | None:
        """Return the task as it stands now; None when it is done, or trading was resumed."""
        if state_of(uow, task.scope, task.subject_id) is TradingState.ACTIVE:
            return None
        books = open_in(uow, task.scope, task.subject_id)
        if not books and not working_in(uow, task.scope, task.subject_id):
            return None
        closes, told = dict(task.closes), set(task.told)
        for key, position in books.items():
            alert = uow.alerts.get(closes[key]) if key in closes else None
            if alert is None:
                closes[key] = self._desk.enqueue_close(uow, key, FLATTEN).id
            elif key not in told and self._ended(uow, alert, key):
                failure = _failure(uow, alert)
                if failure is None:
                    closes[key] = self._desk.enqueue_close(uow, key, FLATTEN).id
                else:
                    told.add(key)
                    self._alarm(uow, key, position, failure)
        return replace(task, closes=closes, told=frozenset(told))

    def _ended(self, uow: UnitOfWork, alert: Alert, key: BookKey) -> bool:
        if not alert.state.terminal:
            return False
        orders = uow.orders.of_alert(alert.id)
        return not any(o.state.working for o in orders if o.symbol == key.symbol)

    def _doubts(self, uow: UnitOfWork, key: BookKey, words: str) -> list[str]:
        strategy, account = uow.strategies.get(key.strategy_id), uow.accounts.get(key.account_id)
        if strategy is not None and strategy.link(key.account_id) is None:
            why = "the strategy no longer trades on the account"
            what = "Add the account to the strategy again, or close the position at the broker"
            return [f"{words} cannot be closed from here: {why}. {what}."]
        simulated = account is not None and account.venue in {PAPER, CHAOS}
        if simulated and self._quotes.firm(key.symbol, self._clock.now()) is None:
            return [f"{words} is closed at the next price: there is no fresh price of it now."]
        return []

    def _alarm(self, uow: UnitOfWork, key: BookKey, position: Position, failure: str) -> None:
        words = book_words(uow, key, position)
        uow.facts.append(
            Fact(
                kind=FactKind.CLOSE_FAILED,
                at=self._clock.now(),
                message=f"{words} could not be closed: {failure} Close it at the broker, or flatten"
                " again.",
                level=Level.ERROR,
                code="CLOSE_FAILED",
                user_id=uow.strategies.owner(key.strategy_id).user_id,
                strategy_id=key.strategy_id,
                account_id=key.account_id,
            )
        )

    def _write(self, uow: UnitOfWork, tasks: list[_Task]) -> None:
        if tasks:
            uow.flags.set(_FLAG, json.dumps([_plain(task) for task in tasks]), self._clock.now())
        else:
            uow.flags.delete(_FLAG)


def _failure(uow: UnitOfWork, alert: Alert) -> str | None:
    """Why the close closed nothing, as a sentence; None when it did what it was to do."""
    if alert.state not in _DONE:
        return alert.detail or "the alert failed."
    ended = [order for order in uow.orders.of_alert(alert.id) if order.state in _FAILED]
    if not ended:
        return None
    words = (ended[-1].reason or "the venue gave no reason").rstrip(".")
    return f"the order was {ended[-1].state}: {words}."


def _alerts(tasks: list[_Task]) -> set[str]:
    return {alert_id for task in tasks for alert_id in task.closes.values()}


def _read(uow: UnitOfWork) -> list[_Task]:
    stored = json.loads(uow.flags.get(_FLAG) or "[]")
    return [
        _Task(
            Scope(each["scope"]),
            each["subject_id"],
            {BookKey(*book): alert_id for *book, alert_id in each["closes"]},
            frozenset(BookKey(*book) for book in each["told"]),
        )
        for each in stored
    ]


def _plain(task: _Task) -> dict[str, object]:
    def book(key: BookKey) -> list[str]:
        return [key.strategy_id, key.account_id, key.symbol]

    return {
        "scope": task.scope.value,
        "subject_id": task.subject_id,
        "closes": [[*book(key), alert_id] for key, alert_id in task.closes.items()],
        "told": sorted(book(key) for key in task.told),
    }
