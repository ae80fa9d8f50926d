"""Whether the venues of accounts list a symbol and trade it: asked once, and remembered."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.domain.accounts import Account
from app.domain.errors import BrokerError, InvalidInput
from app.domain.instruments import Contract
from app.services.ports import Asset, Clock, Insight

#: Seconds for which a symbol that is traded stays so, for which one that is not does, and for which
#: a venue that was silent is not asked again.
TRADED_S: Final = 86_400.0
REFUSED_S: Final = 300.0
SILENT_S: Final = 5.0
#: Answers that are remembered at most; the one that was asked for longest ago goes first.
MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class _Told:
    """What a venue said at ``at``: ``asset`` is None when it lists none, or was ``silent``."""

    asset: Asset | None
    silent: bool
    at: float

    def holds(self, monotonic: float) -> bool:
        """Whether it need not be asked again."""
        traded = self.asset is not None and self.asset.tradable
        good_for = SILENT_S if self.silent else TRADED_S if traded else REFUSED_S
        return monotonic - self.at < good_for


@dataclass(slots=True)
class _Entry:
    told: _Told | None = None
    asking: threading.Lock = field(default_factory=threading.Lock)


class Listings:
    """Says what is wrong with a symbol on an account, before anything is sent there.

    ``insights`` are what knows assets, by venue; a venue without one is not asked.
    """

    def __init__(self, insights: Mapping[str, Insight], clock: Clock) -> None:
        self._insights = insights
        self._clock = clock
        self._entries: dict[tuple[str, str, str], _Entry] = {}

    def refusal(self, account: Account, contract: Contract) -> InvalidInput | None:
        """Return why nothing could be traded there; None also where the venue does not answer.

        It may wait for the venue: no transaction is to be open.
        """
        insight = self._insight(account, contract)
        if insight is None:
            return None
        entry = self._entry(account, contract)
        with entry.asking:
            told = entry.told
            if told is None or not told.holds(self._clock.monotonic()):
                told = entry.told = self._ask(insight, account, contract)
        return _refusal(account, contract, told)

    def remark(self, account: Account, contract: Contract) -> str | None:
        """Return what the last answer leaves to be said, as a sentence; asks nobody."""
        if self._insight(account, contract) is None:
            return None
        told = self._entry(account, contract).told
        if told is None or told.silent:
            title = account.traits.title
            return (
                f"Whether {title} trades {contract.symbol} could not be checked, because {title}"
                " could not be asked. If it does not, the first alert is refused."
            )
        refusal = _refusal(account, contract, told)
        return None if refusal is None else refusal.detail

    def _insight(self, account: Account, contract: Contract) -> Insight | None:
        """Who is asked; instruments of a kind that a venue has none of are not looked for."""
        served = contract.instrument.kind in account.traits.kinds
        return self._insights.get(account.venue) if served else None

    def _entry(self, account: Account, contract: Contract) -> _Entry:
        key = account.venue, account.mode.value, contract.symbol
        entry = self._entries.pop(key, None) or _Entry()
        self._entries[key] = entry
        while len(self._entries) > MOST:
            self._entries.pop(next(iter(self._entries)), None)
        return entry

    def _ask(self, insight: Insight, account: Account, contract: Contract) -> _Told:
        try:
            asset, silent = insight.asset(account.id, contract), False
        except BrokerError:
            asset, silent = None, True
        return _Told(asset, silent, self._clock.monotonic())


def _refusal(account: Account, contract: Contract, told: _Told) -> InvalidInput | None:
    if told.silent or (told.asset is not None and told.asset.tradable):
        return None
    title, symbol = account.traits.title, contract.symbol
    if told.asset is None:
        code = "UNKNOWN_SYMBOL"
        words = (
            f"{title} does not list {symbol}. Check the spelling, or choose another account than"
            f" {account.name}."
        )
    else:
        code = "NOT_TRADABLE"
        words = (
            f"{title} lists {symbol} and takes no orders for it. Choose another symbol, or another"
            f" account than {account.name}."
        )
    return InvalidInput(words, code=code, fields={"symbol": words})
