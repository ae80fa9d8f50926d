"""Which prices are needed now, the most important first: a data plan may not have all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from app.domain.errors import InvalidInput
from app.domain.instruments import resolve
from app.domain.strategies import StrategyKind, StrategyState
from app.services.pnl import Books, Pair
from app.services.ports import Clock, Store


class Needed:
    """Returns the symbols whose prices a venue is to stream.

    What is held comes first, on accounts of that venue before others; then what orders work for,
    what strategies that are on may trade there, and what somebody looks at.
    """

    def __init__(self, venue: str, store: Store, books: Books, clock: Clock) -> None:
        self._venue = venue
        self._store = store
        self._books = books
        self._clock = clock
        self._watched: list[Callable[[], Collection[str]]] = []

    def also(self, watched: Callable[[], Collection[str]]) -> None:
        """Need these symbols too, after all others."""
        self._watched.append(watched)

    def __call__(self) -> Sequence[str]:
        """Return the symbols, each once."""
        pairs = tuple(self._books.pairs.values())
        here = [pair for pair in pairs if pair.account.venue == self._venue]
        with self._store.read() as uow:
            working = [order.symbol for order in uow.orders.working()]
        traded = self._resolved(pair.strategy.symbol for pair in here if _is_on(pair))
        watched = (symbol for each in self._watched for symbol in tuple(each()))
        return tuple(dict.fromkeys([*_held(here), *_held(pairs), *working, *traded, *watched]))

    def _resolved(self, symbols: Iterable[str]) -> Iterator[str]:
        """The contracts that strategies mean by their symbols, as prices of them are called."""
        on = self._clock.now().date()
        for symbol in symbols:
            try:
                yield resolve(symbol, on).symbol
            except InvalidInput:
                continue


def _held(pairs: Iterable[Pair]) -> Iterator[str]:
    return (symbol for pair in pairs for symbol in tuple(pair.holdings))


def _is_on(pair: Pair) -> bool:
    strategy = pair.strategy
    linked = strategy.link(pair.account.id) is not None
    return (
        linked
        and strategy.kind is StrategyKind.WEBHOOK
        and strategy.state is not StrategyState.OFF
        and strategy.archived_at is None
    )
