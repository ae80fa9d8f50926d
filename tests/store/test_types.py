"""Column types: what was written is what is read, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from app.domain.errors import InvariantBroken
from app.domain.money import plain
from app.store.types import Choice, Document, ExactDecimal, Instant, Scaled8, Words
from app.store.unit_of_work import SqlStore
from tests.support.records import BOOK, NOON, alert, fact, fill, furnish

DIALECTS: list[Dialect] = [sqlite.dialect(), postgresql.dialect()]  # type: ignore[no-untyped-call]

amounts = st.decimals(-(10**15) + 1, 10**15 - 1, places=18) | st.decimals(-1000, 1000, places=2)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(values=st.lists(amounts, min_size=1, max_size=20))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_amount_comes_back_exactly(store: SqlStore, values: list[Decimal]) -> None:
    with store.read() as unit:
        known = unit.strategies.get("strategy-1")
    if known is None:
        furnish(store)
    with store.write() as unit:
        before = len(unit.fills.of_book(BOOK))
        for number, value in enumerate(values):
            booked = fill(before + number, price=value, commission=value.copy_negate())
            assert unit.fills.insert(booked, value, NOON)
    with store.read() as unit:
        kept = unit.fills.of_book(BOOK)[before:]
    assert [each.price for each in kept] == values
    assert [each.commission for each in kept] == [value.copy_negate() for value in values]
    assert [each.price.as_tuple() for each in kept] == [plain(value).as_tuple() for value in values]


@pytest.mark.parametrize(
    ("given_", "text"),
    [("1E+3", "1000"), ("1.50", "1.5"), ("-0.00", "0"), ("1E-18", "0.000000000000000001")],
)
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.name)
def test_a_decimal_is_written_and_read_in_its_plain_form(
    dialect: Dialect, given_: str, text: str
) -> None:
    kind = ExactDecimal()
    written = kind.bind_processor(dialect)(Decimal(given_))
    assert str(kind.result_processor(dialect, None)(written)) == str(Decimal(text))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.name)
@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(dialect: Dialect, wrong: str) -> None:
    for kind in (ExactDecimal(), Scaled8()):
        with pytest.raises(InvariantBroken):
            kind.bind_processor(dialect)(Decimal(wrong))


@given(value=st.decimals(-(10**10), 10**10, places=12))
def test_a_sample_is_rounded_half_even_to_eight_places(value: Decimal) -> None:
    kind = Scaled8()
    count = kind.bind_processor(DIALECTS[0])(value)
    assert isinstance(count, int)
    back = kind.result_processor(DIALECTS[0], None)(count)
    assert back == value.quantize(Decimal("1e-8"))


def test_a_half_of_the_last_place_goes_to_the_even_side() -> None:
    write = Scaled8().bind_processor(DIALECTS[0])
    assert [write(Decimal(text)) for text in ("0.000000005", "0.000000015")] == [0, 2]


@given(at=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_any_instant_comes_back_and_sorts_as_an_integer(at: datetime) -> None:
    kind = Instant()
    count = kind.bind_processor(DIALECTS[0])(at)
    assert kind.result_processor(DIALECTS[0], None)(count) == at
    assert (count < kind.bind_processor(DIALECTS[0])(NOON)) == (at < NOON)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        Instant().bind_processor(DIALECTS[0])(NOON.replace(tzinfo=None))


@pytest.mark.parametrize("kind", [ExactDecimal(), Instant(), Scaled8(), Words(), Document()])
def test_nothing_stays_nothing(kind: ExactDecimal) -> None:
    for dialect in DIALECTS:
        assert kind.bind_processor(dialect)(None) is None


def test_a_word_outside_the_choices_is_refused() -> None:
    from app.domain.orders import Side

    with pytest.raises(ValueError, match="up"):
        Choice(Side).bind_processor(DIALECTS[0])("up")


@given(text=texts, data=st.dictionaries(texts, texts | st.integers(-(2**40), 2**40) | st.none()))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_and_any_document_come_back(
    store: SqlStore, text: str, data: dict[str, object]
) -> None:
    with store.write() as unit:
        number = unit.facts.append(fact(message=text, data=data)).number
    with store.read() as unit:
        (kept,) = unit.facts.after(number - 1, 1)
    assert (kept.message, kept.data) == (text, data)


def test_what_a_database_cannot_keep_is_shown_as_its_symbol(store: SqlStore) -> None:
    furnish(store)
    with store.write() as unit:
        first = alert(1, dedupe_key="a\0b", detail="half \ud800", headers={"X\0": "\ud800y"})
        assert unit.alerts.insert(first)
        assert not unit.alerts.insert(alert(2, dedupe_key="a\0b"))
    with store.read() as unit:
        kept = unit.alerts.by_key("strategy-1", "a\0b")
    assert kept is not None
    assert (kept.dedupe_key, kept.detail) == ("a\u2400b", "half ?")
    assert kept.headers == {"X\u2400": "?y"}
    with store.write() as unit:
        number = unit.facts.append(fact(data={"a": ["\0", 1, {"b": "\U0001f600"}]})).number
        (told,) = unit.facts.after(number - 1, 1)
    assert told.data == {"a": ["\u2400", 1, {"b": "\U0001f600"}]}


def test_a_raw_body_keeps_every_byte(store: SqlStore) -> None:
    furnish(store)
    body = bytes(range(256))
    with store.write() as unit:
        unit.alerts.insert(alert(1, body=body))
    with store.read() as unit:
        kept = unit.alerts.get("alert-0001")
    assert kept is not None
    assert kept.body == body


def test_a_document_that_is_held_is_decoded_once_and_makes_room_for_newer_ones() -> None:
    decoded: list[Any] = []

    def decode(value: Any) -> Any:  # noqa: ANN401  a document
        decoded.append(value)
        return tuple(value)

    kind = Document(list, decode, held=2)
    write, read = kind.bind_processor(DIALECTS[0]), kind.result_processor(DIALECTS[0], None)
    texts = [write((number,)) for number in range(3)]
    assert [read(text) for text in texts[1:]] == [(1,), (2,)]
    assert decoded == []
    assert (read(texts[0]), read(texts[0])) == ((0,), (0,))
    assert decoded == [[0]]
    assert (read(None), write(None)) == (None, None)
