"""Where a venue holds back what exits may trade, protection is one thing that is whole or gone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.orders import Order, OrderRole, OrderState, Side
from app.domain.protection import (
    Cancel,
    Place,
    Protection,
    Resting,
    as_one,
    changes_as_one,
    desired,
    leading,
    pair_name,
    twins,
    unclaimed,
)
from tests.support.trading import SPY, offset, order

BOTH = Protection(offset("10 amount"), offset("5 amount"))
STOP = Protection(stop_loss=offset("5 amount"))
TRAILING = Protection(offset("10 amount"), trail=offset("5 amount"))
ENTRY = Decimal(500)
PENDING = OrderState.PENDING_CANCEL


def pair(
    quantity: str = "3", number: int = 1, state: OrderState = OrderState.ACCEPTED
) -> list[Order]:
    profit = order(
        OrderRole.TAKE_PROFIT, state, Side.SELL, quantity, limit="510", name=f"tp{number}"
    )
    stop = order(OrderRole.STOP_LOSS, state, Side.SELL, quantity, stop="495", name=f"sl{number}")
    return [
        replace(each, leg=pair_name(each.role, number), alert_id="a1") for each in (profit, stop)
    ]


def wanted(resting: list[Resting], quantity: str = "3", protection: Protection = BOTH) -> list[str]:
    legs = as_one(desired(Decimal(quantity), ENTRY, protection, SPY))
    return [
        f"place {each.leg.role} {each.leg.quantity}"
        if isinstance(each, Place)
        else f"cancel {each.order.id}"
        for each in changes_as_one(legs, resting)
    ]


def test_a_new_position_gets_its_pair() -> None:
    assert wanted([]) == ["place take_profit 3", "place stop_loss 3"]


def test_a_trailing_stop_guards_alone() -> None:
    assert wanted([], protection=TRAILING) == ["place trailing_stop 3"]


def test_a_pair_that_fits_stays() -> None:
    assert wanted([Resting(each) for each in pair()]) == []


def test_if_one_must_change_both_go_and_nothing_is_placed_before_they_are_gone() -> None:
    both = [Resting(each) for each in pair("2")]
    assert wanted(both) == ["cancel tp1", "cancel sl1"]
    going = [Resting(each) for each in pair("2", state=PENDING)]
    assert wanted(going) == []
    assert wanted(going[:1]) == []


def test_if_one_is_missing_the_other_goes_too() -> None:
    assert wanted([Resting(pair()[1])]) == ["cancel sl1"]


def test_what_ends_by_itself_is_waited_for() -> None:
    assert wanted([Resting(pair()[1], ending=True)], "0") == []
    assert wanted([Resting(pair()[1], ending=True)]) == []


def test_the_venue_takes_off_the_stop_what_its_take_profit_filled() -> None:
    profit, stop = pair()
    partly = replace(profit, filled_quantity=Decimal(1), state=OrderState.PARTIALLY_FILLED)
    assert wanted([Resting(partly), Resting(stop, taken=Decimal(1))], "2") == []
    assert wanted([Resting(partly), Resting(stop)], "2") == ["cancel tp1", "cancel sl1"]


@pytest.mark.parametrize("state", [OrderState.UNKNOWN, OrderState.SUBMITTING])
def test_while_an_answer_is_open_nothing_is_placed_or_cancelled(state: OrderState) -> None:
    assert wanted([Resting(each) for each in pair("2", state=state)]) == []


def test_the_legs_of_one_pair_know_each_other_and_no_others() -> None:
    first, second = pair(), pair(number=2)
    assert twins(*first)
    assert not twins(first[0], first[0])
    assert not twins(first[0], second[1])
    assert not twins(first[0], replace(first[1], alert_id="a2"))
    assert not twins(first[0], replace(first[1], account_id="other"))
    alone = [replace(each, leg=f"{each.role}:1") for each in first]
    assert not twins(*alone)
    assert leading([*first, *second]) == [first[0], second[0]]
    assert leading(alone) == alone


def test_what_exits_under_way_may_trade_is_not_guarded_as_well() -> None:
    leave = order(OrderRole.EXIT, side=Side.SELL, quantity="2", filled="1")
    entry, guard = order(side=Side.BUY, quantity="5"), pair()[0]
    done = replace(leave, state=OrderState.FILLED)
    working = [leave, entry, guard, done]
    assert unclaimed(Decimal(3), working, whole=False) == 2
    assert unclaimed(Decimal("3.75"), working, whole=True) == 2
    assert unclaimed(Decimal(-3), [replace(leave, side=Side.BUY)], whole=False) == -2
    assert unclaimed(Decimal(1), [replace(leave, quantity=Decimal(9))], whole=True) == 0


@dataclass
class Venue:
    """A venue that refuses what is held back, and the position and orders as we know them."""

    held: Decimal = Decimal(0)
    guards: list[Order] = field(default_factory=list)
    exits: list[Order] = field(default_factory=list)
    number: int = 0

    @property
    def live(self) -> list[Order]:
        return [each for each in self.guards if each.state.working]

    def offered(self) -> Decimal:
        """What all exits that work may still trade; a pair counts once."""
        guards = sum((self.resting(each).remaining for each in leading(self.live)), Decimal(0))
        return guards + sum((each.remaining for each in self.exits), Decimal(0))

    def resting(self, one: Order) -> Resting:
        other = next((each for each in self.guards if twins(each, one)), None)
        if other is None:
            return Resting(one)
        over = other.state.terminal or other.state is PENDING
        return Resting(one, other.filled_quantity, ending=over)

    def look(self, protection: Protection) -> None:
        """Do what is to be done now."""
        free = unclaimed(self.held, self.exits, whole=True)
        legs = as_one(desired(free, ENTRY, protection, SPY))
        found = changes_as_one(legs, [self.resting(each) for each in self.live])
        placed = [each.leg for each in found if isinstance(each, Place)]
        assert not (placed and self.live)
        for each in found:
            if isinstance(each, Cancel):
                self.become(each.order, state=PENDING)
        self.number += 1
        for leg in placed:
            name = pair_name(leg.role, self.number) if len(placed) > 1 else f"{leg.role}:x"
            made = order(leg.role, side=leg.side, quantity=str(leg.quantity))
            prices = {n: getattr(leg, n) for n in ("limit_price", "stop_price", "trail")}
            unique = f"{leg.role}{self.number}"
            self.guards.append(replace(made, id=unique, leg=name, alert_id="a1", **prices))

    def become(self, one: Order, **changes: object) -> None:
        at = self.guards.index(next(each for each in self.guards if each.id == one.id))
        self.guards[at] = replace(self.guards[at], **changes)  # type: ignore[arg-type]

    def confirm(self) -> None:
        """Carry out one cancel: the end of one is the end of both."""
        going = next((each for each in self.live if each.state is PENDING), None)
        for each in self.live:
            if going is not None and (each.id == going.id or twins(each, going)):
                self.become(each, state=OrderState.CANCELED)

    def fill(self, which: int) -> None:
        """Fill one unit of a guard; a full one ends its twin."""
        if not self.live:
            return
        one = self.live[which % len(self.live)]
        left = self.resting(one).remaining
        self.held -= 1
        over = left == 1
        state = OrderState.FILLED if over else OrderState.PARTIALLY_FILLED
        state = PENDING if one.state is PENDING and not over else state
        self.become(one, filled_quantity=one.filled_quantity + 1, state=state)
        for each in self.live:
            if over and twins(each, one):
                self.become(each, state=OrderState.CANCELED)

    def leave(self) -> None:
        """Send an exit of one unit, as far as nothing holds it back."""
        if self.held > self.offered():
            self.exits.append(order(OrderRole.EXIT, side=Side.SELL, quantity="1"))

    def left(self) -> None:
        """Fill the oldest exit."""
        if self.exits:
            self.exits.pop(0)
            self.held -= 1


ACTS = st.sampled_from(["buy", "look", "confirm", "fill 0", "fill 1", "leave", "left"])


@given(st.lists(ACTS, max_size=40), st.sampled_from([BOTH, STOP, TRAILING]))
def test_no_more_is_ever_offered_than_is_held_and_in_the_end_all_of_it_is_guarded(
    acts: list[str], protection: Protection
) -> None:
    venue = Venue()
    for act in acts:
        verb, _, which = act.partition(" ")
        if verb == "buy":
            venue.held += 1
        elif verb == "look":
            venue.look(protection)
        elif verb == "fill":
            venue.fill(int(which))
        else:
            getattr(venue, verb)()
        assert 0 <= venue.offered() <= venue.held
    while venue.exits:
        venue.left()
    for _ in range(4):
        venue.look(protection)
        venue.confirm()
    legs = as_one(desired(venue.held, ENTRY, protection, SPY))
    assert sorted((leg.role, leg.quantity) for leg in legs) == sorted(
        (each.role, venue.resting(each).remaining) for each in venue.live
    )
