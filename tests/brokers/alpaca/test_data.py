"""Alpaca's market data, asked of the stand-in, and of answers that it would not give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.brokers.alpaca.data import AlpacaData
from app.domain.errors import BrokerAuth, BrokerError, BrokerRejected, BrokerUnavailable
from app.domain.instruments import Contract, resolve
from app.domain.quotes import QuoteSource, Timeframe
from tests.support.alpaca import StandIn, inner_stand_in
from tests.support.alpaca_client import calling, keys_of

TODAY = date(2026, 3, 4)
START = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOON = "2026-03-04T17:00:00.123456789Z"


def contract(text: str = "AAPL") -> Contract:
    return resolve(text, TODAY)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with inner_stand_in(Path(tmp_path_factory.mktemp("alpaca"))) as made:
        yield made


@pytest.fixture
def data(stand_in: StandIn) -> Iterator[AlpacaData]:
    with calling(stand_in.address, keys_of(stand_in)) as client:
        yield AlpacaData(client, "iex")


@dataclass
class Scripted:
    """A client that gives these answers in turn, or raises them."""

    answers: list[Any]
    queries: list[Mapping[str, str]] = field(default_factory=list)

    def read(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401  JSON
        return self.data(path, query)

    def data(self, _path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401  JSON
        self.queries.append(query or {})
        answer = self.answers.pop(0)
        if isinstance(answer, BrokerError):
            raise answer
        return answer


def scripted(*answers: object, feed: str = "iex") -> tuple[AlpacaData, Scripted]:
    client = Scripted(list(answers))
    return AlpacaData(client, feed), client


def snapshot(bid: object, ask: object, last: object | None) -> dict[str, object]:
    trade = None if last is None else {"p": last, "t": NOON}
    return {"AAPL": {"latestQuote": {"bp": bid, "ap": ask, "t": NOON}, "latestTrade": trade}}


def test_shares_and_pairs_are_served_and_futures_are_not(data: AlpacaData) -> None:
    assert [data.serves(contract(text)) for text in ("AAPL", "BTCUSD", "ES")] == [True, True, False]


@pytest.mark.parametrize(("session", "is_open"), [("open", True), ("closed", False)])
def test_the_hours_are_those_of_the_venue(
    stand_in: StandIn, data: AlpacaData, session: str, is_open: bool
) -> None:
    stand_in.tell("market", session=session)
    hours = data.hours()
    assert hours.is_open is is_open
    assert hours.at.tzinfo is UTC
    assert hours.at < min(hours.next_open, hours.next_close)


def test_the_newest_quote_has_the_last_trade(stand_in: StandIn, data: AlpacaData) -> None:
    stand_in.price("AAPL", "270.10", "270.14", last="270.12", size="3")
    quote = data.latest(contract())
    assert quote is not None
    assert (quote.bid, quote.ask, quote.last) == tuple(map(Decimal, ("270.1", "270.14", "270.12")))
    assert (quote.symbol, quote.source, quote.at.tzinfo) == ("AAPL", QuoteSource.SNAPSHOT, UTC)


def test_a_pair_is_asked_for_with_its_slash(stand_in: StandIn, data: AlpacaData) -> None:
    stand_in.price("BTC/USD", "95000.5", "95001")
    quote = data.latest(contract("BTCUSD"))
    assert quote is not None
    assert (quote.symbol, quote.bid) == ("BTCUSD", Decimal("95000.5"))


def test_a_symbol_that_is_not_listed_is_unknown(data: AlpacaData) -> None:
    with pytest.raises(BrokerRejected, match="Alpaca knows no symbol ZZZZ") as caught:
        data.latest(contract("ZZZZ"))
    assert caught.value.code == "UNKNOWN_SYMBOL"


def test_a_listed_symbol_without_a_price_has_none() -> None:
    asset = {"name": "Apple Inc.", "exchange": "NASDAQ", "status": "active"}
    flags = dict.fromkeys(("tradable", "shortable", "fractionable", "marginable"), True)
    data, _ = scripted({}, {**asset, **flags})
    assert data.latest(contract()) is None


@pytest.mark.parametrize(("bid", "ask"), [(0, 270), (270, 0), (0, 0), (271, 270)])
def test_with_half_a_quote_the_last_trade_is_both(bid: int, ask: int) -> None:
    data, _ = scripted(snapshot(bid, ask, Decimal("270.5")))
    quote = data.latest(contract())
    assert quote is not None
    assert (quote.bid, quote.ask, quote.last) == (Decimal("270.5"),) * 3
    assert quote.at == datetime(2026, 3, 4, 17, 0, 0, 123456, tzinfo=UTC)


def test_with_half_a_quote_and_no_trade_there_is_no_price() -> None:
    data, _ = scripted(snapshot(0, 270, None))
    assert data.latest(contract()) is None


def test_sides_far_apart_are_a_quote_only_with_a_last_trade() -> None:
    data, _ = scripted(snapshot(150, 300, None))
    assert data.latest(contract()) is None
    data, _ = scripted(snapshot(150, 300, Decimal("270.5")))
    quote = data.latest(contract())
    assert quote is not None
    assert (quote.bid, quote.ask, quote.mark) == tuple(map(Decimal, ("150", "300", "270.5")))


def test_the_newest_quotes_of_many_symbols_are_one_question() -> None:
    answer = snapshot(270, 271, Decimal("270.5")) | {"MSFT": {"latestQuote": None}, "X": None}
    data, client = scripted(answer)
    found = data.newest([contract(), contract("MSFT"), contract("SPY")])
    assert {symbol: quote.mark for symbol, quote in found.items()} == {"AAPL": Decimal("270.5")}
    assert [query["symbols"] for query in client.queries] == ["AAPL,MSFT,SPY"]


def test_bars_are_those_of_the_time_that_was_asked_for(data: AlpacaData) -> None:
    bars = data.bars(contract(), Timeframe.MINUTE, START, START + HOUR)
    assert [bar.at for bar in bars] == [START + n * timedelta(minutes=1) for n in range(60)]
    assert all(bar.low <= min(bar.open, bar.close) for bar in bars)
    assert all(bar.volume for bar in bars)


@pytest.mark.parametrize(
    ("timeframe", "count"),
    [
        (Timeframe.FIVE_MINUTES, 12),
        (Timeframe.FIFTEEN_MINUTES, 4),
        (Timeframe.HOUR, 1),
    ],
)
def test_bars_come_in_every_timeframe(data: AlpacaData, timeframe: Timeframe, count: int) -> None:
    begin = START.replace(hour=15, minute=0)
    assert len(data.bars(contract(), timeframe, begin, begin + HOUR)) == count


def test_the_day_of_a_share_begins_at_midnight_in_new_york(data: AlpacaData) -> None:
    bars = data.bars(contract(), Timeframe.DAY, START - timedelta(days=4), START)
    days = [datetime(2026, 2, day, 5, tzinfo=UTC) for day in (27,)]
    assert [bar.at for bar in bars] == [*days, datetime(2026, 3, 2, 5, tzinfo=UTC)]


def test_pages_are_put_together(data: AlpacaData) -> None:
    begin = datetime(2026, 2, 1, tzinfo=UTC)
    bars = data.bars(contract("BTCUSD"), Timeframe.MINUTE, begin, begin + timedelta(days=8))
    assert len(bars) == 8 * 24 * 60
    assert bars[-1].at == begin + timedelta(days=8, minutes=-1)


def test_a_time_that_ends_before_it_begins_has_no_bars() -> None:
    data, client = scripted()
    assert data.bars(contract(), Timeframe.DAY, START, START) == []
    assert client.queries == []


@pytest.mark.parametrize(("adjusted", "asked"), [(False, "raw"), (True, "split")])
def test_bars_of_shares_are_as_traded_or_adjusted_for_splits_and_of_the_feed(
    adjusted: bool,
    asked: str,
) -> None:
    data, client = scripted({"bars": {}, "next_page_token": None}, feed="sip")
    data.bars(contract(), Timeframe.DAY, START, START + HOUR, adjusted=adjusted)
    (query,) = client.queries
    assert (query["adjustment"], query["feed"], query["limit"]) == (asked, "sip", "10000")


def test_bars_without_end_are_refused_with_what_to_do() -> None:
    data, _ = scripted(*[{"bars": {}, "next_page_token": "more"}] * 200)
    with pytest.raises(BrokerUnavailable, match="shorter time"):
        data.bars(contract(), Timeframe.MINUTE, START, START + HOUR)


def test_prices_that_the_plan_does_not_include_are_no_fault_of_the_keys(
    stand_in: StandIn,
) -> None:
    with calling(stand_in.address, keys_of(stand_in)) as client:
        data = AlpacaData(client, "sip")
        stand_in.tell("account", key=stand_in.keys[0], secret=stand_in.keys[1], plan="free")
        with pytest.raises(BrokerRejected, match="Choose the feed IEX") as caught:
            data.latest(contract())
        assert caught.value.code == "MARKET_DATA_PLAN"


def test_keys_that_are_refused_stay_a_matter_of_the_keys() -> None:
    data, _ = scripted(BrokerAuth("Alpaca refused the account's keys (forbidden)."))
    with pytest.raises(BrokerAuth):
        data.latest(contract())


@pytest.mark.parametrize(
    "clock",
    [
        None,
        [],
        {},
        {"timestamp": NOON, "is_open": "yes", "next_open": NOON, "next_close": NOON},
        {"timestamp": NOON, "is_open": True, "next_open": "soon", "next_close": NOON},
        {"timestamp": NOON, "is_open": True, "next_open": None, "next_close": NOON},
        {
            "timestamp": "2026-03-04T17:00:00",
            "is_open": True,
            "next_open": NOON,
            "next_close": NOON,
        },
    ],
)
def test_a_clock_that_cannot_be_read_is_no_answer(clock: object) -> None:
    data, _ = scripted(clock)
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        data.hours()


@pytest.mark.parametrize(
    "found", [None, [], {"AAPL": 7}, snapshot("many", 1, 1), snapshot(1, 1, {})]
)
def test_a_price_that_cannot_be_read_is_no_answer(found: object) -> None:
    data, _ = scripted(found)
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        data.latest(contract())


@pytest.mark.parametrize("row", [None, {}, {"t": NOON, "o": 1, "h": 1, "l": 1, "c": 1}])
def test_a_bar_that_cannot_be_read_is_no_answer(row: object) -> None:
    data, _ = scripted({"bars": {"AAPL": [row]}, "next_page_token": None})
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        data.bars(contract(), Timeframe.DAY, START, START + HOUR)
