"""How far round trips go is seen each second, written when it moved, and outlives the process."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.excursions import Excursion
from app.domain.remarks import TripId
from app.domain.strategies import Strategy
from app.services.pnl import excursions
from app.services.pnl.excursions import UNWRITTEN_S, ExcursionBook
from app.services.ports import UnitOfWork
from tests.support.counting import CountingHouse

D = Decimal


def kept(house: CountingHouse, made: Strategy, number: int = 1) -> Excursion | None:
    """What is stored of the round trip that a fill opened."""
    trip = TripId(made.accounts[0].account_id, f"F{number:05d}")
    with house.store.read() as uow:
        return uow.excursions.of([trip]).get(trip)


def reached(house: CountingHouse, made: Strategy, number: int = 1) -> tuple[Decimal, Decimal, int]:
    """The stored worst, best and known seconds."""
    found = kept(house, made, number)
    assert found is not None
    return found.worst, found.best, found.seconds


def test_the_worst_and_the_best_are_kept_with_their_seconds(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "2", "5000")
    for price in ("5001", "4998", "5003", "5002"):
        house.quote(price)
        house.tick()
    found = kept(house, made)
    assert found is not None
    assert (found.worst, found.best) == (D(-200), D(300))
    assert (found.best_at - found.worst_at).total_seconds() == 1


def test_what_was_realised_so_far_counts_too(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "2", "5000")
    house.fill(made, "-1", "5010")
    house.quote("4990")
    house.tick()
    # One contract made 500, the other one is 500 down.
    assert reached(house, made) == (D(0), D(0), 1)


def test_an_unknown_price_is_no_second_and_no_zero(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.tick()
    assert kept(house, made) is None
    house.quote("4990")
    house.tick()
    house.tick(20)
    house.fill(made, "-1", "4990")
    house.tick()
    assert reached(house, made) == (D(-500), D(-500), 1)


def test_nothing_is_written_while_nothing_moves_but_the_seconds_are_not_lost(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    for _ in range(3):
        house.quote("5001")
        house.tick()
    assert reached(house, made)[2] == 1
    house.fill(made, "-1", "5001")
    house.tick()
    assert reached(house, made) == (D(50), D(50), 3)


def test_the_seconds_are_written_once_a_minute(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    for _ in range(UNWRITTEN_S + 5):
        house.quote("5001")
        house.tick()
    assert reached(house, made)[2] == UNWRITTEN_S + 1


def test_a_flip_ends_one_round_trip_and_begins_the_next(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("5002")
    house.tick()
    house.fill(made, "-2", "5002")
    house.quote("4999")
    house.tick()
    assert reached(house, made) == (D(100), D(100), 1)
    assert reached(house, made, 2) == (D(150), D(150), 1)


def test_a_restart_goes_on_from_what_was_kept(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("4990")
    house.tick()
    again = house.restarted(keeps_quotes=True)
    again.quote("5010")
    again.tick()
    assert reached(again, made) == (D(-500), D(500), 2)
    again.close()


def test_what_could_not_be_written_is_written_later(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("4990")
    house.may_keep = False
    house.clock.advance(1)
    assert not house.recorder.tick(house.clock.now())
    assert kept(house, made) is None
    house.quote("5000")
    house.may_keep = True
    house.tick()
    assert reached(house, made) == (D(-500), D(0), 2)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from([-2, -1, 0, 1, 2]), st.integers(-40, 40)), min_size=1))
def test_the_extremes_equal_those_of_every_second_in_memory(
    house: CountingHouse, steps: list[tuple[int, int]]
) -> None:
    made = house.strategy(name=f"S{house.clock.now().timestamp()}")
    held, paid, opened, seen = 0, D(0), "", dict[str, list[Decimal]]()
    for change, ticks in steps:
        price = D(5000) + D(ticks) / 4
        if change:
            fill = house.fill(made, str(change), str(price))
            paid -= change * price
            if held * (held + change) <= 0:
                opened, paid = fill.venue_fill_id, -(held + change) * price
            held += change
        house.quote(str(price))
        house.tick()
        if held:
            seen.setdefault(opened, []).append((paid + held * price) * 50)
    if held:
        house.fill(made, str(-held), "5000")
    house.tick()
    with house.store.read() as uow:
        found = stored(uow, made.accounts[0].account_id, seen)
    assert found == {name: (min(each), max(each)) for name, each in seen.items()}


def stored(
    uow: UnitOfWork, account_id: str, names: dict[str, list[Decimal]]
) -> dict[str, tuple[Decimal, Decimal]]:
    """The stored extremes by the fill that opened."""
    found = uow.excursions.of([TripId(account_id, name) for name in names])
    return {trip.opening_fill_id: (each.worst, each.best) for trip, each in found.items()}


def test_all_are_written_in_turn_when_more_move_than_one_second_takes(
    house: CountingHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excursions, "MOST_WRITTEN", 2)
    made = [house.strategy(name=f"S{number}") for number in range(5)]
    for each in made:
        house.fill(each, "1", "5000")
    for second in range(1, 4):
        house.quote(f"{5000 + second}")
        house.tick()
    assert [reached(house, each, number)[1] for number, each in enumerate(made, 1)] == [
        D(150),
        D(50),
        D(100),
        D(100),
        D(150),
    ]
    for number, each in enumerate(made, 1):
        house.fill(each, "-1", "5003")
        house.tick()
        assert reached(house, each, number)[1] == D(150)


def test_a_book_that_was_forgotten_is_read_anew(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("4990")
    book = ExcursionBook(house.store, house.quotes)
    book.observe(house.clock.now())
    house.fill(made, "-1", "4990")
    book.forget()
    book.observe(house.clock.now())
    assert book.moved() == {}
