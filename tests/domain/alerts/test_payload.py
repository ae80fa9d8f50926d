"""Raw bytes to fields: every malformed message has its code, its place and its way out."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alerts import UNREADABLE, Form, body_hash
from app.domain.alerts.payload import DEEPEST, parse
from app.domain.errors import InvalidInput


def refusal(body: bytes | str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        parse(body.encode() if isinstance(body, str) else body)
    assert caught.value.code in UNREADABLE
    return caught.value


def nested(levels: int) -> str:
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\xef\xbb\xbf"])
def test_an_empty_message_is_refused(body: bytes) -> None:
    assert refusal(body).code == "EMPTY_BODY"


@pytest.mark.parametrize("body", [b'{"action": "\xff"}', '{"a": 1}'.encode("utf-16"), b"\x80"])
def test_what_is_not_utf8_is_refused(body: bytes) -> None:
    assert refusal(body).code == "NOT_UTF8"


@pytest.mark.parametrize(
    "body",
    [
        "symbol=ES\x00 action=buy",
        '{"comment": "a\\u0000b"}',
        '{"a\\u0000b": "x"}',
        '{"extras": [{"deep": ["\\ud800"]}]}',
    ],
)
def test_a_character_that_no_database_can_keep_is_refused(body: str) -> None:
    assert refusal(body).code == "CONTROL_CHARACTER"


def test_an_escaped_character_outside_the_basic_plane_is_kept() -> None:
    assert parse(b'{"comment": "\\ud83d\\ude00 \\u00e9", "n": null}').fields["comment"] == (
        "\N{GRINNING FACE} \u00e9"
    )


@pytest.mark.parametrize("body", ["[]", '[{"action": "buy"}]', '"action=buy"', '"{\\"a\\": 1}"'])
def test_json_that_is_no_object_is_refused(body: str) -> None:
    assert refusal(body).code == "NOT_AN_OBJECT"


def test_a_byte_order_mark_and_surrounding_space_do_not_matter() -> None:
    assert parse(b'\xef\xbb\xbf\r\n {"action": "buy"}\n').fields == {"action": "buy"}


def test_numbers_stay_the_text_that_was_sent() -> None:
    sent = parse(b'{"a": 0.10, "b": 1e400, "c": -0, "d": NaN, "e": -Infinity, "f": true}').fields
    assert sent == {"a": "0.10", "b": "1e400", "c": "-0", "d": "NaN", "e": "-Infinity", "f": True}


def test_a_number_of_many_digits_is_no_failure() -> None:
    assert parse(('{"a": ' + "1" * 60_000 + "}").encode()).fields["a"] == "1" * 60_000


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"action": "buy", "action": "sell"}', "action"),
        ('{"a": {"b": 1, "b": 1}}', "b"),
        ("action=buy action=sell", "action"),
    ],
)
def test_a_field_that_is_there_twice_is_refused(body: str, name: str) -> None:
    fault = refusal(body)
    assert fault.code == "DUPLICATE_FIELD"
    assert fault.fields == {name: "is there twice"}


def test_the_name_of_a_repeated_field_is_shown_without_its_control_characters() -> None:
    assert "\x00" not in str(refusal('{"\\u0000": 1, "\\u0000": 2}').fields)


def test_a_message_may_be_nested_twenty_levels_deep_and_no_deeper() -> None:
    assert parse(nested(DEEPEST).encode()).fields
    assert refusal(nested(DEEPEST + 1)).code == "TOO_DEEP"
    assert refusal('{"a": ' + "[" * DEEPEST + "]" * DEEPEST + "}").code == "TOO_DEEP"


def test_nesting_beyond_the_reader_is_refused_too() -> None:
    assert refusal('{"a":' + "[" * 100_000).code == "TOO_DEEP"


@pytest.mark.parametrize(
    ("body", "line", "column", "corrected"),
    [
        ('{"symbol": "ES1!", "action": buy}', 1, 30, '{"symbol": "ES1!", "action": "buy"}'),
        ("{'action': 'it\\'s'}", 1, 2, '{"action": "it\'s"}'),
        ('{"action": "buy",}', 1, 17, '{"action": "buy"}'),
        ('{"a": [1, 2,\n ],\n}', 1, 12, '{"a": [1, 2\n ]\n}'),
        ('{"symbol": "MNQ1\\!"}', 1, 12, '{"symbol": "MNQ1!"}'),
        ('{\n  "symbol": MNQ1\\!\n}', 2, 13, '{\n  "symbol": "MNQ1!"\n}'),
        ('\n{symbol: "ES"}', 2, 2, '\n{"symbol": "ES"}'),
        ('{"test": True, "a": None}', 1, 10, '{"test": true, "a": null}'),
        ('{"comment": "one\ntwo\tthree"}', 1, 13, '{"comment": "one\\ntwo\\tthree"}'),
        ("{\u201caction\u201d: \u201cbuy\u201d}", 1, 2, '{"action": "buy"}'),
        ('{"comment": cross up, "n": -1.5e3}', 1, 13, '{"comment": "cross up", "n": -1.5e3}'),
        ('{"price": +5, "ok": true}', 1, 11, '{"price": "+5", "ok": true}'),
    ],
)
def test_broken_json_is_refused_with_its_place_and_the_message_as_it_should_be(
    body: str, line: int, column: int, corrected: str
) -> None:
    fault = refusal(body)
    assert fault.code == "BAD_JSON"
    assert fault.fields == {"line": str(line), "column": str(column), "corrected": corrected}
    assert f"line {line}, column {column}" in fault.detail
    assert corrected in fault.detail
    assert parse(corrected.encode()).fields


@pytest.mark.parametrize(
    ("body", "column", "words"),
    [
        ('{"a": "b" "c": 1}', 11, "comma"),
        ('{"comment": "say "hi" now"}', 19, "quote inside"),
        ('{"a" "b"}', 6, "colon"),
        ('{"a": }', 7, "value is missing"),
        ("{", 2, "name of a field"),
        ('{"a": "b', 7, "no closing quote"),
        ('{"a": 1} {"b": 2}', 10, "after the end"),
        ('{"a": 007}', 8, "comma"),
        ('{"a": \'x}', 7, "value"),
        ("{'", 2, "name of a field"),
        ('{"a": "b\\q"', 9, ""),
        ('{"a": "\x01"}', 8, "line break"),
        ("{'a': NaN, b}", 2, "name of a field"),
    ],
)
def test_json_that_cannot_be_mended_is_refused_with_its_place_and_a_sentence(
    body: str, column: int, words: str
) -> None:
    fault = refusal(body)
    assert fault.code == "BAD_JSON"
    assert fault.fields == {"line": "1", "column": str(column)}
    assert words in fault.detail


def test_a_long_broken_message_gets_its_place_and_no_repair() -> None:
    fault = refusal('{"a": buy, "comment": "' + "x" * 5_000 + '"}')
    assert fault.fields == {"line": "1", "column": "7"}


@pytest.mark.parametrize(
    ("body", "column"),
    [
        ('{"price": {{close}}, "action": "buy"}', 11),
        ('{"action": "buy", "price": {{close}', 28),
        ('{"action": "buy", "price": {{ plot_0 }}}', 28),
        ("{{ticker}} crossing 5000", 1),
    ],
)
def test_a_placeholder_outside_quotes_was_not_filled_in(body: str, column: int) -> None:
    fault = refusal(body)
    assert fault.code == "UNRESOLVED_PLACEHOLDER"
    assert fault.fields == {"line": "1", "column": str(column)}


@pytest.mark.parametrize(
    "body",
    [
        "symbol=ES action=buy quantity=2",
        "symbol=ES;action=buy;quantity=2;",
        "symbol=ES, action=buy, quantity=2",
        "symbol=ES\r\naction=buy\r\nquantity=2\r\n",
        "  symbol = ES ; action = 'buy'; quantity=\"2\"",
    ],
)
def test_text_of_names_and_values_may_be_separated_in_every_usual_way(body: str) -> None:
    payload = parse(body.encode())
    assert payload.form is Form.TEXT
    assert payload.fields == {"symbol": "ES", "action": "buy", "quantity": "2"}


def test_a_value_may_hold_spaces_and_equal_signs() -> None:
    assert parse(b"comment=cross up; id=x=y").fields == {"comment": "cross up", "id": "x=y"}


def test_a_value_may_be_empty() -> None:
    assert parse(b"symbol= action=buy").fields == {"symbol": "", "action": "buy"}


@pytest.mark.parametrize("body", ["ES crossing 5000", "buy symbol=ES", "5", "null", "=", "1=2"])
def test_text_without_fields_is_refused(body: str) -> None:
    assert refusal(body).code == "NO_FIELDS"


@pytest.mark.parametrize(
    "body",
    [
        '{"' + '\\"' * 32_000,
        "a " * 32_000,
        "a" + " " * 64_000,
        "{{" * 2_000,
        "{'" * 2_000,
        "{" + "a b " * 900,
        "{" + ",".join(f'"{number}":1' for number in range(7_000)) + ',"1":2}',
    ],
)
def test_a_message_made_to_be_slow_is_refused_quickly(body: str) -> None:
    began = time.perf_counter()
    refusal(body)
    assert time.perf_counter() - began < 0.5


def test_equal_content_has_an_equal_hash_whatever_its_layout() -> None:
    spaced = body_hash(b'{ "action": "buy",\n "symbol": "ES" }')
    assert spaced == body_hash(b'{"symbol":"ES","action":"buy"}')
    assert spaced != body_hash(b'{"symbol":"ES","action":"sell"}')


def test_what_cannot_be_read_is_hashed_by_its_bytes() -> None:
    assert body_hash(b"{") == body_hash(b"{")
    assert body_hash(b"{") != body_hash(b"{ ")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(fields=st.dictionaries(st.text(), JSON_VALUES, max_size=5))
def test_every_json_object_is_read_or_refused(fields: dict[str, object]) -> None:
    try:
        read = parse(json.dumps(fields).encode())
    except InvalidInput as fault:
        assert fault.code in {"CONTROL_CHARACTER", "TOO_DEEP"}  # noqa: PT017
    else:
        assert read.fields.keys() == fields.keys()
