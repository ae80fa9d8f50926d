"""What can be traded at the stand-in, and what each is worth when it opens its doors."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from app.domain.instruments import InstrumentKind
from app.sim.terms import Terms
from tests.venues.alpaca.words import Json, name_of

ONE: Final = Decimal(1)


@dataclass(frozen=True)
class Asset:
    """One stock or crypto pair with its price at the start."""

    symbol: str
    price: Decimal
    name: str = ""
    exchange: str = "NASDAQ"
    tradable: bool = True
    shortable: bool = True
    fractionable: bool = True
    marginable: bool = True
    active: bool = True

    @property
    def id(self) -> str:
        return name_of("asset", self.symbol)

    @property
    def crypto(self) -> bool:
        return "/" in self.symbol

    @property
    def kind(self) -> str:
        return "crypto" if self.crypto else "us_equity"

    def tick(self, price: Decimal) -> Decimal:
        """The smallest step of a price: a cent, or a hundredth of one below a dollar."""
        if self.crypto:
            return Decimal("0.000000001")
        return Decimal("0.01") if price >= 1 else Decimal("0.0001")

    def terms(self) -> Terms:
        kind = InstrumentKind.CRYPTO if self.crypto else InstrumentKind.STOCK
        return Terms(self.symbol, kind, self.tick(self.price), ONE)

    def to_record(self) -> Json:
        return {**asdict(self), "price": str(self.price)}

    @staticmethod
    def from_record(data: Json) -> Asset:
        return Asset(**{**data, "price": Decimal(str(data["price"]))})

    def to_json(self) -> Json:
        """What GET /v2/assets says of it."""
        answer: Json = {
            "id": self.id,
            "class": self.kind,
            "exchange": self.exchange,
            "symbol": self.symbol,
            "name": self.name or self.symbol,
            "status": "active" if self.active else "inactive",
            "tradable": self.tradable,
            "marginable": self.marginable,
            "shortable": self.shortable,
            "easy_to_borrow": self.shortable,
            "fractionable": self.fractionable,
            "maintenance_margin_requirement": 100 if self.crypto else 30,
            "attributes": [],
        }
        if self.crypto:
            steps = {"min_order_size": "0.0001", "min_trade_increment": "0.000000001"}
            answer.update(steps, price_increment="0.000000001")
        return answer


def _stock(symbol: str, price: str, name: str, **more: Any) -> Asset:  # noqa: ANN401
    return Asset(symbol, Decimal(price), name, **more)


def _pair(symbol: str, price: str, name: str) -> Asset:
    return Asset(symbol, Decimal(price), name, "CRYPTO", shortable=False, marginable=False)


ASSETS: Final = {
    asset.symbol: asset
    for asset in (
        _stock("AAPL", "270", "Apple Inc."),
        _stock("MSFT", "500", "Microsoft Corporation"),
        _stock("NVDA", "190", "NVIDIA Corporation"),
        _stock("TSLA", "420", "Tesla, Inc."),
        _stock("SPY", "680", "SPDR S&P 500 ETF Trust"),
        _stock("QQQ", "610", "Invesco QQQ Trust"),
        _stock("F", "12", "Ford Motor Company"),
        _stock("PENNY", "0.85", "A stock below a dollar"),
        _stock("WHOLE", "950", "Sold in whole shares only", fractionable=False),
        _stock("NOSHORT", "35", "Cannot be borrowed", shortable=False),
        _stock("NOTRADE", "20", "Listed and not tradable", tradable=False),
        _stock("FAKEPACA", "133", "The symbol of the test feed", tradable=False),
        _pair("BTC/USD", "95000", "Bitcoin / US Dollar"),
        _pair("ETH/USD", "3200", "Ethereum / US Dollar"),
        _pair("SOL/USD", "145", "Solana / US Dollar"),
    )
}


def spelled(symbol: str) -> str:
    """The symbol as Alpaca lists it: a crypto pair may come without its slash."""
    plain = symbol.strip().upper()
    if plain in ASSETS or "/" in plain:
        return plain
    pairs = {listed.replace("/", ""): listed for listed in ASSETS if "/" in listed}
    return pairs.get(plain, plain)
