"""What the answers of venues mean."""

from __future__ import annotations

from typing import Final

from app.domain.refusals.record import Refusal

#: What the answer of a venue means, or its absence.
VENUE_ANSWERS: Final = (
    Refusal(
        "BROKER_ERROR",
        "The venue did not do what was asked.",
        "See its words.",
    ),
    Refusal(
        "BROKER_REJECTED",
        "The venue said no.",
        "See its words; nothing is sent again.",
    ),
    Refusal(
        "BROKER_UNAVAILABLE",
        "The venue could not be reached, and nothing was sent.",
        "Check the account's connection.",
    ),
    Refusal(
        "BROKER_LIMITED",
        "The venue takes no more requests for now.",
        "Nothing: what is still wanted is sent again when it does.",
    ),
    Refusal(
        "BROKER_UNKNOWN",
        "The request was sent, but its answer was lost.",
        "Nothing: the venue is asked by the order's own id until it is known.",
    ),
    Refusal(
        "BROKER_AUTH",
        "The venue refused the account's credentials.",
        "Enter the account's credentials again.",
    ),
    Refusal(
        "BAD_TIME_IN_FORCE",
        "The venue does not take this kind of order for that long.",
        "Change the time in force of the alert or the strategy.",
    ),
    Refusal(
        "BUYING_POWER",
        "The venue says that the account cannot pay for the order.",
        "Lower the size, or free buying power on the account.",
    ),
    Refusal(
        "DUPLICATE_ORDER",
        "The venue has an order with this id already.",
        "Nothing: the order that it holds is the one that counts.",
    ),
    Refusal(
        "MARKET_CLOSED",
        "The venue takes no orders while the market is closed.",
        "Send the alert when the market is open.",
    ),
    Refusal(
        "NO_MARKET_DATA",
        "Nobody who can be asked has a price of the symbol.",
        "Connect an account at a venue that has prices, or send the price with an alert.",
    ),
    Refusal(
        "MARKET_DATA_PLAN",
        "The plan of the account at the venue does not include these prices.",
        "Choose the feed IEX in the account's settings, or subscribe to the other at the venue.",
    ),
    Refusal(
        "HALTED",
        "Trading of the instrument is halted.",
        "Send the alert again when it trades.",
    ),
    Refusal(
        "NOT_TRADABLE",
        "The venue does not trade this instrument now.",
        "Choose another instrument, or look at the venue why.",
    ),
    Refusal(
        "NOT_SHORTABLE",
        "The venue does not let the account sell this instrument short.",
        "Trade it on the long side only, or ask the venue for short selling.",
    ),
    Refusal(
        "FRACTIONAL",
        "The venue takes no fraction of a unit in such an order.",
        "Let the strategy trade whole units, or send a market or limit order for the day.",
    ),
    Refusal(
        "ORDER_TOO_SMALL",
        "The order is smaller than the venue takes.",
        "Raise the size.",
    ),
    Refusal(
        "QUANTITY_HELD",
        "Other working orders at the venue hold the quantity that this one would sell.",
        "Cancel the other orders of the instrument first, or lower the size.",
    ),
    Refusal(
        "WASH_TRADE",
        "The venue refuses an order that could trade against another one of the same account.",
        "Cancel the order on the other side first, or trade on another account.",
    ),
    Refusal(
        "PATTERN_DAY_TRADER",
        "The venue refuses the order to keep the account from day trading too often.",
        "Wait until fewer day trades lie in the last five days, or bring the account above 25,000"
        " USD.",
    ),
    Refusal(
        "ACCOUNT_BLOCKED",
        "The venue does not let the account trade.",
        "Look at the account at the venue: it says what it waits for.",
    ),
    Refusal(
        "VENUE_REFUSED",
        "The venue refused the request for a reason of its own.",
        "See the venue's words; nothing is sent again.",
    ),
    Refusal(
        "NOTHING_TO_REDUCE",
        "The order may only reduce a position, and the venue holds none on that side.",
        "Compare the position with the broker's.",
    ),
    Refusal(
        "TOO_LATE",
        "The order had ended before it could be changed.",
        "Look at how it ended.",
    ),
    Refusal(
        "UNKNOWN_ORDER",
        "The venue has no such order.",
        "Look at the venue's own list of orders.",
    ),
)
