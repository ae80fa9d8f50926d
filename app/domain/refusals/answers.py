"""Codes that refuse no trade: answers of the API, and lines of the log."""

from __future__ import annotations

from typing import Final

from app.domain.refusals.record import Refusal

#: What a program is answered, or the command line says.
ANSWERS: Final = (
    Refusal(
        "BAD_REQUEST",
        "The request cannot be read.",
        "Send JSON with the content type application/json.",
    ),
    Refusal(
        "BAD_SETTINGS",
        "Settings of the strategy make no sense, alone or together.",
        "Change the fields that are named; nothing was saved.",
    ),
    Refusal(
        "INVALID_SETTINGS",
        "Settings of the account make no sense, alone or together.",
        "Change the fields that are named; nothing was saved.",
    ),
    Refusal(
        "ATTACHMENT_TOO_LARGE",
        "The picture is larger than 5 MiB.",
        "Make it smaller, or save it as JPEG.",
    ),
    Refusal(
        "ATTACHMENT_NOT_A_PICTURE",
        "The file is no PNG, JPEG or WebP picture, whatever it is called.",
        "Save the screenshot in one of these formats.",
    ),
    Refusal(
        "ATTACHMENTS_FULL",
        "The round trip has ten pictures, or yours take all the room that ATTACHMENTS_MB gives.",
        "Delete some, or let the setting be raised.",
    ),
    Refusal(
        "UNAUTHORISED",
        "Nobody is signed in, or the API token is not known.",
        "Sign in, or send a token that was not revoked.",
    ),
    Refusal(
        "CSRF",
        "The page from which this was sent is too old, or is not one of ours.",
        "Load the page again and repeat it.",
    ),
    Refusal(
        "FORBIDDEN",
        "You may not do this.",
        "Ask whoever runs the server.",
    ),
    Refusal(
        "WRONG_SETUP_LINK",
        "The link to set the server up is not the one that it printed last.",
        "Use the newest link in the server's output.",
    ),
    Refusal(
        "NOT_FOUND",
        "There is no such thing, or it is not yours.",
        "Look at the address, or at the list that it came from.",
    ),
    Refusal(
        "METHOD_NOT_ALLOWED",
        "The address does not take that method.",
        "See GET /api/openapi.json for what it takes.",
    ),
    Refusal(
        "NOT_ACCEPTABLE",
        "The answer does not come in the form that was asked for.",
        "Accept application/json.",
    ),
    Refusal(
        "REQUEST_TIMEOUT",
        "The request did not arrive whole in time, and nothing of it was kept.",
        "Send it again.",
    ),
    Refusal(
        "UNSUPPORTED_CONTENT",
        "The body is compressed or in a form that is not read.",
        "Send it plain.",
    ),
    Refusal(
        "UNAVAILABLE",
        "The server cannot do this at the moment.",
        "Try again in a moment.",
    ),
    Refusal(
        "STOPPING",
        "The server is stopping, and nothing was kept.",
        "Send it again in a moment.",
    ),
    Refusal(
        "STANDBY",
        "Another server trades on this database, and this one stands by.",
        "Send it to the one that trades, or again in a moment.",
    ),
    Refusal(
        "STORE_UNAVAILABLE",
        "The database did not take it, so nothing was kept.",
        "Send it again; if it stays so, look at the disk and the database.",
    ),
    Refusal(
        "INTERNAL",
        "Something failed that should not have.",
        "Look for the incident's number in the server's log, and report it.",
    ),
    Refusal(
        "INVARIANT_BROKEN",
        "Something that must never happen did, so the server did not guess.",
        "Report it with the server's log.",
    ),
    Refusal(
        "CONFIG",
        "A setting of the server is missing or wrong, so it does not start.",
        "Correct the setting that is named.",
    ),
    Refusal(
        "NO_SERVER",
        "No server answers at the address, so nothing was sent.",
        "Start the server, or name the address at which it runs.",
    ),
    Refusal(
        "STORM_BROKEN",
        "The storm could not be carried out, so it says nothing about the server.",
        "Mend what is named beside this, and start the storm again.",
    ),
    Refusal(
        "BAD_ALERTS",
        "The recorded alerts cannot be read.",
        "Correct the line that is named.",
    ),
    Refusal(
        "BAD_BARS",
        "The recorded prices cannot be read.",
        "Correct the line that is named.",
    ),
)

