"""Symbols as people and chart services write them, resolved to one contract with its numbers."""

from __future__ import annotations

import calendar
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Final, NoReturn

from app.domain.catalogue import (
    CRYPTO,
    EXCHANGES,
    FUTURES,
    MONTH_CODES,
    PAIRS,
    Anchor,
    DayRule,
    Instrument,
    InstrumentKind,
    stock,
)
from app.domain.errors import InvalidInput
from app.domain.money import to_step

__all__ = [
    "Contract",
    "Instrument",
    "InstrumentKind",
    "front",
    "resolve",
    "same_product",
    "to_tick",
]

_CONTINUOUS: Final = re.compile(r"([A-Z0-9]{2,3}?)([1-9])!")
_DATED: Final = re.compile(rf"([A-Z0-9]{{2,3}})([{MONTH_CODES}])(19[89]\d|20\d\d|\d{{1,2}})")
_NUMBERED: Final = re.compile(r"([A-Z0-9]{2,3}) (0[1-9]|1[0-2])-(\d\d)")
_TICKER: Final = re.compile(r"[A-Z]{1,5}(\.[A-Z])?")
_FRIDAY, _WEDNESDAY = 4, 2
_LONGEST: Final = 40

#: A one-digit year means the next such year, or one of the two that have just passed.
_YEARS_BACK: Final = 2


@dataclass(frozen=True, slots=True)
class Contract:
    """What can be bought and sold: one delivery month of a future, a share, a crypto pair.

    ``symbol`` is the one name under which it is stored ("ESZ2026"); ``month`` is the first day of
    the delivery month and ``expires`` the last trading day, both None where nothing expires.
    """

    symbol: str
    root: str
    instrument: Instrument
    month: date | None = None
    expires: date | None = None


@lru_cache(maxsize=4096)
def resolve(text: str, on: date) -> Contract:
    """Return the contract that ``text`` means on the day ``on``.

    A root or a continuous symbol (``ES``, ``ES1!``) means the front month of that day, ``ES2!``
    the month after it.  An expired contract still resolves: its books are still asked for.
    Raises InvalidInput UNKNOWN_SYMBOL with the nearest symbol that is known.
    """
    cleaned = text.strip().replace("\\", "")
    if not cleaned.isascii() or not 0 < len(cleaned) <= _LONGEST:
        _refuse(text, on)
    prefix, _, core = cleaned.upper().rpartition(":")
    kind = EXCHANGES.get(prefix)
    contract = None
    if kind in {None, InstrumentKind.FUTURE}:
        contract = _future(core, on)
    if contract is None and kind in {None, InstrumentKind.CRYPTO}:
        contract = _crypto(core)
    if contract is None and kind in {None, InstrumentKind.STOCK}:
        contract = _stock(core)
    return contract or _refuse(text, on)


def same_product(first: Contract, second: Contract) -> bool:
    """Whether both are the same product, whatever the month: a close goes to what is held."""
    return first.root == second.root and first.instrument.kind is second.instrument.kind


def to_tick(price: Decimal, instrument: Instrument) -> Decimal:
    """Return the nearest price that is a multiple of the tick; halves go to the even tick."""
    return to_step(price, instrument.tick_size)


def front(instrument: Instrument, on: date, following: int = 0) -> Contract:
    """Return the front month of a future on the day ``on``, or the ``following``-th after it.

    Raises InvalidInput UNKNOWN_SYMBOL for what has no delivery months.
    """
    roll = instrument.roll
    if roll is None:
        raise _unknown(f"{instrument.root} has no contract months.")
    later = (
        first
        for first in _months_from(date(on.year, on.month, 1))
        if MONTH_CODES[first.month - 1] in instrument.months and on < _day(roll, first)
    )
    return _delivery(instrument, next(islice(later, following, None)))


