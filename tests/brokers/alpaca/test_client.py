"""Calls to Alpaca: a verdict for each, one request for each change, and no key anywhere."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from alpaca.common import constants
from alpaca.common.rest import RESTClient
from structlog.testing import capture_logs

from app.brokers.alpaca.client import AlpacaClient
from app.brokers.alpaca.keys import Keys
from app.clock import VirtualClock
from app.domain.errors import (
    BrokerAuth,
    BrokerError,
    BrokerLimited,
    BrokerRejected,
    BrokerUnavailable,
    BrokerUnknown,
)
from tests.support.alpaca import KEY, SECRET, StandIn
from tests.support.alpaca_client import calling, keys_of
from tests.support.paper import NOON
from tests.support.serving import eventually, free_port

BODY = {
    "symbol": "AAPL",
    "qty": "1",
    "side": "buy",
    "type": "limit",
    "limit_price": "200",
    "time_in_force": "day",
    "client_order_id": "sb-1",
}


def submit(client: AlpacaClient) -> Any:  # noqa: ANN401  JSON
    return client.change("POST", "/orders", BODY)


def asked(alpaca: StandIn) -> int:
    return len([one for one in alpaca.tell("log")["requests"] if one["verb"] == "submit"])


def test_what_we_rely_on_in_the_official_client_is_as_it_was() -> None:
    """An upgrade that changes this is to be looked at: it sends orders again by itself."""
    assert constants.DEFAULT_RETRY_EXCEPTION_CODES == [429, 504]
    assert constants.DEFAULT_RETRY_ATTEMPTS == 3
    made = RESTClient("http://127.0.0.1:1", "key", "secret", raw_data=True)
    assert made._session.__class__.__name__ == "Session"
    made._session.close()


def test_answers_come_as_they_are_objects_lists_and_nothing(client: AlpacaClient) -> None:
    assert client.read("/account")["status"] == "ACTIVE"
    assert client.read("/orders", {"status": "all"}) == []
    taken = submit(client)
    assert taken["client_order_id"] == "sb-1"
    assert client.change("DELETE", f"/orders/{taken['id']}") is None


def test_market_data_is_exact_and_has_its_own_versions(client: AlpacaClient) -> None:
    query = {"symbols": "AAPL", "timeframe": "1Day", "start": "2026-01-05", "limit": "1"}
    (bar,) = client.data("/v2/stocks/bars", query)["bars"]["AAPL"]
    assert isinstance(bar["c"], Decimal)
    found = client.data("/v1beta3/crypto/us/latest/quotes", {"symbols": "BTC/USD"})
    assert set(found["quotes"]) == {"BTC/USD"}


@pytest.mark.parametrize(
    ("fault", "verdict", "taken"),
    [
        ("error_after", BrokerUnknown, True),
        ("error_before", BrokerUnknown, False),
        ("drop_after", BrokerUnknown, True),
        ("drop_before", BrokerUnknown, False),
        ("html", BrokerUnknown, True),
        ("html_huge", BrokerUnknown, True),
        ("truncated", BrokerUnknown, True),
        ("empty", BrokerUnknown, True),
        ("not_utf8", BrokerUnknown, True),
        ("limited", BrokerLimited, False),
        ("limited_untimed", BrokerLimited, False),
        ("unauthorised", BrokerAuth, False),
        ("refused", BrokerRejected, False),
    ],
)
def test_an_order_is_sent_once_and_its_verdict_is_what_may_be_assumed(
    alpaca: StandIn, client: AlpacaClient, fault: str, verdict: type[BrokerError], taken: bool
) -> None:
    alpaca.next(fault, verb="submit")
    with pytest.raises(BrokerError) as met:
        submit(client)
    assert type(met.value) is verdict
    assert met.value.detail.isprintable()
    assert "<" not in met.value.detail
    assert len(alpaca.tell("log")["orders"]) == taken
    # One attempt: a second one would have been answered.
    assert alpaca.tell("faults")["drawn"] == {fault: 1}
    assert asked(alpaca) == taken


def test_the_official_client_by_itself_sends_an_order_again_after_a_504(
    alpaca: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alpaca.common.rest.time.sleep", lambda _seconds: None)
    alpaca.next("error_after", verb="submit")
    plain = RESTClient(alpaca.address, *alpaca.keys, raw_data=True)
    without_id = {name: value for name, value in BODY.items() if name != "client_order_id"}
    plain.post("/orders", without_id)
    plain._session.close()
    assert len(alpaca.tell("log")["orders"]) == 2


def test_a_hanging_venue_is_left_in_time_and_the_order_is_unknown(alpaca: StandIn) -> None:
    alpaca.next("hang_after", verb="submit", seconds=0.6)
    with calling(alpaca.address, keys_of(alpaca), answer_s=0.2) as client:
        begun = time.monotonic()
        with pytest.raises(BrokerUnknown):
            submit(client)
        assert time.monotonic() - begun < 0.5
    eventually(lambda: len(alpaca.tell("log")["orders"]) == 1)


def test_where_nobody_listens_nothing_was_sent() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with calling(address, Keys(KEY, SECRET)) as client, pytest.raises(BrokerUnavailable):
        submit(client)


@pytest.mark.parametrize("fault", ["drop_before", "error_before", "html", "empty", "truncated"])
def test_a_read_is_tried_again(alpaca: StandIn, client: AlpacaClient, fault: str) -> None:
    alpaca.next(fault, verb="account")
    assert client.read("/account")["status"] == "ACTIVE"


def test_a_read_that_fails_again_and_again_is_unavailable(
    alpaca: StandIn, client: AlpacaClient
) -> None:
    alpaca.next("error_before", verb="account", times=3)
    with pytest.raises(BrokerUnavailable):
        client.read("/account")


@pytest.mark.parametrize(
    "keys", [Keys("PKNOBODYSKEY00000000", SECRET), Keys(KEY, "another-secret-entirely")]
)
def test_keys_that_alpaca_does_not_know_are_told_as_such_and_asked_once(
    alpaca: StandIn, keys: Keys
) -> None:
    refused = pytest.raises(BrokerAuth, match=r"Alpaca refused the keys \(")
    with calling(alpaca.address, keys) as client, capture_logs() as told, refused:
        client.read("/account")
    assert len(told) == 1


def test_a_path_that_is_no_endpoint_proves_nothing(client: AlpacaClient) -> None:
    with pytest.raises(BrokerRejected) as refused:
        client.read("/nowhere")
    assert refused.value.code == "VENUE_REFUSED"


def test_polling_leaves_a_quarter_of_the_rate_to_orders(alpaca: StandIn) -> None:
    clock = VirtualClock(NOON)
    alpaca.tell("account", key=KEY, rate_limit=8)
    with calling(alpaca.address, keys_of(alpaca), per_minute=8, clock=clock) as client:
        for _ in range(6):
            client.read("/account")
        assert (client.requests_left, client.requests_per_minute) == (2, 8)
        with pytest.raises(BrokerLimited):
            client.read("/account")
        submit(client)
        # Market data is counted by itself.
        client.data("/v2/stocks/quotes/latest", {"symbols": "AAPL"})


def test_what_alpaca_says_is_left_counts_because_others_may_use_the_keys(alpaca: StandIn) -> None:
    for _ in range(150):
        alpaca.get("/account")
    with calling(alpaca.address, keys_of(alpaca), per_minute=200) as client:
        client.read("/account")
        assert client.requests_left is not None
        assert client.requests_left <= 60


def test_after_a_429_nobody_asks_for_as_long_as_alpaca_said(alpaca: StandIn) -> None:
    clock = VirtualClock(NOON)
    with calling(alpaca.address, keys_of(alpaca), per_minute=200, clock=clock) as client:
        alpaca.next("limited", verb="submit", seconds=7)
        with pytest.raises(BrokerLimited) as limited:
            submit(client)
        assert 7 <= limited.value.wait_s <= 7.7
        with pytest.raises(BrokerLimited):
            client.read("/account")
        assert client.requests_left == 0
        clock.advance(8)
        submit(client)


def test_each_call_is_logged_with_its_time_and_without_what_it_asked_for(
    client: AlpacaClient,
) -> None:
    with capture_logs() as told:
        client.read("/orders", {"status": "all"})
        submit(client)
    assert [(one["method"], one["path"], one["status"]) for one in told] == [
        ("GET", "/v2/orders", 200),
        ("POST", "/v2/orders", 200),
    ]
    assert all(one["milliseconds"] > 0 for one in told)


def test_no_key_is_in_a_log_or_in_what_an_exception_says(
    alpaca: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    faults = ["error_after", "drop_after", "html", "limited", "unauthorised", "refused", "empty"]
    acts: list[Callable[[AlpacaClient], object]] = [submit, lambda client: client.read("/account")]
    said = []
    with capture_logs() as told:
        for fault in faults:
            for act in acts:
                alpaca.next(fault, times=3)
                with calling(alpaca.address, keys_of(alpaca)) as client:
                    try:
                        act(client)
                    except BrokerError:
                        said.append(traceback.format_exc())
                alpaca.tell("faults", clear=True)
    assert len(said) >= len(faults)
    text = "".join([*said, str(told), caplog.text])
    assert KEY not in text
    assert SECRET not in text
