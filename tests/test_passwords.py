"""Passwords: argon2id, and the same work whether the user exists or not."""

from __future__ import annotations

import pytest
from argon2 import extract_parameters

from app.passwords import _NOBODY, Argon2Passwords


@pytest.fixture(scope="module")
def passwords() -> Argon2Passwords:
    return Argon2Passwords()


def test_a_password_fits_its_own_hash_alone(passwords: Argon2Passwords) -> None:
    kept = passwords.hash("correct horse")
    assert kept.startswith("$argon2id$")
    assert "correct" not in kept
    assert passwords.verify(kept, "correct horse")
    assert not passwords.verify(kept, "Correct horse")
    assert not passwords.verify(kept, "")


def test_the_same_password_is_never_hashed_alike(passwords: Argon2Passwords) -> None:
    assert passwords.hash("correct horse") != passwords.hash("correct horse")


def test_what_is_no_hash_fits_nothing(passwords: Argon2Passwords) -> None:
    assert not passwords.verify("plain text", "plain text")


def test_without_a_hash_the_same_work_is_done_and_nothing_fits(passwords: Argon2Passwords) -> None:
    assert not passwords.verify(None, "correct horse")
    assert extract_parameters(_NOBODY) == extract_parameters(passwords.hash("x"))
