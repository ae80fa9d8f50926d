"""People who sign in, and the tokens that their programs carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in; the password is kept as an argon2 hash only."""

    id: str
    name: str
    created_at: datetime
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A bearer token of one user; only the SHA-256 of the secret is kept."""

    id: str
    user_id: str
    name: str
    created_at: datetime
    token_hash: str = field(repr=False)
    revoked_at: datetime | None = None
