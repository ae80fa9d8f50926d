"""A statement beside our fills: every difference once, and sums that are exact."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.orders import Fill, Side
from app.domain.statements import Comparison, OurFill, Outcome, Row, Terms, Told, compare
from app.domain.statements.assignment import Alike, assign
from app.domain.statements.lots import Lot, Part, T, Work

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
WINDOW, LATE = timedelta(seconds=300), timedelta(seconds=5)
FILLS = Terms(WINDOW, LATE)
ORDERS = Terms(WINDOW, LATE, by_order=True)
TRADES = Terms(WINDOW, LATE, simulated=True, by_order=True)
ES = "ESH2026"
D = Decimal


def done(work: Work[T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result


def told(name: str, change: str, price: str, second: float = 0, **more: object) -> Told:
    made = Told(
        key=name,
        line=1,
        symbol=ES,
        side=Side.of(Decimal(change)),
        quantity=abs(Decimal(change)),
        price=Decimal(price),
        at=START + timedelta(seconds=second),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def ours(
    name: str,
    change: str,
    price: str,
    second: float = 0,
    *,
    fee: str = "0",
    order: str | None = None,
    venue_order: str | None = None,
    symbol: str = ES,
) -> OurFill:
    fill = Fill(
        venue_fill_id=name,
        account_id="account-1",
        symbol=symbol,
        side=Side.of(Decimal(change)),
        quantity=abs(Decimal(change)),
        price=Decimal(price),
        commission=Decimal(fee),
        at=START + timedelta(seconds=second),
        order_id=order,
    )
    return OurFill(fill, venue_order)


def compared(theirs: list[Told], mine: list[OurFill], terms: Terms = FILLS) -> Comparison:
    found = done(compare(theirs, mine, terms))
    assert_sums(found, theirs, mine)
    return found


def assert_sums(found: Comparison, theirs: list[Told], mine: list[OurFill]) -> None:
    """The identity of the sums, and that each quantity is used once."""
    sums = found.totals
    parts = sums.missed + sums.ours_only + sums.price + sums.fees + sums.untold
    assert sums.statement == sums.ours + parts
    assert sum(row.difference for row in found.rows) == parts
    quantities: Counter[str] = Counter()
    for row in found.rows:
        for side, lot in (("theirs", row.theirs), ("ours", row.ours)):
            for part in lot.parts if lot else ():
                quantities[f"{side} {part.id}"] += part.quantity  # type: ignore[assignment]
    for each in theirs:
        assert quantities[f"theirs {each.key}"] == each.quantity
    for other in mine:
        name = f"ours {other.fill.venue_fill_id}"
        assert quantities[name] in {0, other.fill.quantity}
    for row in found.rows:
        if row.theirs and row.ours:
            assert row.theirs.quantity == row.ours.quantity
            assert row.theirs.side is row.ours.side


def pairs(found: Comparison) -> list[tuple[str, str]]:
    def name(lot: Lot | None) -> str:
        return "+".join(part.id for part in lot.parts) if lot else ""

    return sorted((name(row.theirs), name(row.ours)) for row in found.rows)


def only(found: Comparison) -> Row:
    (row,) = found.rows
    return row


def test_what_is_the_same_is_matched() -> None:
    row = only(
        compared([told("a", "2", "5000", fee=Decimal(3))], [ours("f", "2", "5000", fee="3")])
    )
    assert row.outcomes == (Outcome.MATCHED,)
    assert (row.difference, row.slippage, row.late_s, row.fee_difference) == (D(0), D(0), 0.0, D(0))


def test_a_worse_price_of_the_broker_is_slippage_above_zero() -> None:
    row = only(compared([told("a", "2", "5000.25")], [ours("f", "2", "5000")]))
    assert (row.outcomes, row.slippage, row.difference) == ((Outcome.SLIPPED,), D(25), D(-25))
    row = only(compared([told("a", "-2", "5000.25")], [ours("f", "-2", "5000")]))
    assert (row.slippage, row.difference) == (D(-25), D(25))


def test_a_worse_price_than_the_simulation_is_slippage_above_zero() -> None:
    row = only(compared([told("a", "2", "5000")], [ours("f", "2", "5000.25")], TRADES))
    assert (row.outcomes, row.slippage) == ((Outcome.SLIPPED,), D(25))


def test_a_fill_that_came_late_is_late_by_so_many_seconds() -> None:
    row = only(compared([told("a", "1", "5000")], [ours("f", "1", "5000.5", 7.5)]))
    assert (row.outcomes, row.late_s) == ((Outcome.LATE, Outcome.SLIPPED), 7.5)
    row = only(compared([told("a", "1", "5000")], [ours("f", "1", "5000", 5)]))
    assert row.outcomes == (Outcome.MATCHED,)


def test_fees_that_differ_are_told_with_their_amount() -> None:
    fee = Decimal("4.10")
    found = compared([told("a", "1", "5000", fee=fee)], [ours("f", "1", "5000", fee="2.25")])
    row = only(found)
    assert (row.outcomes, row.fee_difference) == ((Outcome.FEES,), Decimal("1.85"))
    assert (found.totals.fees, found.totals.untold) == (D("-1.85"), D(0))


def test_fees_that_a_statement_does_not_tell_are_no_difference_of_fees() -> None:
    found = compared([told("a", "1", "5000")], [ours("f", "1", "5000", fee="2.25")])
    assert only(found).outcomes == (Outcome.MATCHED,)
    assert only(found).fee_difference is None
    assert (found.totals.fees, found.totals.untold) == (D(0), D("2.25"))


def test_what_one_side_lacks_is_missed_or_only_ours_with_its_money() -> None:
    theirs = [told("a", "1", "5000", fee=Decimal(1)), told("b", "-1", "5010", 60)]
    found = compared(theirs, [ours("f", "-1", "5010", 60, fee="2"), ours("g", "1", "6000", 30)])
    assert pairs(found) == [("", "g"), ("a", ""), ("b", "f")]
    sums = found.totals
    assert (sums.missed, sums.ours_only) == (D(-250001), D(300000))
    assert sums.counts[Outcome.MISSED] == sums.counts[Outcome.OURS_ONLY] == 1


def test_our_fills_outside_the_time_of_the_statement_do_not_count() -> None:
    theirs = [told("a", "1", "5000"), told("b", "-1", "5000", 100)]
    mine = [ours("early", "1", "5000", -200), ours("f", "1", "5000"), ours("later", "1", "1", 101)]
    found = compared(theirs, [*mine, ours("g", "-1", "5000", 103)])
    assert pairs(found) == [("a", "f"), ("b", "g")]


def test_the_venues_ids_decide_before_anything_else() -> None:
    theirs = [told("a", "1", "5000", fill_id="1::f2"), told("b", "1", "5000", 1, fill_id="f1")]
    mine = [ours("f1", "1", "5000"), ours("f2", "1", "4900", 1000)]
    assert pairs(compared(theirs, mine)) == [("a", "f2"), ("b", "f1")]
    orders = [told("a", "3", "5000", order_id="o2"), told("b", "3", "5000", 1, client_id="sb-1")]
    mine = [
        ours("f", "3", "5000", order="1", venue_order="o1"),
        ours("g", "1", "5000", 900, order="2", venue_order="o2"),
        ours("h", "2", "5000", 901, order="2", venue_order="o2"),
    ]
    assert pairs(compared(orders, mine, ORDERS)) == [("a", "g+h"), ("b", "f")]


def test_an_id_of_the_other_side_or_symbol_is_no_match() -> None:
    theirs = [told("a", "1", "5000", fill_id="f")]
    assert pairs(compared(theirs, [ours("f", "-1", "5000")])) == [("", "f"), ("a", "")]
    other = [ours("f", "1", "5000", symbol="NQH2026")]
    assert pairs(compared(theirs, other)) == [("", "f"), ("a", "")]


def test_partial_fills_are_added_up() -> None:
    mine = [ours("f", "1", "5000", order="1"), ours("g", "2", "5001", 1, order="1")]
    row = only(compared([told("a", "3", "5000", 1)], mine, ORDERS))
    assert (row.outcomes, row.slippage) == ((Outcome.SLIPPED,), D(-100))
    parts = [told("a1", "1", "5000", fill_id="x"), told("a2", "2", "5000", fill_id="x")]
    assert pairs(compared(parts, [ours("f", "3", "5000")])) == [("a1+a2", "f")]
    by_order = [told("a", "1", "5000", group="o"), told("b", "3", "5000", 2, group="o")]
    assert pairs(compared(by_order, [ours("f", "4", "5000", 2)])) == [("a+b", "f")]


def test_what_is_over_in_a_pair_is_matched_further_or_missed() -> None:
    found = compared(
        [told("a", "5", "5000", fee=Decimal(1))],
        [ours("f", "2", "5000"), ours("g", "2", "5000", 1)],
    )
    assert pairs(found) == [("a", ""), ("a", "f"), ("a", "g")]
    missed = next(row for row in found.rows if row.ours is None)
    assert missed.lot.quantity == 1


def test_the_best_total_wins_over_the_first_that_fits() -> None:
    theirs = [told("a", "1", "5000", 60), told("b", "1", "5000", 200)]
    mine = [ours("f", "1", "5000.25", 180), ours("g", "1", "5000.25", 320)]
    assert pairs(compared(theirs, mine)) == [("a", "f"), ("b", "g")]
    theirs = [told("a", "1", "5000"), told("b", "1", "5001")]
    mine = [ours("f", "1", "5001", 1), ours("g", "1", "5000", 2)]
    assert pairs(compared(theirs, mine)) == [("a", "g"), ("b", "f")]


def test_one_that_is_missing_does_not_shift_all_the_others() -> None:
    theirs = [told(f"a{n:02}", "1", "5000", n * 60) for n in range(20)]
    mine = [ours(f"f{n:02}", "1", "5000.25", n * 60 + 1) for n in range(1, 20)]
    found = compared(theirs, [*mine, ours("f20", "1", "5000.25", 20 * 60)])
    assert pairs(found) == [
        ("a00", ""),
        *((f"a{n:02}", f"f{n:02}") for n in range(1, 20)),
    ]


def test_prices_far_apart_are_not_of_the_same_trade() -> None:
    found = compared([told("a", "1", "5000")], [ours("f", "1", "5500")])
    assert pairs(found) == [("", "f"), ("a", "")]


def test_a_list_of_trades_is_about_the_product_and_not_about_the_month() -> None:
    mine = [ours("f", "1", "5000", symbol="ESM2026")]
    assert pairs(compared([told("a", "1", "5000")], mine, TRADES)) == [("a", "f")]
    assert len(compared([told("a", "1", "5000")], mine).rows) == 2


def test_other_products_of_the_strategy_do_not_count_beside_a_list_of_trades() -> None:
    mine = [ours("f", "1", "5000"), ours("g", "1", "20000", symbol="NQH2026")]
    assert pairs(compared([told("a", "1", "5000")], mine, TRADES)) == [("a", "f")]
    assert pairs(compared([told("a", "1", "5000")], mine)) == [("", "g"), ("a", "f")]


def test_a_large_execution_takes_as_many_small_ones_as_there_are() -> None:
    mine = [ours(f"f{n:02}", "1", "5000", n) for n in range(30)]
    found = compared([told("a", "30", "5000", 15)], mine)
    assert found.totals.counts[Outcome.MISSED] == found.totals.counts[Outcome.OURS_ONLY] == 0
    assert len(found.rows) == 30


def test_an_order_is_taken_apart_between_its_fills_and_within_one() -> None:
    mine = [
        ours("f", "1", "5000", fee="1", order="1"),
        ours("g", "2", "5002", 1, fee="1", order="1"),
    ]
    theirs = [told("a", "1", "5000"), told("b", "1", "5002", 1), told("c", "1", "5002", 2)]
    found = compared(theirs, mine, ORDERS)
    assert [row.lot.quantity for row in found.rows] == [1, 1, 1]
    assert sorted(part.id for row in found.rows if row.ours for part in row.ours.parts) == [
        "f",
        "g",
        "g",
    ]
    assert found.totals.slippage == 0


def test_a_statement_without_an_execution_compares_with_nothing() -> None:
    assert compared([], [ours("f", "1", "5000")]).rows == []


seconds = st.integers(0, 900)
changes = st.sampled_from(["1", "2", "3", "-1", "-2", "0.5"])
prices = st.sampled_from(["5000", "5000.25", "5001", "5010.333333333333", "4000"])
fees = st.sampled_from([None, Decimal(0), Decimal("1.29"), Decimal("0.333333333333333333")])
groups = st.sampled_from([None, "o1", "o2"])


@st.composite
def both_sides(draw: st.DrawFn) -> tuple[list[Told], list[OurFill], Terms]:
    theirs = [
        told(
            f"t{n}",
            draw(changes),
            draw(prices),
            draw(seconds),
            fee=draw(fees),
            group=draw(groups),
            fill_id=draw(st.sampled_from([None, "f0", "f1", "x"])),
        )
        for n in range(draw(st.integers(0, 8)))
    ]
    mine = [
        ours(
            f"f{n}",
            draw(changes),
            draw(prices),
            draw(seconds),
            fee=str(draw(fees) or 0),
            order=draw(groups),
        )
        for n in range(draw(st.integers(0, 8)))
    ]
    return theirs, mine, draw(st.sampled_from([FILLS, ORDERS, TRADES]))


@given(both_sides(), st.randoms(use_true_random=False))
def test_sums_are_exact_and_no_order_of_lines_matters(
    sides: tuple[list[Told], list[OurFill], Terms], chance: object
) -> None:
    theirs, mine, terms = sides
    found = compared(theirs, mine, terms)
    other_theirs, other_mine = theirs.copy(), mine.copy()
    chance.shuffle(other_theirs)  # type: ignore[attr-defined]
    chance.shuffle(other_mine)  # type: ignore[attr-defined]
    again = compared(other_theirs, other_mine, terms)
    assert pairs(found) == pairs(again)
    assert found.totals == again.totals


def test_where_a_part_comes_from_is_told_once() -> None:
    parts = [
        Part(str(n), START, Decimal(1), Decimal(1), None, note) for n, note in enumerate("aab")
    ]
    one = Lot(ES, ES, Side.BUY, Decimal(1), (*parts, replace(parts[0], note="")))
    assert one.notes == ["a", "b"]


def lot(name: str, second: int, price: int) -> Lot:
    part = Part(name, START + timedelta(seconds=second), Decimal(1), Decimal(price), None)
    return Lot(ES, ES, Side.BUY, Decimal(50), (part,))


def weight(one: Lot, other: Lot) -> int | None:
    """The cost of a pair, as the assignment says it."""
    apart = int(abs(one.at - other.at) / timedelta(milliseconds=1))
    ppm = int(abs(one.price - other.price) * 1_000_000 // max(one.price, other.price))
    return None if apart > 300_000 or ppm > 50_000 else apart + 10 * ppm


@given(
    st.lists(st.tuples(seconds, st.integers(95, 105)), max_size=3),
    st.lists(st.tuples(seconds, st.integers(95, 105)), max_size=4),
)
def test_the_assignment_is_the_best_of_all_that_there_are(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    theirs = [lot(f"t{n}", *each) for n, each in enumerate(sorted(one))]
    mine = [lot(f"f{n}", *each) for n, each in enumerate(sorted(other))]
    alone = 2 * 300_000 + 500_000
    given_pairs = done(assign(theirs, mine, WINDOW, Alike.ANY))
    assert len(set(given_pairs.values())) == len(given_pairs)

    def total(chosen: list[int | None]) -> int | None:
        costs = [
            alone if index is None or index >= len(mine) else weight(theirs[row], mine[index])
            for row, index in enumerate(chosen)
        ]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None

    choices = permutations(range(len(mine) + len(theirs)), len(theirs))
    best = min(cost for each in choices if (cost := total(list(each))) is not None)
    assert total([given_pairs.get(row) for row in range(len(theirs))]) == best


@pytest.mark.parametrize("count", [500])
def test_a_dense_statement_is_compared_without_a_long_step(count: int) -> None:
    theirs = [told(f"t{n:04}", "1", "5000", n) for n in range(count)]
    mine = [ours(f"f{n:04}", "1", "5000.25", n + 1) for n in range(0, count, 2)]
    found = compared(theirs, mine)
    assert found.totals.counts[Outcome.MISSED] == count // 2
