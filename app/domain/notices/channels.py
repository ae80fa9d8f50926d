"""Channels: where a user's notices go."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.notices.categories import Category

_LONGEST_NAME: Final = 60
_LONGEST_ADDRESS: Final = 2000


@dataclass(frozen=True, slots=True)
class Channel:
    """One place where a user's notices go; its address is a secret and kept encrypted.

    ``service`` is what stands behind the address ("Discord"), ``scheme`` how the address begins.
    ``lost`` counts the notices that were given up since the channel was made; ``last_error`` is
    what went wrong last, None when the last notice was delivered or none was sent yet.
    """

    id: str
    user_id: str
    name: str
    service: str
    scheme: str
    address_encrypted: str = field(repr=False)
    categories: frozenset[Category]
    enabled: bool
    created_at: datetime
    last_sent_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    lost: int = 0

    @property
    def shown(self) -> str:
        """The address as it may be shown: "discord://…"."""
        return f"{self.scheme}://…"


def masked(address: str) -> str:
    """Return how an address begins: "discord"; raises InvalidInput when it begins like none."""
    scheme, separator, rest = address.partition("://")
    good = scheme.isascii() and scheme.replace("-", "").isalnum() and len(scheme) <= _LONGEST_NAME
    if not separator or not good or not rest:
        raise _wrong_address("must look like service://…")
    if len(address) > _LONGEST_ADDRESS:
        raise _wrong_address(f"must have at most {_LONGEST_ADDRESS} characters")
    return scheme.lower()


def named(name: str) -> str:
    """Return the name of a channel without white space around it; raises InvalidInput."""
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise InvalidInput(
            "A channel needs a name.",
            fields={"name": f"must have 1 to {_LONGEST_NAME} visible characters"},
        )
    return name


def _wrong_address(problem: str) -> InvalidInput:
    return InvalidInput("This is not an address that apprise knows.", fields={"address": problem})
