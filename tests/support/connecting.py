"""A venue's side of connecting: accounts that keys open, and what it answers as the test wants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from app.domain.accounts import Mode
from app.domain.errors import BrokerAuth, BrokerError, InvalidInput
from app.domain.reports import AccountSnapshot
from app.services.connections import KeyPair
from app.services.ports import Connection, Entered, Probe

SECRET = "the-secret-of-nobody-at-all"
PAPER_KEYS = KeyPair("PKPAPERPAPERPAPER1234", SECRET)
OTHER_KEYS = KeyPair("PKOTHEROTHEROTHER5678", SECRET)
LIVE_KEYS = KeyPair("AKLIVELIVELIVELIVE4321", SECRET)
ASKED_AT = datetime(2026, 11, 16, 16, 0, tzinfo=UTC)


def opened(number: str, equity: str = "25000.50") -> Probe:
    """An account in good order."""
    snapshot = AccountSnapshot(Decimal(20000), Decimal(equity), Decimal(50000), ASKED_AT)
    return Probe(number, "ACTIVE", "USD", snapshot)


@dataclass
class Gatekeeper:
    """Implements the port ``Connector``; ``opens`` says by key what there is.

    While ``refusal`` is set it meets every question; ``asked`` are the keys and modes of them.
    """

    opens: dict[str, Probe] = field(
        default_factory=lambda: {
            PAPER_KEYS.key: opened("PA1"),
            OTHER_KEYS.key: opened("PA2"),
            LIVE_KEYS.key: opened("9001"),
        }
    )
    refusal: BrokerError | None = None
    hosts: frozenset[Mode] = frozenset(Mode)
    asked: list[tuple[str, Mode]] = field(default_factory=list)
    links: dict[str, Connection] = field(default_factory=dict)

    def read(self, key: str, secret: str) -> Entered:
        wrong = {
            name: "must be letters and digits without spaces"
            for name, text in {"key": key, "secret": secret}.items()
            if not text or " " in text
        }
        if wrong:
            raise InvalidInput("The keys cannot be used.", fields=wrong)
        mode = {"PK": Mode.PAPER, "AK": Mode.LIVE}.get(key[:2])
        text = json.dumps({"key": key, "secret": secret})
        return Entered(f"{key[:2]}...{key[-4:]}", mode, text)

    def check(self, settings: Mapping[str, object]) -> None:
        if settings.get("feed", "iex") not in {"iex", "sip", "test"}:
            problem = "must be iex, sip or test"
            raise InvalidInput(f"The feed {problem}.", fields={"feed": problem})

    def reaches(self, mode: Mode) -> bool:
        return mode in self.hosts

    def probe(self, keys: str, mode: Mode) -> Probe:
        key = json.loads(keys)["key"]
        self.asked.append((key, mode))
        if self.refusal is not None:
            raise self.refusal
        if key not in self.opens:
            raise BrokerAuth("unauthorized")
        return self.opens[key]

    def connection(self, account_id: str) -> Connection:
        return self.links.get(account_id) or Connection(up=False)

    def becomes(self, keys: KeyPair, **changes: object) -> None:
        """Change what the keys open."""
        self.opens[keys.key] = replace(self.opens[keys.key], **changes)  # type: ignore[arg-type]
