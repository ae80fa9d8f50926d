"""What alpaca-py makes of the stand-in, as a program of its own: findings as one line of JSON.

``python official_client.py ADDRESS CONTROL KEY SECRET`` uses the client as it comes: only the
addresses are given.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import requests

# The client imports a part of websockets that is going to go.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.common.exceptions import APIError
    from alpaca.data.enums import DataFeed
    from alpaca.data.historical import CryptoHistoricalDataClient, StockHistoricalDataClient
    from alpaca.data.live import StockDataStream
    from alpaca.data.requests import (
        CryptoLatestQuoteRequest,
        StockBarsRequest,
        StockLatestQuoteRequest,
        StockLatestTradeRequest,
    )
    from alpaca.data.timeframe import TimeFrame
    from alpaca.trading.client import TradingClient
    from alpaca.trading.enums import OrderSide, QueryOrderStatus, TimeInForce
    from alpaca.trading.requests import (
        GetCalendarRequest,
        GetOrdersRequest,
        LimitOrderRequest,
        MarketOrderRequest,
        ReplaceOrderRequest,
        StopLossRequest,
        TakeProfitRequest,
    )
    from alpaca.trading.stream import TradingStream

ADDRESS, CONTROL, KEY, SECRET = sys.argv[1:]
STREAMS = ADDRESS.replace("http", "ws")
PATIENCE_S = 20.0
BUY, DAY = OrderSide.BUY, TimeInForce.DAY


def tell(verb: str, data: object) -> Any:  # noqa: ANN401  JSON
    answer = requests.post(f"{CONTROL}/{verb}", json=data, timeout=5)
    answer.raise_for_status()
    return answer.json()


def listed(status: str, symbol: str) -> GetOrdersRequest:
    return GetOrdersRequest(status=QueryOrderStatus(status), symbols=[symbol], nested=True)


def until(what: Callable[[], object]) -> bool:
    """Whether it comes in time."""
    end = time.monotonic() + PATIENCE_S
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def trading(client: Any) -> dict[str, object]:  # noqa: ANN401  untyped library
    """REST: the account, the orders and what comes of them."""
    order = client.submit_order(
        LimitOrderRequest(
            symbol="MSFT",
            qty=2,
            side=BUY,
            time_in_force=TimeInForce.GTC,
            limit_price=499,
            client_order_id="rest-1",
            order_class="bracket",
            take_profit=TakeProfitRequest(limit_price=520),
            stop_loss=StopLossRequest(stop_price=480),
        )
    )
    until(lambda: client.get_order_by_id(order.id).status.value == "new")
    replaced = client.replace_order_by_id(order.id, ReplaceOrderRequest(limit_price=498))
    until(lambda: client.get_order_by_id(replaced.id).status.value == "new")
    nested = client.get_orders(listed("open", "MSFT"))
    client.cancel_order_by_id(replaced.id)
    until(lambda: client.get_order_by_id(replaced.id).status.value == "canceled")
    days = client.get_calendar(GetCalendarRequest(start=date(2026, 11, 23), end=date(2026, 11, 27)))
    history = client.get_portfolio_history()
    return {
        "status": client.get_account().status.value,
        "open": client.get_clock().is_open,
        "days": [f"{one.date} {one.close:%H:%M}" for one in days],
        "asset": client.get_asset("AAPL").name,
        "legs": sorted(leg.type.value for leg in nested[0].legs),
        "chain": replaced.replaces == order.id,
        "by_own_id": client.get_order_by_client_id("rest-1").status.value,
        "equity": history.equity[0],
    }


def refusals(client: Any) -> dict[str, object]:  # noqa: ANN401
    """What the client makes of a refusal, and of wrong keys."""
    try:
        client.submit_order(
            MarketOrderRequest(symbol="AAPL", qty=9999, side=BUY, time_in_force=DAY)
        )
    except APIError as error:
        refused: object = [error.status_code, error.code, error.message]
    else:
        refused = None
    stranger = TradingClient("PKNOBODY", "x", paper=True, url_override=ADDRESS)
    try:
        stranger.get_account()
    except APIError as error:
        locked: object = error.status_code
    else:
        locked = None
    return {"refused": refused, "locked": locked}


def reading() -> dict[str, object]:
    """Market data over REST."""
    stocks = StockHistoricalDataClient(KEY, SECRET, url_override=ADDRESS)
    request = StockBarsRequest(
        symbol_or_symbols=["AAPL", "MSFT"],
        timeframe=TimeFrame.Day,
        start=datetime(2026, 11, 16, tzinfo=UTC),
        end=datetime(2026, 11, 20, 23, tzinfo=UTC),
        feed=DataFeed.IEX,
    )
    bars: Any = stocks.get_stock_bars(request)
    quote = stocks.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="SPY"))
    trade = stocks.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="SPY"))
    coins = CryptoHistoricalDataClient(KEY, SECRET, url_override=ADDRESS)
    coin = coins.get_crypto_latest_quote(CryptoLatestQuoteRequest(symbol_or_symbols="BTC/USD"))
    return {
        "bars": {symbol: len(of) for symbol, of in bars.data.items()},
        "ask": quote["SPY"].ask_price,
        "trade": trade["SPY"].price,
        "coin": coin["BTC/USD"].bid_price,
    }


def streaming(client: Any) -> dict[str, object]:  # noqa: ANN401
    """Both streams of the client, each in a thread as its documentation has it."""
    told: list[Any] = []
    trades: list[Any] = []

    async def on_update(update: Any) -> None:  # noqa: ANN401
        told.append(update)
        await asyncio.sleep(0)

    async def on_trade(trade: Any) -> None:  # noqa: ANN401
        trades.append(trade)
        await asyncio.sleep(0)

    updates = TradingStream(KEY, SECRET, paper=True, url_override=f"{STREAMS}/stream")
    updates.subscribe_trade_updates(on_update)
    prices = StockDataStream(KEY, SECRET, url_override=f"{STREAMS}/v2/iex")
    prices.subscribe_trades(on_trade, "AAPL")
    threads = [threading.Thread(target=one.run, daemon=True) for one in (updates, prices)]
    for thread in threads:
        thread.start()

    def listening() -> bool:
        tell("burst", {"symbol": "AAPL", "count": 1})
        return bool(trades) and bool(tell("faults", {})["listening"])

    until(listening)
    before = trades[-1].id
    tell("burst", {"symbol": "AAPL", "count": 500})
    order = client.submit_order(
        MarketOrderRequest(symbol="AAPL", qty=3, side=BUY, time_in_force=DAY)
    )
    until(lambda: trades[-1].id >= before + 500)
    until(lambda: any(one.event == "fill" and one.order.id == order.id for one in told))
    mine = [one for one in told if one.order.id == order.id]
    for stream in (updates, prices):
        stream.stop()
    for thread in threads:
        thread.join(10)
    return {
        "events": [str(getattr(one.event, "value", one.event)) for one in mine],
        "fill": [mine[-1].price, mine[-1].qty, mine[-1].position_qty],
        "trades": trades[-1].id - trades[0].id == len(trades) - 1 >= 500,
        "stopped": not any(thread.is_alive() for thread in threads),
    }


def doubling(client: Any, symbol: str, own: str | None) -> dict[str, object]:  # noqa: ANN401
    """One order whose answer is a 504 after it was taken: what is said, and how many orders are."""
    order = MarketOrderRequest(
        symbol=symbol, qty=1, side=BUY, time_in_force=DAY, client_order_id=own
    )
    try:
        client.submit_order(order)
    except APIError as error:
        said: object = error.message
    else:
        said = None
    return {"said": said, "orders": len(client.get_orders(listed("all", symbol)))}


def main() -> None:
    client = TradingClient(KEY, SECRET, paper=True, url_override=ADDRESS)
    found: dict[str, object] = {}
    faults = {"next": [{"fault": "error_after", "verb": "submit", "times": 2}]}
    tell("faults", faults)
    with ThreadPoolExecutor() as pool:
        # Both wait three seconds before they send again; the rest is done meanwhile.
        unnamed = pool.submit(doubling, client, "TSLA", None)
        named = pool.submit(doubling, client, "SPY", "once")
        until(lambda: not tell("faults", {})["waiting"])
        found |= {"rest": trading(client), "refusals": refusals(client), "data": reading()}
        found["streams"] = streaming(client)
        found["doubling"] = {"unnamed": unnamed.result(), "named": named.result()}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
