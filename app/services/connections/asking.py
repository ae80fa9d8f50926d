"""Asking a venue what keys open, and what is refused before and after.

Everything that can be known without the venue is checked first and said at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from app.domain.accounts import Mode, traits
from app.domain.errors import (
    BrokerAuth,
    BrokerError,
    BrokerRejected,
    BrokerUnavailable,
    InvalidInput,
)
from app.domain.money import wire
from app.domain.refusals import explain
from app.services.accounts import name_fault
from app.services.connections.wishes import KeyPair, Wish
from app.services.connections.words import MONEY, ended
from app.services.ports import Connector, Entered, Probe

#: What the books count in; an account in another currency cannot be connected.
CURRENCY: Final = "USD"


class Asking:
    """Asks the venues of ``connectors``; with ``live`` the server lets real money in."""

    def __init__(self, connectors: Mapping[str, Connector], *, live: bool) -> None:
        self._connectors = connectors
        self._live = live

    def connector(self, venue: str) -> Connector:
        """Return what connects accounts to the venue; raises InvalidInput when there is none."""
        found = self._connectors.get(venue)
        if found is None:
            problem = "is none that accounts are connected to"
            raise InvalidInput(f"The venue {venue} {problem}.", fields={"venue": problem})
        return found

    def checked(self, wish: Wish) -> Entered:
        """Return the keys of a wish of which all is right that can be known without the venue.

        Raises InvalidInput with everything that is not.
        """
        connector, keys = self.connector(wish.venue), wish.keys
        fields = {
            **name_fault(wish.name),
            **wish.bounds.faults(wish.mode),
            **_faults(lambda: connector.read(keys.key, keys.secret)),
            **_faults(lambda: connector.check(wish.settings)),
        }
        if wish.mode is Mode.LIVE:
            fields |= unconfirmed(wish.name, wish.confirmation)
        self.check_live(wish.venue, wish.mode, fields)
        if fields:
            raise InvalidInput("The account cannot be connected.", fields=fields)
        return self.entered(wish.venue, wish.keys, wish.mode)

    def check_live(self, venue: str, mode: Mode, fields: Mapping[str, str] | None = None) -> None:
        """Refuse real money that the server does not let in, with whatever else is wrong."""
        if mode is Mode.PAPER or (self._live and self.connector(venue).reaches(mode)):
            return
        code = "LIVE_HOST_MISSING" if self._live else "LIVE_TRADING_OFF"
        words = explain(code)
        raise InvalidInput(words, code=code, fields={"mode": words, **(fields or {})})

    def entered(self, venue: str, keys: KeyPair, mode: Mode) -> Entered:
        """Return what is to be kept of the keys; raises InvalidInput when they cannot be right."""
        self.check_live(venue, mode)
        entered = self.connector(venue).read(keys.key, keys.secret)
        if entered.mode not in {None, mode}:
            code = "KEYS_OF_OTHER_MODE"
            theirs = MONEY[Mode.LIVE if mode is Mode.PAPER else Mode.PAPER]
            words = explain(code, theirs=theirs, chosen=MONEY[mode])
            raise InvalidInput(words, code=code, fields={"key": words})
        return entered

    def ask(self, venue: str, keys: str, mode: Mode) -> Probe:
        """Return what the venue says of the account that the keys open.

        Raises InvalidInput with its words when it says no, BrokerUnavailable when it is silent.
        """
        title = traits(venue).title
        try:
            return self.connector(venue).probe(keys, mode)
        except BrokerAuth as error:
            said, money = ended(error.detail), MONEY[mode]
            words = explain("KEYS_REFUSED", venue=title, said=said, money=money)
            fields = {"key": f"{title} refused it with this secret"}
            raise InvalidInput(words, code="KEYS_REFUSED", fields=fields) from error
        except BrokerRejected as error:
            words = explain("ACCOUNT_REFUSED", venue=title, said=ended(error.detail))
            raise InvalidInput(words, code="ACCOUNT_REFUSED") from error
        except BrokerError as error:
            words = explain("VENUE_NOT_REACHED", venue=title, said=ended(error.detail))
            raise BrokerUnavailable(words, code="VENUE_NOT_REACHED") from error


def _faults(check: Callable[[], object]) -> dict[str, str]:
    try:
        check()
    except InvalidInput as error:
        return error.fields
    return {}


def unconfirmed(name: str, typed: str) -> dict[str, str]:
    """Return, by field, that the name of an account with real money was not typed once more."""
    if typed.strip() == name:
        return {}
    return {"confirmation": f"must be the account's name, {name}, typed once more"}


def worth(probe: Probe, venue: str) -> Decimal:
    """Return the account's equity at its venue, with which its books begin.

    Raises InvalidInput for an account that our books cannot be of.
    """
    title, equity = traits(venue).title, probe.snapshot.equity
    if not probe.number:
        raise _unusable(title, "it has no number")
    if probe.currency != CURRENCY:
        raise _unusable(title, f"it is in {probe.currency}, and the books here are in {CURRENCY}")
    if equity is None or equity <= 0:
        said = "unknown" if equity is None else wire(equity)
        raise _unusable(title, f"its equity is {said}, and books begin with more than nothing")
    return equity


def _unusable(title: str, why: str) -> InvalidInput:
    code = "ACCOUNT_NOT_USABLE"
    return InvalidInput(explain(code, venue=title, why=why), code=code)