def _future(core: str, on: date) -> Contract | None:
    if core in FUTURES:
        return front(FUTURES[core], on)
    if (match := _CONTINUOUS.fullmatch(core)) and match[1] in FUTURES:
        return front(FUTURES[match[1]], on, int(match[2]) - 1)
    if (match := _NUMBERED.fullmatch(core)) and match[1] in FUTURES:
        return _listed(FUTURES[match[1]], MONTH_CODES[int(match[2]) - 1], match[3], on)
    if (match := _DATED.fullmatch(core)) and match[1] in FUTURES:
        return _listed(FUTURES[match[1]], match[2], match[3], on)
    return None


def _listed(instrument: Instrument, code: str, digits: str, on: date) -> Contract:
    if code not in instrument.months:
        months = ", ".join(instrument.months)
        raise _unknown(
            f"{instrument.root} has no contract in month {code}; its months are {months}."
        )
    year = _year(digits, on)
    return _delivery(instrument, date(year, MONTH_CODES.index(code) + 1, 1))


def _year(digits: str, on: date) -> int:
    if len(digits) == 4:
        return int(digits)
    if len(digits) == 2:
        return 2000 + int(digits)
    earliest = on.year - _YEARS_BACK
    return earliest + (int(digits) - earliest) % 10


def _delivery(instrument: Instrument, first: date) -> Contract:
    symbol = f"{instrument.root}{MONTH_CODES[first.month - 1]}{first.year}"
    expires = _day(instrument.last_trade, first) if instrument.last_trade else None
    return Contract(symbol, instrument.root, instrument, first, expires)


def _crypto(core: str) -> Contract | None:
    instrument = PAIRS.get(core)
    return Contract(instrument.root, instrument.root, instrument) if instrument else None


def _stock(core: str) -> Contract | None:
    return Contract(core, core, stock(core)) if _TICKER.fullmatch(core) else None


def _refuse(text: str, on: date) -> NoReturn:
    core = text.strip().upper().rpartition(":")[2]
    known = [*FUTURES, *(f"{root}1!" for root in FUTURES), *CRYPTO]
    near = difflib.get_close_matches(core[:_LONGEST], known, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]}?" if near else f" Write it like ES1!, ESZ{on.year} or BTCUSD."
    raise _unknown(f"The symbol {text[:_LONGEST]!r} is not known.{hint}")


def _unknown(detail: str) -> InvalidInput:
    return InvalidInput(detail, code="UNKNOWN_SYMBOL", fields={"symbol": detail})


def _day(rule: DayRule, first: date) -> date:
    """Return the day of ``rule`` for the delivery month that begins with ``first``.

    Weekdays only: exchange holidays move it by a day at most, days before anything expires.
    """
    return _back(_anchor(rule.anchor, first), rule.days)


def _anchor(anchor: Anchor, first: date) -> date:
    before = first - timedelta(days=1)
    match anchor:
        case Anchor.THIRD_FRIDAY:
            return _third(_FRIDAY, first)
        case Anchor.THIRD_WEDNESDAY:
            return _third(_WEDNESDAY, first)
        case Anchor.FIRST_DAY:
            return first
        case Anchor.LAST_BUSINESS_DAY:
            return _on_weekday(_next_month(first) - timedelta(days=1))
        case Anchor.LAST_BUSINESS_DAY_BEFORE:
            return _on_weekday(before)
    return _on_weekday(before.replace(day=25))


def _third(weekday: int, first: date) -> date:
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 14)


def _months_from(first: date) -> Iterator[date]:
    while True:
        yield first
        first = _next_month(first)


def _next_month(first: date) -> date:
    return first + timedelta(days=calendar.monthrange(first.year, first.month)[1])


def _on_weekday(day: date) -> date:
    return day - timedelta(days=max(day.weekday() - _FRIDAY, 0))


def _back(day: date, business_days: int) -> date:
    for _ in range(business_days):
        day = _on_weekday(day - timedelta(days=1))
    return day
