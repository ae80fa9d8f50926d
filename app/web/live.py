"""Facts and ticks become events: one table says which, and each room counts what it is sent.

A room is one user's channel.  The channels ``pnl``, ``strategies``, ``positions``, ``trades``,
``rules``, ``market`` and ``log`` carry one event each; ``strategy:<id>``, ``account:<id>`` and
``log:<level>`` carry what concerns that strategy or account, or entries of at least that level;
``symbol:<symbol>`` carries prices, which belong to nobody.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Final, Protocol

import structlog

from app.domain.errors import InvalidInput
from app.domain.events import Fact, FactKind, Level
from app.domain.instruments import resolve
from app.domain.quotes import Bar, Quote
from app.domain.sessions import MarketState
from app.services.bars import Board
from app.services.funded import View
from app.services.pnl.live import LivePosition, Summary, Tick
from app.services.storage import Trouble
from app.web import wire
from app.web.shapes import funded as shapes
from app.web.shapes import prices
from app.web.wire import Json

_log = structlog.get_logger()

VERSION: Final = 1
TOPICS: Final = frozenset({"pnl", "strategies", "positions", "trades", "rules", "market", "log"})
#: Events of which only the newest matters: a client that is behind is not sent another.
LATEST_WINS: Final = frozenset(
    {"pnl_update", "strategy_pnl_update", "position_update", "rule_update", "quote"}
)
_LEVELS: Final = tuple(Level)
_EVENT_TOPIC: Final = {
    "pnl_update": "pnl",
    "strategy_pnl_update": "strategies",
    "position_update": "positions",
    "trade_executed": "trades",
    "rule_update": "rules",
    "market_status_changed": "market",
    "log_entry": "log",
}


class Outlet(Protocol):
    """Where events go out: the sockets."""

    def emit(self, event: str, payload: Json, room: str) -> None:
        """Send the event to everybody in the room."""
        ...

    def occupied(self, room: str) -> bool:
        """Whether anybody is in the room."""
        ...

    def users(self) -> Collection[str]:
        """The users who are connected."""
        ...

    def watched(self) -> Collection[str]:
        """The symbols whose prices somebody watches."""
        ...

    def flush(self) -> None:
        """Let what was sent go out before more is queued behind it."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """One event for one user before it is counted: its payload and whom it concerns."""

    user_id: str
    name: str
    payload: Json
    at: datetime
    strategy_id: str | None = None
    account_id: str | None = None
    level: Level | None = None
    symbol: str | None = None


def room_of(user_id: str, channel: str) -> str:
    """Return the room of one user's channel; no other user can be in it."""
    return f"{user_id}/{channel}"


def symbol_of(channel: str) -> str | None:
    """Return the symbol whose prices the channel carries; None for another channel."""
    kind, _, name = channel.partition(":")
    return name if kind == "symbol" else None


def known(channel: str, on: date) -> bool:
    """Whether there is such a channel on that day; a symbol's has the name that is stored."""
    kind, _, name = channel.partition(":")
    if kind == "symbol":
        return _is_symbol(name, on)
    if kind == "log" and name:
        return name in _LEVELS
    return channel in TOPICS or (kind in {"strategy", "account"} and bool(name))


def _is_symbol(name: str, on: date) -> bool:
    try:
        return resolve(name, on).symbol == name
    except InvalidInput:
        return False


def trade_executed(fact: Fact) -> Json:
    """Return the execution that a fact tells of."""
    names = ("symbol", "side", "quantity", "price", "commission", "pnl")
    return {
        "strategy_id": fact.strategy_id,
        "account_id": fact.account_id,
        "order_id": fact.order_id,
        "alert_id": fact.alert_id,
        **{name: fact.data[name] for name in names},
    }


#: What a fact is shown as; a fact that is not named here is a line of the log.
Builder = Callable[[Fact], Json]
EVENTS: Final[Mapping[FactKind, Mapping[str, Builder]]] = {
    **{kind: {"log_entry": wire.log_entry} for kind in FactKind},
    FactKind.ORDER_FILLED: {"trade_executed": trade_executed, "log_entry": wire.log_entry},
}

#: Events of many rows: each goes out to everybody before the next one is queued behind it.
LARGE: Final = frozenset({"strategy_pnl_update", "position_update"})

Positions = Callable[[str], Sequence[LivePosition]]


@dataclass(frozen=True, slots=True)
class Stop:
    """What everybody is told each second: whether trading is halted, and what is wrong."""

    halted: bool = False
    trouble: Trouble | None = None


