"""Reading Alpaca's answers: what is not of the documented form is no answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.domain.errors import BrokerUnavailable, InvalidInput


@contextmanager
def legible() -> Iterator[None]:
    """Raise BrokerUnavailable where an answer has another form than the documented one."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, InvalidInput) as error:
        raise BrokerUnavailable("Alpaca's answer cannot be read.") from error


def truth(value: object) -> bool:
    """Return what is true or false; raises TypeError for anything else."""
    if not isinstance(value, bool):
        raise TypeError
    return value
