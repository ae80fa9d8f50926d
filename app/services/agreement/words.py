"""Disagreements in words, for the log and for people: where, both numbers, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.domain.events import Fact, FactKind, Level
from app.domain.safety.agreement import Difference, Kept, Place
from app.services.ports import Clock, UnitOfWork

_TO_DO: Final = (
    "Nothing was changed. Compare with the broker's statement and look at the page Agreement before"
    " you trade on these numbers."
)
_WHERE: Final = {
    Kept.POSITION: "the position's {name}",
    Kept.OPEN_TRADE: "the open trade's {name}",
    Kept.FILL: "the {name} of the fill {item}",
    Kept.TRADE: "the {name} of the round trip that the fill {item} opened",
    Kept.DAY: "the {name} of {item}",
    Kept.CALENDAR: "the {name} P&L that the calendar adds up",
    Kept.SHOWN: "the {name} P&L that the pages show",
    Kept.SAMPLE: "the {name} P&L that was recorded last",
}


def alarm(uow: UnitOfWork, clock: Clock, found: Sequence[Difference]) -> Fact:
    """Return the alarm about what differs of one book or one total, with both numbers of each."""
    place = found[0].place
    more = len(found) - 1
    others = f" {more} other number{' differs' if more == 1 else 's differ'} too." if more else ""
    return Fact(
        kind=FactKind.BOOKS_DISAGREE,
        at=clock.now(),
        message=f"{_whose(uow, place)}: {sentence(found[0])}{others} {_TO_DO}",
        level=Level.ERROR,
        code="BOOKS_DISAGREE",
        user_id=place.user_id,
        strategy_id=place.strategy_id,
        account_id=place.account_id,
        data={"differences": [_told(each) for each in found]},
    )


def relief(uow: UnitOfWork, clock: Clock, place: Place) -> Fact:
    """Return the fact that a book or a total agrees with its fills again."""
    return Fact(
        kind=FactKind.BOOKS_AGREE,
        at=clock.now(),
        message=f"{_whose(uow, place)}: what is stored agrees with the fills again.",
        level=Level.SUCCESS,
        user_id=place.user_id,
        strategy_id=place.strategy_id,
        account_id=place.account_id,
    )


def sentence(found: Difference) -> str:
    """Return the difference as a sentence with both numbers."""
    stored = "nothing" if found.stored is None else found.stored
    derived = "nothing" if found.derived is None else found.derived
    return f"{where(found.place)} is kept as {stored}, and the fills say {derived}."


def where(place: Place) -> str:
    """Return which number it is: "the net of the round trip that the fill F1 opened"."""
    if place.kept is Kept.FILL and place.field == "realised":
        return f"what the fill {place.item} realised"
    name = place.field.replace("_", " ")
    return _WHERE[place.kept].format(name=name, item=place.item)


def _told(found: Difference) -> dict[str, str | None]:
    place = found.place
    numbers = {"stored": found.stored, "derived": found.derived}
    return {"kept": place.kept.value, "field": place.field, "item": place.item} | numbers


def _whose(uow: UnitOfWork, place: Place) -> str:
    """Whose numbers they are: the strategy's, its book on an account, or everything."""
    strategy = uow.strategies.get(place.strategy_id) if place.strategy_id else None
    account = uow.accounts.get(place.account_id) if place.account_id else None
    names = [each.name for each in (strategy, account) if each is not None]
    return ", ".join([*names, *([place.symbol] if place.symbol else [])]) or "All together"
