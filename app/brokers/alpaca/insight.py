"""What Alpaca knows besides orders and prices: its assets, and its own history of an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from app.brokers.alpaca.reading import legible, truth
from app.brokers.alpaca.refusals import NOT_THERE
from app.brokers.alpaca.wire import symbol_out
from app.domain.errors import BrokerRejected
from app.domain.instruments import Contract
from app.domain.money import parse
from app.services.ports import Asset, VenueDay

_MONTH: Final = {"period": "1M", "timeframe": "1D"}
#: Alpaca's days are those of the exchange.
_NEW_YORK: Final = ZoneInfo("America/New_York")


class Client(Protocol):
    """The call that is needed."""

    def read(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401  JSON
        """Ask the trading interface, below /v2."""
        ...


def asset_of(client: Client, contract: Contract) -> Asset | None:
    """Return what Alpaca lists under the contract's symbol, None when it does not list it.

    Raises BrokerError when that is not known.
    """
    try:
        found = client.read(f"/assets/{symbol_out(contract)}")
    except BrokerRejected as error:
        if error.code in NOT_THERE:
            return None
        raise
    with legible():
        return Asset(
            symbol=contract.symbol,
            name=str(found["name"]),
            exchange=str(found["exchange"]),
            tradable=truth(found["tradable"]) and found["status"] == "active",
            shortable=truth(found["shortable"]),
            fractionable=truth(found["fractionable"]),
            marginable=truth(found["marginable"]),
        )


def days_of(client: Client) -> Sequence[VenueDay]:
    """Return the last month of the account by Alpaca's count, oldest first; raises BrokerError.

    A day that is still on has come as far as now.
    """
    answer = client.read("/account/portfolio/history", _MONTH)
    with legible():
        points = zip(answer["timestamp"], answer["equity"], strict=True)
        worth = {_day(at): parse(equity) for at, equity in points if equity is not None}
    return [VenueDay(day, worth[day]) for day in sorted(worth)]


def _day(at: Any) -> date:  # noqa: ANN401  JSON
    """The day of a point, which is told at its begin or, in UTC, at the midnight of its end."""
    return datetime.fromtimestamp(int(at), UTC).astimezone(_NEW_YORK).date()
