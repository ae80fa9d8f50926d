"""What Alpaca says of its assets and of an account's days, by the stand-in and by odd answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.brokers.alpaca.client import AlpacaClient
from app.brokers.alpaca.insight import asset_of, days_of
from app.domain.errors import BrokerRejected, BrokerUnavailable
from app.domain.instruments import resolve
from app.services.ports import Asset, VenueDay
from tests.support.alpaca import StandIn

TODAY = date(2026, 3, 4)


@dataclass
class Says:
    """A client that gives one answer, or raises it."""

    answer: Any
    query: Mapping[str, str] | None = None

    def read(self, _path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401  JSON
        self.query = query
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def asset(client: AlpacaClient | Says, text: str) -> Asset | None:
    return asset_of(client, resolve(text, TODAY))


def history(**more: object) -> dict[str, object]:
    at = datetime(2026, 3, 2, 5, tzinfo=UTC)
    days = [int((at + timedelta(days=each)).timestamp()) for each in range(3)]
    return {"timestamp": days, "equity": [Decimal("100.5"), Decimal(90), 101], **more}


def test_a_share_and_a_pair_are_listed_with_what_may_be_done(client: AlpacaClient) -> None:
    share = Asset(
        "AAPL",
        "Apple Inc.",
        "NASDAQ",
        True,
        True,
        True,
        True,
    )
    assert asset(client, "AAPL") == share
    pair = asset(client, "BTCUSD")
    assert pair is not None
    assert (pair.symbol, pair.tradable, pair.shortable, pair.marginable) == (
        "BTCUSD",
        True,
        False,
        False,
    )


def test_what_is_not_listed_is_nothing(client: AlpacaClient) -> None:
    assert asset(client, "XYZQ") is None


def test_what_is_listed_and_not_active_is_not_tradable(
    alpaca: StandIn, client: AlpacaClient
) -> None:
    alpaca.tell("asset", symbol="GONE", price="10", active=False)
    alpaca.tell("asset", symbol="SHUT", price="10", tradable=False)
    found = [asset(client, text) for text in ("GONE", "SHUT")]
    assert [each and each.tradable for each in found] == [False, False]


def test_a_refusal_that_is_no_missing_asset_proves_nothing() -> None:
    with pytest.raises(BrokerRejected):
        asset(Says(BrokerRejected("no", code="ACCOUNT_BLOCKED")), "AAPL")


@pytest.mark.parametrize("answer", [None, [], {}, {"symbol": "AAPL", "tradable": "yes"}])
def test_an_asset_of_another_form_is_no_answer(answer: object) -> None:
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        asset(Says(answer), "AAPL")


def test_the_days_of_an_account_end_with_what_it_is_worth(
    alpaca: StandIn, client: AlpacaClient
) -> None:
    alpaca.price("F", "12", "12")
    alpaca.becomes(alpaca.order("F", "100")["id"], "filled")
    alpaca.tell("market", advance_s=86_400, session="open")
    alpaca.price("F", "13", "13")
    first, last = days_of(client)
    assert (last.day - first.day).days == 1
    assert last.equity - first.equity == 100


def test_a_day_is_that_of_new_york_however_its_begin_is_told() -> None:
    morning = int(datetime(2026, 3, 2, 14, 30, tzinfo=UTC).timestamp())
    ended = int(datetime(2026, 3, 4, 0, 0, tzinfo=UTC).timestamp())
    client = Says(history(timestamp=[morning, ended], equity=[1, 2]))
    assert days_of(client) == [
        VenueDay(date(2026, 3, 2), Decimal(1)),
        VenueDay(date(2026, 3, 3), Decimal(2)),
    ]
    assert client.query == {"period": "1M", "timeframe": "1D"}


def test_of_two_points_of_a_day_the_later_counts_and_one_without_equity_does_not() -> None:
    at = int(datetime(2026, 3, 2, 14, 30, tzinfo=UTC).timestamp())
    points = history(timestamp=[at, at + 60, at + 120], equity=[1, 2, None])
    assert days_of(Says(points)) == [VenueDay(date(2026, 3, 2), Decimal(2))]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        history(equity=[1]),
        history(equity=["much", 1, 2]),
        history(timestamp=[10**20, 1, 2]),
    ],
)
def test_a_history_of_another_form_is_no_answer(answer: object) -> None:
    with pytest.raises(BrokerUnavailable, match="cannot be read"):
        days_of(Says(answer))
