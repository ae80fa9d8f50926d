"""A statement beside our own fills: what agrees, what is missing on either side, what it costs.

Amounts of a comparison are money moved, "statement less ours"; with every difference added to what
our fills moved the sum is what the statement tells, exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.domain.instruments import resolve
from app.domain.money import CENT, CONTEXT, ZERO, exact
from app.domain.orders import Fill
from app.domain.statements.lots import Lot, Part, Work
from app.domain.statements.matching import Matching
from app.domain.statements.told import Told

_SUMS: Final = ("statement", "ours", "price", "fees", "untold", "slippage")


class Outcome(StrEnum):
    """What came out for an execution; late, slipped and fees may be true of one pair together."""

    MATCHED = "matched"
    LATE = "late"
    SLIPPED = "slipped"
    FEES = "fees"
    MISSED = "missed"
    OURS_ONLY = "ours_only"


@dataclass(frozen=True, slots=True)
class OurFill:
    """A fill of ours with the ids of its order at the venue, and the alert behind it."""

    fill: Fill
    venue_order_id: str | None = None
    client_order_id: str | None = None
    alert_id: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How to compare: pairs lie within ``window``, and are late when further apart than ``late``.

    ``simulated``: the statement tells what a strategy would have traded, on any contract of the
    product; ``by_order``: its lines sum up orders.
    """

    window: timedelta
    late: timedelta
    simulated: bool = False
    by_order: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What the statement tells beside what we have; None on the side where it is missing.

    ``difference`` is the money that the statement moved more than we did after fees, and
    ``price_difference`` the part of it that prices make.  ``slippage`` is above zero if worse than
    our books say, or than the strategy's simulation; ``late_s`` are the seconds by which our fill
    came later; ``fee_difference`` is above zero where the statement tells more.  None where one
    side, or the statement's fee, is missing.
    """

    theirs: Lot | None
    ours: Lot | None
    outcomes: Sequence[Outcome]
    difference: Decimal
    price_difference: Decimal = ZERO
    slippage: Decimal | None = None
    late_s: float | None = None
    fee_difference: Decimal | None = None
    untold: Decimal = ZERO

    @property
    def lot(self) -> Lot:
        """The side that is there; the statement's when both are."""
        lot = self.theirs or self.ours
        assert lot is not None  # noqa: S101  a row has a side
        return lot


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a comparison: statement = ours + missed + ours_only + price + fees + untold.

    Money moved after fees; what is only ours counts below zero of what it moved.  ``untold`` are
    our fees where the statement tells none, ``slippage`` is above zero if worse, ``amounts`` what
    the rows of each outcome differ by.
    """

    statement: Decimal
    ours: Decimal
    missed: Decimal
    ours_only: Decimal
    price: Decimal
    fees: Decimal
    untold: Decimal
    slippage: Decimal
    counts: Mapping[Outcome, int]
    amounts: Mapping[Outcome, Decimal]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every row, oldest first, and the sums."""

    rows: Sequence[Row]
    totals: Totals


def compare(told: Sequence[Told], fills: Sequence[OurFill], terms: Terms) -> Work[Comparison]:
    """Return the comparison.

    A list of simulated trades is about the products in it; a broker's statement about all.  Our
    fills count from the first to the last execution of the statement, and beyond that only where
    they belong to one.  Ids of the venue decide first, then time, price and quantity.
    """
    theirs, ours = [], []
    for each in told:
        theirs.append(_their_lot(each, terms))
        yield
    subjects = {lot.subject for lot in theirs}
    for other in fills:
        lot = _our_lot(other, terms)
        if lot.subject in subjects or not terms.simulated:
            ours.append(lot)
        yield
    match = Matching(theirs, ours, terms.window, terms.late)
    if not terms.by_order:
        yield from match.by_fill({each.key: each.fill_id for each in told})
    their_orders = {each.key: each.group for each in told}
    our_orders = {each.fill.venue_fill_id: each.fill.order_id for each in fills}
    yield from match.by_order(their_orders, our_orders)
    scope = _scope(told, ours, match)
    left = [lot for lot in match.our_parts() if lot.parts[0].id in scope]
    rows: list[Row] = []
    for pair in (
        *match.pairs,
        *((lot, None) for lot in match.theirs),
        *((None, lot) for lot in left),
    ):
        rows.append(_row(*pair, terms))
        yield
    rows.sort(key=lambda row: row.lot.at)
    yield
    counted = [lot for lot in ours if lot.parts[0].id in scope]
    return Comparison(rows, (yield from _totals(rows, theirs, counted)))


