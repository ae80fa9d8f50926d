"""Our ids in Alpaca's, and what is remembered of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.brokers.alpaca.names import Names, following, paired, read
from app.brokers.alpaca.wire import Told
from app.domain.orders import Side, client_order_id
from tests.support.paper import NOON


def told(venue_id: str, own: str, *legs: Told, minutes: int = 0, **more: object) -> Told:
    """An order as Alpaca tells it."""
    at = NOON + timedelta(minutes=minutes)
    given: dict[str, object] = {
        "id": venue_id,
        "own": own,
        "symbol": "SPY",
        "side": Side.BUY,
        "type": "limit",
        "order_class": "",
        "status": "new",
        "quantity": Decimal(1),
        "filled": Decimal(0),
        "average": None,
        "limit_price": None,
        "stop_price": None,
        "replaces": None,
        "replaced_by": None,
        "submitted_at": at,
        "at": at,
        "legs": legs,
        **more,
    }
    return Told(**given)  # type: ignore[arg-type]


def test_a_pair_of_our_ids_fits_into_one_of_alpacas() -> None:
    ours = [client_order_id("alert", "account", leg) for leg in ("take_profit", "stop_loss")]
    own = paired(*ours)
    assert len(own) <= 128
    assert read(own) == tuple(ours)
    assert read(following(own, ours[0])) == tuple(ours)


@pytest.mark.parametrize(
    ("own", "ours"),
    [
        ("sb-a", ("sb-a",)),
        ("sb-a.2", ("sb-a",)),
        ("sb-a+sb-b.17", ("sb-a", "sb-b")),
        ("b6f2a1de-4a2e-4a63-8a34-5a1c3b0f6d11", ()),
        ("mine.2", ()),
        ("sb-a+mine", ()),
        ("sb-a.b", ()),
        ("", ()),
    ],
)
def test_an_id_is_ours_or_it_is_not(own: str, ours: tuple[str, ...]) -> None:
    assert read(own) == ours


@pytest.mark.parametrize(
    ("own", "next_one"),
    [
        ("sb-a", "sb-a.2"),
        ("sb-a.2", "sb-a.3"),
        ("sb-a.9", "sb-a.10"),
        ("sb-a+sb-b", "sb-a+sb-b.2"),
        ("sb-a+sb-b.2", "sb-a+sb-b.3"),
        ("an-id-that-alpaca-made", "sb-b.2"),
    ],
)
def test_each_replacement_has_the_next_id(own: str, next_one: str) -> None:
    assert following(own, "sb-b") == next_one


def test_the_newest_stands_for_ours_in_whichever_order_they_are_learned() -> None:
    for order in ((0, 1), (1, 0)):
        chain = [told("one", "sb-a"), told("two", "sb-a.2", minutes=1, replaces="one")]
        names = Names()
        for index in order:
            names.learn(chain[index])
        assert names.newest("sb-a") == "two"
        assert [names.of("one"), names.of("two")] == ["sb-a", "sb-a"]


def test_a_rejected_replacement_stands_for_nothing() -> None:
    names = Names()
    names.learn(told("one", "sb-a"))
    names.learn(told("two", "sb-a.2", minutes=1, replaces="one"))
    names.learn(told("two", "sb-a.2", minutes=1, replaces="one", status="rejected"))
    assert names.newest("sb-a") == "one"


def test_a_leg_is_known_by_its_parent_and_then_by_itself() -> None:
    names = Names()
    names.learn(told("parent", "sb-a+sb-b", told("leg", "made-by-alpaca")))
    assert (names.of("leg"), names.newest("sb-b")) == ("sb-b", "leg")
    assert (names.partner("sb-a"), names.partner("sb-b")) == ("sb-b", "sb-a")
    assert names.learn(told("leg-2", "made-by-hand", minutes=1, replaces="leg")) == "sb-b"


def test_what_is_not_ours_keeps_its_own_id() -> None:
    names = Names()
    assert names.learn(told("theirs", "by-hand", told("leg", "another"))) == "by-hand"
    assert names.of("leg") == "another"
    assert names.partner("by-hand") is None


def test_the_oldest_are_forgotten_and_that_is_known() -> None:
    names = Names(most=2)
    forgetful = []
    for number in range(3):
        names.learn(told(f"id-{number}", f"sb-{number}"))
        forgetful.append(names.forgetful)
    assert forgetful == [False, False, True]
    assert names.of("id-0") is None
    assert names.of("id-2") == "sb-2"