class Live:
    """Queues what happened and sends it on when ``step`` is called, outside every transaction.

    ``positions`` gives a user's open positions, ``halted`` whether trading is stopped, ``trouble``
    what is wrong with the disk of the database.
    """

    def __init__(
        self,
        outlet: Outlet,
        positions: Positions,
        halted: Callable[[], bool],
        trouble: Callable[[], Trouble | None],
    ) -> None:
        self._outlet = outlet
        self._positions = positions
        self._halted = halted
        self._trouble = trouble
        self._facts: deque[Fact] = deque()
        self._ticks: deque[Mapping[str | None, Tick]] = deque()
        self._rules: deque[Mapping[str, Sequence[View]]] = deque()
        self._markets: deque[tuple[datetime, MarketState]] = deque()
        self._board = Board(outlet.watched)
        self._counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._wake: Callable[[], None] = _nobody

    def wake_with(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever something waits to be sent."""
        self._wake = wake

    def publish(self, facts: Sequence[Fact]) -> None:
        """Take committed facts; a listener of the bus."""
        self._facts.extend(facts)
        self._wake()

    def tick(self, ticks: Mapping[str | None, Tick]) -> None:
        """Take one second's figures; the recorder's sink."""
        self._ticks.append(ticks)
        self._wake()

    def watchers(self) -> Collection[str]:
        """Return the users who are connected."""
        return self._outlet.users()

    def rules(self, views: Mapping[str, Sequence[View]]) -> None:
        """Take how funded accounts stand; the sink of those who watch them."""
        self._rules.append(views)
        self._wake()

    def markets(self, at: datetime, states: Sequence[MarketState]) -> None:
        """Take markets that came into another part of their day."""
        self._markets.extend((at, state) for state in states)
        self._wake()

    def quote(self, quote: Quote) -> None:
        """Take a price; a listener of the quote book."""
        self._board.quote(quote)

    def bar(self, bar: Bar) -> None:
        """Take a minute bar that has ended."""
        self._board.bar(bar)

    def watched(self) -> frozenset[str]:
        """Return the symbols whose prices somebody watches."""
        return frozenset(self._outlet.watched())

    def tell_prices(self, now: datetime) -> bool:
        """Send the prices that are due to those who watch them; False: the next are not due yet."""
        for each in self._board.due(now):
            name, payload = _priced(each)
            for user_id in tuple(self._outlet.users()):
                self._send(Event(user_id, name, payload, each.at, symbol=each.symbol))
        return False

    def step(self, _now: datetime) -> bool:
        """Send what waits; returns whether there was anything."""
        facts = [self._facts.popleft() for _ in range(len(self._facts))]
        ticks = [self._ticks.popleft() for _ in range(len(self._ticks))]
        rules = [self._rules.popleft() for _ in range(len(self._rules))]
        markets = [self._markets.popleft() for _ in range(len(self._markets))]
        for event in chain(self._events(facts, ticks), _stood(rules), self._turned(markets)):
            self._send(event)
        return bool(facts or ticks or rules or markets)

    def sequence(self, room: str) -> Mapping[str, int]:
        """Return the number of the last event of each kind that the room was sent."""
        return dict(self._counts[room])

    def _events(
        self, facts: Sequence[Fact], ticks: Sequence[Mapping[str | None, Tick]]
    ) -> Iterator[Event]:
        users = self._outlet.users()
        for fact in facts:
            everybody = users if fact.user_id is None else {fact.user_id}.intersection(users)
            for each in everybody:
                yield from _told(fact, each)
        yield from self._moved(facts, users)
        stop = Stop(self._halted(), self._trouble()) if ticks else Stop()
        for tick in ticks:
            for user_id in users:
                if user_id in tick:
                    yield from _ticked(user_id, tick[user_id], stop)

    def _turned(self, markets: Sequence[tuple[datetime, MarketState]]) -> Iterator[Event]:
        """Everybody is told of a market."""
        for at, state in markets:
            payload: Json = {"market": state.market.name, **wire.market_state(state)}
            for user_id in self._outlet.users():
                yield Event(user_id, "market_status_changed", payload, at)

    def _moved(self, facts: Iterable[Fact], users: Collection[str]) -> Iterator[Event]:
        """One event for each user whose positions changed, with every book that did."""
        changed: defaultdict[str, dict[tuple[object, ...], Fact]] = defaultdict(dict)
        for fact in facts:
            user_id = fact.user_id
            if fact.kind is FactKind.POSITION_CHANGED and user_id is not None and user_id in users:
                book = (fact.strategy_id, fact.account_id, fact.data["symbol"])
                changed[user_id][book] = fact
        for user_id, books in changed.items():
            held = {
                (each.strategy_id, each.account_id, each.symbol): each
                for each in self._positions(user_id)
            }
            rows = [
                wire.position(held[book]) if book in held else _flat(fact)
                for book, fact in books.items()
            ]
            at = max(fact.at for fact in books.values())
            yield Event(user_id, "position_update", {"positions": rows}, at)

    def _send(self, event: Event) -> None:
        for channel, payload in _channels(event):
            room = room_of(event.user_id, channel)
            if not self._outlet.occupied(room):
                continue
            counts = self._counts[room]
            counts[event.name] = counts.get(event.name, 0) + 1
            stamp = {
                "room": channel,
                "seq": counts[event.name],
                "ts": wire.iso(event.at),
                "v": VERSION,
            }
            self._outlet.emit(event.name, {**payload, **stamp}, room)
            if event.name in LARGE and payload is event.payload:
                self._outlet.flush()


def _nobody() -> None:
    """Wake nobody: whoever made the live layer calls ``step``."""


def _told(fact: Fact, user_id: str) -> Iterator[Event]:
    for name, build in EVENTS[fact.kind].items():
        yield Event(
            user_id, name, build(fact), fact.at, fact.strategy_id, fact.account_id, fact.level
        )


def _ticked(user_id: str, tick: Tick, stop: Stop) -> Iterator[Event]:
    at = tick.summary.at
    yield Event(user_id, "pnl_update", pnl_update(tick.summary, stop), at)
    if tick.strategies:
        lines = [wire.strategy_line(line) for line in tick.strategies]
        yield Event(user_id, "strategy_pnl_update", {"items": lines}, at)
    if tick.positions:
        rows = [wire.position(each) for each in tick.positions]
        yield Event(user_id, "position_update", {"positions": rows}, at)


def _priced(each: Quote | Bar) -> tuple[str, Json]:
    if isinstance(each, Quote):
        return "quote", prices.quote(each)
    return "bar", prices.minute(each)


def _stood(rules: Sequence[Mapping[str, Sequence[View]]]) -> Iterator[Event]:
    for each in rules:
        for user_id, views in each.items():
            payload = shapes.rule_update(views)
            yield Event(user_id, "rule_update", payload, views[0].at)
            # How long an add-on's message was under way can be read from this line and its own.
            _log.debug("rule_update_emitted", accounts=[view.account.id for view in views])


def pnl_update(summary: Summary, stop: Stop) -> Json:
    """Return a user's figures of one second."""
    trouble = None if stop.trouble is None else stop.trouble.detail
    return {**wire.summary(summary), "halted": stop.halted, "trouble": trouble}


def _flat(fact: Fact) -> Json:
    """The row of a book that no longer holds anything."""
    return {
        "strategy_id": fact.strategy_id,
        "account_id": fact.account_id,
        "symbol": fact.data["symbol"],
        "net_quantity": "0",
        "avg_price": None,
        "last_price": None,
        "unrealized_pnl": "0",
    }


def _channels(event: Event) -> Iterator[tuple[str, Json]]:
    """The channels that an event goes to, each with what concerns it."""
    if event.symbol is not None:
        yield f"symbol:{event.symbol}", event.payload
        return
    yield _EVENT_TOPIC[event.name], event.payload
    if event.name == "log_entry" and event.level is not None:
        for level in _LEVELS[: _LEVELS.index(event.level) + 1]:
            yield f"log:{level.value}", event.payload
    if event.name in {"log_entry", "trade_executed"}:
        if event.strategy_id:
            yield f"strategy:{event.strategy_id}", event.payload
        if event.account_id:
            yield f"account:{event.account_id}", event.payload
    yield from _shares(event)


def _shares(event: Event) -> Iterator[tuple[str, Json]]:
    """The parts of an event with many rows that concern one strategy or account."""
    for name in ("items", "positions", "accounts"):
        rows = event.payload.get(name)
        if not isinstance(rows, list):
            continue
        for kind in ("strategy", "account"):
            parts: defaultdict[str, list[Json]] = defaultdict(list)
            for row in rows:
                if row.get(f"{kind}_id"):
                    parts[row[f"{kind}_id"]].append(row)
            for each, part in parts.items():
                yield f"{kind}:{each}", {name: part}
