"""The drift desk: what a person decides about a difference, done once, and written down with who.

Accepting books the difference into the account's manual book; flattening does the same and then
closes just that quantity at the venue, from the manual book.  No strategy's book is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.accounts import Account
from app.domain.errors import BrokerUnavailable, Conflict, InvalidInput, NotFound
from app.domain.events import Fact, FactKind
from app.domain.instruments import resolve
from app.domain.money import ZERO, exact, wire
from app.domain.orders import (
    ADJUSTMENT,
    TRANSITIONS,
    Fill,
    Order,
    OrderEvent,
    OrderRole,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
    apply,
    client_order_id,
)
from app.domain.reports import FillReport
from app.domain.safety.drift import Drift, DriftState, Resolution
from app.domain.strategies import Strategy
from app.services.ports import Brokers, Clock, Ids, OrderStep, Quotes, Store, UnitOfWork
from app.services.reconcile import compare
from app.services.reconcile.asking import held_now
from app.services.reconcile.drifts import end
from app.services.reconcile.run import Check, Reconciler
from app.services.trading.send import Sender
from app.services.trading.settle import Settler, describe
from app.services.trading.written import audit

#: Why an order ended that the venue does not know.
_GONE = "NOT_AT_BROKER"
#: The leg of the order that closes a difference.
_FLATTEN = "flatten"
_DRIFTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that somebody decides about: signed; ``theirs`` is None when none is listed."""

    ours: Decimal
    theirs: Decimal | None


@dataclass(frozen=True, slots=True)
class AccountDrift:
    """How an account stands: its comparison, and its drifts, those that are resolved last."""

    account: Account
    check: Check
    drifts: Sequence[Drift]

    @property
    def open(self) -> Sequence[Drift]:
        """The drifts that wait for a person."""
        return [drift for drift in self.drifts if drift.state is DriftState.OPEN]


