"""What the rules of a funded account say no to; exits always pass."""

from __future__ import annotations

from typing import Final

from app.domain.refusals.record import Refusal

FUNDED: Final = (
    Refusal(
        "FUNDED_FAILED",
        "The funded account broke its rule {rule} at {at} and has failed for good.",
        "Close what is open there, and trade on another account.",
    ),
    Refusal(
        "FUNDED_PAUSED",
        "The funded account reached its daily loss of {limit} and is paused until {until}.",
        "Wait for the next session; exits pass.",
    ),
    Refusal(
        "FUNDED_UNKNOWN",
        "The equity of the funded account is not known, so how far its limits are is not either.",
        "Check the account's connection and the prices of what it holds.",
    ),
    Refusal(
        "FUNDED_AUTOMATION",
        "The firm {firm} does not let a program send this order: {note}",
        "Place the order by hand, or from where the firm allows it.",
    ),
    Refusal(
        "FUNDED_PRODUCT",
        "The rules of the funded account do not allow {symbol}, only {allowed}.",
        "Trade an allowed product, or correct the rule set.",
    ),
    Refusal(
        "FUNDED_HOURS",
        "The rules of the funded account allow trading only {hours}.",
        "Wait until then, or correct the rule set.",
    ),
    Refusal(
        "FUNDED_NEWS",
        "Nothing is opened on the funded account during {name}, until {until}.",
        "Wait until then, or change the list of news.",
    ),
    Refusal(
        "FUNDED_FLAT_TIME",
        "The funded account must be flat from {flat_time} ({zone}) until the session ends.",
        "Wait for the next session; exits pass.",
    ),
    Refusal(
        "FUNDED_CONTRACTS",
        "The order would make {after} contracts on the funded account, which may hold {limit};"
        " {fits} fit.",
        "Send at most {fits}, or close something first.",
    ),
    Refusal(
        "FUNDED_MAX_LOSS",
        "The order could lose {loss} {where}, and the equity of {equity} is {room} above the"
        " floor of {floor}; {fits} fit.",
        "Send at most {fits}, or bring the stop nearer.",
    ),
    Refusal(
        "FUNDED_DAILY_LOSS",
        "The order could lose {loss} {where}, and {room} is left of the daily loss of {limit};"
        " {fits} fit.",
        "Send at most {fits}, or bring the stop nearer.",
    ),
)
