"""The instruments that Signalbox knows, as data: ticks, point values, months, rolls, sessions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

MONTH_CODES: Final = "FGHJKMNQUVXZ"


class InstrumentKind(StrEnum):
    """What is traded: a futures contract, a share, or a crypto pair."""

    FUTURE = "future"
    STOCK = "stock"
    CRYPTO = "crypto"


class Anchor(StrEnum):
    """A day that exchanges count from; "before" means the month before the delivery month."""

    THIRD_FRIDAY = "third_friday"
    THIRD_WEDNESDAY = "third_wednesday"
    FIRST_DAY = "first_day"
    LAST_BUSINESS_DAY = "last_business_day"
    LAST_BUSINESS_DAY_BEFORE = "last_business_day_before"
    DAY_25_BEFORE = "day_25_before"


@dataclass(frozen=True, slots=True)
class DayRule:
    """The day that lies ``days`` weekdays before an anchor of the delivery month."""

    anchor: Anchor
    days: int


@dataclass(frozen=True, slots=True)
class Instrument:
    """A product: ``tick_size`` in price, ``multiplier`` in ``currency`` per point and unit.

    ``months`` are delivery month codes ("HMUZ"), empty unless a future; ``roll`` is the day from
    which the next contract is the front month; ``session_roll`` is when a trading day ends.
    """

    root: str
    name: str
    kind: InstrumentKind
    tick_size: Decimal
    multiplier: Decimal
    quantity_step: Decimal
    exchange: str
    session_roll: str
    currency: str = "USD"
    months: str = ""
    last_trade: DayRule | None = None
    roll: DayRule | None = None
    negative_prices: bool = False

    @property
    def tick_value(self) -> Decimal:
        """Money that one tick moves one unit, in ``currency``; always positive."""
        return self.tick_size * self.multiplier

    def accepts_price(self, price: Decimal) -> bool:
        """Whether an order may carry ``price``: on a tick, and above zero where prices must be."""
        return (self.negative_prices or price > 0) and not price % self.tick_size


_QUARTERS: Final = "HMUZ"
_FUTURES_ROLL: Final = "16:00 America/Chicago"

#: Index futures leave eight business days before they expire (Wednesday of the week before).
_INDEX: Final = (DayRule(Anchor.THIRD_FRIDAY, 0), DayRule(Anchor.THIRD_FRIDAY, 8))
_CURRENCY: Final = (DayRule(Anchor.THIRD_WEDNESDAY, 2), DayRule(Anchor.THIRD_WEDNESDAY, 7))
#: What is delivered is left before its first notice, the last business day of the month before.
_METAL: Final = (
    DayRule(Anchor.LAST_BUSINESS_DAY, 2),
    DayRule(Anchor.LAST_BUSINESS_DAY_BEFORE, 7),
)
_BOND: Final = (
    DayRule(Anchor.LAST_BUSINESS_DAY, 7),
    DayRule(Anchor.LAST_BUSINESS_DAY_BEFORE, 3),
)
#: Energy leaves five business days before its last trade.
_CRUDE: Final = (DayRule(Anchor.DAY_25_BEFORE, 3), DayRule(Anchor.DAY_25_BEFORE, 8))
_MICRO_CRUDE: Final = (DayRule(Anchor.DAY_25_BEFORE, 4), DayRule(Anchor.DAY_25_BEFORE, 9))
_GAS: Final = (DayRule(Anchor.FIRST_DAY, 3), DayRule(Anchor.FIRST_DAY, 8))

#: root, name, exchange, tick, point value, months, (last trade, roll), may trade below zero
_FUTURES: Final = (
    ("ES", "E-mini S&P 500", "CME", "0.25", "50", _QUARTERS, _INDEX, False),
    ("MES", "Micro E-mini S&P 500", "CME", "0.25", "5", _QUARTERS, _INDEX, False),
    ("NQ", "E-mini Nasdaq-100", "CME", "0.25", "20", _QUARTERS, _INDEX, False),
    ("MNQ", "Micro E-mini Nasdaq-100", "CME", "0.25", "2", _QUARTERS, _INDEX, False),
    ("RTY", "E-mini Russell 2000", "CME", "0.1", "50", _QUARTERS, _INDEX, False),
    ("M2K", "Micro E-mini Russell 2000", "CME", "0.1", "5", _QUARTERS, _INDEX, False),
    ("YM", "E-mini Dow", "CBOT", "1", "5", _QUARTERS, _INDEX, False),
    ("MYM", "Micro E-mini Dow", "CBOT", "1", "0.5", _QUARTERS, _INDEX, False),
    ("CL", "Crude oil", "NYMEX", "0.01", "1000", MONTH_CODES, _CRUDE, True),
    ("MCL", "Micro crude oil", "NYMEX", "0.01", "100", MONTH_CODES, _MICRO_CRUDE, True),
    ("NG", "Henry Hub natural gas", "NYMEX", "0.001", "10000", MONTH_CODES, _GAS, True),
    ("GC", "Gold", "COMEX", "0.1", "100", "GJMQVZ", _METAL, False),
    ("MGC", "Micro gold", "COMEX", "0.1", "10", "GJMQVZ", _METAL, False),
    ("SI", "Silver", "COMEX", "0.005", "5000", "HKNUZ", _METAL, False),
    ("ZN", "10-year US Treasury note", "CBOT", "0.015625", "1000", _QUARTERS, _BOND, False),
    ("ZB", "US Treasury bond", "CBOT", "0.03125", "1000", _QUARTERS, _BOND, False),
    ("6E", "Euro FX", "CME", "0.00005", "125000", _QUARTERS, _CURRENCY, False),
)

FUTURES: Final = {
    root: Instrument(
        root=root,
        name=name,
        kind=InstrumentKind.FUTURE,
        tick_size=Decimal(tick),
        multiplier=Decimal(point_value),
        quantity_step=Decimal(1),
        exchange=exchange,
        session_roll=_FUTURES_ROLL,
        months=months,
        last_trade=last_trade,
        roll=roll,
        negative_prices=negative,
    )
    for root, name, exchange, tick, point_value, months, (last_trade, roll), negative in _FUTURES
}

#: coin, name, tick of its pairs
_COINS: Final = (
    ("BTC", "Bitcoin", "0.01"),
    ("ETH", "Ether", "0.01"),
    ("SOL", "Solana", "0.01"),
    ("LTC", "Litecoin", "0.01"),
    ("BCH", "Bitcoin Cash", "0.01"),
    ("AVAX", "Avalanche", "0.01"),
    ("AAVE", "Aave", "0.01"),
    ("LINK", "Chainlink", "0.001"),
    ("DOT", "Polkadot", "0.001"),
    ("UNI", "Uniswap", "0.001"),
    ("XRP", "XRP", "0.0001"),
    ("ADA", "Cardano", "0.0001"),
    ("DOGE", "Dogecoin", "0.00001"),
)
_QUOTED_IN: Final = (("USD", "US dollar"), ("USDT", "Tether"), ("USDC", "USD Coin"))

CRYPTO: Final = {
    coin + money: Instrument(
        root=coin + money,
        name=f"{name} / {money_name}",
        kind=InstrumentKind.CRYPTO,
        tick_size=Decimal(tick),
        multiplier=Decimal(1),
        quantity_step=Decimal("1e-8"),
        exchange="CRYPTO",
        session_roll="00:00 UTC",
        currency=money,
    )
    for coin, name, tick in _COINS
    for money, money_name in _QUOTED_IN
}

#: Every way to write a pair; a coin alone means its pair in dollars.
PAIRS: Final = {
    written: CRYPTO[coin + money]
    for coin, *_ in _COINS
    for money, _ in _QUOTED_IN
    for written in (f"{coin}{money}", f"{coin}/{money}", f"{coin}-{money}")
} | {coin: CRYPTO[f"{coin}USD"] for coin, *_ in _COINS}

#: Exchange prefixes of chart services that name one kind of market; other prefixes say nothing.
EXCHANGES: Final = {
    **dict.fromkeys(
        ("CME", "CME_MINI", "CBOT", "CBOT_MINI", "NYMEX", "NYMEX_MINI", "COMEX", "COMEX_MINI"),
        InstrumentKind.FUTURE,
    ),
    **dict.fromkeys(
        ("NASDAQ", "NYSE", "AMEX", "ARCA", "NYSEARCA", "BATS", "CBOE", "OTC", "IEX"),
        InstrumentKind.STOCK,
    ),
    **dict.fromkeys(
        ("BINANCE", "BITFINEX", "BITSTAMP", "BYBIT", "COINBASE", "CRYPTO", "GEMINI", "KRAKEN"),
        InstrumentKind.CRYPTO,
    ),
}


def stock(ticker: str) -> Instrument:
    """Return the instrument of a US share; no list of tickers is kept, the venue decides.

    The step allows fractional shares, so that sizing by money works; whole shares are a setting
    of the strategy, not a property of the share.
    """
    return Instrument(
        root=ticker,
        name=ticker,
        kind=InstrumentKind.STOCK,
        tick_size=Decimal("0.01"),
        multiplier=Decimal(1),
        quantity_step=Decimal("0.000001"),
        exchange="US",
        session_roll="close XNYS",
    )