class DriftDesk:
    """Shows drifts and carries out what a person decides about one."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        brokers: Brokers,
        reconciler: Reconciler,
        settler: Settler,
        quotes: Quotes,
        sender: Sender,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._brokers = brokers
        self._reconciler = reconciler
        self._settler = settler
        self._quotes = quotes
        self._sender = sender

    def accounts(self, user_id: str | None, account_id: str | None = None) -> list[AccountDrift]:
        """Return how the user's accounts stand, or one of them; raises NotFound."""
        with self._store.read() as uow:
            accounts = [
                each
                for each in uow.accounts.list(user_id)
                if account_id in {None, each.id} and not each.watched
            ]
            if account_id is not None and not accounts:
                raise NotFound("There is no such account.")
            return [
                AccountDrift(each, self._reconciler.check(each.id), _shown(uow, each.id))
                for each in accounts
            ]

    def count_open(self, user_id: str | None) -> int:
        """Return how many of the user's drifts are open."""
        with self._store.read() as uow:
            drifts = [
                drift
                for account in uow.accounts.list(user_id)
                for drift in uow.drifts.unresolved(account.id)
            ]
        return sum(drift.state is DriftState.OPEN for drift in drifts)

    def check(self, user_id: str | None, account_id: str | None = None) -> list[str]:
        """Have the user's accounts compared now, or one of them; return their ids."""
        with self._store.read() as uow:
            found = [
                each.id
                for each in uow.accounts.list(user_id)
                if account_id in {None, each.id} and not each.watched
            ]
        if account_id is not None and not found:
            raise NotFound("There is no such account.")
        for each in found:
            self._reconciler.check_soon(each)
        return found

    def accept(
        self, user_id: str | None, drift_id: str, numbers: Numbers, price: Decimal | None = None
    ) -> Drift:
        """Make our account book say what the venue says, through the manual book; return the drift.

        An order that the venue does not know ends in our books.  Once it is done, doing it again
        changes nothing.  Raises Conflict when the numbers are not ``numbers`` any more,
        InvalidInput when no price is known and ``price`` is None, BrokerUnavailable when the venue
        is silent.
        """
        return self._decide(user_id, drift_id, numbers, price, Resolution.ACCEPTED)

    def flatten(
        self, user_id: str | None, drift_id: str, numbers: Numbers, price: Decimal | None = None
    ) -> Drift:
        """Accept the venue's number and close just the difference there, at the market.

        Raises what ``accept`` raises, and Conflict when the venue's number is not known.
        """
        return self._decide(user_id, drift_id, numbers, price, Resolution.FLATTENED)

    # --- deciding ---------------------------------------------------------------------------------

    def _decide(
        self,
        user_id: str | None,
        drift_id: str,
        numbers: Numbers,
        price: Decimal | None,
        how: Resolution,
    ) -> Drift:
        with self._store.read() as uow:
            drift, _ = _own(uow, user_id, drift_id)
        if drift.resolution is how:
            return drift
        if drift.state is not DriftState.RESOLVED and not self._reconciler.look(drift.account_id):
            raise BrokerUnavailable("The broker does not answer, so nothing was changed.")
        average = self._average(drift) if drift.order_id is None else None
        with self._settler.transaction() as uow:
            drift, account = _own(uow, user_id, drift_id)
            if drift.resolution is how:
                return drift
            _agreed(uow, drift, numbers)
            done = drift.resolved(how, self._clock.now(), user_id)
            order = self._carry_out(uow, account, done, average, price)
            end(uow, account, done)
        if order is not None:
            self._sender.submit(order)
            self._settler.settle()
        return done

    def _average(self, drift: Drift) -> Decimal | None:
        """The venue's average price of what it holds."""
        held = self._brokers.of(drift.account_id).positions()
        return next((each.average_price for each in held if each.symbol == drift.symbol), None)

    def _carry_out(
        self,
        uow: UnitOfWork,
        account: Account,
        drift: Drift,
        average: Decimal | None,
        price: Decimal | None,
    ) -> Order | None:
        """Do it in our books; return the order that is to be sent, if any."""
        flattens = drift.resolution is Resolution.FLATTENED
        if drift.order_id is not None:
            if flattens:
                raise Conflict(
                    "The difference is an order, which cannot be flattened: accept that it is gone."
                )
            self._end_order(uow, drift.order_id)
            return None
        if flattens and drift.theirs is None:
            raise Conflict(
                f"The broker lists no {drift.symbol}, which is no proof that it is flat: look there"
                " first. Nothing was sent."
            )
        manual = uow.strategies.manual_of(account.id)
        if manual is None:
            raise Conflict("The account has no manual book.")
        self._adjust(uow, manual, drift, self._price(uow, drift, average, price))
        return self._closing(uow, manual, drift) if flattens else None

    def _price(
        self, uow: UnitOfWork, drift: Drift, average: Decimal | None, price: Decimal | None
    ) -> Decimal:
        """The price at which the difference is booked; raises InvalidInput when none is known."""
        now = self._clock.now()
        contract = resolve(drift.symbol, now.date())
        quote = self._quotes.fresh(drift.symbol, now)
        known = (
            price,
            compare.price_of(drift.ours, drift.theirs or ZERO, _basis(uow, drift), average),
            None if quote is None else quote.mark,
        )
        chosen = next((each for each in known if each is not None), None)
        if chosen is None or not contract.instrument.accepts_price(chosen):
            raise InvalidInput(
                f"No price of {drift.symbol} is known: say at which one the difference is booked.",
                fields={"price": "must be given"},
            )
        return chosen

    def _adjust(self, uow: UnitOfWork, manual: Strategy, drift: Drift, price: Decimal) -> None:
        """Book the difference into the manual book, once, under an id made of the drift's."""
        order = self._order(manual, drift, ADJUSTMENT, Side.of(drift.gap), OrderState.ACCEPTED)
        order = replace(order, reason="The broker's number was accepted; nothing was sent.")
        uow.orders.insert(order)
        name, account = order.client_order_id, drift.account_id
        fill = Fill(
            name, account, drift.symbol, order.side, order.quantity, price, ZERO, order.created_at
        )
        self._settler.book(uow, FillReport(account, name, fill))

    def _closing(self, uow: UnitOfWork, manual: Strategy, drift: Drift) -> Order:
        """Write down the order that takes the difference away again, before it is sent.

        It is not reduce-only: to the venue, whose number is ours afterwards, it may add.
        """
        side = Side.of(-drift.gap)
        order = self._order(manual, drift, _FLATTEN, side, OrderState.SUBMITTING)
        uow.orders.insert(order)
        uow.facts.append(
            Fact(
                kind=FactKind.ORDER_SUBMITTED,
                at=order.created_at,
                message=f"{manual.name}: order sent to flatten a difference, {describe(order)}",
                user_id=manual.user_id,
                strategy_id=manual.id,
                account_id=drift.account_id,
                order_id=order.id,
            )
        )
        audit(uow, order, drift.resolved_by)
        return order

    def _order(
        self, manual: Strategy, drift: Drift, leg: str, side: Side, state: OrderState
    ) -> Order:
        """An order of the manual book for the whole difference, under an id made of the drift's."""
        now = self._clock.now()
        return Order(
            id=self._ids(),
            client_order_id=client_order_id(drift.id, drift.account_id, leg),
            account_id=drift.account_id,
            symbol=drift.symbol,
            side=side,
            quantity=abs(drift.gap),
            type=OrderType.MARKET,
            time_in_force=TimeInForce.GTC,
            role=OrderRole.MANUAL,
            state=state,
            created_at=now,
            updated_at=now,
            leg=leg,
            strategy_id=manual.id,
        )

    def _end_order(self, uow: UnitOfWork, order_id: str) -> None:
        """End an order in our books that the venue does not know."""
        order, event = uow.orders.get(order_id), OrderEvent.CANCEL
        if order is None or order.state.terminal or event not in TRANSITIONS[order.state]:
            raise Conflict("The order has ended meanwhile.")
        now, why = self._clock.now(), "The broker does not know the order; a person accepted that."
        state = apply(order.state, event)
        ended = replace(order, state=state, updated_at=now, reason_code=_GONE, reason=why)
        uow.orders.update(ended, OrderStep(order.id, now, event, order.state, state, why))


