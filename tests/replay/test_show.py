"""A recording for show: in its order, faster, with new ids and today's name of the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.instruments import resolve
from app.domain.quotes import Quote, QuoteSource
from app.replay.recording import RecordedAlert, Recording
from app.replay.show import LONGEST_PAUSE_S, as_of_today, drive, todays_name

START = datetime(2013, 10, 7, 14, 0, tzinfo=UTC)


@dataclass
class Server:
    """A server that keeps what it is sent, and a clock that waits."""

    seen: list[object] = field(default_factory=list)

    def quote(self, fields: Mapping[str, str]) -> None:
        self.seen.append(dict(fields))

    def alert(self, body: bytes, content_type: str) -> str:
        self.seen.append((body, content_type))
        return "accepted"

    def wait(self, seconds: float) -> None:
        self.seen.append(seconds)


def recording(*events: tuple[int, str]) -> Recording:
    """A recording of quotes (a price) and alerts (a body in braces), by seconds after the start."""
    contract = resolve("ESZ2013", START.date())
    quotes: list[Quote] = []
    alerts: list[RecordedAlert] = []
    for seconds, what in events:
        at = START + timedelta(seconds=seconds)
        if what.startswith("{"):
            alerts.append(RecordedAlert(len(alerts) + 1, at, "text/plain", what.encode()))
        else:
            price = Decimal(what)
            source = QuoteSource.REPLAY
            quotes.append(Quote(contract.symbol, price, price + 1, at, source, price))
    return Recording("quotes.csv", contract, quotes, alerts)


def test_everything_is_sent_in_its_order_and_faster() -> None:
    server = Server()
    played = recording((0, "1670"), (60, "1671"), (61, '{"id": "a"}'), (120, "1672"))
    sent = list(drive(played, server, 60, server.wait, "run"))
    assert [type(each).__name__ for each in server.seen] == [
        *("dict", "float", "dict", "float", "tuple", "float", "dict")
    ]
    waits = [each for each in server.seen if isinstance(each, float)]
    assert waits == pytest.approx([1.0, 1 / 60, 59 / 60])
    assert [(each.line, each.answer) for each in sent] == [(1, "accepted")]


def test_an_alert_meets_the_quote_of_the_same_instant() -> None:
    server = Server()
    list(drive(recording((0, '{"id": "a"}'), (0, "1670")), server, 1, server.wait, "run"))
    assert [type(each).__name__ for each in server.seen] == ["dict", "tuple"]


def test_a_night_is_cut_short() -> None:
    server = Server()
    list(drive(recording((0, "1670"), (50_000, "1671")), server, 1, server.wait, "run"))
    assert server.seen[1] == LONGEST_PAUSE_S


def test_a_quote_is_of_todays_contract_with_prices_as_text() -> None:
    server = Server()
    list(drive(recording((0, "1670.25")), server, 1, server.wait, "run"))
    assert server.seen == [
        {"symbol": "ES1!", "bid": "1670.25", "ask": "1671.25", "last": "1670.25"}
    ]


@pytest.mark.parametrize(
    ("symbol", "name"), [("ESZ2013", "ES1!"), ("SPY", "SPY"), ("BTCUSD", "BTCUSD")]
)
def test_only_futures_have_another_name_today(symbol: str, name: str) -> None:
    assert todays_name(resolve(symbol, date(2013, 10, 7))) == name


def today(body: bytes, run: str = "run") -> bytes:
    contract = resolve("ESZ2013", START.date())
    return as_of_today(RecordedAlert(1, START, "", body), contract, run)


def test_a_new_showing_is_no_resend_of_an_earlier_one() -> None:
    body = b'{"id": "cross up-1", "symbol": "SPY"}'
    assert json.loads(today(body, "a")) == {"id": "a-cross up-1", "symbol": "SPY"}
    assert json.loads(today(body, "b"))["id"] == "b-cross up-1"


@pytest.mark.parametrize("symbol", ["ES", "ES1!", "CME_MINI:ESZ2013", "ESZ3"])
@pytest.mark.parametrize("field", ["symbol", "ticker"])
def test_every_name_of_the_recorded_contract_becomes_todays(field: str, symbol: str) -> None:
    assert json.loads(today(json.dumps({field: symbol}).encode())) == {field: "ES1!"}


@pytest.mark.parametrize("symbol", ["ESH2014", "NQ1!", "NOPE99", 7])
def test_other_symbols_stay_as_they_are(symbol: object) -> None:
    assert json.loads(today(json.dumps({"symbol": symbol}).encode())) == {"symbol": symbol}


@pytest.mark.parametrize("body", [b"buy", b'{"id": 7}', b'{ "action":"buy" }', b'["id"]', b"\xff"])
def test_a_message_with_nothing_to_change_is_sent_as_it_was(body: bytes) -> None:
    assert today(body) == body
