"""Statements of each format are read to the same executions, however their files are written."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from app.domain.errors import InvalidInput
from app.domain.orders import Side
from app.domain.statements import Format, Reading, Told, decode
from app.domain.statements.cells import read_number, read_time
from app.domain.statements.sheet import LONGEST_CELL, MOST_BYTES, MOST_LINES

CHICAGO = ZoneInfo("America/Chicago")
UTC_ZONE = ZoneInfo("UTC")

FILLS = (
    "_id,_orderId,_contractId,_timestamp,_tradeDate,_action,_qty,_price,_active,_accountId,"
    "Fill ID,Order ID,Timestamp,Date,Account,B/S,Quantity,Price,_priceFormat,_priceFormatType,"
    "_tickSize,Contract,Product,Product Description,commission\n"
)
ORDERS = (
    "orderId,Account,Order ID,B/S,Contract,Product,Product Description,avgPrice,filledQty,"
    "Fill Time,lastCommandId,Status,_priceFormat,_priceFormatType,_tickSize,spreadDefinitionId,"
    "Version ID,Timestamp,Date,Quantity,Text,Type,Limit Price,Stop Price,decimalLimit,"
    "decimalStop,Filled Qty,Avg Fill Price,decimalFillAvg,Venue,Notional Value,Currency\n"
)
PERFORMANCE = (
    "symbol,_priceFormat,_priceFormatType,_tickSize,buyFillId,sellFillId,qty,buyPrice,"
    "sellPrice,pnl,boughtTimestamp,soldTimestamp,duration\n"
)
OLD_LIST = "Trade #,Type,Signal,Date/Time,Price,Contracts,Profit,Profit %,Cum. Profit\n"
NEW_LIST = (
    "Trade number,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net PnL USD,"
    "Return %,Commission USD,Cumulative PnL USD\n"
)


def read(
    text: str | bytes, zone: ZoneInfo = CHICAGO, symbol: str | None = "ES1!"
) -> tuple[Reading, list[Told]]:
    data = text if isinstance(text, bytes) else text.encode()
    reading = Reading(decode(data), zone, symbol)
    return reading, [each for told in reading.executions() for each in told]


def refused(text: str | bytes, zone: ZoneInfo = CHICAGO) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(text, zone)
    assert caught.value.detail.endswith("Nothing was imported.")
    return caught.value.fields["file"]


def facts(each: Told) -> tuple[object, ...]:
    return (each.symbol, each.side, each.quantity, each.price, each.at, each.fee)


def at(hour: int, minute: int, second: int = 0, micro: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, micro, tzinfo=UTC)


def test_alpaca_activities_tell_fills_and_pass_over_the_rest() -> None:
    reading, told = read(
        "id,activity_type,transaction_time,type,price,qty,side,symbol,leaves_qty,order_id\n"
        "20260302::e1,FILL,2026-03-02T15:01:02.345678Z,partial_fill,190.5,3,buy,AAPL,7,o1\n"
        "20260302::e2,FILL,2026-03-02T15:01:03Z,fill,190.51,7,sell_short,AAPL,0,o2\n"
        "20260302::d,DIV,2026-03-02,,,,,T,,\n"
    )
    assert reading.format is Format.ALPACA_ACTIVITIES
    assert (reading.lines, dict(reading.skipped)) == (3, {"no trade": 1})
    assert [facts(each) for each in told] == [
        ("AAPL", Side.BUY, Decimal(3), Decimal("190.5"), at(15, 1, 2, 345678), None),
        ("AAPL", Side.SELL, Decimal(7), Decimal("190.51"), at(15, 1, 3), None),
    ]
    assert [(each.fill_id, each.order_id) for each in told] == [
        ("20260302::e1", "o1"),
        ("20260302::e2", "o2"),
    ]


def test_alpaca_orders_tell_what_was_filled_of_each() -> None:
    reading, told = read(
        "Symbol,Side,Order Type,Qty,Filled Qty,Avg. Fill Price,Status,Filled At,Canceled At,ID,"
        "Client Order ID\n"
        'AAPL,buy,market,10,10,"$1,190.55",filled,"Mar 02, 2026, 09:30:05 AM",,o1,sb-1\n'
        "BTC/USD,sell,limit,2,0.5,90000,canceled,,2026-03-02T16:00:00.123456789Z,o2,\n"
        "AAPL,buy,limit,5,0,,canceled,,2026-03-02T16:00:00Z,o3,\n"
    )
    assert reading.format is Format.ALPACA_ORDERS
    assert dict(reading.skipped) == {"not filled": 1}
    assert [facts(each) for each in told] == [
        ("AAPL", Side.BUY, Decimal(10), Decimal("1190.55"), at(15, 30, 5), None),
        ("BTCUSD", Side.SELL, Decimal("0.5"), Decimal(90000), at(16, 0, 0, 123456), None),
    ]
    assert (told[0].client_id, told[0].order_id) == ("sb-1", "o1")


def test_tradovate_fills_are_told_by_their_own_instant() -> None:
    reading, told = read(
        FILLS
        + "7,5,1,2026-03-02 15:01:02.345Z,2026-03-02,0,1,6894.25,true,9,7,5,03/02/2026 09:01:02,"
        "3/2/26,ACC, Buy,1,6894.25,-2,0,0.25,ESH6,ES,E-mini,1.29\n"
        "8,6,1,2026-03-02 15:02:02.345Z,2026-03-02,1,1,6895.00,false,9,8,6,03/02/2026 09:02:02,"
        "3/2/26,ACC, Sell,1,6895.00,-2,0,0.25,ESH6,ES,E-mini,1.29\n"
    )
    assert reading.format is Format.TRADOVATE_FILLS
    assert dict(reading.skipped) == {"taken back": 1}
    expected = (Side.BUY, Decimal(1), Decimal("6894.25"), at(15, 1, 2, 345000), Decimal("1.29"))
    assert [facts(each) for each in told] == [("ESH2026", *expected)]


def test_tradovate_orders_are_told_in_the_zone_that_was_chosen() -> None:
    reading, told = read(
        ORDERS
        + "51,ACC,51, Buy,MNQH6,MNQ,Micro,28531.75,5,03/02/2026 10:00:05,51, Filled,-2,0,0.25,,51,"
        '03/02/2026 10:00:04,3/2/26,5,Chart, Market,,,,,5,28531.75,28531.75,,"285,317.50",USD\n'
        "52,ACC,52, Sell,MNQH6,MNQ,Micro,,,,52, Canceled,-2,0,0.25,,52,"
        "03/02/2026 10:00:04,3/2/26,5,Chart, Limit,,,,,,,,,,USD\n",
        ZoneInfo("America/New_York"),
    )
    assert reading.format is Format.TRADOVATE_ORDERS
    assert dict(reading.skipped) == {"not filled": 1}
    expected = (Side.BUY, Decimal(5), Decimal("28531.75"), at(15, 0, 5), None)
    assert [facts(each) for each in told] == [("MNQH2026", *expected)]


def test_a_pair_of_tradovate_performance_is_a_buy_and_a_sell() -> None:
    reading, told = read(
        PERFORMANCE + "ESH6,-2,0,0.25,11,12,1,6894.25,6894.75,$25.00,03/02/2026 09:03:54,"
        "03/02/2026 09:04:19,25s\n"
        "MESH6,-2,0,0.25,14,13,2,6890.50,6890.25,$(2.50),03/02/2026 09:50:51,"
        "03/02/2026 09:13:48,37min\n"
    )
    assert reading.format is Format.TRADOVATE_PERFORMANCE
    assert [(each.symbol, each.side, each.fill_id, each.at) for each in told] == [
        ("ESH2026", Side.BUY, "11", at(15, 3, 54)),
        ("ESH2026", Side.SELL, "12", at(15, 4, 19)),
        ("MESH2026", Side.BUY, "14", at(15, 50, 51)),
        ("MESH2026", Side.SELL, "13", at(15, 13, 48)),
    ]
    assert len({each.key for each in told}) == 4


def test_both_generations_of_a_list_of_trades_tell_the_same() -> None:
    old, before = read(
        OLD_LIST
        + "1,Entry Long,Breakout,2026-03-02 09:01,6894.25,2,,,\n"
        + "1,Exit Long,Stop,2026-03-02 09:10,6890.25,2,-400,-0.05,-400\n"
        + "2,Entry Short,Breakout,2026-03-02 09:20,6880,1,,,\n"
        + "2,Exit Short,Open,,,1,,,\n"
    )
    new, after = read(
        "\ufeff"
        + NEW_LIST
        + "1,Exit long,2026-03-02 09:10,Stop,6890.25,2,689025,-404,-0.05,4,-404\n"
        + "1,Entry long,2026-03-02 09:01,Breakout,6894.25,2,689425,-404,-0.05,4,-404\n"
        + "2,Exit short,2026-03-02 15:00,Open,6870,1,343500,500,0.1,2,96\n"
        + "2,Entry short,2026-03-02 09:20,Breakout,6880,1,344000,500,0.1,2,96\n"
    )
    assert old.format is new.format is Format.TRADINGVIEW_TRADES
    assert dict(old.skipped) == dict(new.skipped) == {"still open": 1}
    plain = {facts(each)[:-1] for each in before}
    assert plain == {facts(each)[:-1] for each in after}
    assert ("ESH2026", Side.SELL, Decimal(1), Decimal(6880), at(15, 20)) in plain
    assert {each.fee for each in before} == {None}
    assert sum(each.fee or 0 for each in after if "#1" in each.label) == 4
    assert {each.key for each in before} == {each.key for each in after}


def test_an_exit_without_time_and_price_is_still_open() -> None:
    reading, told = read(OLD_LIST + "1,Exit long,x,,,1,,,\n")
    assert (told, dict(reading.skipped)) == ([], {"still open": 1})


def test_what_is_twice_the_same_in_a_list_is_two_executions() -> None:
    line = "1,Entry long,2026-03-02 09:01,Breakout,6894.25,2,689425,,,,\n"
    _, told = read(NEW_LIST + line + line)
    assert len({each.key for each in told}) == 2


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimiters_line_ends_and_marks_make_no_difference(
    ending: str, delimiter: str, coding: str
) -> None:
    rows = [
        ["symbol", "side", "filled_qty", "filled_avg_price", "filled_at", "note"],
        ["AAPL", "buy", "10", "190.5", "2026-03-02T15:00:00Z", f'"a{delimiter}\n""b"""'],
        [],
        ["AAPL", "sell", "10", "190.5", "2026-03-02T15:00:00Z", ""],
    ]
    text = ending.join(delimiter.join(row) for row in rows)
    _, told = read(text.encode(coding))
    assert [(each.side, each.line) for each in told] == [(Side.BUY, 2), (Side.SELL, 5)]


