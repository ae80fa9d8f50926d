"""What the rules of a funded account say no to, and what is told of them; exits always pass."""

from __future__ import annotations

from typing import Final

from app.domain.refusals.record import NO_CHANGE, Refusal

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
    Refusal(
        "FUNDED_NO_PRICE",
        "The price of {symbol} is not known, so what the order could lose is not either.",
        "Wait for a price, or name one in the alert.",
    ),
    Refusal(
        "FUNDED_SIZED_DOWN",
        "The order was sized down from {before} to {after}: {why}",
        NO_CHANGE,
    ),
)

#: What the log says of funded accounts, beside the refusals.
FUNDED_NOTICES: Final = (
    Refusal(
        "FUNDED_BREACHED",
        "A funded account broke a rule that fails it for good.",
        "Close what is open there; the numbers of that moment are in its list of violations.",
    ),
    Refusal(
        "FUNDED_DAY_PAUSED",
        "A funded account reached its daily loss and is paused until the next session.",
        "Nothing; exits pass, and new orders do from the next session on.",
    ),
    Refusal(
        "FUNDED_OVER_LIMIT",
        "A funded account holds what its rules do not allow.",
        "Reduce or close the position before the firm does.",
    ),
    Refusal(
        "FUNDED_NEAR",
        "A funded account is near one of its limits.",
        "Trade smaller, or close what is open.",
    ),
    Refusal(
        "FUNDED_SILENT",
        "The add-on of a funded account has fallen silent, so where its limits are is not known.",
        "Look at the platform, its connection and the add-on.",
    ),
    Refusal(
        "FUNDED_CLOSED",
        "What a funded account held was closed because of its rules.",
        "Nothing, if that was meant; else change what is done near a limit.",
    ),
    Refusal(
        "FUNDED_REDUCED",
        "A funded account only reduces because of its rules.",
        "Nothing, if that was meant; else change what is done near a limit.",
    ),
    Refusal(
        "FUNDED_WATCHED",
        "A funded account that is only watched has to be closed by hand because of its rules.",
        "Close what it holds on its platform.",
    ),
)
