"""The cases of the contract as greenlets: python -m tests.contract.greenlets [what pytest takes].

Where files are named, theirs are run instead.

The server patches the standard library before it imports anything else (docs/adr/0001), and so
does this.  The venues run as greenlets too, so that a call which holds the others up is never
answered.
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402  patched first
from pathlib import Path  # noqa: E402  patched first
from typing import Final  # noqa: E402  patched first

import pytest  # noqa: E402  patched first

HERE: Final = Path(__file__).parent
#: The library of the venues' streams, which are processes of their own elsewhere, does not know
#: that one greenlet may close what another one reads.
VENUES_END: Final = (
    r"ignore:Exception in thread Thread-\d+ \(simple_websocket"
    ":pytest.PytestUnhandledThreadExceptionWarning"
)


class Green:
    """What is different for pytest when everything is patched."""

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("filterwarnings", VENUES_END)


def main(arguments: list[str]) -> int:
    """Run the cases and return pytest's own exit code."""
    named = any(Path(each).exists() for each in arguments)
    places = [] if named else [str(HERE)]
    return int(pytest.main([*places, "-q", "-m", "not hardship", *arguments], [Green()]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
