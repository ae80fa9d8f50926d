"""Trading: an alert becomes a wanted position, the difference to what is held, and orders for it.

Each turn of ``advance`` is one transaction (book what the venue said, decide the next thing, write
it down) and then at most one call to the venue, with the database session closed.  All progress is
in the store, so a turn can be taken again after a crash and does the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from app.domain.decisions import Decision, Denied, Leg, Outcome
from app.domain.events import Fact, FactKind, Level
from app.domain.inbox import Alert, AlertState
from app.domain.money import ZERO
from app.domain.orders import Order, OrderState, can_cancel, client_order_id
from app.domain.refusals import denied
from app.services.ports import BookKey, Clock, Ids, UnitOfWork
from app.services.trading import missed
from app.services.trading.cancel import request_cancel
from app.services.trading.decide import EXPIRING, CancelFirst, Decider, NotYet
from app.services.trading.permits import refusal_to_resend
from app.services.trading.room import Room
from app.services.trading.send import Sender
from app.services.trading.settle import Settler
from app.services.trading.written import write_order


class Progress(Enum):
    """Whether an alert is settled on an account, or waits for the venue."""

    DONE = "done"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class _Send:
    order: Order


@dataclass(frozen=True, slots=True)
class _Ask:
    """Ask what became of the order; ``refusal`` says why it may not be sent again."""

    order: Order
    refusal: Denied | None = None


@dataclass(frozen=True, slots=True)
class _Cancel:
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class _Confirm:
    """Ask what the cancelled orders had filled before they ended."""

    orders: tuple[Order, ...]


_Action = _Send | _Ask | _Cancel | _Confirm | Progress

_OUTCOMES = {
    Outcome.EXECUTED: AlertState.EXECUTED,
    Outcome.NO_ACTION: AlertState.NO_ACTION,
    Outcome.REFUSED: AlertState.REFUSED,
    Outcome.EXPIRED: AlertState.EXPIRED,
    Outcome.FAILED: AlertState.FAILED,
}
#: The alert of several accounts takes the first of these that any of its accounts reached.
_WEIGHT = (
    Outcome.EXECUTED,
    Outcome.FAILED,
    Outcome.EXPIRED,
    Outcome.REFUSED,
    Outcome.NO_ACTION,
)


class Trader:
    """Executes alerts on accounts.

    ``tend`` looks after the protective orders of one strategy on one account.
    """

    def __init__(
        self,
        settler: Settler,
        decider: Decider,
        sender: Sender,
        clock: Clock,
        ids: Ids,
        reversal_wait: timedelta,
        tend: Callable[[str, str], None],
        room: Room,
    ) -> None:
        self._room = room
        self._settler = settler
        self._decider = decider
        self._sender = sender
        self._clock = clock
        self._ids = ids
        self._reversal_wait = reversal_wait
        self._tend = tend
        self._cancelled: dict[tuple[str, str], set[str]] = {}

    def advance(self, alert: Alert, account_id: str) -> Progress:
        """Do all that can be done now for the alert on the account.

        WAITING means: call again when the venue has said more, or a little later.
        """
        self._decider.offer_price(alert)
        progress = self._carry_out(alert, account_id)
        self._tend(alert.strategy_id, account_id)
        return progress

    def _carry_out(self, alert: Alert, account_id: str) -> Progress:
        asked: set[str] = set()
        while True:
            with self._settler.transaction() as uow:
                action = self._next(uow, alert, account_id)
            if isinstance(action, Progress):
                return action
            if not self._call(action, (alert.id, account_id), asked):
                return Progress.WAITING

    def refuse(self, alert: Alert, refusal: Denied, state: AlertState = AlertState.REFUSED) -> None:
        """End an alert that no account can execute."""
        with self._settler.transaction() as uow:
            self._finish(uow, alert, state, refusal.code, refusal.detail)

    def give_up(self, alert: Alert, account_id: str) -> Progress:
        """End the alert on the account as failed, because executing it raises again and again."""
        self._cancelled.pop((alert.id, account_id), None)
        with self._settler.transaction() as uow:
            return self._fail(uow, alert, account_id, "INTERNAL_ERROR")

    # --- deciding: inside one transaction ---------------------------------------------------------

    def _next(self, uow: UnitOfWork, alert: Alert, account_id: str) -> _Action:
        unsure = self._ended(uow, self._cancelled.get((alert.id, account_id), ()))
        if unsure:
            return _Confirm(unsure)
        decision = uow.decisions.get(alert.id, account_id)
        if decision is None:
            answer = self._decider.decide(uow, alert, account_id)
            if isinstance(answer, CancelFirst):
                return self._clear(uow, alert, account_id, answer.orders)
            if isinstance(answer, NotYet):
                return Progress.WAITING
            self._save(uow, answer)
            missed.notice(uow, alert, answer, self._clock.now())
            return self._go_on(uow, alert, answer, fresh=True)
        return self._go_on(uow, alert, decision, fresh=False)

    @staticmethod
    def _ended(uow: UnitOfWork, order_ids: Iterable[str]) -> tuple[Order, ...]:
        """The orders, once all of them have ended: a fill may still be on its way to us."""
        orders = [order for each in order_ids if (order := uow.orders.get(each)) is not None]
        return tuple(orders) if all(order.state.terminal for order in orders) else ()

    def _clear(
        self, uow: UnitOfWork, alert: Alert, account_id: str, orders: Sequence[Order]
    ) -> _Action:
        """Cancel what is in the way, but not for ever where a position is unguarded meanwhile."""
        guards = any(order.role.protective for order in orders)
        if guards and not self._room.make((alert.strategy_id, account_id)):
            return self._fail(uow, alert, account_id, "EXIT_HELD_UP")
        return self._make_room(uow, orders) or Progress.WAITING

    def _save(self, uow: UnitOfWork, decision: Decision) -> None:
        """Keep the decision: an exit that waited for room is written with it, or does not come."""
        uow.decisions.save(decision)
        self._room.done((decision.strategy_id, decision.account_id))

    def _make_room(self, uow: UnitOfWork, orders: Sequence[Order]) -> _Action | None:
        """Cancel the orders that the alert replaces; None when they are all gone."""
        ripe = [order for order in orders if can_cancel(order)]
        if ripe:
            now = self._clock.now()
            return _Cancel(tuple(request_cancel(uow, order, now) for order in ripe))
        if not orders:
            return None
        first = orders[0]
        # An entry may be sent again to be found and cancelled; protection must not come back.
        return _Ask(first, refusal_to_resend(uow, first) if first.role.protective else None)

    def _go_on(self, uow: UnitOfWork, alert: Alert, decision: Decision, *, fresh: bool) -> _Action:
        if decision.outcome is not Outcome.WORKING:
            kept = None if fresh else uow.alerts.get(alert.id)
            if kept is not None and kept.state.terminal:
                return Progress.DONE
            return self._settle_alert(uow, alert, decision)
        if decision.cancel_working:
            action = self._make_room(uow, self._decider.replaced(uow, decision))
            if action is not None:
                return action
            if not decision.legs:
                again = self._decided_again(uow, alert, decision)
                if not isinstance(again, Decision):
                    return again
                decision = again
        if not fresh and self._decider.too_early(uow, decision):
            return Progress.WAITING
        return self._next_leg(uow, alert, decision, fresh=fresh)

    def _decided_again(
        self, uow: UnitOfWork, alert: Alert, decision: Decision
    ) -> Decision | _Action:
        """What is to be done once the orders are gone: one may have filled before its cancel."""
        answer = self._decider.decide(uow, alert, decision.account_id)
        if isinstance(answer, CancelFirst):
            return self._clear(uow, alert, decision.account_id, answer.orders)
        if not isinstance(answer, Decision) or not answer.legs:
            return decision
        self._save(uow, answer)
        return answer

    def _next_leg(
        self, uow: UnitOfWork, alert: Alert, decision: Decision, *, fresh: bool
    ) -> _Action:
        for index, leg in enumerate(decision.legs):
            order_id = client_order_id(decision.alert_id, decision.account_id, leg.name)
            order = uow.orders.by_client_id(order_id)
            if order is None:
                return self._begin_leg(uow, alert, decision, index, fresh=fresh)
            if order.external:
                return self._end(uow, alert, decision, denied("ORDER_IMPORTED"))
            last = index == len(decision.legs) - 1
            step = self._after_leg(decision, order, last=last)
            if isinstance(step, Denied):
                return self._end(uow, alert, decision, step)
            if isinstance(step, _Ask):
                return replace(step, refusal=self._decider.still_wanted(uow, decision, leg))
            if step is not None:
                return step
        return self._end(uow, alert, decision, None)

    def _begin_leg(
        self, uow: UnitOfWork, alert: Alert, decision: Decision, index: int, *, fresh: bool
    ) -> _Action:
        """Write the leg's order down; one of an earlier decision only after another look."""
        found = decision
        if not fresh:
            again = self._decider.last_look(uow, decision, decision.legs[index])
            if isinstance(again, Denied):
                return self._end(uow, alert, decision, again)
            if again is not decision:
                uow.decisions.save(again)
            found = again
        return self._write_order(uow, found, found.legs[index])

    def _write_order(self, uow: UnitOfWork, decision: Decision, leg: Leg) -> _Action:
        """Write the order down before it is sent."""
        symbol = leg.symbol or decision.symbol or ""
        key = BookKey(decision.strategy_id, decision.account_id, symbol)
        order = write_order(
            uow,
            self._ids,
            leg,
            key,
            decision.alert_id,
            self._clock.now(),
            what="order",
            signal_price=decision.signal_price,
        )
        return _Send(order)

    def _after_leg(
        self, decision: Decision, order: Order, *, last: bool
    ) -> _Ask | Progress | Denied | None:
        """What the state of a sent leg means: ask, wait, end with a reason, or (None) go on."""
        if order.state is OrderState.REJECTED:
            return Denied("VENUE_REJECTED", order.reason or "The venue gave no reason.")
        if order.state is OrderState.DENIED or _withdrawn(order):
            code = order.reason_code or "VENUE_UNAVAILABLE"
            return Denied(code, order.reason or "The order was not sent.")
        if order.state in {OrderState.UNKNOWN, OrderState.SUBMITTING}:
            return _Ask(order)
        if last or order.state is OrderState.FILLED:
            return None
        if order.state.terminal:
            return denied("REVERSAL_CLOSE_NOT_FILLED")
        if not self._late(decision):
            return Progress.WAITING
        return denied("REVERSAL_CLOSE_NOT_FILLED")

    def _late(self, decision: Decision) -> bool:
        # Both ways: over a jump of the clock nothing is opened.
        return abs(self._clock.now() - decision.at) > self._reversal_wait

    def _fail(self, uow: UnitOfWork, alert: Alert, account_id: str, code: str) -> Progress:
        """End the alert on the account as failed, whether anything was decided or not."""
        decision = uow.decisions.get(alert.id, account_id) or Decision(
            alert_id=alert.id,
            account_id=account_id,
            strategy_id=alert.strategy_id,
            outcome=Outcome.WORKING,
            at=self._clock.now(),
        )
        return self._end(uow, alert, decision, denied(code))

    def _end(
        self, uow: UnitOfWork, alert: Alert, decision: Decision, problem: Denied | None
    ) -> Progress:
        if problem is None:
            done = replace(decision, outcome=Outcome.EXECUTED, finished_at=self._clock.now())
        else:
            done = replace(
                decision,
                outcome=Outcome.EXPIRED if problem.code in EXPIRING else Outcome.FAILED,
                code=problem.code,
                detail=problem.detail,
                finished_at=self._clock.now(),
            )
        self._save(uow, done)
        return self._settle_alert(uow, alert, done)

    def _settle_alert(self, uow: UnitOfWork, alert: Alert, decision: Decision) -> Progress:
        """End the alert when this was the last of its accounts."""
        targets = set(self._decider.targets(uow, alert))
        decisions = [
            d for d in uow.decisions.of_alert(alert.id) if d.account_id != decision.account_id
        ]
        decisions.append(decision)
        final = {d.account_id for d in decisions if d.outcome is not Outcome.WORKING}
        if targets - final:
            return Progress.DONE
        worst = min(
            (d for d in decisions if d.outcome is not Outcome.WORKING),
            key=lambda d: _WEIGHT.index(d.outcome),
        )
        self._finish(uow, alert, _OUTCOMES[worst.outcome], worst.code, worst.detail)
        return Progress.DONE

    def _finish(
        self, uow: UnitOfWork, alert: Alert, state: AlertState, code: str | None, detail: str | None
    ) -> None:
        now = self._clock.now()
        uow.alerts.finish(alert.id, state, code, detail, now)
        bad = state in {AlertState.REFUSED, AlertState.EXPIRED, AlertState.FAILED}
        words = state.value.replace("_", " ")
        owner = uow.strategies.owner(alert.strategy_id)
        uow.facts.append(
            Fact(
                kind=FactKind.ALERT_REFUSED if bad else FactKind.ALERT_FINISHED,
                at=now,
                message=f"{owner.name}: alert {words}" + (f". {detail}" if detail else ""),
                level=Level.WARNING if bad else Level.INFO,
                code=code,
                user_id=owner.user_id,
                strategy_id=alert.strategy_id,
                alert_id=alert.id,
                data={"state": state.value, "latency_ms": _milliseconds(alert.received_at, now)},
            )
        )

    # --- calling the venue: no transaction open ---------------------------------------------------

    def _call(
        self, action: _Send | _Ask | _Cancel | _Confirm, key: tuple[str, str], asked: set[str]
    ) -> bool:
        """Ask the venue; whether to go on at once.  ``asked`` are cancels of this turn."""
        if isinstance(action, _Send):
            self._sender.submit(action.order)
            return True
        if isinstance(action, _Ask):
            return self._sender.clear_up(action.order, action.refusal)
        if isinstance(action, _Confirm):
            return self._confirm(action.orders, key)
        self._cancelled.setdefault(key, set()).update(order.id for order in action.orders)
        return self._cancel(action.orders, asked)

    def _confirm(self, orders: Sequence[Order], key: tuple[str, str]) -> bool:
        sure = all(self._sender.confirm(order) for order in orders)
        if sure:
            del self._cancelled[key]
        return sure

    def _cancel(self, orders: Sequence[Order], asked: set[str]) -> bool:
        """Ask for the cancels; False when one of them was refused before in this turn."""
        again = any(order.id in asked for order in orders)
        self._sender.cancel_all(orders)
        asked.update(order.id for order in orders)
        return not again


def _withdrawn(order: Order) -> bool:
    """Whether the order was never sent because we no longer wanted it: only that has a code."""
    return order.state is OrderState.EXPIRED and order.reason_code is not None


def _milliseconds(start: datetime, end: datetime) -> float:
    return round((end - start) / timedelta(milliseconds=1), 3) if end > start else float(ZERO)
