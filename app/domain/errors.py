"""Failures, as one tree.  A refusal is a value (see ``decisions``); a failure is an exception.

SignalboxError
|-- InvalidInput          what was sent cannot be read; says the field and what to change
|-- NotFound              no such thing, or not yours
|-- Conflict              the thing changed, or exists already
|-- Unauthorised          not signed in, or not allowed
|-- BrokerError
|   |-- BrokerRejected    the venue said no: never retried
|   |-- BrokerUnavailable nothing was sent: safe to retry
|   |   `-- BrokerLimited too many requests: nothing was taken, try again after the wait
|   |-- BrokerUnknown     it may have been sent: ask by our own id before doing anything else
|   `-- BrokerAuth        stop the account and tell the human
|-- StoreUnavailable      the database did not take the write: nothing was kept
|   `-- StoreFailed       because its disk or its file is at fault: trading halts
|-- ConfigError           refuse to start
`-- InvariantBroken       stop that worker, never guess
"""

from __future__ import annotations


class SignalboxError(Exception):
    """Any failure that Signalbox itself raises.

    ``code`` is the stable name that programs read, ``detail`` the sentence that people read.
    """

    code = "INTERNAL"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class InvalidInput(SignalboxError):
    """What was sent cannot be used; ``fields`` maps a field's name to what is wrong with it."""

    code = "INVALID_INPUT"

    def __init__(
        self, detail: str, *, code: str | None = None, fields: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail, code=code)
        self.fields = fields or {}


class NotFound(SignalboxError):
    """No such thing, or it belongs to somebody else (the answer is the same)."""

    code = "NOT_FOUND"


class Conflict(SignalboxError):
    """The request contradicts what is stored."""

    code = "CONFLICT"


class Unauthorised(SignalboxError):
    """Not signed in, or signed in without the right to do this."""

    code = "UNAUTHORISED"


class BrokerError(SignalboxError):
    """A venue did not do what was asked; the subclass says what may be assumed."""

    code = "BROKER_ERROR"


class BrokerRejected(BrokerError):
    """The venue said no, in its own words: never retried."""

    code = "BROKER_REJECTED"


class BrokerUnavailable(BrokerError):
    """The request certainly did not reach the venue: safe to retry."""

    code = "BROKER_UNAVAILABLE"


class BrokerLimited(BrokerUnavailable):
    """The venue takes no more requests for ``wait_s`` seconds; this one was certainly not taken."""

    code = "BROKER_LIMITED"

    def __init__(self, detail: str, wait_s: float) -> None:
        super().__init__(detail)
        self.wait_s = wait_s


class BrokerUnknown(BrokerError):
    """The request may have reached the venue: ask by our own id before anything else."""

    code = "BROKER_UNKNOWN"


class BrokerAuth(BrokerError):
    """The venue refused our credentials: the account stops until a human mends it."""

    code = "BROKER_AUTH"


class StoreUnavailable(SignalboxError):
    """The database did not take the write, so nothing was kept and nothing may be promised."""

    code = "STORE_UNAVAILABLE"


class StoreFailed(StoreUnavailable):
    """The database's disk is full or read-only, or its file is damaged: waiting mends nothing."""


class ConfigError(SignalboxError):
    """A setting is missing or wrong: the server refuses to start."""

    code = "CONFIG"


class InvariantBroken(SignalboxError):
    """Something that must never happen did: the worker stops rather than guess."""

    code = "INVARIANT_BROKEN"