def _scope(told: Sequence[Told], ours: Sequence[Lot], match: Matching) -> set[str]:
    """The ids of our fills that count: those of the statement's time, and those in a pair."""
    begin = min((each.at for each in told), default=None)
    end = max((each.at for each in told), default=None)
    paired = {part.id for _, lot in match.pairs for part in lot.parts}
    if begin is None or end is None:
        return paired
    return paired | {lot.parts[0].id for lot in ours if begin <= lot.at <= end}


@exact
def _their_lot(each: Told, terms: Terms) -> Lot:
    contract = resolve(each.symbol, each.at.date())
    note = f"{each.line}: {each.label}" if each.label else str(each.line)
    names = {f"order:{name}" for name in (each.order_id, each.client_id) if name}
    if each.fill_id:
        # Alpaca's activities put the time before the id of the execution.
        names |= {f"fill:{each.fill_id}", f"fill:{each.fill_id.rpartition('::')[2]}"}
    return Lot(
        subject=contract.root if terms.simulated else contract.symbol,
        symbol=contract.symbol,
        side=each.side,
        multiplier=contract.instrument.multiplier,
        parts=(Part(each.key, each.at, each.quantity, each.price, each.fee, note),),
        names=frozenset(names),
    )


@exact
def _our_lot(each: OurFill, terms: Terms) -> Lot:
    fill = each.fill
    contract = resolve(fill.symbol, fill.at.date())
    orders = (each.venue_order_id, each.client_order_id)
    names = {f"order:{name}" for name in orders if name} | {f"fill:{fill.venue_fill_id}"}
    part = Part(
        fill.venue_fill_id,
        fill.at,
        fill.quantity,
        fill.price,
        fill.commission,
        each.alert_id or "",
    )
    return Lot(
        subject=contract.root if terms.simulated else contract.symbol,
        symbol=contract.symbol,
        side=fill.side,
        multiplier=contract.instrument.multiplier,
        parts=(part,),
        names=frozenset(names),
    )


@exact
def _row(theirs: Lot | None, ours: Lot | None, terms: Terms) -> Row:
    told, told_fee = theirs.moved() if theirs else (ZERO, None)
    moved, fee = ours.moved() if ours else (ZERO, None)
    difference = told - (told_fee or ZERO) - moved + (fee or ZERO)
    if theirs is None or ours is None:
        missing = Outcome.MISSED if ours is None else Outcome.OURS_ONLY
        return Row(theirs, ours, (missing,), difference)
    by_price = told - moved
    by_fee = None if told_fee is None else told_fee - (fee or ZERO)
    apart = ours.at - theirs.at
    said = {
        Outcome.LATE: abs(apart) > terms.late,
        Outcome.SLIPPED: abs(by_price) >= CENT,
        Outcome.FEES: abs(by_fee or ZERO) >= CENT,
    }
    return Row(
        theirs=theirs,
        ours=ours,
        outcomes=tuple(each for each, true in said.items() if true) or (Outcome.MATCHED,),
        difference=difference,
        price_difference=by_price,
        slippage=by_price if terms.simulated else -by_price,
        late_s=apart.total_seconds(),
        fee_difference=by_fee,
        untold=(fee or ZERO) if by_fee is None else ZERO,
    )


def _totals(rows: Sequence[Row], theirs: Sequence[Lot], ours: Sequence[Lot]) -> Work[Totals]:
    add = CONTEXT.add
    counts: Counter[Outcome] = Counter()
    amounts: dict[Outcome, Decimal] = dict.fromkeys(Outcome, ZERO)
    money: dict[str, Decimal] = dict.fromkeys(_SUMS, ZERO)
    for row in rows:
        for outcome in row.outcomes:
            counts[outcome] += 1
            amounts[outcome] = add(amounts[outcome], row.difference)
        money["price"] = add(money["price"], row.price_difference)
        money["fees"] = add(money["fees"], -(row.fee_difference or ZERO))
        money["untold"] = add(money["untold"], row.untold)
        money["slippage"] = add(money["slippage"], row.slippage or ZERO)
        yield
    for name, lots in (("statement", theirs), ("ours", ours)):
        for lot in lots:
            gross, fee = lot.moved()
            money[name] = CONTEXT.subtract(add(money[name], gross), fee or ZERO)
            yield
    return Totals(
        **money,
        missed=amounts[Outcome.MISSED],
        ours_only=amounts[Outcome.OURS_ONLY],
        counts={outcome: counts[outcome] for outcome in Outcome},
        amounts=amounts,
    )