@pytest.mark.parametrize(
    ("text", "comma", "value"),
    [
        ("1,234.50", False, "1234.50"),
        ("1.234,50", False, "1234.50"),
        ("$(115.00)", False, "-115"),
        ("($1,115.00)", False, "-1115"),
        ("-$10", False, "-10"),
        ("−10.5", False, "-10.5"),  # noqa: RUF001  a true minus
        ("10.5-", False, "-10.5"),
        ("1 234 567,8", False, "1234567.8"),
        ("1'234'567.8", False, "1234567.8"),
        ("1,234,567", True, "1234567"),
        ("1.234.567", False, "1234567"),
        ("1,234", False, "1234"),
        ("1,234", True, "1.234"),
        ("9,5", False, "9.5"),
        ("+4.5 USD", False, "4.5"),
        ("€ 12,00", True, "12"),
        ("1e3", False, "1000"),
        (".25", False, "0.25"),
        ("0", False, "0"),
    ],
)
def test_numbers_are_read_as_brokers_write_them(text: str, comma: bool, value: str) -> None:
    assert read_number(text, comma=comma) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "-", "abc", "12x", "1.2.3", "--1", "-1-", "nan", "1e99", "١٢", "1_000", "="]
)
def test_what_is_no_number_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        read_number(text, comma=False)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02 09:01",
        "2026-03-02T15:01:00Z",
        "2026-03-02 15:01:00 UTC",
        "2026-03-02 10:01:00 -05:00".replace(" -", "-"),
        "03/02/2026 09:01:00",
        "3/2/26 9:01",
        "03/02/2026 09:01:00 AM",
        "03/02/2026 10:01:00 -05:00",
        "2.3.2026 9:01",
        "Mar 2, 2026, 9:01 AM",
    ],
)
def test_times_are_read_as_brokers_write_them(text: str) -> None:
    assert read_time(text, CHICAGO) == at(15, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "45.13.2026 9:00",
        "13/45/2026 09:00",
        "2026-13-02",
        "0001-01-01 00:00",
        "12345678",
        "1/2",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"no d|is no"):
        read_time(text, CHICAGO)


