"""The judge: what must hold after every run, read from the paper and from nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from app.domain import positions
from app.domain.alerts import read
from app.domain.errors import InvalidInput
from app.domain.events import Fact
from app.domain.inbox import Alert, AlertState
from app.domain.money import ZERO, exact, wire
from app.domain.orders import TRANSITIONS, OrderState
from app.domain.positions import FLAT, Position
from app.services.ports import BookKey, Sample
from app.services.trading.settle import contract_of
from app.storm.evidence import Evidence

#: What each invariant says, in the words of the report.
INVARIANTS: Final = {
    "I1": "Every acknowledged alert is kept and has come to its one end",
    "I2": "No order is at the venue twice, and none that is not ours",
    "I3": "Every fill of the venue is booked once, as it was",
    "I4": "Every position is what its fills make, here and at the venue",
    "I5": "The cash of every account agrees with the venue's to the last digit",
    "I6": "No order took a step that the table of its states does not have",
    "I7": "No row of a curve was made from a price that nobody knew",
    "I8": "Every refusal and every failure was said",
}

_QUIET_ALERTS: Final = {AlertState.EXECUTED, AlertState.NO_ACTION}
_BAD_ORDERS: Final = {OrderState.DENIED, OrderState.REJECTED, OrderState.EXPIRED}
#: An alert's price counts for so long (the setting's default); and how far apart what is written
#: for one second and what happened in it may lie.
_PRICE_AGE: Final = timedelta(seconds=900)
_LOOSE_S: Final = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge found about one invariant; ``faults`` is empty when it holds.

    ``unjudged`` says why it could not be judged in full, None when it was.
    """

    number: str
    faults: tuple[str, ...]
    unjudged: str | None = None

    @property
    def sentence(self) -> str:
        """What the invariant says."""
        return INVARIANTS[self.number]


@dataclass(frozen=True, slots=True)
class Judgment:
    """The verdicts, and the numbers that matter most.

    ``lost`` alerts were acknowledged and are gone, ``open`` ones have not come to their end.
    """

    verdicts: tuple[Verdict, ...]
    lost: int
    open: int
    doubled: int

    @property
    def faults(self) -> list[str]:
        """Everything that is wrong, each with the number of its invariant."""
        return [f"{each.number}: {fault}" for each in self.verdicts for fault in each.faults]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def judge(evidence: Evidence, acknowledged: Collection[str]) -> Judgment:
    """Return the verdict on every invariant; ``acknowledged`` are ids that senders were told."""
    lost, waiting = list(_lost(evidence, acknowledged)), list(_open(evidence, acknowledged))
    doubled = list(_doubled(evidence))
    found: dict[str, Sequence[str]] = {
        "I1": [*lost, *waiting],
        "I2": [*doubled, *_strangers(evidence)],
        **{number: list(look(evidence)) for number, look in _LOOKS.items()},
    }
    blind = (
        None
        if evidence.deaths is not None
        else "In part: prices that this server has from elsewhere are not looked up."
    )
    verdicts = (
        Verdict(number, tuple(found[number]), blind if number == "I7" else None)
        for number in INVARIANTS
    )
    return Judgment(tuple(verdicts), len(lost), len(waiting), len(doubled))


def faults(evidence: Evidence, acknowledged: Collection[str]) -> list[str]:
    """Return every broken invariant in words."""
    return judge(evidence, acknowledged).faults


def _lost(evidence: Evidence, acknowledged: Collection[str]) -> Iterator[str]:
    known = {alert.id for alert in evidence.alerts}
    for alert_id in sorted(set(acknowledged) - known):
        yield f"alert {alert_id} was acknowledged and is gone"


def _open(evidence: Evidence, acknowledged: Collection[str]) -> Iterator[str]:
    for alert in evidence.alerts:
        if alert.id in acknowledged and not alert.state.terminal:
            yield f"alert {alert.id} is still {alert.state}"


def _doubled(evidence: Evidence) -> Iterator[str]:
    there = Counter((order.account_id, order.client_order_id) for order in evidence.venue_orders)
    legs = Counter(
        (order.alert_id, order.account_id, order.leg)
        for order in evidence.orders
        if order.alert_id is not None
    )
    yield from (
        f"{count} orders at the venue as {i}" for (_, i), count in there.items() if count > 1
    )
    yield from (f"{count} orders for leg {leg}" for leg, count in legs.items() if count > 1)


