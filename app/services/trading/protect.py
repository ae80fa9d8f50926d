"""Protection: take profit and stop orders follow the filled position and vanish with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.domain.decisions import Denied
from app.domain.errors import InvariantBroken
from app.domain.orders import Order, OrderState
from app.domain.protection import Protection, pair_name
from app.services.ports import BookKey, Clock, Ids, Store, UnitOfWork
from app.services.trading.attempts import LONGEST_REST, Barred, barred
from app.services.trading.cancel import request_cancel
from app.services.trading.guard import guard_of
from app.services.trading.mending import Case, Mend, mend
from app.services.trading.permits import refusal_to_resend
from app.services.trading.room import Room
from app.services.trading.send import GRACE, Sender
from app.services.trading.settle import Settler, contract_of
from app.services.trading.written import write_order

#: Turns that one call takes at most; what is left is tended by the next one.
_TURNS: Final = 10
#: How long until a book is looked at again whose orders' state is not known.
_LOOK_AGAIN: Final = timedelta(seconds=1)
#: States in which an order's answer is under way; it is asked for when it does not come.
_UNDER_WAY: Final = frozenset({OrderState.SUBMITTING, OrderState.PENDING_CANCEL})
_NOTHING: Final = Mend((), ())


@dataclass(frozen=True, slots=True)
class _Work:
    """What a book needs now, and when it has to be looked at again (None: when it changes).

    ``entry`` opened the position that is guarded; ``unsettled`` are the orders whose fate is not
    known, each with the reason not to send it again.
    """

    mend: Mend = _NOTHING
    entry: Order | None = None
    unsettled: tuple[tuple[Order, Denied | None], ...] = ()
    again: datetime | None = None

    @property
    def mends(self) -> bool:
        """Whether something has to be placed or cancelled."""
        return bool(self.mend.cancels or self.mend.places)


class Protector:
    """Mends the protective orders of the books that the settler touched.

    Where ``room`` is being made for an exit, nothing is placed.
    """

    def __init__(
        self,
        store: Store,
        settler: Settler,
        sender: Sender,
        clock: Clock,
        ids: Ids,
        room: Room,
    ) -> None:
        self.room = room
        self._store = store
        self._settler = settler
        self._sender = sender
        self._clock = clock
        self._ids = ids
        self._again: dict[BookKey, float] = {}

    def due(self) -> set[str]:
        """Return the accounts with books to look after now."""
        return {key.account_id for key in self._settler.disturbed | self._ripe(_any)}

    def tend(self, account_id: str | None = None, strategy_id: str | None = None) -> None:
        """Look after every book that needs it: of one account, or strategy, when one is named."""

        def wanted(key: BookKey) -> bool:
            return account_id in {None, key.account_id} and strategy_id in {None, key.strategy_id}

        for _ in range(_TURNS):
            books = self._settler.touched(wanted) | self._ripe(wanted)
            if not books:
                return
            for key in books:
                self._tend(key)
            self._settler.settle()

    def tend_all(self) -> None:
        """Look after every book that holds something or is guarded, as after a start."""
        with self._store.read() as uow:
            books = set(uow.positions.open())
            books |= {
                BookKey(order.strategy_id, order.account_id, order.symbol)
                for order in uow.orders.working()
                if order.role.protective and order.strategy_id
            }
        for key in books:
            self._tend(key)
        self._settler.settle()
        self.tend()

    def _ripe(self, wanted: Callable[[BookKey], bool]) -> set[BookKey]:
        now = self._clock.monotonic()
        return {key for key, at in list(self._again.items()) if at <= now and wanted(key)}

    def _tend(self, key: BookKey) -> None:
        self._again.pop(key, None)
        with self._store.read() as uow:
            work = self._work(uow, key)
        if work.mends:
            self._mend(key)
        for order, refusal in work.unsettled:
            self._sender.clear_up(order, refusal)
        again = work.again
        if work.mends or work.unsettled:
            again = self._clock.now() + _LOOK_AGAIN
        if again is not None:
            # What lies further ahead was written before the clock was set back.
            wait = min(again - self._clock.now(), LONGEST_REST)
            self._again[key] = self._clock.monotonic() + wait.total_seconds()

    def _mend(self, key: BookKey) -> None:
        """Write down what to place and to cancel, decided again in the transaction; then ask."""
        now = self._clock.now()
        with self._settler.transaction() as uow:
            work = self._work(uow, key)
            cancelled = [request_cancel(uow, order, now) for order in work.mend.cancels]
            placed = self._write(uow, work)
        self._sender.cancel_all(cancelled)
        if work.mend.pair:
            self._sender.submit_pair(*placed)
            return
        for order in placed:
            self._sender.submit(order)

    def _work(self, uow: UnitOfWork, key: BookKey) -> _Work:
        working = uow.orders.working(key.strategy_id, key.account_id, key.symbol)
        guard = guard_of(uow, key)
        guards = [order for order in working if order.role.protective]
        if guard is None and not guards:
            return _Work()
        account = uow.accounts.get(key.account_id)
        if account is None:
            raise InvariantBroken(f"The account {key.account_id} of an order is gone.")
        now = self._clock.now()
        if self.room.making((key.strategy_id, key.account_id)):
            return _Work(again=now + _LOOK_AGAIN)
        position = uow.positions.get(key).position
        bars = barred(uow, guard, now) if guard else Barred()
        case = Case(
            position=position,
            wanted=guard.protection if guard else Protection(),
            working=working,
            contract=contract_of(key.symbol, now.date()),
            bars=bars,
            traits=account.traits,
        )
        found = mend(uow, case, now)
        until = now + GRACE if found.ending else bars.until if position.quantity else None
        return _Work(
            mend=found,
            entry=guard.entry if guard else None,
            unsettled=tuple(
                (order, refusal_to_resend(uow, order)) for order in guards if _unsettled(order, now)
            ),
            again=_earliest(guards, until),
        )

    def _write(self, uow: UnitOfWork, work: _Work) -> list[Order]:
        """Write down what is to be placed; the legs of a pair share a number in their names."""
        entry = work.entry
        if entry is None:
            return []
        now, alert_id = self._clock.now(), entry.alert_id or entry.id
        key = BookKey(entry.strategy_id or "", entry.account_id, entry.symbol)
        earlier = [o for o in uow.orders.of_alert(alert_id) if o.account_id == entry.account_id]
        pair, placed = work.mend.pair, []
        for leg in work.mend.places:
            number = 1 + sum(
                order.role.protective if pair else order.role is leg.role for order in earlier
            )
            name = pair_name(leg.role, number) if pair else f"{leg.role}:{number}"
            named = replace(leg, name=name)
            placed.append(write_order(uow, self._ids, named, key, alert_id, now, what="protection"))
        return placed


def _unsettled(order: Order, now: datetime) -> bool:
    waited = abs(now - order.updated_at) >= GRACE
    return order.state is OrderState.UNKNOWN or (order.state in _UNDER_WAY and waited)


def _earliest(guards: Sequence[Order], until: datetime | None) -> datetime | None:
    """When the first order that is under way has waited long enough, or a rest is over."""
    times = [order.updated_at + GRACE for order in guards if order.state in _UNDER_WAY]
    return min([*times, until] if until else times, default=None)


def _any(_key: BookKey) -> bool:
    return True
