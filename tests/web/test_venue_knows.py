"""What a venue knows besides orders, over HTTP: symbols it does not trade, and its own days."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.domain.errors import BrokerUnavailable
from app.services.ports import Holder, VenueDay
from tests.support.connecting import PAPER_KEYS, SECRET
from tests.support.world import START, World

TODAY = date(2026, 3, 4)
SILENCE = BrokerUnavailable("The venue did not answer in time.")


@pytest.fixture
def stocks(world: World) -> str:
    """A connected account; its id."""
    body = {"name": "Stocks", "key": PAPER_KEYS.key, "secret": SECRET}
    answer = world.program().post("/api/accounts/connect", body)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def wish(account_id: str, symbol: str = "AAPL") -> dict[str, object]:
    return {"name": "Trend", "symbol": symbol, "accounts": [{"account_id": account_id}]}


# --- symbols --------------------------------------------------------------------------------------


def test_a_symbol_that_the_venue_does_not_list_is_refused_by_its_field(
    world: World, stocks: str
) -> None:
    world.registrar.unlisted.add("XYZQ")
    answer = world.program().post("/api/strategies", wish(stocks, "XYZQ"))
    assert (answer.status_code, answer.get_json()["error_code"]) == (422, "UNKNOWN_SYMBOL")
    (field,) = answer.get_json()["fields"]
    assert field["field"] == "symbol"
    assert field["problem"].startswith("Alpaca does not list XYZQ. Check the spelling")
    assert not world.core.strategies.list(world.user().id)


def test_the_form_says_it_beside_the_symbol_and_keeps_what_was_typed(
    world: World, stocks: str
) -> None:
    world.registrar.unlisted.add("XYZQ")
    fields = {"name": "Trend", "symbol": "XYZQ", "accounts": stocks, f"factor-{stocks}": "1"}
    page = world.client().post_form("/strategies/new", fields)
    assert page.status_code == 422
    assert "Alpaca does not list XYZQ." in page.text
    assert 'value="XYZQ"' in page.text


def test_a_symbol_that_is_traded_is_saved_without_a_remark(world: World, stocks: str) -> None:
    answer = world.program().post("/api/strategies", wish(stocks))
    assert (answer.status_code, answer.get_json()["remark"]) == (201, None)
    assert world.registrar.asked == ["AAPL"]


def test_while_the_venue_is_silent_saving_works_and_says_that_nothing_was_checked(
    world: World, stocks: str
) -> None:
    world.registrar.trouble = SILENCE
    answer = world.program().post("/api/strategies", wish(stocks))
    assert answer.status_code == 201
    assert "could not be checked" in answer.get_json()["remark"]
    browser = world.client()
    fields = {"name": "Other", "symbol": "AAPL", "accounts": stocks, f"factor-{stocks}": "1"}
    saved = browser.post_form("/strategies/new", fields)
    assert saved.status_code == 302
    assert "could not be checked" in browser.get(saved.headers["Location"]).text


def test_what_a_strategy_trades_already_may_be_saved_again_and_is_remarked_upon(
    world: World, stocks: str
) -> None:
    program = world.program()
    made = program.post("/api/strategies", wish(stocks)).get_json()
    world.registrar.unlisted |= {"AAPL", "XYZQ"}
    world.clock.advance(timedelta(days=1).total_seconds())
    path = f"/api/strategies/{made['id']}"
    saved = program.send("PUT", path, {**wish(stocks), "name": "Renamed"})
    assert saved.status_code == 200
    assert saved.get_json()["remark"].startswith("Alpaca does not list AAPL.")
    assert program.send("PUT", path, wish(stocks, "XYZQ")).status_code == 422
    assert program.get(path).get_json()["symbol"] == "AAPL"


def test_no_transaction_is_open_while_the_venue_is_asked(world: World, stocks: str) -> None:
    def write() -> None:
        with world.core.store.write() as uow:
            uow.flags.set("meanwhile", "written", START)

    world.registrar.meanwhile = write
    assert world.program().post("/api/strategies", wish(stocks)).status_code == 201
    with world.core.store.read() as uow:
        assert uow.flags.get("meanwhile") == "written"


# --- days -----------------------------------------------------------------------------------------


def told(world: World, account_id: str, *equities: str) -> None:
    """The venue's count of the days up to today."""
    first = TODAY - timedelta(days=len(equities) - 1)
    world.registrar.history[account_id] = [
        VenueDay(first + timedelta(days=number), Decimal(equity))
        for number, equity in enumerate(equities)
    ]