#: Lines of the log that ask for somebody's attention.
NOTICES: Final = (
    Refusal(
        "CANCELLED_BY_HAND",
        "The order was cancelled by hand.",
        "Nothing, if that was meant.",
    ),
    Refusal(
        "NOT_AT_BROKER",
        "The venue has no such order any more, and did not say how it ended.",
        "Look at the broker's own list of orders and at the position.",
    ),
    Refusal(
        "CLOSE_FAILED",
        "A position that was to be closed is still open.",
        "Close it at the broker, or try again.",
    ),
    Refusal(
        "OVERFILL",
        "The venue filled more than was ordered; the strategy only reduces until it is resumed.",
        "Compare the position with the broker's, then resume the strategy.",
    ),
    Refusal(
        "FILL_CONTRADICTS",
        "The venue reported a fill again with other numbers; the first report counts.",
        "Compare the fill with the broker's statement.",
    ),
    Refusal(
        "FILL_NOT_OURS",
        "The venue reported a fill of an order that is not ours.",
        "Compare the position with the broker's.",
    ),
    Refusal(
        "REPORT_NOT_OURS",
        "The venue reported an order that is not ours.",
        "Nothing, if it was placed by hand at the broker.",
    ),
    Refusal(
        "REPORT_OUT_OF_ORDER",
        "The venue reported something that cannot follow from what it said before.",
        "Compare the order with the broker's.",
    ),
    Refusal(
        "BOOKS_DISAGREE",
        "What is stored of a book or a total is not what its fills add up to; nothing was changed.",
        "Compare with the broker's statement and see the page Agreement for both numbers.",
    ),
    Refusal(
        "WORKER_FAILED",
        "A part of the server failed and is tried again.",
        "If it goes on, report it with the server's log.",
    ),
    Refusal(
        "WORKER_LATE",
        "A part of the server has not moved for too long.",
        "Look at the health page; if it goes on, start the server again.",
    ),
    Refusal(
        "WORKER_REPLACED",
        "A part of the server hung, and another took its place.",
        "If it goes on, report it with the server's log.",
    ),
    Refusal(
        "TASK_LATE",
        "A venue does not answer; other accounts and strategies go on.",
        "Check the account's connection.",
    ),
    Refusal(
        "HUB_LATE",
        "The whole server stood still for more than a second.",
        "Give the machine less to do beside it, or report it with the server's log.",
    ),
    Refusal(
        "DISK_LOW",
        "The disk of the database is nearly full.",
        "Free some space; trading halts when the disk is full.",
    ),
    Refusal(
        "LOG_GROWN",
        "The database's log has grown large.",
        "Look for a program that keeps the database open, such as a viewer.",
    ),
    Refusal(
        "STORAGE_FAILED",
        "The disk or the file of the database failed, so trading is halted.",
        "Mend the disk or put a backup back, then resume trading.",
    ),
    Refusal(
        "TOOK_OVER",
        "This server trades now, after another one did.",
        "Nothing, if the other one was stopped on purpose.",
    ),
    Refusal(
        "STOPPED_TRADING",
        "This server lost its hold on the database and stopped trading.",
        "Nothing: whichever server gets hold of it settles what is open and goes on.",
    ),
    Refusal(
        "COMMAND_LINE",
        "Somebody did this on the command line of the server.",
        "Nothing, if that was meant.",
    ),
)

#: What a source of alerts does, or does no longer.
SOURCES: Final = (
    Refusal(
        "HEARTBEAT",
        "The sender says that it is alive; a heartbeat makes no order.",
        "Nothing.",
    ),
    Refusal(
        "HEARTBEAT_LOST",
        "No heartbeat came for longer than the strategy allows, so it takes no entries until the"
        " next one.",
        "See at the sender that the alert still runs; or resume the strategy by hand.",
    ),
    Refusal(
        "SOURCE_SILENT",
        "The strategy has been sent no alert for much longer than usual.",
        "See at the sender that the alert still runs and was not stopped.",
    ),
    Refusal(
        "SOURCE_BUSY",
        "Alerts come so fast that TradingView is about to stop the alert: it does after more than"
        " 15 in 3 minutes.",
        "Set the alert to trigger once per bar close, or split it into several.",
    ),
)
