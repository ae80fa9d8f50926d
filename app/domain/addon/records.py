"""What is kept of add-ons: their keys, and the accounts that they tell of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from app.domain.addon.clocks import Skew
from app.domain.addon.messages import Execution, Message
from app.domain.addon.stream import Stream


@dataclass(frozen=True, slots=True)
class AddonKey:
    """The key of one installation of an add-on; only the SHA-256 of the secret is kept.

    With ``signed`` every request must carry a signature.  ``installation_id`` is who used it last.
    """

    id: str
    user_id: str
    name: str
    created_at: datetime
    key_hash: str = field(repr=False)
    signed: bool = False
    installation_id: str | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """An account that an add-on tells of, by the name that it has there.

    ``newest`` is the newest message, without its executions and days; ``heard_at`` is when the
    server heard of the account last, be it news or not.
    """

    account_id: str
    user_id: str
    told_name: str
    key_id: str
    stream: Stream = field(default_factory=Stream)
    skew: Skew | None = None
    newest: Message | None = None
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptExecution:
    """An execution of an account that an add-on told of."""

    account_id: str
    execution: Execution
    heard_at: datetime