def test_an_hour_that_a_clock_leaves_out_is_refused_and_one_told_twice_is_the_first() -> None:
    with pytest.raises(ValueError, match="does not exist in the zone America/Chicago"):
        read_time("2026-03-08 02:30", CHICAGO)
    twice = read_time("2026-11-01 01:30", CHICAGO)
    assert twice == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


HEAD = "symbol,side,filled_qty,filled_avg_price,filled_at\n"
GOOD = "AAPL,buy,10,190.5,2026-03-02T15:00:00Z\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (HEAD + GOOD + "AAPL,buy,10,19o.5,2026-03-02T15:00:00Z\n", "line 3, column 4 (filled_avg"),
        (HEAD + GOOD + "AAPL,hold,10,190.5,2026-03-02T15:00:00Z\n", "line 3, column 2 (side)"),
        (HEAD + GOOD + "AAPL,buy,10,190.5,yesterday\n", "line 3, column 5 (filled_at)"),
        (HEAD + "????,buy,10,190.5,2026-03-02T15:00:00Z\n", "line 2, column 1 (symbol)"),
        (HEAD + "AAPL,buy,ten,190.5,2026-03-02T15:00:00Z\n", "line 2, column 3 (filled_qty)"),
        (HEAD + GOOD + "AAPL,buy,10\n", "line 3, column 4"),
        (HEAD + GOOD + GOOD.strip() + ",more\n", "line 3, column 6"),
        (HEAD + GOOD + 'AAPL,"buy,10,190.5,2026\n', "line 3, column 2"),
        (HEAD + GOOD + 'AAPL,"b"uy,10,190.5,2026\n', "line 3, column 2"),
        (HEAD + 'AAPL,"x\ny\nz",10,190.5,2026-03-02\nA\n', "line 2, column 2 (side)"),
        (HEAD + GOOD + f"{'A' * (LONGEST_CELL + 1)},buy,1,1,1\n", "line 3, column 1"),
        (HEAD + GOOD + f"AAPL,{'b' * 200_000},1,1,1\n", "line 3, column 2"),
        (HEAD + GOOD + "AA\0PL,buy,1,1,1\n", "line 3"),
        ((HEAD + GOOD).encode() + b"\xff,buy,1,1,1\n", "line 3"),
        ("a,b,c\n1,2,3\n", "line 1"),
        ("", "line 1"),
        ("\n\n", "line 1"),
        (",".join("abcdefghij" * 21), "line 1, column 201"),
        (b"\xff\xfe\x00", "line 1"),
        (OLD_LIST + "1,Sideways,x,2026-03-02 09:01,1,1,,,\n", "line 2, column 2 (Type)"),
        (OLD_LIST + "1,Entry long,x,2026-03-02 09:01,1,0,,,\n", "line 2, column 6 (Contracts)"),
        (OLD_LIST + "1,Entry long,x,2026-03-08 02:30,1,1,,,\n", "line 2, column 4 (Date/Time)"),
        (PERFORMANCE + "ESH6,,,,,12,1,1,1,,,,\n", "line 2, column 5 (buyFillId)"),
        (FILLS + "," * 24, ""),
        (FILLS + ",,,,,,,,true" + "," * 16, "line 2, column 11 (Fill ID)"),
    ],
)
def test_the_first_fault_is_told_with_its_line_and_column(text: str | bytes, place: str) -> None:
    if not place:
        assert read(text)[1] == []
        return
    assert refused(text).startswith(place)


def test_a_file_beyond_the_bounds_is_refused() -> None:
    assert refused(b"x" * (MOST_BYTES + 1)) == "line 1"
    many = "a\n" * MOST_LINES
    assert refused(HEAD + many) == "line 2, column 2"
    skipped = "AAPL,buy,0,,\n" * (MOST_LINES + 1)
    assert refused(HEAD + skipped) == f"line {MOST_LINES + 2}"


def test_an_unknown_header_is_told_what_is_known_and_what_the_nearest_lacks() -> None:
    with pytest.raises(InvalidInput) as caught:
        read("symbol,side,filled_qty,filled_at\n")
    assert "Alpaca account activities, Alpaca order history, Tradovate" in caught.value.detail
    assert "The nearest is Alpaca order history" in caught.value.detail
    assert "'filled avg price'" in caught.value.detail


def test_a_list_of_trades_needs_its_symbol() -> None:
    with pytest.raises(InvalidInput) as caught:
        read(OLD_LIST + "1,Entry long,x,2026-03-02 09:01,1,1,,,\n", symbol=None)
    assert "symbol" in caught.value.fields
