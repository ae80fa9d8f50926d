"""What the live layer sends: which event goes to which room, counted without a gap."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from app.domain.events import Fact, FactKind, Level
from app.domain.quotes import Bar, Quote, QuoteSource
from app.services.pnl.live import LivePosition, StrategyLine, Summary, Tick
from app.web.live import EVENTS, TOPICS, Live, known
from app.web.wire import Json

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
SUMMARY = Summary(
    at=NOW,
    realised=Decimal("10.50"),
    open_pnl=None,
    total_pnl=None,
    today_pnl=None,
    realised_today=Decimal(0),
    equity=None,
    drawdown=None,
    max_drawdown=Decimal(3),
    active_positions=1,
    paid=Decimal(0),
)
LINE = StrategyLine("s1", "One", Decimal(1), Decimal(2), Decimal(3), Decimal(0), Decimal(3))
POSITION = LivePosition(
    strategy_id="s1",
    strategy_name="One",
    account_id="a1",
    account_name="paper",
    symbol="ESH2026",
    quantity=Decimal(-2),
    average_price=Decimal("5000.25"),
    last_price=Decimal(4999),
    unrealised=Decimal(125),
    quote_age_s=0.5,
    stale=False,
)
FILL = {
    "symbol": "ESH2026",
    "side": "sell",
    "quantity": "2",
    "price": "5000.25",
    "commission": "0",
    "pnl": "0",
    "net_quantity": "-2",
    "avg_price": "5000.25",
}


@dataclass
class Wall:
    """An outlet that writes down what it was sent."""

    connected: set[str] = field(default_factory=lambda: {"ann", "bob"})
    empty: set[str] = field(default_factory=set)
    sent: list[tuple[str, str, Json]] = field(default_factory=list)
    flushed: list[str] = field(default_factory=list)
    symbols: set[str] = field(default_factory=set)

    def emit(self, event: str, payload: Json, room: str) -> None:
        self.sent.append((room, event, payload))

    def occupied(self, room: str) -> bool:
        return room not in self.empty

    def users(self) -> Collection[str]:
        return self.connected

    def watched(self) -> Collection[str]:
        return self.symbols

    def flush(self) -> None:
        self.flushed.append(self.sent[-1][1])

    def rooms(self, event: str) -> set[str]:
        return {room for room, name, _ in self.sent if name == event}

    def payloads(self, room: str, event: str) -> list[Json]:
        return [payload for where, name, payload in self.sent if (where, name) == (room, event)]


def live(wall: Wall, *held: LivePosition, halted: bool = False) -> Live:
    return Live(wall, lambda _user: held, lambda: halted, lambda: None)


def fact(kind: FactKind, user: str | None = "ann", level: Level = Level.INFO) -> Fact:
    return Fact(
        kind=kind,
        at=NOW,
        message="Something happened",
        level=level,
        user_id=user,
        strategy_id="s1",
        account_id="a1",
        order_id="o1",
        alert_id="l1",
        data=FILL,
        number=7,
    )


def test_every_kind_of_fact_is_a_line_of_the_log() -> None:
    for kind in FactKind:
        wall = Wall()
        layer = live(wall, POSITION)
        layer.publish([fact(kind)])
        assert layer.step(NOW) is True
        assert len(wall.payloads("ann/log", "log_entry")) == 1, kind
    assert set(EVENTS) == set(FactKind)


def test_nothing_waiting_is_said_so() -> None:
    assert live(Wall()).step(NOW) is False


def test_a_fact_goes_to_its_user_alone() -> None:
    wall = Wall()
    layer = live(wall, POSITION)
    layer.publish([fact(FactKind.ORDER_FILLED), fact(FactKind.POSITION_CHANGED)])
    layer.step(NOW)
    assert {room.split("/")[0] for room, _, _ in wall.sent} == {"ann"}


def test_the_servers_own_facts_go_to_everybody_who_is_connected() -> None:
    wall = Wall()
    layer = live(wall)
    layer.publish([fact(FactKind.WORKER_FAILED, user=None)])
    layer.step(NOW)
    assert wall.rooms("log_entry") >= {"ann/log", "bob/log"}


def test_a_fill_is_told_as_a_trade_with_its_names_and_version() -> None:
    wall = Wall()
    layer = live(wall)
    layer.publish([fact(FactKind.ORDER_FILLED)])
    layer.step(NOW)
    assert wall.payloads("ann/trades", "trade_executed") == [
        {
            "strategy_id": "s1",
            "account_id": "a1",
            "order_id": "o1",
            "alert_id": "l1",
            "symbol": "ESH2026",
            "side": "sell",
            "quantity": "2",
            "price": "5000.25",
            "commission": "0",
            "pnl": "0",
            "room": "trades",
            "seq": 1,
            "ts": "2026-03-04T15:00:00.000Z",
            "v": 1,
        }
    ]


def test_each_room_counts_its_events_without_a_gap() -> None:
    wall = Wall()
    layer = live(wall)
    layer.publish([fact(FactKind.ALERT_RECEIVED)] * 3)
    layer.step(NOW)
    layer.publish([fact(FactKind.ORDER_FILLED)])
    layer.step(NOW)
    assert [each["seq"] for each in wall.payloads("ann/log", "log_entry")] == [1, 2, 3, 4]
    assert layer.sequence("ann/log") == {"log_entry": 4}
    assert layer.sequence("ann/trades") == {"trade_executed": 1}


def test_an_empty_room_is_not_sent_anything() -> None:
    wall = Wall(empty={"ann/log"})
    layer = live(wall)
    layer.publish([fact(FactKind.ALERT_RECEIVED)])
    layer.step(NOW)
    assert "ann/log" not in wall.rooms("log_entry")
    assert layer.sequence("ann/log") == {}


def test_a_user_who_is_not_connected_costs_nothing() -> None:
    wall = Wall(connected=set())
    layer = live(wall, POSITION)
    layer.publish([fact(FactKind.POSITION_CHANGED), fact(FactKind.WORKER_FAILED, user=None)])
    layer.tick({"ann": Tick(SUMMARY, [LINE], [POSITION])})
    layer.step(NOW)
    assert wall.sent == []


def test_a_level_channel_gets_its_level_and_what_is_worse() -> None:
    wall = Wall()
    layer = live(wall)
    layer.publish([fact(FactKind.ORDER_REJECTED, level=Level.ERROR)])
    layer.publish([fact(FactKind.ORDER_ACCEPTED, level=Level.INFO)])
    layer.step(NOW)
    assert len(wall.payloads("ann/log:warning", "log_entry")) == 1
    assert len(wall.payloads("ann/log:info", "log_entry")) == 2
    assert len(wall.payloads("ann/log:error", "log_entry")) == 1


def test_a_changed_position_is_sent_at_its_mark() -> None:
    wall = Wall()
    layer = live(wall, POSITION)
    layer.publish([fact(FactKind.POSITION_CHANGED), fact(FactKind.POSITION_CHANGED)])
    layer.step(NOW)
    (payload,) = wall.payloads("ann/positions", "position_update")
    assert payload["positions"] == [
        {
            "strategy_id": "s1",
            "strategy_name": "One",
            "account_id": "a1",
            "account_name": "paper",
            "symbol": "ESH2026",
            "net_quantity": "-2",
            "avg_price": "5000.25",
            "last_price": "4999",
            "unrealized_pnl": "125",
            "quote_age_s": 0.5,
            "stale": False,
        }
    ]


def test_a_closed_position_is_sent_as_zero_once() -> None:
    wall = Wall()
    layer = live(wall)
    layer.publish([fact(FactKind.POSITION_CHANGED)])
    layer.step(NOW)
    (payload,) = wall.payloads("ann/positions", "position_update")
    (row,) = payload["positions"]  # type: ignore[misc]
    assert (row["net_quantity"], row["symbol"]) == ("0", "ESH2026")  # type: ignore[has-type]


def test_a_tick_shows_unknown_figures_as_null_and_never_as_zero() -> None:
    wall = Wall()
    layer = live(wall, halted=True)
    layer.tick({"ann": Tick(SUMMARY, [], [])})
    layer.step(NOW)
    (payload,) = wall.payloads("ann/pnl", "pnl_update")
    unknown = ("total_pnl", "open_pnl", "today_pnl", "equity", "drawdown")
    assert {name: payload[name] for name in unknown} == dict.fromkeys(unknown)
    assert (payload["realised"], payload["active_positions"], payload["halted"]) == (
        "10.5",
        1,
        True,
    )


def test_what_has_many_rows_goes_out_before_the_next_is_queued_behind_it() -> None:
    wall = Wall()
    shown = live(wall)
    shown.tick({"ann": Tick(SUMMARY, [LINE], [POSITION])})
    shown.step(NOW)
    assert wall.flushed == ["strategy_pnl_update", "position_update"]


def test_a_tick_sends_only_what_changed() -> None:
    wall = Wall()
    layer = live(wall)
    layer.tick({"ann": Tick(SUMMARY, [], []), "bob": Tick(SUMMARY, [LINE], [POSITION])})
    layer.step(NOW)
    assert wall.rooms("pnl_update") == {"ann/pnl", "bob/pnl"}
    assert wall.rooms("strategy_pnl_update") == {
        "bob/strategies",
        "bob/strategy:s1",
    }
    assert wall.rooms("position_update") == {
        "bob/positions",
        "bob/strategy:s1",
        "bob/account:a1",
    }


def test_a_strategys_channel_gets_only_its_own_rows() -> None:
    wall = Wall()
    layer = live(wall)
    other = StrategyLine("s2", "Two", Decimal(1), None, None, None, None)
    layer.tick({"ann": Tick(SUMMARY, [LINE, other], [])})
    layer.step(NOW)
    (whole,) = wall.payloads("ann/strategies", "strategy_pnl_update")
    (part,) = wall.payloads("ann/strategy:s2", "strategy_pnl_update")
    assert [row["strategy_id"] for row in whole["items"]] == ["s1", "s2"]  # type: ignore[attr-defined]
    assert [row["pnl"] for row in part["items"]] == [None]  # type: ignore[attr-defined]


def test_who_sends_is_woken_when_something_arrives() -> None:
    woken: list[int] = []
    layer = live(Wall())
    layer.wake_with(lambda: woken.append(1))
    layer.publish([fact(FactKind.ALERT_RECEIVED)])
    layer.tick({})
    assert len(woken) == 2


def test_only_channels_that_exist_are_known() -> None:
    good = [
        "pnl",
        "strategies",
        "positions",
        "trades",
        "log",
        "log:error",
        "strategy:1",
        "account:1",
        "symbol:AAPL",
        "symbol:ESH2026",
    ]
    bad = ["", "everything", "log:loud", "strategy:", "ann/log", "pnl:1", "user:bob"]
    bad += ["symbol:", "symbol:ES", "symbol:aapl", "symbol:BTC/USD", "symbol:NO SUCH"]
    assert [known(name, NOW.date()) for name in good] == [True] * len(good)
    assert [known(name, NOW.date()) for name in bad] == [False] * len(bad)


def quote(ask: str = "101", symbol: str = "AAPL", seconds: float = 0) -> Quote:
    at = NOW + timedelta(seconds=seconds)
    return Quote(symbol, Decimal(100), Decimal(ask), at, QuoteSource.STREAM, None)


MINUTE = Bar("AAPL", NOW, Decimal(1), Decimal("2.50"), Decimal(1), Decimal(2), None)


def test_prices_are_sent_to_whoever_is_in_the_symbols_room() -> None:
    wall = Wall(symbols={"AAPL"}, empty={"bob/symbol:AAPL"})
    layer = live(wall)
    layer.quote(quote())
    layer.bar(MINUTE)
    layer.tell_prices(NOW)
    assert {room for room, _, _ in wall.sent} == {"ann/symbol:AAPL"}
    stamp = {"room": "symbol:AAPL", "seq": 1, "ts": "2026-03-04T15:00:00.000Z", "v": 1}
    assert wall.payloads("ann/symbol:AAPL", "quote") == [
        {
            "symbol": "AAPL",
            "bid": "100",
            "ask": "101",
            "last": None,
            "mark": "100.5",
            "source": "stream",
            **stamp,
        }
    ]
    assert wall.payloads("ann/symbol:AAPL", "bar") == [
        {
            "symbol": "AAPL",
            "timeframe": "1m",
            "time": "2026-03-04T15:00:00.000Z",
            "open": "1",
            "high": "2.5",
            "low": "1",
            "close": "2",
            "volume": None,
            **stamp,
        }
    ]


def test_a_price_that_nobody_watches_is_not_sent() -> None:
    wall = Wall(symbols={"MSFT"})
    layer = live(wall)
    layer.quote(quote())
    layer.bar(MINUTE)
    layer.tell_prices(NOW)
    assert wall.sent == []


def test_of_many_quotes_four_a_second_are_sent_and_the_newest_wins() -> None:
    wall = Wall(connected={"ann"}, symbols={"AAPL", "MSFT"})
    layer = live(wall)
    for step in range(40):
        for symbol in ("AAPL", "MSFT"):
            layer.quote(quote(f"10{step}", symbol, seconds=step / 20))
        layer.tell_prices(NOW + timedelta(seconds=step / 20))
    layer.tell_prices(NOW + timedelta(seconds=2))
    asks = [payload["ask"] for payload in wall.payloads("ann/symbol:AAPL", "quote")]
    assert asks == [f"10{step}" for step in (0, 5, 10, 15, 20, 25, 30, 35, 39)]
    numbers = [payload["seq"] for payload in wall.payloads("ann/symbol:MSFT", "quote")]
    assert numbers == list(range(1, 10))


def test_every_event_with_its_fields_and_every_channel_is_in_the_document() -> None:
    text = Path("docs/live-events.md").read_text(encoding="utf-8")
    wall = Wall(symbols={"AAPL"})
    layer = live(wall, POSITION)
    layer.publish([fact(FactKind.ORDER_FILLED), fact(FactKind.POSITION_CHANGED)])
    layer.tick({"ann": Tick(SUMMARY, [LINE], [POSITION])})
    layer.step(NOW)
    layer.quote(quote())
    layer.bar(MINUTE)
    layer.tell_prices(NOW)
    for _, event, payload in wall.sent:
        (line,) = (row for row in text.splitlines() if row.startswith(f"| `{event}` |"))
        rows = payload.get("items") or payload.get("positions") or [payload]
        fields = {name for row in rows for name in row}  # type: ignore[attr-defined]
        undocumented = {name for name in fields if name not in line}
        assert undocumented <= {"room", "seq", "ts", "v"}, event
    assert all(f"`{topic}`" in text for topic in TOPICS)
