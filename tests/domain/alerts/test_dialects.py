"""Fields to their meaning: words, numbers, positions, prices, protection, times."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alerts import Action, Intent, Offset, OffsetUnit, QuantityType, Sentiment
from app.domain.alerts.dialects import ACTIONS, NAMES, native
from app.domain.errors import InvalidInput
from app.domain.orders import OrderType, TimeInForce

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def intent(**fields: object) -> Intent:
    return native({"action": "buy"} | fields)


def refusal(**fields: object) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        intent(**fields)
    assert caught.value.fields
    return caught.value


@pytest.mark.parametrize(
    ("word", "action", "wanted"),
    [
        ("buy", Action.BUY, None),
        ("SELL", Action.SELL, None),
        ("Long", Action.BUY, Sentiment.LONG),
        ("short", Action.SELL, Sentiment.SHORT),
        ("add", Action.ADD, None),
        ("exit", Action.EXIT, None),
        ("close", Action.EXIT, None),
        ("flat", Action.EXIT, Sentiment.FLAT),
        ("reverse", Action.REVERSE, None),
        (" cancel ", Action.CANCEL, None),
    ],
)
def test_every_action_word_has_one_meaning(
    word: str, action: Action, wanted: Sentiment | None
) -> None:
    meant = intent(action=word)
    assert (meant.action, meant.wanted) == (action, wanted)


def test_the_table_of_action_words_covers_every_action_but_the_one_without_a_word() -> None:
    assert {action for action, _ in ACTIONS.values()} == set(Action) - {Action.TARGET}


@pytest.mark.parametrize("word", ["bye", "b\u0443y", "buy\n--", "0", "buy; DROP TABLE alerts"])
def test_an_unknown_action_is_refused(word: str) -> None:
    assert refusal(action=word).code == "UNKNOWN_ACTION"


def test_an_unknown_action_is_refused_with_the_nearest_known_one() -> None:
    assert "did you mean close?" in refusal(action="closed").detail


@pytest.mark.parametrize("missing", ["", " ", None])
def test_a_message_without_action_or_position_is_refused(missing: str | None) -> None:
    fault = refusal(action=missing)
    assert fault.code == "MISSING_ACTION"
    assert "buy, sell" in fault.fields["action"]


def test_a_position_alone_is_a_target() -> None:
    meant = native({"sentiment": "bullish", "market_position_size": "3"})
    assert (meant.action, meant.wanted_position) == (Action.TARGET, Decimal(3))


@pytest.mark.parametrize(
    ("fields", "position"),
    [
        ({"market_position": "long", "market_position_size": "2"}, Decimal(2)),
        ({"market_position": "short", "market_position_size": "2"}, Decimal(-2)),
        ({"market_position": "short", "market_position_size": "-2"}, Decimal(-2)),
        ({"market_position_size": "-2"}, Decimal(-2)),
        ({"market_position": "flat"}, Decimal(0)),
        ({"market_position": "flat", "market_position_size": "0"}, Decimal(0)),
        ({"market_position_size": "0"}, Decimal(0)),
        ({"market_position": "bearish"}, None),
        ({"market_position_size": "2"}, None),
        ({}, None),
    ],
)
def test_the_wanted_position_is_signed_and_zero_is_not_missing(
    fields: dict[str, str], position: Decimal | None
) -> None:
    assert native({"action": "sell", **fields}).wanted_position == position
    before = {f"prev_{name}": value for name, value in fields.items()}
    assert native({"action": "sell", **before}).previous_position == position


def test_a_scale_out_says_what_was_held_and_what_shall_be_held() -> None:
    meant = native(
        {
            "action": "sell",
            "contracts": "2",
            "market_position": "long",
            "market_position_size": "1",
            "prev_market_position": "long",
            "prev_market_position_size": "3",
        }
    )
    assert (meant.previous_position, meant.wanted_position) == (Decimal(3), Decimal(1))
    assert meant.quantity == Decimal(2)


def test_an_exit_may_leave_a_part_of_the_position() -> None:
    meant = native({"action": "exit", "market_position": "long", "market_position_size": "1"})
    assert (meant.action, meant.wanted_position) == (Action.EXIT, Decimal(1))


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "long", "market_position": "short"},
        {"action": "flat", "market_position": "long"},
        {"market_position": "flat", "market_position_size": "2"},
        {"market_position": "flat", "market_position_size": "-2"},
        {"market_position": "long", "market_position_size": "0"},
        {"market_position": "long", "market_position_size": "-1"},
        {"prev_market_position": "short", "prev_market_position_size": "0"},
        {"symbol": "ES", "ticker": "NQ"},
        {"quantity": "1", "contracts": "2"},
        {"order_type": "market", "limit_price": "1"},
        {"order_type": "limit", "limit_price": "1", "stop_price": "2"},
        {"take_profit": "5", "take_profit_ticks": "5"},
        {"stop_loss": {"ticks": "5", "percent": "1"}},
    ],
)
def test_what_contradicts_itself_is_refused(fields: dict[str, object]) -> None:
    assert refusal(**fields).code == "CONTRADICTION"


def test_two_names_of_one_field_may_say_the_same() -> None:
    assert intent(symbol="ES", ticker="ES ").symbol == "ES"


@pytest.mark.parametrize("name", ["quantity", "qty", "contracts", "Contracts", " QTY "])
def test_a_quantity_has_several_names_in_any_case(name: str) -> None:
    assert intent(**{name: "0.025"}).quantity == Decimal("0.025")


@pytest.mark.parametrize("value", ["0", "-0", "0.0", "-1", "1e-12", "0.000000009"])
def test_a_quantity_that_cannot_be_traded_is_refused(value: str) -> None:
    assert refusal(quantity=value).code == "BAD_QUANTITY"


@pytest.mark.parametrize(
    "fields",
    [
        {"market_position": "short", "market_position_size": "2"},
        {"market_position": "flat"},
        {"market_position_size": "0"},
    ],
)
def test_a_quantity_of_zero_is_kept_where_the_wanted_position_says_the_size(
    fields: dict[str, str],
) -> None:
    assert intent(quantity="0", **fields).quantity == Decimal(0)
    assert refusal(quantity="-1", **fields).code == "BAD_QUANTITY"


def test_a_quantity_of_zero_is_refused_where_only_a_direction_is_wanted() -> None:
    assert refusal(quantity="0", market_position="long").code == "BAD_QUANTITY"


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "1e400", "1e9999999", "1e15", "two", "1,000", "1_000", "\uff12", "$5"],
)
@pytest.mark.parametrize("name", ["quantity", "price", "limit_price", "market_position_size"])
def test_what_is_no_plain_number_is_refused(name: str, value: str) -> None:
    fault = refusal(**{name: value})
    assert fault.code == "BAD_NUMBER"
    assert name in fault.fields


NUMERIC = ["quantity", "price", "limit_price", "stop_price", "market_position_size"]


@pytest.mark.parametrize("name", NUMERIC)
@pytest.mark.parametrize("missing", ["", "  ", None])
def test_a_missing_number_is_unknown_and_never_zero(name: str, missing: str | None) -> None:
    assert intent(**{name: missing}) == intent()


@given(name=st.sampled_from(NUMERIC), number=st.decimals("1e-8", "1e9", places=8))
def test_a_number_is_read_exactly(name: str, number: Decimal) -> None:
    meant = intent(**{name: str(number)})
    field = "wanted_size" if name == "market_position_size" else name
    assert getattr(meant, field) == number


def test_a_price_of_zero_or_below_is_a_price() -> None:
    meant = intent(limit_price="-37.63", price="0")
    assert (meant.limit_price, meant.price) == (Decimal("-37.63"), Decimal(0))


@pytest.mark.parametrize("kind", QuantityType)
def test_a_quantity_may_count_other_things_than_units(kind: QuantityType) -> None:
    assert intent(quantity="5", quantity_type=str(kind).upper()).quantity_type is kind


def test_a_kind_of_quantity_without_a_quantity_is_refused() -> None:
    assert refusal(quantity_type="percent_of_equity").code == "MISSING_QUANTITY"
    assert intent(quantity_type="fixed").quantity is None


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, None),
        ({"limit_price": "1"}, OrderType.LIMIT),
        ({"stop_price": "1"}, OrderType.STOP),
        ({"limit_price": "1", "stop_price": "2"}, OrderType.STOP_LIMIT),
        ({"order_type": "market"}, OrderType.MARKET),
        ({"order_type": "Limit", "limit_price": "1"}, OrderType.LIMIT),
        ({"order_type": "stop", "stop_price": "1"}, OrderType.STOP),
        ({"order_type": "stop-limit", "limit_price": "1", "stop_price": "2"}, OrderType.STOP_LIMIT),
        ({"order_type": "trailing stop", "trail": "2"}, OrderType.TRAILING_STOP),
    ],
)
def test_the_order_type_and_its_prices_belong_together(
    fields: dict[str, str], kind: OrderType | None
) -> None:
    assert intent(**fields).order_type is kind


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"order_type": "limit", "price": "5"}, "limit_price"),
        ({"order_type": "stop"}, "stop_price"),
        ({"order_type": "stop_limit", "stop_price": "5"}, "limit_price"),
        ({"order_type": "trailing_stop"}, "trail"),
    ],
)
def test_an_order_type_without_its_price_is_refused(fields: dict[str, str], name: str) -> None:
    fault = refusal(**fields)
    assert (fault.code, list(fault.fields)) == ("MISSING_PRICE", [name])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order_type", "moo"),
        ("time_in_force", "fok"),
        ("quantity_type", "lots"),
        ("market_position", "sideways"),
        ("test", "maybe"),
    ],
)
def test_a_word_outside_its_list_is_refused(name: str, value: str) -> None:
    assert refusal(**{name: value}).code == "UNKNOWN_VALUE"


@pytest.mark.parametrize("name", ["time_in_force", "tif"])
def test_the_time_in_force_has_two_names(name: str) -> None:
    assert intent(**{name: "GTC"}).time_in_force is TimeInForce.GTC


@pytest.mark.parametrize(
    ("value", "offset"),
    [
        ("5010.25", Offset(OffsetUnit.PRICE, Decimal("5010.25"))),
        ("-37.5", Offset(OffsetUnit.PRICE, Decimal("-37.5"))),
        ("20 ticks", Offset(OffsetUnit.TICKS, Decimal(20))),
        ("1tick", Offset(OffsetUnit.TICKS, Decimal(1))),
        ("1.5%", Offset(OffsetUnit.PERCENT, Decimal("1.5"))),
        ("2 percent", Offset(OffsetUnit.PERCENT, Decimal(2))),
        ("2.50 AMOUNT", Offset(OffsetUnit.AMOUNT, Decimal("2.5"))),
        ({"ticks": "20"}, Offset(OffsetUnit.TICKS, Decimal(20))),
        ({"price": "5010", "percent": None, "ticks": ""}, Offset(OffsetUnit.PRICE, Decimal(5010))),
        ({}, None),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("name", ["take_profit", "stop_loss"])
def test_protection_carries_its_unit(name: str, value: object, offset: Offset | None) -> None:
    assert getattr(intent(**{name: value}), name) == offset


@pytest.mark.parametrize("unit", OffsetUnit)
def test_protection_may_carry_its_unit_in_the_name_of_the_field(unit: OffsetUnit) -> None:
    assert intent(**{f"stop_loss_{unit}": "3"}).stop_loss == Offset(unit, Decimal(3))


def test_a_trail_is_a_distance() -> None:
    assert intent(trail="2.5").trail == Offset(OffsetUnit.AMOUNT, Decimal("2.5"))
    assert intent(trail_ticks="8").trail == Offset(OffsetUnit.TICKS, Decimal(8))
    assert refusal(trail_price="5000").code == "BAD_OFFSET"


@pytest.mark.parametrize(
    "value",
    [
        "0 ticks",
        "-1 ticks",
        "2.5 ticks",
        "0%",
        "NaN percent",
        "ticks",
        "5 lots",
        "5 ticks ticks",
        {"points": "5"},
        {"ticks": {"x": "1"}},
        {"ticks": True},
    ],
)
def test_protection_that_cannot_be_measured_is_refused(value: object) -> None:
    fault = refusal(take_profit=value)
    assert (fault.code, list(fault.fields)) == ("BAD_OFFSET", ["take_profit"])


@given(
    unit=st.sampled_from([OffsetUnit.PRICE, OffsetUnit.PERCENT, OffsetUnit.AMOUNT]),
    value=st.decimals("1e-8", "1e6", places=8),
)
def test_an_offset_as_text_reads_as_itself(unit: OffsetUnit, value: Decimal) -> None:
    offset = Offset(unit, value)
    assert Offset.parse(str(offset)) == offset


def test_no_text_is_no_offset() -> None:
    with pytest.raises(InvalidInput) as caught:
        Offset.parse(" ")
    assert caught.value.code == "BAD_OFFSET"


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-02T12:00:00Z",
        "2026-03-02T12:00:00",
        "2026-03-02 13:00:00.000+01:00",
        "1772452800",
        "1772452800000",
    ],
)
def test_the_time_of_sending_is_understood_in_every_usual_form(value: str) -> None:
    assert intent(timenow=value).sent_at == NOON


def test_the_time_of_the_alert_counts_before_the_time_of_its_bar() -> None:
    assert intent(time="2026-03-02T11:00:00Z", timenow="2026-03-02T12:00:00Z").sent_at == NOON
    assert intent(time="2026-03-02T12:00:00Z", timenow="").sent_at == NOON
    assert intent().sent_at is None


@pytest.mark.parametrize("value", ["soon", "12345", "0001-01-01T00:00:00+05:00", "2026-13-01"])
def test_what_is_no_time_is_refused(value: str) -> None:
    fault = refusal(time=value)
    assert (fault.code, list(fault.fields)) == ("BAD_TIME", ["time"])


@pytest.mark.parametrize("name", ["id", "alert_id"])
def test_the_id_has_two_names(name: str) -> None:
    assert intent(**{name: "Long-1"}).id == "Long-1"


@pytest.mark.parametrize("name", ["account", "account_group"])
def test_the_account_has_two_names(name: str) -> None:
    assert intent(**{name: "paper_1"}).account == "paper_1"


@pytest.mark.parametrize(
    ("value", "test"),
    [(True, True), (False, False), ("true", True), ("0", False), (None, False), ("1", True)],
)
def test_a_test_alert_says_so(value: object, test: bool) -> None:
    assert intent(test=value).test is test


@pytest.mark.parametrize("name", ["symbol", "action", "quantity", "id", "comment", "stop_loss"])
@pytest.mark.parametrize("value", [["buy"], True])
def test_a_list_or_a_truth_where_text_belongs_is_refused(name: str, value: object) -> None:
    assert refusal(**{name: value}).code == "BAD_TYPE"


@pytest.mark.parametrize(
    "name", ["symbol", "action", "id", "price", "timenow", "take_profit", "stop_loss_ticks"]
)
def test_a_placeholder_that_was_not_filled_in_is_refused(name: str) -> None:
    fault = refusal(**{name: "{{close}}"})
    assert fault.code == "UNRESOLVED_PLACEHOLDER"
    assert "{{close}}" in fault.detail


def test_a_placeholder_in_a_comment_or_in_a_field_without_meaning_does_no_harm() -> None:
    meant = intent(comment="{{strategy.order.comment}}", plot="{{plot_0}}")
    assert meant.comment == "{{strategy.order.comment}}"
    assert meant.unknown == {"plot": "{{plot_0}}"}


def test_a_comment_is_kept_as_it_is() -> None:
    nasty = "'; DROP TABLE alerts; -- <script>alert(1)</script>"
    assert intent(comment=nasty).comment == nasty


def test_fields_without_a_meaning_are_kept() -> None:
    extras: dict[str, object] = {"extras": {"rsi": "71.3"}, "interval": "5", "Volume": None}
    assert native({"action": "buy", **extras}).unknown == extras


@given(
    fields=st.dictionaries(st.sampled_from(sorted(NAMES)), st.none() | st.booleans() | st.text())
)
def test_any_value_in_any_field_is_understood_or_refused_by_name(
    fields: dict[str, object],
) -> None:
    try:
        meant = native(fields)
    except InvalidInput as fault:
        assert fault.code.isupper()  # noqa: PT017
        assert fault.fields  # noqa: PT017
    else:
        assert meant.action in Action
