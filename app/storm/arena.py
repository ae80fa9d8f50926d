"""Where a storm on a server of its own trades: the venue, and the account at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.bootstrap import Core
from app.domain.accounts import Account
from app.storm.paper import ChaosPaper, VenuePaper
from app.storm.plan import MARKETS, Markets, Shape
from app.storm.stage import own_account


class Arena(Protocol):
    """A venue at which a storm on a server of its own can trade."""

    @property
    def markets(self) -> Markets:
        """What its strategies trade."""

    @property
    def quotes(self) -> bool:
        """Whether it streams prices, so that the alerts' own are not the only ones."""

    def settings(self) -> Mapping[str, str]:
        """Return the settings, by their names, with which a server reaches it."""

    def account(self, made: Core, shape: Shape) -> Account:
        """Make the account, and let go wrong there what the storm wants."""

    def paper(self, account: Account, directory: Path) -> VenuePaper:
        """Return its log of the account; ``directory`` is the server's."""


@dataclass(frozen=True, slots=True)
class OwnArena:
    """The server's own venues: paper, or the fault broker when anything is to go wrong."""

    markets: Markets = MARKETS
    quotes: bool = False

    def settings(self) -> Mapping[str, str]:
        """It needs none."""
        return {}

    def account(self, made: Core, shape: Shape) -> Account:
        """Make an account for the storm alone."""
        return own_account(made, shape.faults, shape.seed)

    def paper(self, account: Account, directory: Path) -> VenuePaper:  # noqa: ARG002  the port's
        """Return the log of the fault broker; what is on paper accounts is in the database."""
        return ChaosPaper(directory / "venue")
