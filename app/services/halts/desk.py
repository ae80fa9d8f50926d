"""The halt desk: a person stops or resumes trading on the server, an account or a strategy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import StoreFailed, StoreUnavailable
from app.domain.orders import Order, OrderEvent, OrderState, can_cancel
from app.domain.safety.switches import Scope, Stop, Switch, TradingState
from app.services.halts.asking import Asking
from app.services.halts.closing import Closer
from app.services.halts.reach import check_subject, concerns, working_in
from app.services.inbox import Inbox
from app.services.ports import Clock, Store, UnitOfWork
from app.services.trading import switches
from app.services.trading.cancel import request_cancel
from app.services.trading.settle import Settler, describe


@dataclass(frozen=True, slots=True)
class Halt:
    """What is to stop: everything of the server, or one account or strategy.

    ``flatten`` closes what is open.  ``by_command`` says that the command line asks: then the
    running server is left to speak to the venues.
    """

    scope: Scope = Scope.SERVER
    subject_id: str = ""
    state: TradingState = TradingState.HALTED
    flatten: bool = False
    by_command: bool = False

    @property
    def cancels(self) -> bool:
        """Whether working entries are cancelled; to reduce alone leaves them."""
        return self.flatten or self.state is TradingState.HALTED


@dataclass(frozen=True, slots=True)
class HaltReport:
    """What a halt did, in words: orders being cancelled, positions being closed, and problems."""

    stop: Stop
    cancelled: tuple[str, ...]
    closing: tuple[str, ...]
    problems: tuple[str, ...]


class HaltDesk:
    """Stops trading and lets it go on; what it throws survives a restart."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        inbox: Inbox,
        closer: Closer,
        settler: Settler,
        asking: Asking,
        patience_s: float,
    ) -> None:
        self._store = store
        self._clock = clock
        self._inbox = inbox
        self._closer = closer
        self._settler = settler
        self._asking = asking
        self._patience_s = patience_s

    def state(self) -> TradingState:
        """Return the server's trading state."""
        with self._store.read() as uow:
            return switches.trading_state(uow)

    def stops(self, user_id: str | None) -> Sequence[Stop]:
        """Return what is not active: of the server, and of the user's accounts and strategies."""
        with self._store.read() as uow:
            return [
                stop
                for stop in switches.stopped(uow)
                if concerns(uow, user_id, stop.switch.scope, stop.switch.subject_id)
            ]

    def halt(self, user_id: str | None, halt: Halt) -> HaltReport:
        """Stop new orders, cancel what works, and with ``flatten`` close every position in reach.

        No order is written after the switch commits, except those that reduce a position.  What
        protects an open position stays until it is flat; without ``flatten`` exits stay too.
        Raises NotFound for what is not the user's.
        """
        try:
            return self._halt(user_id, halt)
        except StoreUnavailable as error:
            return self._halt_unrecorded(user_id, halt, error)

    def _halt(self, user_id: str | None, halt: Halt) -> HaltReport:
        now = self._clock.now()
        with self._settler.transaction() as uow:
            check_subject(uow, user_id, halt.scope, halt.subject_id)
            working, problems = _to_cancel(uow, halt)
            closing, doubts = self._flatten(uow, halt)
            did = _did(halt, len(working), len(closing))
            stop = switches.in_words(uow, switches.throw(uow, _switch(halt, user_id, now), did))
            asked = [] if halt.by_command else [request_cancel(uow, o, now) for o in working]
        problems += doubts + self._cancel(asked)
        self._inbox.wake()
        return HaltReport(stop, tuple(map(describe, working)), tuple(closing), tuple(problems))

    def _halt_unrecorded(
        self, user_id: str | None, halt: Halt, error: StoreUnavailable
    ) -> HaltReport:
        """Cancel at the venues although nothing can be written down.

        The server itself is halted while its disk fails.  Any other halt did not come about, and
        the failure is raised again, with what was done.
        """
        if halt.by_command:
            raise error
        with self._store.read() as uow:
            check_subject(uow, user_id, halt.scope, halt.subject_id)
            working, problems = _to_cancel(uow, halt)
            stop = switches.in_words(uow, _switch(halt, user_id, self._clock.now()))
        self._asking.cancel(working, self._patience_s)
        problems.append(
            f"Nothing could be written down: {len(working)} working orders were asked to be"
            " cancelled at their venues, no position is being closed, and none of it is recorded."
        )
        if not (isinstance(error, StoreFailed) and halt.scope is Scope.SERVER):
            raise StoreUnavailable(f"{error.detail} {problems[-1]} Halt again.") from error
        return HaltReport(stop, tuple(map(describe, working)), (), tuple(problems))

    def resume(
        self, user_id: str | None, scope: Scope, subject_id: str = "", *, by_command: bool = False
    ) -> bool:
        """Let new orders out again; False when nothing was stopped there.

        Raises NotFound for what is not the user's.
        """
        code = switches.BY_COMMAND if by_command else None
        with self._settler.transaction() as uow:
            check_subject(uow, user_id, scope, subject_id)
            now = self._clock.now()
            return switches.resume(uow, scope, subject_id, now, by=user_id, code=code)

    def _flatten(self, uow: UnitOfWork, halt: Halt) -> tuple[list[str], list[str]]:
        return self._closer.begin(uow, halt.scope, halt.subject_id) if halt.flatten else ([], [])

    def _cancel(self, asked: Sequence[Order]) -> list[str]:
        """Ask the venues, and return what they have not done, in sentences."""
        silent = self._asking.cancel(asked, self._patience_s)
        self._settler.settle()
        with self._store.read() as uow:
            return [*_silence(uow, silent), *_unheard(uow, asked, silent)]


