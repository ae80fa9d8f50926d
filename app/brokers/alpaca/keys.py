"""The keys to an account at Alpaca, and where Alpaca is."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final

from app.domain.accounts import Mode
from app.domain.errors import InvalidInput

#: What a key begins with, where that says which kind of account it opens.
_PREFIXES: Final = {"PK": Mode.PAPER, "AK": Mode.LIVE}
_LONGEST: Final = 128


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where Alpaca is, without paths: ``trading`` and ``data`` over HTTP, ``stream`` the prices."""

    trading: str
    data: str
    stream: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The key and the secret of one account; neither is ever shown."""

    key: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def hint(self) -> str:
        """What may be shown of the key: its first two and last four characters."""
        return f"{self.key[:2]}...{self.key[-4:]}"

    @property
    def mode(self) -> Mode | None:
        """Whether the key says that it is of a paper or of a live account; None if it does not."""
        return _PREFIXES.get(self.key[:2])

    @staticmethod
    def read(key: str, secret: str) -> Keys:
        """Take the keys as a person enters them; raises InvalidInput with what is wrong."""
        given = {"key": key.strip(), "secret": secret.strip()}
        wrong = {name: fault for name, text in given.items() if (fault := _fault(text))}
        if wrong:
            listed = "; ".join(f"{name}: {fault}" for name, fault in wrong.items())
            raise InvalidInput(f"The keys cannot be used ({listed}).", fields=wrong)
        return Keys(given["key"], given["secret"])

    def to_json(self) -> str:
        """The keys as they are sealed."""
        return json.dumps({"key": self.key, "secret": self.secret})

    @staticmethod
    def from_json(text: str) -> Keys:
        """Read what ``to_json`` wrote; raises InvalidInput, without a word of it."""
        try:
            data = json.loads(text)
            return Keys.read(data["key"], data["secret"])
        except (ValueError, TypeError, KeyError, AttributeError):
            pass
        raise InvalidInput("The stored keys of the account cannot be read. Enter them again.")


def _fault(text: str) -> str | None:
    """What is wrong with a key, without showing it: it goes into a header as it is."""
    if not 8 <= len(text) <= _LONGEST:
        return f"must have 8 to {_LONGEST} characters; copy it whole from Alpaca's page"
    if not (text.isascii() and text.isprintable()) or " " in text:
        return "must be letters and digits without spaces; copy it again from Alpaca's page"
    return None
