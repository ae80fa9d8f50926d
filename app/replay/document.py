"""What a replay led to, read from the ledger, as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from app.bootstrap import Core
from app.domain.errors import InvalidInput, InvariantBroken
from app.domain.money import ZERO, exact, wire
from app.domain.positions import FLAT, Position, Step, history
from app.domain.sessions import Roll, trading_day
from app.replay.recording import Recording
from app.replay.run import Outcome, Terms, Verdict

Document = dict[str, object]


def document(made: Core, recording: Recording, terms: Terms, outcome: Outcome) -> Document:
    """Return the books that the replay led to; money, prices and quantities are decimal strings.

    Raises InvalidInput when other contracts were traded than the one with quotes, InvariantBroken
    when the stored position is not what its stored fills lead to.
    """
    multiplier = recording.contract.instrument.multiplier
    with made.store.read() as uow:
        others = {key.symbol for key in uow.positions.all()} - {outcome.book.symbol}
        steps = list(history(uow.fills.of_book(outcome.book), multiplier))
        kept = uow.positions.get(outcome.book).position
    _only_contract(others, outcome.book.symbol)
    _agree(kept, steps)
    return {
        "quotes": recording.name,
        "contract": outcome.book.symbol,
        "multiplier": wire(multiplier),
        "commission_per_unit": wire(terms.commission),
        "slippage": "0",
        "trading_day_rolls": terms.roll,
        "alerts": outcome.verdicts.total(),
        "accepted": outcome.verdicts[Verdict.ACCEPTED],
        "duplicates": outcome.verdicts[Verdict.DUPLICATE],
        "refused": outcome.verdicts[Verdict.REFUSED],
        "fills": [_fill(step) for step in steps],
        "final_position": wire(kept.quantity),
        "realised_gross": wire(kept.realised_gross),
        "commission": wire(kept.commission),
        "realised_net": wire(kept.realised_net),
        "realised_by_day": _days(steps, Roll.parse(terms.roll)),
    }


def _only_contract(others: set[str], symbol: str) -> None:
    if others:
        names = ", ".join(sorted(others))
        raise InvalidInput(
            f"The alerts also traded {names}, but the quotes are of {symbol}.",
            fields={"symbol": f"name the contract of the quotes, not {names}"},
        )


def _agree(kept: Position, steps: Sequence[Step]) -> None:
    folded = steps[-1].after if steps else FLAT
    if kept != folded:
        raise InvariantBroken("The stored position is not what its fills lead to.")


def _fill(step: Step) -> Document:
    return {
        "at": _instant(step.fill.at),
        "side": step.fill.side.value,
        "quantity": wire(step.fill.quantity),
        "price": wire(step.fill.price),
        "position_after": wire(step.after.quantity),
    }


def _days(steps: Sequence[Step], roll: Roll) -> list[Document]:
    days: dict[date, list[Step]] = {}
    for step in steps:
        days.setdefault(trading_day(step.fill.at, roll), []).append(step)
    return [_day(day, of_day) for day, of_day in sorted(days.items())]


@exact
def _day(day: date, steps: Sequence[Step]) -> Document:
    gross = sum((step.realised_gross for step in steps), ZERO)
    commission: Decimal = sum((step.commission for step in steps), ZERO)
    return {
        "date": day.isoformat(),
        "gross": wire(gross),
        "commission": wire(commission),
        "net": wire(gross - commission),
        "fills": len(steps),
    }


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