def _shown(uow: UnitOfWork, account_id: str) -> list[Drift]:
    """All drifts that are not resolved, and the last ones that are; newest first."""
    latest = uow.drifts.latest(account_id, _DRIFTS_SHOWN)
    resolved = [drift for drift in latest if drift.state is DriftState.RESOLVED]
    return [*reversed(uow.drifts.unresolved(account_id)), *resolved]


def _own(uow: UnitOfWork, user_id: str | None, drift_id: str) -> tuple[Drift, Account]:
    drift = uow.drifts.get(drift_id)
    account = None if drift is None else uow.accounts.get(drift.account_id)
    if drift is None or account is None or account.user_id != user_id:
        raise NotFound("There is no such drift.")
    return drift, account


def _agreed(uow: UnitOfWork, drift: Drift, numbers: Numbers) -> None:
    """Raise Conflict unless the drift is open with just these numbers."""
    if drift.state is DriftState.RESOLVED:
        raise Conflict(f"The difference in {drift.symbol} is resolved: nothing was changed.")
    if drift.state is DriftState.SUSPECTED:
        raise Conflict(
            "The difference is still being looked at: wait until it was seen for 10 seconds."
        )
    ours = drift.ours
    if drift.order_id is None:
        ours = held_now(uow, drift.account_id).get(drift.symbol, ZERO)
    if (ours, drift.ours, drift.theirs) != (numbers.ours, numbers.ours, numbers.theirs):
        theirs = "nothing" if drift.theirs is None else wire(drift.theirs)
        raise Conflict(
            f"The numbers changed meanwhile: the broker says {theirs}, our books say {wire(ours)}."
            " Nothing was changed; look again before you decide."
        )


@exact
def _basis(uow: UnitOfWork, drift: Drift) -> Decimal:
    """The signed cost of what all books of the account hold in the symbol."""
    books = uow.positions.open(account_id=drift.account_id)
    return sum((held.basis for key, held in books.items() if key.symbol == drift.symbol), ZERO)
