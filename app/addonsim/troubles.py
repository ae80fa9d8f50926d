"""What a bad line and a bad machine do to an add-on's messages, on purpose."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from app.addonsim.link import Answer
from app.addonsim.script import Json
from app.addonsim.sheet import Message
from app.domain.errors import InvalidInput

#: Takes a message to the server; None when no answer came.
Post = Callable[[Json], Answer | None]

_LARGEST_WINDOW: Final = 100


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong.

    ``drop`` is the chance that a request is lost, half the time only its answer; ``duplicate`` that
    it arrives twice.  ``reorder`` sends messages in a random order within so many of one account.
    So many messages are held back by ``gap`` until the server asks for them.  ``restart`` begins a
    new session after so many messages, 0 for never; ``skew`` is how many seconds the machine's
    clock is ahead, negative when it is behind.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: int = 0
    gap: int = 0
    restart: int = 0
    skew: float = 0.0

    def __post_init__(self) -> None:
        """Raise InvalidInput for what cannot be."""
        for name in ("drop", "duplicate"):
            # A line that loses everything would never end.
            if not 0 <= getattr(self, name) < 1:
                raise InvalidInput(f"{name} is a chance from 0 up to, but not including, 1.")
        if not 0 <= self.reorder <= _LARGEST_WINDOW:
            raise InvalidInput(f"reorder is a number of messages from 0 to {_LARGEST_WINDOW}.")
        if self.gap < 0 or self.restart < 0:
            raise InvalidInput("gap and restart are numbers of messages, 0 for none.")


def troubled(post: Post, trouble: Trouble, chance: random.Random) -> Post:
    """Return a way to the server that loses and doubles requests."""

    def sent(body: Json) -> Answer | None:
        lost = chance.random() < trouble.drop
        if lost and chance.random() < 0.5:
            return None
        answer = post(body)
        if chance.random() < trouble.duplicate:
            post(body)
        return None if lost else answer

    return sent


@dataclass
class Shuffle:
    """Lets messages out in a random order within a window; a window of 0 or 1 changes nothing."""

    window: int
    chance: random.Random
    _held: list[Message] = field(default_factory=list)

    def put(self, message: Message) -> Iterator[Message]:
        """Take a message; yields what goes out now."""
        self._held.append(message)
        if len(self._held) >= self.window:
            yield from self.rest()

    def rest(self) -> Iterator[Message]:
        """Yield whatever is still held."""
        held, self._held = self._held, []
        if self.window > 1:
            self.chance.shuffle(held)
        yield from held