def _strangers(evidence: Evidence) -> Iterator[str]:
    ours = {order.client_order_id for order in evidence.orders}
    for order in evidence.venue_orders:
        if order.client_order_id not in ours:
            yield f"order {order.client_order_id} at the venue is not ours"


def _unbooked(evidence: Evidence) -> Iterator[str]:
    booked = Counter(
        (f.account_id, f.venue_fill_id, f.side, f.quantity, f.price, f.commission)
        for f in evidence.fills
    )
    made = Counter(
        (f.account_id, f.venue_fill_id, f.side, f.quantity, f.price, f.commission)
        for f in (one.fill for one in evidence.venue_fills)
    )
    yield from (f"fill {each[1]} is booked and the venue has none such" for each in booked - made)
    yield from (f"fill {each[1]} of the venue is not booked" for each in made - booked)


def _drifted(evidence: Evidence) -> Iterator[str]:
    by_id = {order.id: order for order in evidence.orders}
    folded: dict[BookKey, Position] = {}
    for fill in sorted(evidence.fills, key=lambda fill: (fill.at, fill.venue_fill_id)):
        order = by_id.get(fill.order_id or "")
        if order is None:
            yield f"fill {fill.venue_fill_id} belongs to no order"
            continue
        key = BookKey(order.strategy_id or "", order.account_id, order.symbol)
        multiplier = contract_of(fill.symbol, fill.at.date()).instrument.multiplier
        folded[key] = positions.apply(folded.get(key, FLAT), fill, multiplier)
    for key in evidence.books.keys() | folded.keys():
        stored, rebuilt = evidence.books.get(key, FLAT), folded.get(key, FLAT)
        if stored != rebuilt:
            yield f"the book of {_book(key)} is {stored}, its fills make {rebuilt}"
    yield from _apart(evidence)


def _book(key: BookKey) -> str:
    return f"{key.symbol}, strategy {key.strategy_id}, account {key.account_id},"


def _apart(evidence: Evidence) -> Iterator[str]:
    """Books whose quantity is not the one that the venue has for them."""
    for key, position in evidence.books.items():
        ledger = evidence.ledgers.get(key.account_id)
        there = ledger.books.get(key.symbol, {}).get(key.strategy_id, ZERO) if ledger else ZERO
        if there != position.quantity:
            held = wire(position.quantity)
            yield f"the book of {_book(key)} holds {held}, at the venue it is {wire(there)}"


@exact
def _cash(evidence: Evidence) -> list[str]:
    """Cash and the cost of what is open, added up from our books and from the venue's.

    Who nets two strategies realises other money than who does not; the sum of both is the same.
    Where others use the account as well, it is looked at book by book.
    """
    if evidence.deaths is None:
        return _flows(evidence)
    wrong = []
    for account_id, ledger in evidence.ledgers.items():
        ours = evidence.accounts[account_id].starting_cash
        for key, position in evidence.books.items():
            if key.account_id == account_id:
                ours += _flow(position, key.symbol)
        theirs = ledger.cash
        for held in ledger.holdings.values():
            theirs -= held.position.basis * held.terms.multiplier
        if ours != theirs:
            wrong.append(f"account {account_id}: {wire(ours)} here, {wire(theirs)} at the venue")
    return wrong


def _flows(evidence: Evidence) -> list[str]:
    paid: dict[BookKey, Decimal] = defaultdict(Decimal)
    for one in evidence.venue_fills:
        key = BookKey(one.fill.strategy_id or "", one.account_id, one.terms.symbol)
        alone = positions.apply(FLAT, one.fill, one.terms.multiplier)
        paid[key] += _flow(alone, one.terms.symbol)
    wrong = []
    for key in evidence.books.keys() | paid.keys():
        ours = _flow(evidence.books.get(key, FLAT), key.symbol)
        if ours != paid[key]:
            wrong.append(f"{_book(key)}: {wire(ours)} here, {wire(paid[key])} at the venue")
    return wrong


def _flow(position: Position, symbol: str) -> Decimal:
    """Money that came in for all that was ever traded in a book, negative if it went out."""
    if position.last_at is None:
        return ZERO
    multiplier = contract_of(symbol, position.last_at.date()).instrument.multiplier
    return position.realised_net - position.basis * multiplier


