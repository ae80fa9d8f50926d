"""Symbols: every way to write a contract, the roll, and the numbers of each product."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.catalogue import CRYPTO, FUTURES, MONTH_CODES, PAIRS, stock
from app.domain.errors import InvalidInput
from app.domain.instruments import (
    Instrument,
    InstrumentKind,
    front,
    resolve,
    same_product,
    to_tick,
)

TODAY = date(2026, 11, 20)
PREFIXES = ("", "CME:", "CME_MINI:", "CBOT_MINI:", "COMEX:", "NYMEX:", "SOMEWHERE:")


def _refusal(text: str, on: date = TODAY) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        resolve(text, on)
    assert caught.value.code == "UNKNOWN_SYMBOL"
    assert "symbol" in caught.value.fields
    return caught.value


@pytest.mark.parametrize("root", FUTURES)
def test_every_month_year_form_and_prefix_of_a_future_names_one_contract(root: str) -> None:
    for month, year, prefix in product(FUTURES[root].months, ("2026", "26", "6"), PREFIXES):
        for written in (f"{prefix}{root}{month}{year}", f"{prefix}{root}{month}{year}".lower()):
            contract = resolve(written, TODAY)
            assert contract.symbol == f"{root}{month}2026"
            assert contract.root == root
            assert contract.instrument is FUTURES[root]
            assert contract.month == date(2026, MONTH_CODES.index(month) + 1, 1)


@pytest.mark.parametrize("root", FUTURES)
def test_a_root_and_a_continuous_symbol_mean_the_front_month(root: str) -> None:
    for prefix, ending in product(PREFIXES, ("", "1!", "1\\!")):
        assert resolve(prefix + root + ending, TODAY) == front(FUTURES[root], TODAY)


def test_a_contract_is_also_known_by_its_month_and_year_in_numbers() -> None:
    assert resolve("ES 12-26", TODAY).symbol == "ESZ2026"


@pytest.mark.parametrize(
    ("text", "on", "symbol"),
    [
        ("ES1!", date(2013, 10, 6), "ESZ2013"),
        ("ES1!", date(2026, 12, 7), "ESZ2026"),
        ("ES1!", date(2026, 12, 8), "ESH2027"),
        ("MNQ1!", date(2026, 12, 31), "MNQH2027"),
        ("ES2!", date(2026, 11, 20), "ESH2027"),
        ("ES3!", date(2026, 11, 20), "ESM2027"),
        ("CL", date(2026, 11, 12), "CLZ2026"),
        ("CL", date(2026, 11, 13), "CLF2027"),
        ("MCL", date(2026, 11, 12), "MCLF2027"),
        ("NG", date(2026, 11, 18), "NGZ2026"),
        ("NG", date(2026, 11, 19), "NGF2027"),
        ("GC", date(2026, 11, 18), "GCZ2026"),
        ("GC", date(2026, 11, 19), "GCG2027"),
        ("SI", date(2026, 11, 19), "SIH2027"),
        ("ZN", date(2026, 11, 24), "ZNZ2026"),
        ("ZB", date(2026, 11, 25), "ZBH2027"),
        ("6E", date(2026, 12, 4), "6EZ2026"),
        ("6E", date(2026, 12, 7), "6EH2027"),
    ],
)
def test_the_front_month_rolls_by_the_rule_of_its_product(text: str, on: date, symbol: str) -> None:
    assert resolve(text, on).symbol == symbol


@pytest.mark.parametrize(
    ("symbol", "last"),
    [
        ("ESZ2013", date(2013, 12, 20)),
        ("CLZ2013", date(2013, 11, 20)),
        ("CLK2020", date(2020, 4, 21)),
        ("MCLK2020", date(2020, 4, 20)),
        ("NGF2014", date(2013, 12, 27)),
        ("GCZ2026", date(2026, 12, 29)),
        ("ZNZ2026", date(2026, 12, 22)),
        ("6EZ2026", date(2026, 12, 14)),
    ],
)
def test_a_contract_knows_its_last_trading_day(symbol: str, last: date) -> None:
    assert resolve(symbol, TODAY).expires == last


@given(
    root=st.sampled_from(sorted(FUTURES)),
    on=st.dates(min_value=date(2000, 1, 1), max_value=date(2090, 1, 1)),
)
def test_the_front_month_never_expires_before_it_is_left_and_months_follow_each_other(
    root: str, on: date
) -> None:
    months = [front(FUTURES[root], on, following) for following in range(4)]
    assert months[0].expires is not None
    assert months[0].expires > on
    firsts = [contract.month for contract in months]
    assert firsts == sorted(set(firsts), key=str)
    tomorrow = front(FUTURES[root], on + timedelta(days=1))
    assert tomorrow in months[:2]


@pytest.mark.parametrize(
    ("digit", "year"), [("4", 2024), ("5", 2025), ("6", 2026), ("7", 2027), ("3", 2033)]
)
def test_a_one_digit_year_is_the_nearest_one_mostly_ahead(digit: str, year: int) -> None:
    assert resolve(f"ESH{digit}", TODAY).symbol == f"ESH{year}"


def test_an_expired_contract_still_resolves() -> None:
    assert resolve("ESZ2013", TODAY).month == date(2013, 12, 1)


@pytest.mark.parametrize("text", ["SPY", "spy", "NYSE:SPY", "ARCA:SPY"])
def test_a_share_is_itself(text: str) -> None:
    contract = resolve(text, TODAY)
    assert (contract.symbol, contract.root, contract.expires) == ("SPY", "SPY", None)
    assert contract.instrument == stock("SPY")
    assert contract.instrument.kind is InstrumentKind.STOCK


def test_a_share_may_have_a_class() -> None:
    assert resolve("BRK.B", TODAY).symbol == "BRK.B"


def test_an_exchange_tells_a_share_from_the_future_of_the_same_name() -> None:
    assert resolve("NYSE:CL", TODAY).instrument.kind is InstrumentKind.STOCK
    assert resolve("NYMEX:CL", TODAY).instrument.kind is InstrumentKind.FUTURE
    assert resolve("CL", TODAY).instrument.kind is InstrumentKind.FUTURE
    assert not same_product(resolve("NYSE:CL", TODAY), resolve("CL", TODAY))


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("BTC", "BTCUSD"),
        ("btcusd", "BTCUSD"),
        ("BTC/USD", "BTCUSD"),
        ("BTC-USD", "BTCUSD"),
        ("COINBASE:BTCUSD", "BTCUSD"),
        ("BINANCE:BTCUSDT", "BTCUSDT"),
        ("ETHUSD", "ETHUSD"),
        ("SOL/USDC", "SOLUSDC"),
    ],
)
def test_a_crypto_pair_may_be_written_in_every_usual_way(text: str, symbol: str) -> None:
    contract = resolve(text, TODAY)
    assert contract.symbol == symbol
    assert contract.instrument.kind is InstrumentKind.CRYPTO
    assert contract.instrument.quantity_step == Decimal("1e-8")
    assert symbol.endswith(contract.instrument.currency)


def test_every_written_pair_is_in_the_catalogue() -> None:
    assert set(PAIRS.values()) == set(CRYPTO.values())


def test_a_close_goes_to_the_contract_that_is_held_after_the_roll() -> None:
    held = resolve("NQ1!", date(2026, 11, 20))
    asked = resolve("NQ1!", date(2026, 12, 20))
    assert held.symbol != asked.symbol
    assert same_product(held, asked)
    assert not same_product(held, resolve("MNQ1!", TODAY))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("NQ11!", "NQ1!"),
        ("BTCUSDT.P", "BTCUSDT"),
        ("ESZ20266", "ESZ"),
        ("ESZ3026", "ES"),
        ("CME:SPX500", "ES1!"),
        ("NQ0!", "NQ1!"),
        ("XYZ1!", "Did you mean"),
        ("XY 12-26", "Write it like"),
        ("XYZM6", "Did you mean"),
    ],
)
def test_an_unknown_symbol_is_refused_with_the_nearest_known_one(text: str, hint: str) -> None:
    assert hint in _refusal(text).detail


@pytest.mark.parametrize(
    "text",
    ["", "  ", "\u0415S1!", "ES1!\nNQ1!", "E" * 10_000, "NASDAQ:ES1!", "CME:BTCUSD", "BINANCE:SPY"],
)
def test_what_is_no_symbol_is_refused(text: str) -> None:
    assert len(_refusal(text).detail) < 200


@pytest.mark.parametrize("text", ["NQQ6", "NQ 08-26"])
def test_a_month_that_the_product_does_not_have_is_refused_with_its_months(text: str) -> None:
    assert "H, M, U, Z" in _refusal(text).detail


def test_what_has_no_months_has_no_front_month() -> None:
    with pytest.raises(InvalidInput, match="SPY has no contract months"):
        front(stock("SPY"), TODAY)


@given(text=st.text(max_size=60))
def test_any_text_is_resolved_or_refused(text: str) -> None:
    try:
        contract = resolve(text, TODAY)
    except InvalidInput:
        return
    assert contract.symbol.isascii()


@pytest.mark.parametrize(
    ("root", "tick_value"),
    [
        ("ES", "12.50"),
        ("MES", "1.25"),
        ("NQ", "5"),
        ("MNQ", "0.50"),
        ("RTY", "5"),
        ("M2K", "0.50"),
        ("YM", "5"),
        ("MYM", "0.50"),
        ("CL", "10"),
        ("MCL", "1"),
        ("GC", "10"),
        ("MGC", "1"),
        ("NG", "10"),
        ("SI", "25"),
        ("ZN", "15.625"),
        ("ZB", "31.25"),
        ("6E", "6.25"),
    ],
)
def test_a_tick_is_worth_what_the_exchange_says(root: str, tick_value: str) -> None:
    assert FUTURES[root].tick_value == Decimal(tick_value)


EVERY_INSTRUMENT = st.sampled_from([*FUTURES.values(), *CRYPTO.values(), stock("SPY")])


@given(
    instrument=EVERY_INSTRUMENT,
    price=st.decimals(min_value=-1000, max_value=100_000, places=10),
)
def test_a_rounded_price_is_a_multiple_of_the_tick_and_the_nearest_one(
    instrument: Instrument, price: Decimal
) -> None:
    rounded = to_tick(price, instrument)
    assert rounded % instrument.tick_size == 0
    assert abs(rounded - price) <= instrument.tick_size / 2
    assert instrument.accepts_price(rounded) is (rounded > 0 or instrument.negative_prices)


def test_only_a_price_on_the_tick_is_accepted() -> None:
    assert FUTURES["ES"].accepts_price(Decimal("5000.25"))
    assert not FUTURES["ES"].accepts_price(Decimal("5000.20"))


def test_crude_oil_may_trade_below_zero_and_a_share_may_not() -> None:
    assert FUTURES["CL"].accepts_price(Decimal("-37.63"))
    assert not FUTURES["ES"].accepts_price(Decimal(0))
    assert not stock("SPY").accepts_price(Decimal("-0.01"))
