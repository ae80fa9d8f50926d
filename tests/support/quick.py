"""Users whose password is quick to check: argon2 takes a tenth of a second for each look."""

from __future__ import annotations

from dataclasses import dataclass, field

from argon2 import PasswordHasher

from app.bootstrap import Core
from app.services.users import UserService

PASSWORD = "correct horse battery"


def _weak() -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass(frozen=True)
class OneHash:
    """Passwords that are all the same, kept as a hash that the server checks quickly too."""

    known: str = field(default_factory=_weak)

    def hash(self, password: str) -> str:
        assert password == PASSWORD
        return self.known

    def verify(self, password_hash: str | None, password: str) -> bool:
        return password_hash == self.known and password == PASSWORD


def quick_users(made: Core) -> UserService:
    """The users of a core, to make some who all have the one password."""
    return UserService(made.store, made.clock, made.ids, made.vault, OneHash(), made.accounts)
