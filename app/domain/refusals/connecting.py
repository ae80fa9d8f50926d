"""Why an account is not connected to its venue, or not any more."""

from __future__ import annotations

from typing import Final

from app.domain.refusals.record import Refusal

CONNECTING: Final = (
    Refusal(
        "KEYS_REFUSED",
        "The keys open nothing at {venue}: {said}",
        "Check that both were copied whole and are of an account with {money}.",
    ),
    Refusal(
        "KEYS_OF_OTHER_MODE",
        "The key is of an account with {theirs}, and {chosen} was chosen.",
        "Choose what the key is for, or enter the keys of the other account.",
    ),
    Refusal(
        "ACCOUNT_REFUSED",
        "The account is not shown by {venue}: {said}",
        "Look at the account at the venue; nothing was kept.",
    ),
    Refusal(
        "ACCOUNT_NOT_USABLE",
        "The account at {venue} cannot be used: {why}.",
        "Mend it at the venue, or connect another account; nothing was kept.",
    ),
    Refusal(
        "VENUE_NOT_REACHED",
        "Nothing was kept, because {venue} could not be asked: {said}",
        "Try again in a moment.",
    ),
    Refusal(
        "NO_VENUE_HISTORY",
        "The account's days by the count of {venue} are not known: {said}",
        "Look again in a moment; trading does not need them.",
    ),
    Refusal(
        "CONNECTED_ALREADY",
        "The account {number} is here already, {where}.",
        "If it was disconnected, enter the new keys on its own page; two books of one account would"
        " both be wrong.",
    ),
    Refusal(
        "OTHER_ACCOUNT",
        "The keys open the account {found}, which is another one than {account}.",
        "Enter keys of the same account, or connect the other one as an account of its own.",
    ),
    Refusal(
        "NOT_CONNECTED",
        "The account {account} is not connected: there are no keys to its venue.",
        "Enter its keys on the page of the account.",
    ),
    Refusal(
        "LIVE_TRADING_OFF",
        "This server lets no real money in.",
        "Whoever runs it sets LIVE_TRADING=true and ALPACA_LIVE_URL, and starts it again.",
    ),
    Refusal(
        "LIVE_HOST_MISSING",
        "This server does not know the venue's host for real money.",
        "Whoever runs it sets ALPACA_LIVE_URL=https://api.alpaca.markets, and starts it again.",
    ),
)
