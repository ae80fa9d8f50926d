"""The paper venue on recorded days: every fill at the recorded price, the money to the cent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.brokers.bars import read_quotes
from app.brokers.feeds import ReplayFeed
from app.brokers.paper import PaperVenue
from app.brokers.quotes import QuoteBook
from app.clock import VirtualClock
from app.domain.instruments import resolve
from app.domain.reports import FillReport, Report
from tests.support.paper import MemoryLog, account, order

DAYS = sorted(Path(os.environ.get("DATA_SAMPLES", "")).glob("*.expected.json"))

pytestmark = pytest.mark.skipif(
    "DATA_SAMPLES" not in os.environ, reason="DATA_SAMPLES names no folder of recorded days"
)


def fills(expected: dict[str, list[dict[str, str]]]) -> Iterator[tuple[datetime, str, str, str]]:
    for one in expected["fills"]:
        yield datetime.fromisoformat(one["at"]), one["side"], one["quantity"], one["price"]


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.name.split(".")[0])
def test_a_recorded_day_fills_at_its_quotes(day: Path) -> None:
    expected = json.loads(day.read_text(encoding="utf-8"))
    contract = resolve(expected["contract"], date(2013, 10, 1))
    recorded = read_quotes(day.with_name(expected["quotes"]), contract.symbol, Decimal(0))
    clock = VirtualClock(recorded[0].at)
    book = QuoteBook(timedelta(minutes=2), timedelta(minutes=15), lambda *_: None)
    venue = PaperVenue(MemoryLog(), book, clock)
    book.on_quote(venue.on_quote)
    feed = ReplayFeed(recorded, book.put)
    broker = venue.broker(account({"commission_per_unit": expected["commission_per_unit"]}))
    reports: list[Report] = []
    broker.listen(reports.append)
    broker.open()
    for number, (at, side, quantity, price) in enumerate(fills(expected)):
        clock.move_to(at)
        feed.advance_to(at)
        broker.submit(order(side, quantity, name=str(number), contract=contract), contract)
        filled = reports[-1]
        assert isinstance(filled, FillReport)
        assert (filled.fill.at, filled.fill.price) == (at, Decimal(price))
    assert broker.positions() == []
    assert broker.account().cash == 100_000 + Decimal(expected["realised_net"])
