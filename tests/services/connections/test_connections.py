"""Connecting an account: what is asked, what is kept, what is refused, and real money."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.accounts import ALPACA, Account, Mode
from app.domain.errors import (
    BrokerError,
    BrokerLimited,
    BrokerRejected,
    BrokerUnavailable,
    BrokerUnknown,
    Conflict,
    InvalidInput,
    NotFound,
)
from app.domain.events import FactKind
from app.domain.reports import AccountSnapshot
from app.domain.safety.switches import Scope, Stop, TradingState
from app.services.connections import Bounds, ConnectionDesk, KeyPair, Wish
from app.services.ports import Connection
from app.services.trading import switches, trust
from tests.support.connecting import (
    ASKED_AT,
    LIVE_KEYS,
    OTHER_KEYS,
    PAPER_KEYS,
    SECRET,
    Gatekeeper,
    opened,
)
from tests.support.counting import ROLL, CountingHouse

D = Decimal
BOUNDS = Bounds(D(5000), D("250.50"), 20)
PAPER = Wish("Stocks", PAPER_KEYS)
LIVE = Wish("Real", LIVE_KEYS, Mode.LIVE, bounds=BOUNDS, confirmation="Real")


@pytest.fixture
def venue() -> Gatekeeper:
    return Gatekeeper()


@pytest.fixture
def ann(house: CountingHouse) -> str:
    return house.user("ann")


def desk_of(house: CountingHouse, venue: Gatekeeper, *, live: bool = True) -> ConnectionDesk:
    return ConnectionDesk(
        house.store,
        house.clock,
        house.ids,
        house.vault,
        house.accounts,
        {ALPACA: venue},
        live=live,
        roll=ROLL,
    )


@pytest.fixture
def desk(house: CountingHouse, venue: Gatekeeper) -> ConnectionDesk:
    return desk_of(house, venue)


def stop_of(house: CountingHouse, account: Account) -> Stop | None:
    with house.store.read() as uow:
        switch = uow.switches.get(Scope.ACCOUNT, account.id)
        if switch is None or switch.state is TradingState.ACTIVE:
            return None
        return switches.in_words(uow, switch)


def nothing_is_kept(house: CountingHouse) -> bool:
    with house.store.read() as uow:
        return not uow.accounts.with_keys() and not any(
            each.venue == ALPACA for each in uow.accounts.list()
        )


# --- connecting -----------------------------------------------------------------------------------


def test_an_account_begins_with_what_it_is_worth_at_its_venue(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, replace(PAPER, name="  Stocks ", settings={"feed": "iex"}))
    assert house.accounts.get(ann, made.id) == made
    assert (made.name, made.venue, made.mode) == ("Stocks", ALPACA, Mode.PAPER)
    assert (made.starting_cash, made.venue_number, made.roll) == (D("25000.50"), "PA1", ROLL)
    assert made.settings == {"feed": "iex"}
    with house.store.read() as uow:
        assert uow.strategies.manual_of(made.id) is not None
    assert [fact.kind for fact in house.facts[-2:]] == [
        FactKind.ACCOUNT_CHANGED,
        FactKind.ACCOUNT_CONNECTED,
    ]
    assert house.facts[-1].message == (
        "Account Stocks: connected to Alpaca, account PA1, paper money, with the key PK...1234"
    )


def test_keys_are_kept_encrypted_and_only_their_hint_is_shown(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, PAPER)
    state = desk.state(ann, made.id)
    assert state.credentials is not None
    assert state.credentials.key_hint == "PK...1234"
    kept = state.credentials.keys_encrypted
    assert SECRET not in kept
    assert SECRET in house.vault.decrypt(kept)
    for shown in (repr(PAPER), repr(state), *(fact.message for fact in house.facts)):
        assert SECRET not in shown
        assert PAPER_KEYS.key not in shown


def test_nothing_is_opened_before_the_account_was_compared_with_its_venue(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, PAPER)
    with house.store.read() as uow:
        assert trust.refusal_to_open(uow, made.id, "AAPL") is not None


def test_the_venue_is_asked_once_and_a_test_keeps_nothing(
    desk: ConnectionDesk, venue: Gatekeeper, house: CountingHouse
) -> None:
    probe = desk.test(PAPER_KEYS, Mode.PAPER, ALPACA)
    assert (probe.number, probe.snapshot.equity) == ("PA1", D("25000.50"))
    assert venue.asked == [(PAPER_KEYS.key, Mode.PAPER)]
    assert nothing_is_kept(house)


def test_keys_that_the_venue_refuses_are_said_in_its_words_with_what_to_do(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.connect(ann, replace(PAPER, keys=KeyPair("PKWRONG", SECRET)))
    assert refused.value.code == "KEYS_REFUSED"
    assert refused.value.detail.startswith("The keys open nothing at Alpaca: unauthorized. Check")
    assert set(refused.value.fields) == {"key"}
    assert nothing_is_kept(house)


@pytest.mark.parametrize(
    "silence",
    [
        BrokerUnavailable("The venue cannot be reached."),
        BrokerLimited("The venue takes no more requests for 9 s.", 9),
        BrokerUnknown("The venue answered 500."),
    ],
)
def test_a_venue_that_does_not_answer_is_to_be_asked_again(
    desk: ConnectionDesk,
    venue: Gatekeeper,
    house: CountingHouse,
    ann: str,
    silence: BrokerError,
) -> None:
    venue.refusal = silence
    with pytest.raises(BrokerUnavailable) as refused:
        desk.connect(ann, PAPER)
    assert refused.value.code == "VENUE_NOT_REACHED"
    assert silence.detail in refused.value.detail
    assert refused.value.detail.endswith("Try again in a moment.")
    assert nothing_is_kept(house)


def test_an_account_that_the_venue_does_not_show_is_refused_in_its_words(
    desk: ConnectionDesk, venue: Gatekeeper, house: CountingHouse, ann: str
) -> None:
    venue.refusal = BrokerRejected("account is closed")
    with pytest.raises(InvalidInput, match="account is closed") as refused:
        desk.connect(ann, PAPER)
    assert refused.value.code == "ACCOUNT_REFUSED"
    assert nothing_is_kept(house)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": ""}, "no number"),
        ({"currency": "EUR"}, "it is in EUR, and the books here are in USD"),
        ({"snapshot": AccountSnapshot(D(0), D(0), D(0), ASKED_AT)}, "its equity is 0"),
        ({"snapshot": AccountSnapshot(D(0), None, None, ASKED_AT)}, "its equity is unknown"),
    ],
)
def test_an_account_that_our_books_cannot_be_of_is_refused(
    desk: ConnectionDesk,
    venue: Gatekeeper,
    house: CountingHouse,
    ann: str,
    changes: dict[str, object],
    words: str,
) -> None:
    venue.becomes(PAPER_KEYS, **changes)
    with pytest.raises(InvalidInput, match=words) as refused:
        desk.connect(ann, PAPER)
    assert refused.value.code == "ACCOUNT_NOT_USABLE"
    assert nothing_is_kept(house)


def test_everything_that_is_wrong_is_said_at_once_and_nobody_is_asked(
    desk: ConnectionDesk, venue: Gatekeeper, ann: str
) -> None:
    wish = Wish(
        "", KeyPair("a key", ""), settings={"feed": "all"}, bounds=Bounds(D(0), D(-1), 100_001)
    )
    with pytest.raises(InvalidInput) as refused:
        desk.connect(ann, wish)
    bounds = {"max_order_value", "max_daily_loss", "max_orders_a_day"}
    assert set(refused.value.fields) == {"name", "key", "secret", "feed"} | bounds
    assert venue.asked == []


def test_a_bad_trading_day_and_a_name_in_use_keep_nothing(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.connect(ann, replace(PAPER, roll="noon"))
    assert set(refused.value.fields) == {"roll"}
    with pytest.raises(Conflict, match="named 'paper'"):
        desk.connect(ann, replace(PAPER, name="paper"))
    assert nothing_is_kept(house)


def test_a_venue_without_connections_is_refused(desk: ConnectionDesk, ann: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.connect(ann, replace(PAPER, venue="elsewhere"))
    assert set(refused.value.fields) == {"venue"}


@pytest.mark.parametrize(
    ("keys", "mode", "words"),
    [
        (LIVE_KEYS, Mode.PAPER, "of an account with real money, and paper money was chosen"),
        (PAPER_KEYS, Mode.LIVE, "of an account with paper money, and real money was chosen"),
    ],
)
def test_a_key_that_contradicts_what_was_chosen_is_never_sent_anywhere(
    desk: ConnectionDesk, venue: Gatekeeper, keys: KeyPair, mode: Mode, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        desk.test(keys, mode, ALPACA)
    assert (refused.value.code, set(refused.value.fields)) == ("KEYS_OF_OTHER_MODE", {"key"})
    assert venue.asked == []


def test_an_account_of_the_venue_is_connected_once(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    desk.connect(ann, PAPER)
    with pytest.raises(Conflict, match="PA1 is here already, as Stocks") as refused:
        desk.connect(ann, replace(PAPER, name="Again"))
    assert refused.value.code == "CONNECTED_ALREADY"
    bob = house.user("bob")
    with pytest.raises(Conflict, match="PA1 is here already, by another user"):
        desk.connect(bob, PAPER)
    assert desk.connect(bob, replace(PAPER, keys=OTHER_KEYS)).venue_number == "PA2"


# --- real money -----------------------------------------------------------------------------------


def test_real_money_is_connected_with_all_bounds_and_the_name_typed_once_more(
    desk: ConnectionDesk, ann: str
) -> None:
    made = desk.connect(ann, LIVE)
    assert (made.mode, Bounds.of(made)) == (Mode.LIVE, BOUNDS)
    assert desk.live(ann) == desk.live(None) == [made]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"bounds": replace(BOUNDS, max_order_value=None)}, "max_order_value"),
        ({"bounds": replace(BOUNDS, max_daily_loss=None)}, "max_daily_loss"),
        ({"bounds": replace(BOUNDS, max_orders_a_day=None)}, "max_orders_a_day"),
        ({"confirmation": "real"}, "confirmation"),
    ],
)
def test_real_money_without_one_of_its_safeguards_is_refused_by_its_field(
    desk: ConnectionDesk,
    venue: Gatekeeper,
    ann: str,
    changes: dict[str, object],
    missing: str,
) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.connect(ann, replace(LIVE, **changes))  # type: ignore[arg-type]
    assert set(refused.value.fields) == {missing}
    assert venue.asked == []


def test_real_money_stays_out_of_a_server_that_does_not_let_it_in(
    house: CountingHouse, venue: Gatekeeper, ann: str
) -> None:
    desk = desk_of(house, venue, live=False)
    with pytest.raises(InvalidInput, match="LIVE_TRADING=true") as refused:
        desk.connect(ann, replace(LIVE, confirmation=""))
    assert refused.value.code == "LIVE_TRADING_OFF"
    assert set(refused.value.fields) == {"mode", "confirmation"}
    with pytest.raises(InvalidInput, match="LIVE_TRADING=true"):
        desk.test(LIVE_KEYS, Mode.LIVE, ALPACA)
    assert venue.asked == []


def test_real_money_needs_the_host_to_be_set(
    desk: ConnectionDesk, venue: Gatekeeper, ann: str
) -> None:
    venue.hosts = frozenset({Mode.PAPER})
    with pytest.raises(InvalidInput, match="ALPACA_LIVE_URL") as refused:
        desk.connect(ann, LIVE)
    assert refused.value.code == "LIVE_HOST_MISSING"
    assert venue.asked == []


def test_bounds_are_tightened_freely_and_loosened_by_typing_the_name(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, LIVE)
    tight = replace(BOUNDS, max_orders_a_day=5)
    assert Bounds.of(desk.bound(ann, made.id, tight)) == tight
    loose = replace(tight, max_order_value=D(9999))
    with pytest.raises(InvalidInput) as refused:
        desk.bound(ann, made.id, loose)
    assert set(refused.value.fields) == {"confirmation"}
    desk.bound(ann, made.id, loose, confirmation=" Real ")
    assert Bounds.of(house.accounts.get(ann, made.id)) == loose
    assert house.facts[-1].kind is FactKind.ACCOUNT_BOUNDED
    assert house.facts[-1].message == (
        "Account Real: bounds changed to 9999 an order, a loss of 250.5 a day, 5 orders a day,"
        " from 5000 an order, a loss of 250.5 a day, 5 orders a day"
    )


def test_bounds_are_never_taken_off_real_money(desk: ConnectionDesk, ann: str) -> None:
    made = desk.connect(ann, LIVE)
    with pytest.raises(InvalidInput) as refused:
        desk.bound(ann, made.id, Bounds(), confirmation="Real")
    assert set(refused.value.fields) == {"max_order_value", "max_daily_loss", "max_orders_a_day"}


def test_paper_money_may_be_bounded_and_unbounded_again(desk: ConnectionDesk, ann: str) -> None:
    made = desk.connect(ann, PAPER)
    assert Bounds.of(desk.bound(ann, made.id, BOUNDS)) == BOUNDS
    assert Bounds.of(desk.bound(ann, made.id, Bounds())) == Bounds()
    with pytest.raises(InvalidInput):
        desk.bound(ann, made.id, Bounds(max_order_value=D(0)))


# --- later ----------------------------------------------------------------------------------------


def test_a_disconnected_account_keeps_its_history_and_trades_no_more(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, LIVE)
    assert desk.disconnect(ann, made.id) == 0
    state = desk.state(ann, made.id)
    assert (state.credentials, state.connection) == (None, None)
    assert house.accounts.get(ann, made.id) == made
    assert desk.live(ann) == []
    stop = stop_of(house, made)
    assert stop is not None
    assert (stop.switch.state, stop.switch.code) == (TradingState.HALTED, "NOT_CONNECTED")
    assert FactKind.ACCOUNT_DISCONNECTED in {fact.kind for fact in house.facts[-2:]}
    for again in (desk.disconnect, desk.test_account):
        with pytest.raises(Conflict) as refused:
            again(ann, made.id)
        assert refused.value.code == "NOT_CONNECTED"


def test_what_stays_open_at_the_venue_is_told_when_an_account_is_disconnected(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, PAPER)
    first, second = (house.strategy(ann, name, [made], "AAPL") for name in ("One", "Two"))
    for strategy, change, symbol in (
        (first, "2", "AAPL"),
        (first, "3", "MSFT"),
        # At the venue these two are nothing.
        (first, "1", "SPY"),
        (second, "-1", "SPY"),
    ):
        house.fill(strategy, change, "250", symbol=symbol)
    assert desk.state(ann, made.id).open == 2
    desk.disconnect(ann, made.id)
    assert desk.state(ann, made.id).open == 2
    told = [fact for fact in house.facts if fact.kind is FactKind.ACCOUNT_DISCONNECTED]
    assert told[-1].message.endswith("forgotten; left at Alpaca: 2 open positions")


def test_new_keys_connect_a_disconnected_account_again(
    desk: ConnectionDesk, venue: Gatekeeper, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, PAPER)
    desk.disconnect(ann, made.id)
    venue.opens["PKNEWNEWNEW9999"] = opened("PA1", "1")
    desk.replace_keys(ann, made.id, KeyPair("PKNEWNEWNEW9999", SECRET))
    state = desk.state(ann, made.id)
    assert state.credentials is not None
    assert state.credentials.key_hint == "PK...9999"
    assert state.account.starting_cash == D("25000.50")
    assert stop_of(house, made) is None
    assert house.facts[-1].kind is FactKind.ACCOUNT_CONNECTED


def test_keys_are_replaced_by_those_of_the_same_account_only(
    desk: ConnectionDesk, venue: Gatekeeper, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, PAPER)
    with pytest.raises(Conflict, match="open the account PA2") as refused:
        desk.replace_keys(ann, made.id, OTHER_KEYS)
    assert refused.value.code == "OTHER_ACCOUNT"
    venue.opens["PKNEWNEWNEW9999"] = opened("PA1")
    desk.replace_keys(ann, made.id, KeyPair("PKNEWNEWNEW9999", SECRET))
    assert house.facts[-1].kind is FactKind.ACCOUNT_KEYS_REPLACED
    assert house.facts[-1].message == "Account Stocks: the keys were replaced by PK...9999"


def test_a_halt_for_another_reason_outlives_a_reconnection(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, PAPER)
    with house.store.write() as uow:
        switches.stop_account(uow, made.id, house.clock.now(), "unauthorized")
    desk.disconnect(ann, made.id)
    desk.replace_keys(ann, made.id, PAPER_KEYS)
    stop = stop_of(house, made)
    assert stop is not None
    assert stop.switch.code == "VENUE_AUTH"


def test_a_disconnected_account_is_not_said_to_have_been_refused(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, PAPER)
    desk.disconnect(ann, made.id)
    with house.store.write() as uow:
        # Somebody presses Resume, and the next order finds no keys.
        switches.resume(uow, Scope.ACCOUNT, made.id, house.clock.now())
        switches.stop_account(uow, made.id, house.clock.now(), "there are no keys")
    stop = stop_of(house, made)
    assert stop is not None
    assert stop.switch.code == "NOT_CONNECTED"
    desk.replace_keys(ann, made.id, PAPER_KEYS)
    assert stop_of(house, made) is None


def test_a_connected_account_is_tested_with_the_keys_that_are_kept(
    desk: ConnectionDesk, venue: Gatekeeper, ann: str
) -> None:
    made = desk.connect(ann, PAPER)
    venue.becomes(PAPER_KEYS, blocked=("Trading is blocked.",))
    assert desk.test_account(ann, made.id).blocked == ("Trading is blocked.",)
    assert venue.asked == [(PAPER_KEYS.key, Mode.PAPER)] * 2


def test_the_state_is_that_of_the_open_connection(
    desk: ConnectionDesk, venue: Gatekeeper, ann: str
) -> None:
    made = desk.connect(ann, PAPER)
    venue.links[made.id] = Connection(up=True, requests_left=143, requests_per_minute=200)
    assert desk.state(ann, made.id).connection == venue.links[made.id]


def test_settings_of_the_venue_are_checked_and_changed(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    made = desk.connect(ann, PAPER)
    with pytest.raises(InvalidInput) as refused:
        desk.set_up(ann, made.id, {"feed": "all"})
    assert set(refused.value.fields) == {"feed"}
    desk.set_up(ann, made.id, {"feed": "sip", "extended_hours": True})
    assert house.accounts.get(ann, made.id).settings == {"feed": "sip", "extended_hours": True}
    assert house.facts[-1].kind is FactKind.ACCOUNT_CHANGED


def test_what_is_anothers_is_not_there_and_paper_needs_no_connection(
    desk: ConnectionDesk, house: CountingHouse, ann: str
) -> None:
    made, bob = desk.connect(ann, PAPER), house.user("bob")
    with pytest.raises(NotFound):
        desk.state(bob, made.id)
    with pytest.raises(NotFound):
        desk.disconnect(bob, made.id)
    with pytest.raises(NotFound):
        desk.replace_keys(bob, made.id, PAPER_KEYS)
    with pytest.raises(NotFound):
        desk.bound(bob, made.id, BOUNDS)
    with pytest.raises(NotFound):
        desk.set_up(bob, made.id, {})
    assert desk.live(bob) == []
    with pytest.raises(Conflict, match="needs no keys"):
        desk.state(bob, house.account(bob).id)