def _switch(halt: Halt, user_id: str | None, now: datetime) -> Switch:
    code = switches.BY_COMMAND if halt.by_command else None
    by = None if halt.by_command else user_id
    return Switch(halt.scope, halt.subject_id, halt.state, now, code, thrown_by=by)


def _to_cancel(uow: UnitOfWork, halt: Halt) -> tuple[list[Order], list[str]]:
    """Return which orders are to be cancelled, and those that cannot be now, in sentences."""
    ripe, problems = [], []
    for order in working_in(uow, halt.scope, halt.subject_id):
        if order.reduce_only and not halt.flatten:
            continue
        if not halt.cancels:
            problems.append(f"{describe(order)} goes on working and may still fill.")
        elif order.external:
            problems.append(f"{describe(order)} was placed at the broker: cancel it there.")
        elif can_cancel(order):
            ripe.append(order)
        elif order.state is not OrderState.PENDING_CANCEL:
            problems.append(
                f"{describe(order)} is {order.state}: it is cancelled when its state is known."
            )
    return ripe, problems


def _silence(uow: UnitOfWork, silent: Iterable[str]) -> list[str]:
    names = sorted(a.name if (a := uow.accounts.get(each)) else each for each in silent)
    return [
        f"The venue of {name} has not answered yet: its orders are asked for again until it does."
        for name in names
    ]


def _unheard(uow: UnitOfWork, asked: Iterable[Order], silent: set[str]) -> list[str]:
    found = []
    for order in asked:
        last = uow.orders.history(order.id)[-1]
        words = (last.detail or "without a word").rstrip(".")
        if last.event is OrderEvent.REFUSE_CANCEL:
            found.append(
                f"The venue refused to cancel {describe(order)}: {words}. It is asked again."
            )
        elif last.event is OrderEvent.LOSE_ANSWER and order.account_id not in silent:
            found.append(
                f"The cancel of {describe(order)} was not answered: {words}. It is asked again."
            )
    return found


def _did(halt: Halt, cancelled: int, closing: int) -> str:
    if not halt.cancels:
        return ""
    orders = "1 order" if cancelled == 1 else f"{cancelled} orders"
    positions = "1 position" if closing == 1 else f"{closing} positions"
    return f"{orders} being cancelled, {positions} being closed"
