"""Why a message is refused before anything is decided: it cannot be read, or is not to count."""

from __future__ import annotations

from typing import Final

from app.domain.refusals.record import Refusal

#: The message could not be read; the reader adds the place of the fault.
MESSAGE: Final = (
    Refusal(
        "EMPTY_BODY",
        "The message is empty.",
        "Paste the strategy's message into the alert.",
    ),
    Refusal(
        "BODY_TOO_LARGE",
        "The message is longer than 64 KiB.",
        "Send only the fields that are needed.",
    ),
    Refusal(
        "NOT_UTF8",
        "The message is not UTF-8 text.",
        "Send UTF-8 text.",
    ),
    Refusal(
        "CONTROL_CHARACTER",
        "The message holds a character that is no text.",
        "Remove the character, or type the message again.",
    ),
    Refusal(
        "BAD_JSON",
        "The message is not valid JSON.",
        "Correct the place that is named, or paste the strategy's message again.",
    ),
    Refusal(
        "NOT_AN_OBJECT",
        "The message is JSON but no object.",
        "Begin it with an opening brace and end it with a closing one.",
    ),
    Refusal(
        "TOO_DEEP",
        "The message is nested too deeply.",
        "Send plain fields.",
    ),
    Refusal(
        "DUPLICATE_FIELD",
        "A field is in the message twice.",
        "Keep one of them.",
    ),
    Refusal(
        "NO_FIELDS",
        "The message is neither JSON nor name=value text.",
        "Paste the strategy's message, or write it like: symbol=ES action=buy quantity=1",
    ),
    Refusal(
        "UNRESOLVED_PLACEHOLDER",
        "A placeholder was not filled in.",
        "Use it only where TradingView knows it, or remove the field.",
    ),
    Refusal(
        "INVALID_INPUT",
        "The message cannot be used.",
        "Correct the fields that are named.",
    ),
)

#: A field of the message has a value that cannot be used.
FIELDS: Final = (
    Refusal(
        "BAD_NUMBER",
        "A value that must be a number is none.",
        "Send a plain number, or leave the field out.",
    ),
    Refusal(
        "BAD_QUANTITY",
        "The quantity is not a number of zero or more.",
        "Send the size without a sign; the action says the direction.",
    ),
    Refusal(
        "BAD_OFFSET",
        "A take profit, stop loss or trail cannot be read.",
        "Write it as 20 ticks, 1.5%, 2.50 amount, or a price.",
    ),
    Refusal(
        "BAD_TIME",
        "The time cannot be read.",
        "Use the placeholder timenow, or a time like 2026-01-31T14:30:00Z.",
    ),
    Refusal(
        "BAD_TYPE",
        "A field holds a list, an object or true and false where text or a number is meant.",
        "Send text or a number.",
    ),
    Refusal(
        "UNKNOWN_VALUE",
        "A field has a value that is not known.",
        "Use one of the values that are named.",
    ),
    Refusal(
        "CONTRADICTION",
        "Two fields of the alert contradict each other.",
        "Keep the one that is meant.",
    ),
    Refusal(
        "MISSING_PRICE",
        "The order type needs a price or a trail that the alert does not have.",
        'Add "limit_price", "stop_price" or "trail", or change the order type.',
    ),
    Refusal(
        "MISSING_QUANTITY",
        "The alert has a quantity type, and no quantity.",
        'Add "quantity".',
    ),
    Refusal(
        "MISSING_ACTION",
        "The alert does not say what to do.",
        'Add "action": buy, sell, add, exit, reverse or cancel, or "market_position".',
    ),
    Refusal(
        "UNKNOWN_ACTION",
        "The alert asks for an action that is not known.",
        "Use buy, sell, long, short, add, exit, close, flat, reverse or cancel.",
    ),
    Refusal(
        "UNKNOWN_SYMBOL",
        "The symbol is not known.",
        "Write it like ES1!, ESZ2026, SPY or BTCUSD, or map it in the strategy's settings.",
    ),
)

#: Said by the intake, before anything is decided.
INTAKE: Final = (
    Refusal(
        "DUPLICATE",
        "This alert was received before, and only the first one counts.",
        'If it was meant as a new one, give each alert its own "id".',
    ),
    Refusal(
        "CONFLICT",
        "An alert with this id but another message was received before.",
        'Give each alert its own "id".',
    ),
    Refusal(
        "RATE_LIMITED",
        "Too many alerts arrived in a short time.",
        "Send fewer, or raise WEBHOOK_RATE_LIMIT.",
    ),
    Refusal(
        "TEST_ALERT",
        "This is a test alert: {plan}. Nothing was sent.",
        'Remove "test" to trade.',
    ),
    Refusal(
        "EXPIRED_KEY",
        "The webhook key was replaced, and the time in which both worked is over.",
        "Paste the strategy's new webhook address into the alert.",
    ),
    Refusal(
        "RESTORED_FROM_BACKUP",
        "The alert waited in a backup that was put back, and may have been carried out since.",
        "Compare the position with the broker's, and send the alert again if it is still wanted.",
    ),
)
