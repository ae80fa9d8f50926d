"""Whether a symbol is traded at the venue of an account: asked once, and nothing made up."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.clock import VirtualClock
from app.domain.accounts import ALPACA, PAPER, Account, Mode
from app.domain.errors import BrokerUnavailable, InvalidInput
from app.domain.instruments import resolve
from app.services.market import Listings
from app.services.market.listings import MOST, REFUSED_S, SILENT_S, TRADED_S
from tests.support.registrar import Registrar

NOW = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)
STOCKS = Account("a", "Stocks", ALPACA, Mode.PAPER, Decimal(1000), NOW)
AAPL = resolve("AAPL", date(2026, 11, 16))
SILENCE = BrokerUnavailable("The venue did not answer in time.")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def registrar() -> Registrar:
    return Registrar()


@pytest.fixture
def listings(registrar: Registrar, clock: VirtualClock) -> Listings:
    return Listings({ALPACA: registrar}, clock)


def test_what_is_traded_is_not_refused_and_nothing_is_said(listings: Listings) -> None:
    assert listings.refusal(STOCKS, AAPL) is None
    assert listings.remark(STOCKS, AAPL) is None


def test_what_is_not_listed_is_refused_in_words(listings: Listings, registrar: Registrar) -> None:
    registrar.unlisted.add("AAPL")
    refusal = listings.refusal(STOCKS, AAPL)
    assert refusal is not None
    words = "Alpaca does not list AAPL. Check the spelling, or choose another account than Stocks."
    assert (refusal.code, refusal.fields) == ("UNKNOWN_SYMBOL", {"symbol": words})
    assert listings.remark(STOCKS, AAPL) == words


def test_what_is_listed_and_not_traded_is_refused_as_that(
    listings: Listings, registrar: Registrar
) -> None:
    registrar.resting.add("AAPL")
    refusal = listings.refusal(STOCKS, AAPL)
    assert refusal is not None
    assert refusal.code == "NOT_TRADABLE"


def test_silence_refuses_nothing_and_is_said(listings: Listings, registrar: Registrar) -> None:
    registrar.trouble = SILENCE
    assert listings.refusal(STOCKS, AAPL) is None
    assert "could not be checked" in (listings.remark(STOCKS, AAPL) or "")


def test_what_was_never_asked_was_not_checked(listings: Listings, registrar: Registrar) -> None:
    assert "could not be checked" in (listings.remark(STOCKS, AAPL) or "")
    assert registrar.asked == []


@pytest.mark.parametrize(
    ("case", "good_for"), [("traded", TRADED_S), ("unlisted", REFUSED_S), ("silent", SILENT_S)]
)
def test_an_answer_is_remembered_for_its_time(
    listings: Listings, registrar: Registrar, clock: VirtualClock, case: str, good_for: float
) -> None:
    if case == "unlisted":
        registrar.unlisted.add("AAPL")
    registrar.trouble = SILENCE if case == "silent" else None
    listings.refusal(STOCKS, AAPL)
    clock.advance(good_for - 1)
    listings.refusal(STOCKS, AAPL)
    assert registrar.asked == ["AAPL"]
    clock.advance(1)
    listings.refusal(STOCKS, AAPL)
    assert registrar.asked == ["AAPL", "AAPL"]


def test_two_who_save_at_once_ask_once(listings: Listings, registrar: Registrar) -> None:
    registrar.unlisted.add("AAPL")
    seen: list[InvalidInput | None] = []
    other = threading.Thread(target=lambda: seen.append(listings.refusal(STOCKS, AAPL)))
    registrar.meanwhile = other.start
    first = listings.refusal(STOCKS, AAPL)
    other.join(5)
    assert [each and each.detail for each in seen] == [first and first.detail]
    assert registrar.asked == ["AAPL"]


def test_not_every_symbol_that_was_ever_asked_for_is_remembered(
    listings: Listings, registrar: Registrar
) -> None:
    contracts = [replace(AAPL, symbol=f"S{number}") for number in range(MOST + 1)]
    for contract in contracts:
        listings.refusal(STOCKS, contract)
    listings.refusal(STOCKS, contracts[-1])
    assert len(registrar.asked) == MOST + 1
    listings.refusal(STOCKS, contracts[0])
    assert len(registrar.asked) == MOST + 2


def test_paper_and_real_money_are_asked_by_themselves(
    listings: Listings, registrar: Registrar
) -> None:
    listings.refusal(STOCKS, AAPL)
    listings.refusal(replace(STOCKS, mode=Mode.LIVE), AAPL)
    listings.refusal(replace(STOCKS, id="b"), AAPL)
    assert len(registrar.asked) == 2


@pytest.mark.parametrize(("venue", "symbol"), [(PAPER, "AAPL"), (ALPACA, "ES")])
def test_other_venues_and_other_kinds_are_not_asked_for(
    listings: Listings, registrar: Registrar, venue: str, symbol: str
) -> None:
    account, contract = replace(STOCKS, venue=venue), resolve(symbol, NOW.date())
    assert listings.refusal(account, contract) is None
    assert listings.remark(account, contract) is None
    assert registrar.asked == []
