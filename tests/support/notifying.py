"""A notifier that writes down what it is given, and answers as the test wants."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.errors import InvalidInput
from app.domain.notices import Message


@dataclass
class Postman:
    """Implements the port ``Notifier``; ``problem`` is its answer, ``knows`` what is an address."""

    problem: str | None = None
    knows: tuple[str, ...] = ("ntfy", "json", "discord")
    sent: list[tuple[str, Message]] = field(default_factory=list)
    tried: int = 0
    breaks: bool = False

    @property
    def bodies(self) -> list[str]:
        """The texts that were taken, in order."""
        return [message.body for _, message in self.sent]

    def check(self, address: str) -> str:
        scheme = address.partition("://")[0]
        if scheme not in self.knows:
            problem = f"No service has addresses that begin with {scheme}://."
            raise InvalidInput(
                f"This is not an address that apprise knows: {problem}",
                fields={"address": problem},
            )
        return scheme.capitalize()

    def send(self, address: str, message: Message) -> str | None:
        self.tried += 1
        if self.breaks:
            raise RuntimeError
        if self.problem is None:
            self.sent.append((address, message))
        return self.problem
