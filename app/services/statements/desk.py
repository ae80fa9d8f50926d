"""The desk of statements: imports of a user's accounts, and what they say about our fills."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.statements import (
    Comparison,
    OurFill,
    Statement,
    StatementState,
    Terms,
    Told,
    compare,
    named,
)
from app.services.ports import Clock, Ids, Store, UnitOfWork
from app.services.ports.statements import FillsWanted
from app.services.statements.breath import Breath
from app.services.statements.taking import (
    Upload,
    checked_symbol,
    content_hash,
    forget,
    keep,
    read,
)

#: Comparisons that are kept for the next page of the same one.
KEPT: Final = 4
_AT_ONCE: Final = 100

Mark = tuple[int, datetime | None]
"""How many of our fills were compared, and when the last of them was booked."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An import; ``again`` says that the same file had been imported before, and is that import."""

    statement: Statement
    again: bool


class StatementDesk:
    """Takes statements, compares them and takes them away; our books are only ever read."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        rest: Callable[[], None],
        *,
        window: timedelta,
        late: timedelta,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._rest = rest
        self._window = window
        self._late = late
        self._under_way: set[str] = set()
        self._known: OrderedDict[str, tuple[Mark | None, Comparison]] = OrderedDict()

    def take(self, user_id: str, upload: Upload) -> Taken:
        """Import a file; one that was imported for this account before is not read again.

        Raises InvalidInput with the line and column of the first fault, and then keeps nothing;
        NotFound for an account or strategy that is not the user's.
        """
        breath = self._breath()
        symbol = self._symbol(user_id, upload)
        reading, told = read(upload, symbol, breath)
        simulated = reading.format.simulated
        if simulated and upload.strategy_id is None:
            raise InvalidInput(
                "This is a list of simulated trades. Choose the strategy whose fills it is"
                " compared with.",
                fields={"strategy_id": "must be given"},
            )
        statement = Statement(
            id=self._ids(),
            account_id=upload.account_id,
            scope=(upload.strategy_id or "") if simulated else "",
            format=reading.format,
            state=StatementState.LOADING,
            file_name=named(upload.file_name),
            content_hash=content_hash(upload.data, breath),
            zone=upload.zone,
            imported_at=self._clock.now(),
            strategy_id=upload.strategy_id if simulated else None,
            symbol=symbol if simulated else None,
            lines=reading.lines,
            skipped=dict(reading.skipped),
        )
        self._sweep(breath)
        return self._kept(statement, told, breath)

    def all(self, user_id: str) -> Sequence[Statement]:
        """Return the imports on the user's accounts, newest first."""
        with self._store.read() as uow:
            return uow.statements.of_user(user_id)

    def get(self, user_id: str, statement_id: str) -> Statement:
        """Return one import; raises NotFound when it is not the user's."""
        with self._store.read() as uow:
            found = uow.statements.get(statement_id)
            if found is None or found.state is not StatementState.READY:
                raise NotFound("There is no such statement.")
            _own_account(uow, user_id, found.account_id, "There is no such statement.")
        return found

    def compared(self, user_id: str, statement_id: str) -> tuple[Statement, Comparison]:
        """Return an import beside our fills as they are now; raises as ``get`` does."""
        statement, breath = self.get(user_id, statement_id), self._breath()
        wanted = self._wanted(statement)
        with self._store.read() as uow:
            mark = uow.statements.our_mark(wanted) if wanted else None
        kept = self._known.get(statement_id)
        if kept is not None and kept[0] == mark:
            return statement, kept[1]
        told = self._told(statement, breath)
        ours = self._ours(wanted, breath) if wanted else []
        form = statement.format
        terms = Terms(self._window, self._late, simulated=form.simulated, by_order=form.by_order)
        found = breath.through(compare(told, ours, terms))
        self._known[statement_id] = (mark, found)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return statement, found

    def remove(self, user_id: str, statement_id: str) -> None:
        """Take an import away with what no other one tells; raises NotFound as ``get`` does."""
        statement = self.get(user_id, statement_id)
        self._known.pop(statement_id, None)
        self._under_way.add(statement.id)
        try:
            forget(self._store, statement, self._breath())
        finally:
            self._under_way.discard(statement.id)

    def _breath(self) -> Breath:
        return Breath(self._clock, self._rest)

    def _symbol(self, user_id: str, upload: Upload) -> str | None:
        """What a list of trades is about: the symbol that was named, else the strategy's."""
        with self._store.read() as uow:
            _own_account(uow, user_id, upload.account_id, "There is no such account.")
            strategy = None
            if upload.strategy_id is not None:
                strategy = uow.strategies.get(upload.strategy_id)
                if strategy is None or strategy.user_id != user_id:
                    raise NotFound("There is no such strategy.")
        symbol = checked_symbol(upload.symbol, self._clock)
        return symbol or (strategy.symbol if strategy else None)

    def _kept(self, statement: Statement, told: list[Told], breath: Breath) -> Taken:
        self._under_way.add(statement.id)
        try:
            with self._store.write() as uow:
                begun = uow.statements.begin(statement)
                before = None if begun else uow.statements.same(statement)
            if before is not None:
                return _again(before)
            return Taken(keep(self._store, statement, told, breath), again=False)
        finally:
            self._under_way.discard(statement.id)

    def _sweep(self, breath: Breath) -> None:
        """Forget what an import left behind that did not come to its end."""
        with self._store.read() as uow:
            left = uow.statements.unfinished()
        for statement in left:
            if statement.id not in self._under_way:
                forget(self._store, statement, breath)

    def _told(self, statement: Statement, breath: Breath) -> list[Told]:
        found: list[Told] = []
        for start in range(0, statement.executions, _AT_ONCE):
            with self._store.read() as uow:
                found.extend(uow.statements.executions(statement, start, _AT_ONCE))
            breath.take()
        return found

    def _wanted(self, statement: Statement) -> FillsWanted | None:
        """Our fills that may belong to the statement: those of its time, and around it."""
        if statement.first_at is None or statement.last_at is None:
            return None
        start, end = statement.first_at - self._window, statement.last_at + self._window
        return FillsWanted(statement.account_id, start, end, statement.strategy_id)

    def _ours(self, wanted: FillsWanted, breath: Breath) -> list[OurFill]:
        found: list[OurFill] = []
        while True:
            with self._store.read() as uow:
                last = found[-1] if found else None
                more = uow.statements.our_fills(wanted, _AT_ONCE, last)
            found.extend(more)
            if len(more) < _AT_ONCE:
                return found
            breath.take()


def _again(before: Statement) -> Taken:
    if before.state is not StatementState.READY:
        raise Conflict("This file is being imported or taken away right now. Try again shortly.")
    return Taken(before, again=True)


def _own_account(uow: UnitOfWork, user_id: str, account_id: str, sentence: str) -> None:
    account = uow.accounts.get(account_id)
    if account is None or account.user_id != user_id:
        raise NotFound(sentence)
