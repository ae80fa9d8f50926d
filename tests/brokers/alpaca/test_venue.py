"""The Alpaca accounts of a process: brokers, connections, and the prices they bring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from app.brokers.alpaca.keys import Keys
from app.domain.accounts import Mode
from app.domain.errors import BrokerAuth, BrokerUnavailable, InvalidInput
from app.domain.reports import FillReport
from tests.support.alpaca import StandIn
from tests.support.alpaca_house import House
from tests.support.paper import SPY, order
from tests.support.serving import eventually

pytestmark = pytest.mark.hardship


@pytest.fixture
def house(alpaca: StandIn) -> Iterator[House]:
    made = House(alpaca)
    yield made
    made.close()


# --- accounts -------------------------------------------------------------------------------------


def test_an_opened_account_hears_of_its_fills_and_says_how_it_is_connected(house: House) -> None:
    owner = house.account()
    before = house.venue.connection(owner.id)
    assert (before.up, before.since) == (False, None)
    broker = house.opened(owner)
    eventually(lambda: house.venue.connection(owner.id).up)
    house.stand_in.price("SPY", "500", "500.02")
    broker.submit(order("buy", "1", name="1", contract=SPY), SPY)
    eventually(lambda: [one for one in house.reports if isinstance(one, FillReport)])
    now = house.venue.connection(owner.id)
    assert now.last_error is None
    assert now.since is not None
    assert now.last_message_at is not None
    assert now.requests_per_minute == 200
    assert now.requests_left is not None
    assert now.requests_left < 200
    assert [(one.account_id, one.up) for one in house.links] == [(owner.id, True)]
    broker.close()
    assert not house.venue.connection(owner.id).up


def test_a_lost_connection_is_reported_with_its_reason_and_its_return(house: House) -> None:
    owner = house.account()
    house.opened(owner)
    eventually(lambda: house.venue.connection(owner.id).up)
    key = house.keys[owner.id].key
    house.stand_in.tell("faults", now=[{"fault": "stream_close", "account_id": key}])
    eventually(lambda: [one.up for one in house.links] == [True, False, True] or None, 10)
    assert house.links[1].detail == "The venue closed the stream."
    assert house.venue.connection(owner.id).last_error is None


def test_at_rest_an_account_answers_and_no_stream_is_opened(house: House) -> None:
    house.venue.rest()
    owner = house.account()
    seen = house.streams()
    broker = house.opened(owner)
    house.needed.append("AAPL")
    assert broker.account().cash == Decimal(100_000)
    house.venue.step(house.clock.now())
    assert house.streams() == seen
    assert not house.venue.connection(owner.id).up
    house.venue.begin()
    eventually(lambda: house.venue.connection(owner.id).up)
    house.turns(lambda: house.streams()["data"] > seen["data"])
    house.venue.rest()
    house.venue.step(house.clock.now())
    assert not house.venue._market._streams


def test_a_disconnected_account_has_no_broker(house: House) -> None:
    owner = house.account()
    del house.keys[owner.id]
    with pytest.raises(BrokerAuth, match="is not connected"):
        house.venue.broker(owner)


def test_real_money_needs_a_server_that_lets_it_in(house: House) -> None:
    with pytest.raises(BrokerUnavailable, match="no real money"):
        house.venue.broker(replace(house.account(), mode=Mode.LIVE))
    assert house.venue.reaches(Mode.PAPER)
    assert not house.venue.reaches(Mode.LIVE)


def test_settings_that_cannot_be_used_are_named(house: House) -> None:
    with pytest.raises(InvalidInput, match="feed"):
        house.venue.broker(house.account(feed="opra"))
    with pytest.raises(InvalidInput, match="feed"):
        house.venue.check({"feed": "opra"})
    house.venue.check({"feed": "sip", "extended_hours": True})


# --- connecting -----------------------------------------------------------------------------------


def test_keys_are_probed_with_one_question(house: House) -> None:
    keys = house.keys[house.account().id]
    found = house.venue.probe(keys.to_json(), Mode.PAPER)
    assert (found.status, found.currency, found.blocked) == ("ACTIVE", "USD", ())
    assert found.number
    assert found.snapshot.equity == Decimal(100_000)


def test_what_blocks_an_account_is_said_in_sentences(house: House) -> None:
    keys = house.keys[house.account().id]
    house.stand_in.tell("account", key=keys.key, trading_blocked=True)
    found = house.venue.probe(keys.to_json(), Mode.PAPER)
    assert "Alpaca does not let the account trade." in found.blocked


def test_wrong_keys_are_refused_and_not_repeated_in_the_reason(house: House) -> None:
    wrong = Keys("PKWRONGWRONG", "guessed-secret")
    with pytest.raises(BrokerAuth) as refused:
        house.venue.probe(wrong.to_json(), Mode.PAPER)
    assert wrong.key not in refused.value.detail
    assert wrong.secret not in refused.value.detail


def test_entered_keys_show_their_hint_and_mode(house: House) -> None:
    entered = house.venue.read(" PKABCDEFGH1234 ", "some-secret-text")
    assert (entered.hint, entered.mode) == ("PK...1234", Mode.PAPER)
    assert "some-secret-text" not in repr(entered)


# --- prices ---------------------------------------------------------------------------------------


def test_what_is_needed_streams_into_the_quote_book_under_our_names(house: House) -> None:
    house.opened(house.account())
    house.needed += ["AAPL", "BTCUSD", "ESZ2026", "no symbol"]

    def known() -> bool:
        house.stand_in.price("AAPL", "271", "271.02", last="271.01")
        house.stand_in.price("BTC/USD", "95000", "95010")
        return all(house.book.latest(symbol) for symbol in ("AAPL", "BTCUSD"))

    house.turns(known)
    quote = house.book.fresh("AAPL", house.clock.now())
    assert quote is not None
    assert (quote.bid, quote.ask) == (Decimal(271), Decimal("271.02"))
    assert house.book.latest("ESZ2026") is None


def test_two_accounts_share_one_stream_of_prices_the_best_feed_of_both(house: House) -> None:
    house.needed.append("AAPL")
    first, second = house.account("a", feed="iex"), house.account("b", feed="sip")
    house.opened(first)
    house.opened(second)
    before = house.streams()["data"]
    house.turns(lambda: house.streams()["data"] == before + 1)
    for _ in range(3):
        house.venue.step(house.clock.now())
    assert house.streams()["data"] == before + 1
    source = house.venue.source()
    assert source is not None
    assert source.latest(SPY) is not None


def test_another_account_streams_prices_where_the_best_feed_is_refused(house: House) -> None:
    house.needed.append("AAPL")
    first, second = house.account("a", feed="iex"), house.account("b", feed="sip")
    house.stand_in.tell("account", key=house.keys[second.id].key, plan="free")
    house.opened(first)
    house.opened(second)

    def known() -> object:
        house.stand_in.price("AAPL", "271", "271.02")
        return house.book.latest("AAPL")

    house.turns(known)
    said = house.venue.connection(second.id).last_error or ""
    assert "does not include the prices of its feed" in said
    assert house.venue.connection(first.id).last_error is None


def test_a_stream_of_prices_ends_when_nothing_is_needed_any_more(house: House) -> None:
    house.opened(house.account())
    house.needed.append("AAPL")
    before = house.streams()["data"]
    house.turns(lambda: house.streams()["data"] == before + 1)
    house.needed.clear()
    house.turns(lambda: not house.venue._market._streams or None)
    house.needed.append("AAPL")
    house.turns(lambda: house.streams()["data"] == before + 2)


def test_the_test_feed_streams_its_one_symbol_day_and_night(house: House) -> None:
    house.opened(house.account(feed="test"))

    def known() -> object:
        house.stand_in.price("FAKEPACA", "147", "148")
        return house.book.latest("FAKEPACA")

    house.turns(known)


def test_no_source_of_prices_is_there_before_an_account_is_open(house: House) -> None:
    assert house.venue.source() is None
