"""Talking to venues about orders: send, cancel, and clear up what became of a lost answer.

Every order is written down before it is sent, and whatever the venue answers is reported to the
settler, which books it.  No transaction is open while a venue is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.domain.decisions import Denied
from app.domain.errors import (
    BrokerAuth,
    BrokerError,
    BrokerLimited,
    BrokerRejected,
    BrokerUnavailable,
    BrokerUnknown,
    InvariantBroken,
)
from app.domain.instruments import Contract
from app.domain.orders import ENDINGS, Order, OrderEvent, OrderState
from app.domain.protection import leading
from app.domain.reports import AuthReport, OrderReport, Report, VenueOrder
from app.services.ports import Broker, Brokers, Clock, PairBroker
from app.services.trading.settle import Settler, contract_of

#: What is not found at its venue was not sent, but only after it had so long to show up there.
GRACE: Final = timedelta(seconds=5)

#: So long an order that the venue does not take yet, for want of room, is tried again.
PATIENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class _HeldBack:
    """When an order is sent again and when it is given up, in seconds of the monotonic clock."""

    at: float
    until: float


class Sender:
    """Sends what is written down; ``BrokerError`` never leaves it, it becomes a report."""

    def __init__(self, brokers: Brokers, settler: Settler, clock: Clock) -> None:
        self._brokers = brokers
        self._settler = settler
        self._clock = clock
        self._held_back: dict[str, _HeldBack] = {}
        self._asked_at: dict[str, float] = {}
        self._locked_at: dict[str, float] = {}

    def submit(self, order: Order) -> None:
        """Send the order under its own id, and report the answer.

        What the venue certainly did not take because it takes no more requests now is held back:
        ``clear_up`` sends it again.
        """
        before = self._held_back.pop(order.client_order_id, None)
        self._send(
            (order,),
            lambda broker, contract: (broker.submit(order, contract),),
            lambda error: self._hold_back(order, error, before),
        )

    def submit_pair(self, take_profit: Order, stop: Order) -> None:
        """Send two exits as one, and report the answer for both.

        What the venue takes no request for now is denied: neither may go out alone later.
        """
        both = (take_profit, stop)

        def deny(error: BrokerLimited) -> None:
            self._report_all(both, OrderEvent.DENY, error.detail, "VENUE_LIMITED")

        def ask(broker: Broker, contract: Contract) -> Sequence[VenueOrder]:
            if not isinstance(broker, PairBroker):
                raise InvariantBroken("A pair of exits was made for a venue that takes none.")
            return broker.submit_pair(take_profit, stop, contract)

        self._send(both, ask, deny)

    def _send(
        self,
        orders: Sequence[Order],
        ask: Callable[[Broker, Contract], Sequence[VenueOrder]],
        limited: Callable[[BrokerLimited], None],
    ) -> None:
        """Send the orders by one request, and report its outcome for each of them."""
        first = orders[0]
        contract = contract_of(first.symbol, first.created_at.date())
        try:
            taken = ask(self._brokers.of(first.account_id), contract)
        except BrokerRejected as error:
            self._report_all(orders, OrderEvent.REJECT, error.detail, error.code)
        except BrokerAuth as error:
            self._report_all(orders, OrderEvent.DENY, error.detail, "VENUE_AUTH")
            self._locked_out(first, error)
        except BrokerLimited as error:
            limited(error)
        except BrokerUnavailable as error:
            self._report_all(orders, OrderEvent.DENY, error.detail, "VENUE_UNAVAILABLE")
        except BrokerUnknown as error:
            self._report_all(orders, OrderEvent.LOSE_ANSWER, error.detail)
        else:
            for order, held in zip(orders, taken, strict=True):
                self._report(order, OrderEvent.ACCEPT, None, held.venue_order_id)

    def cancel_all(self, orders: Sequence[Order]) -> None:
        """Ask for the cancels that are written down: of a pair once, for both end with one."""
        for order in leading(orders):
            self.cancel(order)

    def cancel(self, order: Order) -> None:
        """Ask for the cancel that is written down; refused, the order works again in our books."""
        self._asked_at[order.client_order_id] = self._clock.monotonic()
        try:
            self._brokers.of(order.account_id).cancel(order)
        except BrokerRejected as error:
            self._report(order, OrderEvent.REFUSE_CANCEL, error.detail)
            self._learn_why(order)
        except (BrokerUnavailable, BrokerUnknown) as error:
            self._report(order, OrderEvent.LOSE_ANSWER, error.detail)
        except BrokerAuth as error:
            self._report(order, OrderEvent.LOSE_ANSWER, error.detail)
            self._locked_out(order, error)

    def clear_up(self, order: Order, refusal: Denied | None = None) -> bool:
        """Settle an order whose answer was lost; False while it is too early to say.

        Found at the venue, it is adopted.  Not there after the grace period, it was not sent: it
        is sent under the same id, unless ``refusal`` says why it may not go out any more.
        """
        held_back = self._held_back.get(order.client_order_id)
        if held_back is not None and order.state is OrderState.SUBMITTING:
            return self._send_again(order, refusal, held_back)
        waited = self._waited(order)
        if order.state is OrderState.PENDING_CANCEL and not waited:
            return False
        told = self._ask(order, lambda _: True)
        if told is None:
            return False
        held, missed = told
        if held is not None:
            return self._found(order, held, missed)
        if waited:
            self._not_there(order, refusal)
        return waited

    def confirm(self, order: Order) -> bool:
        """Book what an order filled before it ended; whether the venue has said so for certain."""
        told = self._ask(order, lambda held: held.filled_quantity > order.filled_quantity)
        if told is None:
            return False
        self._book(told[1])
        return True

    def adopt(self, order: Order, held: VenueOrder) -> None:
        """Report the state in which the venue holds our order; fills are reports of their own."""
        event = ENDINGS.get(held.state, OrderEvent.ACCEPT)
        self._report(order, event, held.reason, held.venue_order_id)

    def _hold_back(self, order: Order, error: BrokerLimited, before: _HeldBack | None) -> None:
        """Remember when to send the order again; deny it when that would take too long."""
        now = self._clock.monotonic()
        until = now + PATIENCE_S if before is None else before.until
        if now + error.wait_s > until:
            self._report(order, OrderEvent.DENY, error.detail, code="VENUE_LIMITED")
        else:
            self._held_back[order.client_order_id] = _HeldBack(now + error.wait_s, until)

    def _send_again(self, order: Order, refusal: Denied | None, held_back: _HeldBack) -> bool:
        """Send under the same id what was not taken, once the venue takes orders again."""
        if refusal is not None:
            del self._held_back[order.client_order_id]
            self._report(order, OrderEvent.EXPIRE, refusal.detail, code=refusal.code)
        elif self._clock.monotonic() < held_back.at:
            return False
        else:
            self.submit(order)
        return True

    def _learn_why(self, order: Order) -> None:
        """Book what was missed of an order that cannot be cancelled any more because it is over."""
        held, missed = self._ask(order, lambda held: not held.state.working) or (None, ())
        if held is not None and not held.state.working:
            self.adopt(order, held)
            self._book(missed)

    def _ask(
        self, order: Order, wants_fills: Callable[[VenueOrder], bool]
    ) -> tuple[VenueOrder | None, Sequence[Report]] | None:
        """What the venue has of the order, and its fills if wanted; None when it does not say."""
        try:
            broker = self._brokers.of(order.account_id)
            held = broker.order(order.client_order_id)
            wanted = held is not None and wants_fills(held)
            return held, broker.fills(order.created_at) if wanted else ()
        except BrokerAuth as error:
            self._locked_out(order, error)
        except BrokerError:
            pass
        return None

    def _book(self, missed: Sequence[Report]) -> None:
        for report in missed:
            self._settler.receive(report)

    def _found(self, order: Order, held: VenueOrder, missed: Sequence[Report]) -> bool:
        if order.state is OrderState.PENDING_CANCEL and held.state.working:
            self._report(order, OrderEvent.LOSE_ANSWER, "The order still works: cancelled again.")
            self.cancel(order)
            return False
        self.adopt(order, held)
        self._book(missed)
        return True

    def _not_there(self, order: Order, refusal: Denied | None) -> None:
        if order.state is OrderState.PENDING_CANCEL:
            self._report(order, OrderEvent.CANCEL, "The venue has no such order.")
        elif refusal is not None:
            self._report(order, OrderEvent.EXPIRE, refusal.detail, code=refusal.code)
        else:
            if order.state is OrderState.UNKNOWN:
                self._report(order, OrderEvent.SUBMIT, "The venue has no such order.")
                self._settler.settle()
            self.submit(order)

    def _locked_out(self, order: Order, error: BrokerAuth) -> None:
        """Have the account stopped: a human has to enter its credentials again.

        Said once in a grace period, because whoever asks again and again would wake himself.
        """
        now, said = self._clock.monotonic(), self._locked_at.get(order.account_id)
        if said is not None and now - said < GRACE.total_seconds():
            return
        self._locked_at[order.account_id] = now
        self._settler.receive(AuthReport(order.account_id, self._clock.now(), error.detail))

    def _waited(self, order: Order) -> bool:
        """Whether the order had its grace, whatever was done to the clock since its answer."""
        asked_at = self._asked_at.get(order.client_order_id)
        if asked_at is not None:
            return self._clock.monotonic() - asked_at >= GRACE.total_seconds()
        # A stamp from the future is of a clock that was set back since.
        return abs(self._clock.now() - order.updated_at) >= GRACE

    def _report_all(
        self, orders: Sequence[Order], event: OrderEvent, reason: str, code: str | None = None
    ) -> None:
        for order in orders:
            self._report(order, event, reason, code=code)

    def _report(
        self,
        order: Order,
        event: OrderEvent,
        reason: str | None,
        venue_id: str | None = None,
        *,
        code: str | None = None,
    ) -> None:
        if event is OrderEvent.LOSE_ANSWER:
            self._asked_at[order.client_order_id] = self._clock.monotonic()
        else:
            self._asked_at.pop(order.client_order_id, None)
        self._settler.receive(
            OrderReport(
                account_id=order.account_id,
                client_order_id=order.client_order_id,
                event=event,
                at=self._clock.now(),
                venue_order_id=venue_id,
                reason=reason,
                code=code,
            )
        )