def test_the_venues_days_stand_beside_ours_the_newest_first(world: World, stocks: str) -> None:
    told(world, stocks, "0", "25000", "25100", "25090.5")
    answer = world.program().get(f"/api/accounts/{stocks}/venue-history")
    assert answer.status_code == 200
    assert answer.get_json()["days"] == [
        {
            "day": "2026-03-04",
            "equity": "25090.5",
            "venue_pnl": "-9.5",
            "our_pnl": "0",
            "difference": "-9.5",
        },
        {
            "day": "2026-03-03",
            "equity": "25100",
            "venue_pnl": "100",
            "our_pnl": None,
            "difference": None,
        },
        {
            "day": "2026-03-02",
            "equity": "25000",
            "venue_pnl": None,
            "our_pnl": None,
            "difference": None,
        },
        {
            "day": "2026-03-01",
            "equity": "0",
            "venue_pnl": None,
            "our_pnl": None,
            "difference": None,
        },
    ]


def test_ten_days_are_shown_and_the_oldest_has_one_to_compare_with(
    world: World, stocks: str
) -> None:
    told(world, stocks, *(str(100 + each) for each in range(15)))
    days = world.program().get(f"/api/accounts/{stocks}/venue-history").get_json()["days"]
    assert [day["venue_pnl"] for day in days] == ["1"] * 10
    assert days[0]["day"] == "2026-03-04"


def test_without_a_day_at_the_venue_the_list_is_empty(world: World, stocks: str) -> None:
    answer = world.program().get(f"/api/accounts/{stocks}/venue-history")
    assert (answer.status_code, answer.get_json()["days"]) == (200, [])


def test_an_answer_is_good_for_a_minute_and_silence_for_seconds(world: World, stocks: str) -> None:
    program, path = world.program(), f"/api/accounts/{stocks}/venue-history"
    told(world, stocks, "1", "2")
    assert [program.get(path).status_code for _ in range(3)] == [200] * 3
    assert world.registrar.asked == [stocks]
    world.clock.advance(60)
    world.registrar.trouble = SILENCE
    silent = program.get(path)
    assert (silent.status_code, silent.get_json()["error_code"]) == (503, "NO_VENUE_HISTORY")
    assert "did not answer in time" in silent.get_json()["detail"]
    assert program.get(path).status_code == 503
    assert world.registrar.asked == [stocks] * 2
    world.registrar.trouble = None
    world.clock.advance(5)
    assert program.get(path).status_code == 200


def test_two_pages_ask_the_venue_once(world: World, stocks: str) -> None:
    told(world, stocks, "1", "2")
    path, seen = f"/api/accounts/{stocks}/venue-history", list[int]()
    programs = [world.program(), world.program()]
    other = threading.Thread(target=lambda: seen.append(programs[1].get(path).status_code))
    world.registrar.meanwhile = other.start
    assert programs[0].get(path).status_code == 200
    other.join(5)
    assert seen == [200]
    assert world.registrar.asked == [stocks]


def test_a_paper_account_of_ours_has_no_second_count(world: World) -> None:
    path = f"/api/accounts/{world.account_id()}/venue-history"
    assert world.program().get(path).status_code == 409


def test_nobody_sees_the_days_of_another(world: World, stocks: str) -> None:
    assert world.program("bob").get(f"/api/accounts/{stocks}/venue-history").status_code == 404
    assert world.registrar.asked == []


def test_a_standby_asks_no_venue(world: World, stocks: str) -> None:
    world.lease.other = Holder("beta", 77, START)
    world.web.ownership.step(START)
    answer = world.program().get(f"/api/accounts/{stocks}/venue-history")
    assert answer.status_code == 503
    assert world.registrar.asked == []
