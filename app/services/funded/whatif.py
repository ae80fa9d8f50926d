"""What if: what would become of an order on a funded account, asked without sending it.

The answer comes from the very guard that entries pass, and from the switches behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain import risk
from app.domain.alerts import Offset, OffsetUnit
from app.domain.decisions import Denied, Leg
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.instruments import Contract, resolve
from app.domain.money import ZERO, exact
from app.domain.orders import OrderRole, Side
from app.domain.protection import Protection
from app.propfirm import Answer, Check, FundedAccount, Source, Stake
from app.services.funded import passing
from app.services.funded.guarding import Guarding, Judged
from app.services.funded.passing import Checked
from app.services.ports import BookKey, Clock, Quotes, Store, UnitOfWork
from app.services.trading.permits import Opening
from app.services.trading.switches import stop_of
from app.services.trading.trust import refusal_to_open


@dataclass(frozen=True, slots=True)
class Supposed:
    """An order that is only asked about, at ``price`` or at the market's.

    Its stop lies at a price or so many points away, or there is none.  ``automated`` is that a
    program would send it.
    """

    symbol: str
    side: Side
    quantity: Decimal
    stop: Decimal | None = None
    stop_points: Decimal | None = None
    price: Decimal | None = None
    automated: bool = False


@dataclass(frozen=True, slots=True)
class Supposition:
    """What would become of the order; ``refusal`` is the first reason against it.

    ``answer`` holds the guard's numbers: how many fit, and what could be lost.
    """

    refusal: Denied | None
    answer: Answer
    checks: tuple[Checked, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """What the account holds in the order's contract where the order would count, signed.

    ``told`` is what a platform told of, which our own books do not hold.
    """

    quantity: Decimal
    told: tuple[Stake, ...] = ()


class WhatIf:
    """Asks the guard about orders that nobody sends."""

    def __init__(self, store: Store, clock: Clock, quotes: Quotes, guarding: Guarding) -> None:
        self._store = store
        self._clock = clock
        self._quotes = quotes
        self._guarding = guarding

    def ask(self, user_id: str, account_id: str, order: Supposed) -> Supposition:
        """Return what would become of the order on the user's account now.

        Raises NotFound for an account that is not theirs or under no rules, Conflict for a pending
        one, InvalidInput with the field.
        """
        contract = resolve(order.symbol, self._clock.now().date())
        with self._store.read() as uow:
            funded = _own(uow, user_id, account_id)
            price = self._price(order, contract)
            manual = uow.strategies.manual_of(account_id)
            key = BookKey("" if manual is None else manual.id, account_id, contract.symbol)
            leg = Leg("open", order.side, order.quantity, OrderRole.ENTRY)
            opening = Opening(key, leg, _protection(order, price), order.automated)
            held = _held(uow, funded, key, contract, price)
            return self._supposed(uow, funded, opening, price, held)

    def _price(self, order: Supposed, contract: Contract) -> Decimal:
        quote = self._quotes.fresh(contract.symbol, self._clock.now())
        price = order.price if quote is None or order.price is not None else quote.mark
        if price is None:
            what = f"must be given, because no price of {contract.symbol} is known now"
            raise InvalidInput(f"The price {what}.", fields={"price": what})
        return price

    @exact
    def _supposed(
        self,
        uow: UnitOfWork,
        funded: FundedAccount,
        opening: Opening,
        price: Decimal,
        held: _Held,
    ) -> Supposition:
        asked = opening.leg.quantity
        closing = min(asked, max(-held.quantity * opening.leg.side.sign, ZERO))
        if closing == asked:
            return Supposition(None, Answer(None, asked), (passing.EXIT,))
        opens = replace(opening, leg=replace(opening.leg, quantity=asked - closing))
        judged = self._guarding.seen(uow, funded, opens, price, held.told)
        if isinstance(judged, Denied):
            return _unknown(judged, closing)
        found = [*judged.checks(), *_switches(uow, funded, opening)]
        refusal = next((each.refusal for each in found if each.refusal is not None), None)
        words = tuple(passing.checked(each, judged) for each in found)
        return Supposition(refusal, _numbers(judged, closing), words)


def _numbers(judged: Judged, closing: Decimal) -> Answer:
    """What fits, as the guard answers, with the amounts also where something else forbids it."""
    answer, weighed = judged.answer(), judged.weighed()
    return replace(weighed or answer, refusal=answer.refusal, fits=answer.fits + closing)


def _unknown(refusal: Denied, closing: Decimal) -> Supposition:
    """Nothing can be weighed: the price of something that is held or works is not known."""
    return Supposition(refusal, Answer(refusal, closing), (passing.not_known(refusal),))


def _switches(uow: UnitOfWork, funded: FundedAccount, opening: Opening) -> Iterator[Check]:
    """What else an entry passes; nothing is sent to an account that is only watched."""
    if funded.source is Source.ADDON:
        return
    key = opening.key
    yield Check("switch", risk.opening_allowed(stop_of(uow, key.strategy_id, key.account_id)))
    yield Check("books", refusal_to_open(uow, key.account_id, key.symbol))


def _own(uow: UnitOfWork, user_id: str, account_id: str) -> FundedAccount:
    account, funded = uow.accounts.get(account_id), uow.funded.get(account_id)
    if account is None or account.user_id != user_id or funded is None:
        raise NotFound("There is no such funded account.")
    if funded.state is None:
        raise Conflict("The account is not pinned to rules yet.")
    return funded


def _protection(order: Supposed, price: Decimal) -> Protection:
    """The stop that the order would bring; raises InvalidInput with the field."""
    if order.stop is not None and order.stop_points is not None:
        what = "must not be given beside a stop at a price"
        raise InvalidInput(f"A stop in points {what}.", fields={"stop_points": what})
    if order.stop_points is not None:
        return Protection(stop_loss=Offset(OffsetUnit.AMOUNT, order.stop_points))
    if order.stop is None:
        return Protection()
    if (price - order.stop) * order.side.sign <= 0:
        where = "below" if order.side is Side.BUY else "above"
        what = f"must lie {where} the price of {price:f}"
        raise InvalidInput(f"The stop {what}.", fields={"stop": what})
    return Protection(stop_loss=Offset(OffsetUnit.PRICE, order.stop))


@exact
def _held(
    uow: UnitOfWork, funded: FundedAccount, key: BookKey, contract: Contract, price: Decimal
) -> _Held:
    """What the order would meet in its contract: by hand in the account's manual book."""
    if funded.source is Source.FILLS:
        return _Held(uow.positions.get(key).position.quantity)
    told = _told(uow, funded.account_id, contract, price)
    return _Held(sum((each.quantity for each in told), ZERO), told)


def _told(
    uow: UnitOfWork, account_id: str, contract: Contract, price: Decimal
) -> tuple[Stake, ...]:
    """What a platform told that the account holds in the contract; its stops are not known."""
    followed = uow.addons.get(account_id)
    newest = None if followed is None else followed.newest
    instrument = contract.instrument
    return tuple(
        Stake(contract.symbol, each.net, price, instrument.tick_size, instrument.multiplier)
        for each in (newest.positions if newest is not None and newest.positions else ())
        if each.net and each.root == contract.root
    )
