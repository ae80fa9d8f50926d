"""What is said of accounts that a platform's add-on tells of."""

from __future__ import annotations

from typing import Final

from app.domain.refusals.record import Refusal

#: What an add-on is answered, and what an order to an account of its own is.
ADDON: Final = (
    Refusal(
        "WATCHED_ONLY",
        "The account {account} is watched, not traded from here: an add-on tells of it.",
        "Place the order in the platform, or send it to an account that is traded from here.",
    ),
    Refusal(
        "MALFORMED_MESSAGE",
        "A message of an add-on cannot be read, and was left out.",
        "Mend the field that is named; the add-on and the server may be of different versions.",
    ),
    Refusal(
        "STALE_SESSION",
        "Another session tells of the account by now.",
        "Let one add-on alone tell of an account: look for a second machine with the same account.",
    ),
    Refusal(
        "TOO_MANY_ACCOUNTS",
        "The key tells of as many accounts as one may.",
        "Name the accounts that matter in the add-on's settings, or make another key.",
    ),
    Refusal(
        "BAD_SIGNATURE",
        "The request is not signed as its key demands, or was signed more than 5 minutes ago.",
        "Set the clock of the add-on's machine, and let the add-on sign; or switch signing off.",
    ),
)

#: What the log says of add-ons.
ADDON_NOTICES: Final = (
    Refusal(
        "ADDON_ACCOUNT",
        "An add-on tells of it for the first time.",
        "Choose its firm's rules, and it is tracked.",
    ),
    Refusal(
        "ADDON_LOST",
        "Of the add-on's messages {count} never came, and are waited for no longer: how high the"
        " equity was meanwhile is not known.",
        "Compare the highest balance with the firm's own figures.",
    ),
    Refusal(
        "ADDON_CLOCK",
        "The clock of the add-on's machine is {seconds} s {way}.",
        "Let the machine set its clock by the network.",
    ),
    Refusal(
        "ADDON_TAKEN_BACK",
        "A breach was told of that never was, as messages that came late show.",
        "Nothing; the account goes on.",
    ),
)
