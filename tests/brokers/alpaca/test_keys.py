"""Keys open accounts, and show themselves nowhere."""

from __future__ import annotations

import pytest

from app.brokers.alpaca.keys import Keys
from app.domain.accounts import Mode
from app.domain.errors import InvalidInput

KEYS = Keys("PKABCDEFGHIJ1234", "a-secret-of-many-letters")


def test_keys_show_only_the_ends_of_the_key() -> None:
    assert KEYS.hint == "PK...1234"
    assert repr(KEYS) == str(KEYS) == "Keys()"


@pytest.mark.parametrize(
    ("key", "mode"), [("PKAAAAAAAA", Mode.PAPER), ("AKAAAAAAAA", Mode.LIVE), ("CKAAAAAAAA", None)]
)
def test_the_beginning_of_a_key_says_whether_real_money_is_at_stake(
    key: str, mode: Mode | None
) -> None:
    assert Keys(key, "secret").mode is mode


def test_sealed_keys_come_back() -> None:
    assert Keys.from_json(KEYS.to_json()) == KEYS


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"key": "PKONLYTHEKEY"}', '{"key": 1, "secret": 2}']
)
def test_what_is_no_pair_of_keys_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Keys.from_json(text)
    assert "ONLYTHEKEY" not in refused.value.detail


def test_pasted_keys_lose_the_space_around_them() -> None:
    assert Keys.read(" PKABCDEFGHIJ1234\n", "a-secret-of-many-letters ") == KEYS


@pytest.mark.parametrize(
    ("key", "secret", "fields"),
    [
        ("", "a-secret-of-many-letters", {"key"}),
        ("PKABCDEFGHIJ1234", "", {"secret"}),
        ("PKABC DEFGHIJ1234", "a-secret\r\nX-Evil: 1", {"key", "secret"}),
        ("PKÄÖÜDEFGHIJ1234", "x" * 129, {"key", "secret"}),
    ],
)
def test_keys_that_cannot_be_sent_are_refused_by_field_and_not_repeated(
    key: str, secret: str, fields: set[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        Keys.read(key, secret)
    assert refused.value.fields.keys() == fields
    told = refused.value.detail + "".join(refused.value.fields.values())
    assert "GHIJ" not in told
    assert "secret-of" not in told
