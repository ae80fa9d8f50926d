"""Passwords: hashed with argon2id, and checked in the same time whether the user exists or not."""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

#: Of a random password that nobody kept; checking against it takes as long as against any other.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$UjfR0snwh8IHDCIknNUETg$"
    "3mSzek4dsNAQZrZDUT/vsKMIBNa276udxylwDEe/4kY"
)


class Argon2Passwords:
    """argon2id with the library's recommended parameters (RFC 9106, low memory)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()

    def hash(self, password: str) -> str:
        """Return the salted hash of a password."""
        return self._hasher.hash(password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits; takes as long when there is no hash to fit."""
        try:
            self._hasher.verify(password_hash or _NOBODY, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
        return password_hash is not None
