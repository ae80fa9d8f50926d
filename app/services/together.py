"""Group commit: what arrives together is kept in one transaction, for one wait for the disk."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from app.domain.errors import StoreUnavailable
from app.services.ports import Store, UnitOfWork

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

#: Deliveries in one transaction at most, so that none waits long for the others.
MOST: Final = 64


@dataclass(slots=True)
class _Ticket(Generic[Asked, Answered]):
    asked: Asked
    answers: tuple[Answered, ...] = ()
    error: StoreUnavailable | None = None
    tried: bool = False

    @property
    def done(self) -> bool:
        """Whether the caller can be told something."""
        return bool(self.answers) or self.error is not None


class GroupCommit(Generic[Asked, Answered]):
    """Runs ``keep`` for every caller, for many of them inside one durable transaction.

    ``pause`` lets the callers that are ready queue up; whoever comes first then serves them all.
    Alone, a caller waits for nobody.  When a group fails for a reason that is not the database's,
    nothing of it was kept: its other members are served one by one.  While the database does not
    answer, whoever waits is told so at once.
    """

    def __init__(
        self,
        store: Store,
        pause: Callable[[], None],
        keep: Callable[[UnitOfWork, Asked], Answered],
    ) -> None:
        self._store = store
        self._pause = pause
        self._keep = keep
        self._lock = threading.Lock()
        self._waiting: deque[_Ticket[Asked, Answered]] = deque()

    def __call__(self, asked: Asked) -> Answered:
        """Return what ``keep`` returned, after the commit; raises StoreUnavailable."""
        ticket: _Ticket[Asked, Answered] = _Ticket(asked)
        self._waiting.append(ticket)
        self._pause()
        while not ticket.done:
            with self._lock:
                if not ticket.done:
                    self._serve([ticket] if ticket.tried else self._next())
        if ticket.error is not None:
            raise ticket.error
        return ticket.answers[0]

    def _next(self) -> list[_Ticket[Asked, Answered]]:
        return [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]

    def _serve(self, group: list[_Ticket[Asked, Answered]]) -> None:
        for ticket in group:
            ticket.tried = True
        try:
            with self._store.write() as uow:
                answers = [self._keep(uow, ticket.asked) for ticket in group]
        except StoreUnavailable as error:
            # Who came meanwhile waited too, and a sender gives up soon.
            for ticket in [*group, *self._next()]:
                ticket.error = error
            return
        for ticket, answer in zip(group, answers, strict=True):
            ticket.answers = (answer,)