def _leaps(evidence: Evidence) -> Iterator[str]:
    for step in evidence.steps:
        meant = TRANSITIONS[step.from_state].get(step.event)
        # What works on after a refused cancel is partly filled again if it was.
        again = meant is OrderState.ACCEPTED and step.to_state is OrderState.PARTIALLY_FILLED
        if meant is not step.to_state and not again:
            yield f"order {step.order_id}: {step.from_state} became {step.to_state}"
    last: dict[str, OrderState] = {}
    for step in evidence.steps:
        if last.get(step.order_id, step.from_state) is not step.from_state:
            yield f"order {step.order_id} was {last[step.order_id]}, then it left {step.from_state}"
        last[step.order_id] = step.to_state


def _invented(evidence: Evidence) -> Iterator[str]:
    """Rows that say what open positions were worth when no price was known.

    Where the alerts' own prices are the only ones, a restart forgets them all: until the next
    alert brings one, whatever is held has no price.
    """
    if evidence.deaths is not None:
        known, held = _Known(evidence), _Held(evidence.moves)
        for series, sample in evidence.curves:
            symbol = (
                None if sample.open is None else held.unpriced(series.strategy_id, sample, known)
            )
            if symbol is not None:
                yield f"curve {series.id} at {sample.at} values {symbol}, which had no price"


class _Known:
    """When the price of a symbol may have been known."""

    def __init__(self, evidence: Evidence) -> None:
        self._deaths = sorted(evidence.deaths or ())
        symbols: dict[str, set[str | None]] = defaultdict(set)
        for decision in evidence.decisions:
            symbols[decision.alert_id].add(decision.symbol)
        self._alerts = [
            (alert, symbols[alert.id] - {None})
            for alert in evidence.alerts
            if alert.claimed_at is not None and _priced(alert)
        ]

    def at(self, symbol: str, second: int) -> bool:
        """Whether an alert with a price for it was worked on since the last restart."""
        deaths = [each for each in self._deaths if each.timestamp() <= second]
        for alert, symbols in self._alerts:
            came = alert.received_at.timestamp()
            fits = (
                second - _PRICE_AGE.total_seconds() <= came + _LOOSE_S and came <= second + _LOOSE_S
            )
            alive = not deaths or alert.finished_at is None or alert.finished_at >= deaths[-1]
            if fits and alive and (not symbols or symbol in symbols):
                return True
        return False


def _priced(alert: Alert) -> bool:
    try:
        return read(alert.body).intent.price is not None
    except InvalidInput:
        return False


class _Held:
    """What each strategy held when, as far as it is beyond doubt."""

    def __init__(self, moves: Sequence[Fact]) -> None:
        self._spans: dict[str | None, list[tuple[str, float, float]]] = defaultdict(list)
        by_book: Mapping[tuple[str | None, str | None, str], list[Fact]] = defaultdict(list)
        for fact in moves:
            by_book[fact.strategy_id, fact.account_id, str(fact.data["symbol"])].append(fact)
        for (strategy, _, symbol), facts in by_book.items():
            ends = [*(fact.at.timestamp() for fact in facts), float("inf")]
            spans = zip(facts, pairwise(ends), strict=True)
            self._spans[strategy] += [
                (symbol, begin, end)
                for fact, (begin, end) in spans
                if Decimal(str(fact.data["net_quantity"]))
            ]

    def unpriced(self, strategy_id: str | None, sample: Sample, known: _Known) -> str | None:
        """A symbol that the strategy held throughout the second and that had no price then."""
        early, late = sample.at - _LOOSE_S, sample.at + 1 + _LOOSE_S
        for symbol, begin, end in self._spans.get(strategy_id, ()):
            if begin < early and late < end and not known.at(symbol, sample.at):
                return symbol
        return None


def _silent(evidence: Evidence) -> Iterator[str]:
    for alert in evidence.alerts:
        ended = alert.state.terminal and alert.state not in _QUIET_ALERTS
        if ended and alert.id not in evidence.told:
            yield f"alert {alert.id} is {alert.state} and nobody was told"
    for order in evidence.orders:
        if order.state in _BAD_ORDERS and order.id not in evidence.told:
            yield f"order {order.id} is {order.state} and nobody was told"


_LOOKS: Final[dict[str, Callable[[Evidence], Iterable[str]]]] = {
    "I3": _unbooked,
    "I4": _drifted,
    "I5": _cash,
    "I6": _leaps,
    "I7": _invented,
    "I8": _silent,
}
