"""What symbols were worth before their stream told anything: asked once, in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import structlog

from app.domain.errors import BrokerError, BrokerRejected
from app.domain.instruments import Contract
from app.domain.quotes import Quote
from app.services.ports import Clock

#: Symbols of one question.
_MOST: Final = 100
#: Seconds to wait after a question that failed.
_REST_S: Final = 15.0

#: Asks for the newest quotes by our symbol; raises BrokerError.
Ask = Callable[[Sequence[Contract]], Mapping[str, Quote]]

_log = structlog.get_logger()


class Unpriced(Protocol):
    """A stream that lacks prices, by symbols as Alpaca writes them."""

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The symbols that were not seeded yet."""

    def seed(self, quotes: Mapping[str, Quote | None]) -> None:
        """Take what was found; None where there is no price to be had."""


class Seeds:
    """Asks one question at a time, whichever stream it is for."""

    def __init__(self, clock: Clock, contract_of: Callable[[str], Contract | None]) -> None:
        """``contract_of`` knows a symbol as Alpaca writes it; None for one it does not trade."""
        self._clock = clock
        self._contract_of = contract_of
        self._asking = threading.Lock()
        self._rests_until = clock.monotonic()

    @property
    def idle(self) -> bool:
        """Whether nothing is being asked."""
        return not self._asking.locked()

    def sow(self, stream: Unpriced, ask: Ask) -> None:
        """Begin to ask for the prices that the stream lacks, unless something is being asked."""
        symbols = stream.unpriced[:_MOST]
        rests = self._clock.monotonic() < self._rests_until
        if symbols and not rests and self.idle and self._asking.acquire(blocking=False):
            threading.Thread(target=self._ask, args=(stream, symbols, ask), daemon=True).start()

    def _ask(self, stream: Unpriced, symbols: Sequence[str], ask: Ask) -> None:
        try:
            named = {each: self._contract_of(each) for each in symbols}
            contracts = {each: known for each, known in named.items() if known is not None}
            found = ask(tuple(contracts.values())) if contracts else {}
            priced = {each: found.get(known.symbol) for each, known in contracts.items()}
            stream.seed(dict.fromkeys(symbols) | priced)
        except BrokerRejected as error:
            # It would be answered alike the next time.
            _log.warning("prices_not_seeded", symbols=symbols, detail=error.detail)
            stream.seed(dict.fromkeys(symbols))
        except BrokerError as error:
            _log.info("prices_not_seeded", symbols=symbols, detail=error.detail)
            self._rests_until = self._clock.monotonic() + _REST_S
        finally:
            self._asking.release()
