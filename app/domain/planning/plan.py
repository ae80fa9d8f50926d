"""The plan of one alert on one account: legs that close, legs that open, and their protection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from app.domain.accounts import Traits
from app.domain.alerts import Action, Intent
from app.domain.decisions import Denied, Leg, NoAction, Step
from app.domain.instruments import Contract
from app.domain.money import ZERO, exact, plain, wire
from app.domain.orders import Order, OrderRole, OrderState, OrderType, Side, TimeInForce
from app.domain.planning.pricing import entry_price, entry_type, price_leg, protection_fault
from app.domain.planning.sizing import Context, Market, cap, reduced
from app.domain.planning.targets import Target, target
from app.domain.planning.venues import (
    ANYWHERE,
    gives_way,
    in_units,
    left_out,
    none_whole,
    not_guarded,
    not_traded,
    told_whole,
)
from app.domain.positions import closing_part
from app.domain.protection import Protection
from app.domain.refusals import denied, no_action
from app.domain.settings import Resolved

#: Nothing to trade, but working orders would still move the position away from what is wanted.
_SETTLED: Final = frozenset({"ALREADY_FLAT", "ALREADY_THERE"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for one alert on one account.

    ``held`` and ``wanted`` are signed positions, ``legs`` go out in order ("close", then "open"),
    ``symbol`` is theirs unless a leg names its own.  ``protection`` guards the position from now
    on; None, when nothing is opened, leaves what guards it.  ``refused`` says why the opening part
    or a take profit was left out.
    """

    symbol: str
    held: Decimal
    wanted: Decimal
    legs: tuple[Leg, ...] = ()
    steps: tuple[Step, ...] = ()
    cancel_working: bool = False
    protection: Protection | None = None
    refused: Denied | None = None

    @property
    def opens(self) -> Side | None:
        """Side of the leg that opens or adds; None when the plan only reduces or cancels."""
        return next((leg.side for leg in self.legs if not leg.reduce_only), None)

    @property
    def closes(self) -> bool:
        """Whether the plan only reduces or cancels: such a plan passes filters and limits."""
        return self.opens is None

    def only_closing(self, why: Denied) -> Plan | None:
        """Return the plan without the part that opens, refused because of ``why``.

        None when nothing is left to do: then the whole alert is refused.
        """
        legs = tuple(leg for leg in self.legs if leg.reduce_only)
        if not legs:
            return None
        closed = sum((leg.quantity * leg.side.sign for leg in legs), ZERO)
        wanted = plain(self.held + closed)
        symbol = legs[0].symbol or self.symbol
        return replace(
            self,
            symbol=symbol,
            wanted=wanted,
            legs=tuple(replace(leg, symbol=None) for leg in legs),
            steps=(*self.steps, Step("entry_refused", self.wanted, wanted, why.detail)),
            protection=None,
            refused=why,
        )

    @exact
    def opening_only(self, quantity: Decimal, name: str, why: Denied) -> Plan:
        """Return the plan with its opening part as small as ``quantity``, unsigned.

        ``name`` is what its step is called, and ``why`` tells of it.
        """
        cut = [leg for leg in self.legs if not leg.reduce_only]
        wanted = plain(
            self.wanted - sum(((leg.quantity - quantity) * leg.side.sign for leg in cut), ZERO)
        )
        return replace(
            self,
            wanted=wanted,
            legs=tuple(
                leg if leg.reduce_only else replace(leg, quantity=quantity) for leg in self.legs
            ),
            steps=(*self.steps, *(Step(name, leg.quantity, quantity, why.detail) for leg in cut)),
            refused=why,
        )


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything that one plan is made from."""

    intent: Intent
    contract: Contract
    holding: Contract
    held: Decimal
    working: Sequence[Order]
    settings: Resolved
    market: Market
    protection: Protection
    guarding: Protection
    venue: Traits


@exact
def plan(
    intent: Intent,
    contract: Contract,
    held: Decimal,
    working: Sequence[Order],
    settings: Resolved,
    market: Market,
    held_contract: Contract | None = None,
    guarding: Protection | None = None,
    venue: Traits = ANYWHERE,
) -> Plan | NoAction | Denied:
    """Return the orders that carry out the alert, or why there are none.

    ``contract`` is what the alert means today; ``held`` is the signed position of the strategy in
    that product, and ``held_contract`` the contract it is held in when that is another month;
    ``working`` are the strategy's orders in the product that may still fill; ``guarding`` is what
    guards the position now, None for nothing; ``venue`` is what is known of where it is traded.
    """
    guarded = _protection(intent, settings)
    if isinstance(guarded, Denied):
        return guarded
    now = guarding or Protection()
    units = in_units(contract, venue, now if guarded == Protection() else guarded)
    holding = (held_contract if held else None) or units
    case = _Case(intent, units, holding, held, working, settings, market, guarded, now, venue)
    answer = _cancel(case) if intent.action is Action.CANCEL else _trade(case)
    if units is not contract:
        answer = _in_whole(answer, venue)
    return _tested(answer) if intent.test and isinstance(answer, Plan) else answer


def superseded(working: Sequence[Order]) -> tuple[Order, ...]:
    """Return the orders that a new plan cancels first: ours that may still fill, but protection."""
    return tuple(
        order
        for order in working
        if order.state.working and not order.role.protective and not order.external
    )


def _protection(intent: Intent, settings: Resolved) -> Protection | Denied:
    """Take profit and stop come from the alert, each where it has none from the settings."""
    chosen = settings.settings
    trail = None if entry_type(intent, settings) is OrderType.TRAILING_STOP else intent.trail
    if intent.stop_loss and trail:
        return denied("TWO_STOPS")
    own_stop = intent.stop_loss is None and trail is None
    return Protection(
        take_profit=intent.take_profit or chosen.take_profit,
        stop_loss=chosen.stop_loss if own_stop else intent.stop_loss,
        trail=chosen.trail if own_stop else trail,
    )


def _in_whole(answer: Plan | NoAction | Denied, venue: Traits) -> Plan | NoAction | Denied:
    """Say of what was rounded down to whole units why it was."""
    if isinstance(answer, Denied):
        return none_whole(answer, venue)
    if not isinstance(answer, Plan):
        return answer
    refused = None if answer.refused is None else none_whole(answer.refused, venue)
    return replace(answer, steps=told_whole(answer.steps, venue), refused=refused)


def _tested(planned: Plan) -> NoAction:
    orders = ", then ".join(
        f"{leg.side} {wire(leg.quantity)} {leg.symbol or planned.symbol}" for leg in planned.legs
    )
    return no_action("TEST_ALERT", plan=f"it would {orders or 'cancel the working orders'}")


def _cancel(case: _Case) -> Plan | NoAction:
    if not superseded(case.working):
        return no_action("NOTHING_TO_CANCEL", symbol=case.contract.symbol)
    return _only_cancel(case)


def _only_cancel(case: _Case) -> Plan:
    return Plan(case.holding.symbol, case.held, case.held, cancel_working=True)


def _trade(case: _Case) -> Plan | NoAction | Denied:
    refusal = None if case.held else not_traded(case.contract, case.venue)
    if refusal is not None:
        return refusal
    context = Context(
        contract=case.contract,
        held=case.held,
        price=entry_price(case.intent, case.settings, case.market),
        equity=case.market.equity,
        stop=case.protection.stop,
    )
    wanted = target(case.intent, case.settings, context)
    answer = _limited(case, wanted) if isinstance(wanted, Target) else wanted
    if isinstance(answer, NoAction) and answer.code in _SETTLED and superseded(case.working):
        return _only_cancel(case)
    return answer


def _limited(case: _Case, wanted: Target) -> Plan | NoAction | Denied:
    held, limit = case.held, case.settings.max_position
    position = plain(cap(wanted.position, held, limit, case.contract))
    steps = wanted.steps
    if position != wanted.position:
        steps = (*steps, reduced("max_position", abs(wanted.position), abs(position)))
        if position == held:
            return denied("MAX_POSITION", held=held, symbol=case.holding.symbol, limit=limit)
    if position == held:
        return no_action("ALREADY_THERE", held=held, symbol=case.holding.symbol)
    return _split(case, Target(position, steps, wanted.refused))


def _split(case: _Case, wanted: Target) -> Plan | Denied:
    """Cut the change in its closing and its opening part; a refused entry does not stop an exit."""
    change = wanted.position - case.held
    closing = closing_part(case.held, change)
    planned = Plan(
        symbol=case.holding.symbol,
        held=case.held,
        wanted=plain(case.held + closing),
        steps=wanted.steps,
        cancel_working=bool(superseded(case.working)),
        refused=wanted.refused,
    )
    if closing:
        closed = _closing_leg(case, closing, alone=closing == change)
        if isinstance(closed, Denied):
            return closed
        leg, steps = closed
        planned = _with(planned, leg, (*steps, *gives_way(case.guarding, case.venue)))
    return planned if closing == change else _opened(case, planned, wanted)


def _opened(case: _Case, planned: Plan, wanted: Target) -> Plan | Denied:
    change = wanted.position - planned.wanted
    opened = _opening_leg(case, change)
    if isinstance(opened, Denied):
        whole = replace(planned, wanted=wanted.position)
        return whole.only_closing(opened) or opened
    if planned.legs and case.holding.symbol != case.contract.symbol:
        planned = replace(
            planned, legs=tuple(replace(leg, symbol=planned.symbol) for leg in planned.legs)
        )
    guard = _guard(case, fresh=bool(planned.legs) or not case.held)
    lacks = left_out(guard, case.venue)
    return replace(
        _with(planned, *opened),
        symbol=case.contract.symbol,
        wanted=wanted.position,
        protection=guard if lacks is None else replace(guard, take_profit=None),
        refused=lacks or planned.refused,
    )


def _with(planned: Plan, leg: Leg, steps: tuple[Step, ...]) -> Plan:
    return replace(planned, legs=(*planned.legs, leg), steps=(*planned.steps, *steps))


def _guard(case: _Case, *, fresh: bool) -> Protection:
    """A new position has its own protection; an add keeps what the alert does not replace."""
    if fresh:
        return case.protection
    intent, now = case.intent, case.guarding
    trails = intent.trail is not None and case.protection.trail is intent.trail
    stops = case.protection if intent.stop_loss or trails else now
    return Protection(intent.take_profit or now.take_profit, stops.stop_loss, stops.trail)


def _closing_leg(
    case: _Case, change: Decimal, *, alone: bool
) -> tuple[Leg, tuple[Step, ...]] | Denied:
    """Build the exit.  It goes to the market when an entry waits for it, or when that is set."""
    leg = Leg("close", Side.of(change), abs(change), OrderRole.EXIT, reduce_only=True)
    leg = replace(leg, time_in_force=_time_in_force(case))
    if not alone or case.settings.settings.order_type is OrderType.MARKET:
        return leg, ()
    kind = case.intent.order_type or OrderType.MARKET
    return price_leg(replace(leg, type=kind), case.intent, case.settings, case.market, case.holding)


def _opening_leg(case: _Case, change: Decimal) -> tuple[Leg, tuple[Step, ...]] | Denied:
    side = Side.of(change)
    if case.held * change > 0 and case.holding.symbol != case.contract.symbol:
        return denied(
            "HELD_OTHER_MONTH",
            held=case.held,
            symbol=case.holding.symbol,
            front=case.contract.symbol,
        )
    if any(order.state is OrderState.UNKNOWN for order in superseded(case.working)):
        return denied("ORDER_UNSETTLED", symbol=case.contract.symbol)
    leg = Leg("open", side, abs(change), OrderRole.ENTRY, entry_type(case.intent, case.settings))
    leg = replace(leg, time_in_force=_time_in_force(case))
    priced = price_leg(leg, case.intent, case.settings, case.market, case.contract)
    if isinstance(priced, Denied):
        return priced
    guard = _guard(case, fresh=case.held * change <= 0)
    return (
        not_guarded(guard, case.contract, case.venue)
        or protection_fault(guard, priced[0], case.market, case.contract)
        or priced
    )


def _time_in_force(case: _Case) -> TimeInForce:
    return case.settings.settings.time_in_force or case.intent.time_in_force or TimeInForce.GTC
