from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.equity import CashFlow, Sample, arranged, flows_until, without_flows
from tests.support.fills import MONDAY


def sample(minute: int, value: str | None) -> Sample:
    return Sample(MONDAY + timedelta(minutes=minute), None if value is None else Decimal(value))


def flow(minute: int, amount: str) -> CashFlow:
    return CashFlow(MONDAY + timedelta(minutes=minute), Decimal(amount))


def test_samples_are_put_in_order_and_the_later_arrival_replaces() -> None:
    arrivals = [sample(2, "3"), sample(0, "1"), sample(2, "4"), sample(1, "2")]
    assert arranged(arrivals) == (sample(0, "1"), sample(1, "2"), sample(2, "4"))


def test_an_unknown_value_replaces_no_known_one_but_is_replaced_by_it() -> None:
    assert arranged([sample(0, "1"), sample(0, None)]) == (sample(0, "1"),)
    assert arranged([sample(0, None), sample(0, "0")]) == (sample(0, "0"),)


def test_what_is_unknown_at_an_instant_stays_as_a_gap() -> None:
    assert arranged([sample(1, None), sample(0, "1")]) == (sample(0, "1"), sample(1, None))


def test_deposits_and_payouts_are_taken_out_from_their_instant_on() -> None:
    samples = [sample(0, "100"), sample(1, "150"), sample(2, None), sample(3, "130")]
    flows = [flow(3, "-30"), flow(1, "50")]
    assert without_flows(samples, flows) == (
        sample(0, "100"),
        sample(1, "100"),
        sample(2, None),
        sample(3, "110"),
    )


@given(st.permutations([flow(1, "50"), flow(2, "-20"), flow(2, "5"), flow(9, "1")]))
def test_the_money_that_came_in_does_not_depend_on_the_order_of_the_flows(
    flows: list[CashFlow],
) -> None:
    totals = [flows_until(flows, MONDAY + timedelta(minutes=minute)) for minute in (0, 1, 2, 9)]
    assert totals == [0, 50, 35, 36]
