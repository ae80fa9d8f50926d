"""Why a readable alert is not traded: filters, meaning, limits, and what the venue said."""

from __future__ import annotations

from typing import Final

from app.domain.refusals.record import NO_CHANGE, Refusal

#: The filters of a strategy.
FILTERS: Final = (
    Refusal(
        "STRATEGY_OFF",
        "The strategy is off, so nothing is traded, exits included.",
        "Switch it on, or to no new entries so that exits pass.",
    ),
    Refusal(
        "STRATEGY_ARCHIVED",
        "The strategy is archived.",
        "Restore it, or remove the alert at the sender.",
    ),
    Refusal(
        "NO_NEW_ENTRIES",
        "The strategy takes no new entries; only exits pass.",
        "Switch the strategy on to enter again.",
    ),
    Refusal(
        "SOURCE_NOT_ALLOWED",
        "The alert came from {address}, which is not in the strategy's allowed sources.",
        "Add the address to the allowed sources, or send from one of them.",
    ),
    Refusal(
        "STALE_ALERT",
        "The alert is {age} s old, and the strategy takes alerts of at most {limit} s.",
        "Raise the limit if the sender is this slow; check the sender's clock.",
    ),
    Refusal(
        "SIDE_NOT_ALLOWED",
        "The alert opens a {direction} position, and the strategy trades only {allowed} ones.",
        "Change the strategy's sides, or the sender's orders.",
    ),
    Refusal(
        "SYMBOL_NOT_ALLOWED",
        "The alert is for {symbol}, and the strategy trades {allowed}.",
        "Send it to the strategy of that symbol, or map the symbol in the settings.",
    ),
    Refusal(
        "OUTSIDE_WINDOW",
        "The alert arrived outside the strategy's time windows ({windows}).",
        "Widen the windows, or let it be: exits pass at any time.",
    ),
    Refusal(
        "COOLDOWN",
        "The last alert was executed {elapsed} s ago, and the strategy waits {limit} s.",
        "Shorten the cooldown, or let it be: exits pass at any time.",
    ),
    Refusal(
        "TOO_MANY_ALERTS",
        "This session has executed {count} alerts, and the strategy takes {limit}.",
        "Raise the limit, or wait for the next session; exits pass at any time.",
    ),
)

#: What the alert means for the position, and how large it is.
PLANNING: Final = (
    Refusal(
        "ALREADY_FLAT",
        "The strategy holds no {symbol}, so there is nothing to close.",
        NO_CHANGE,
    ),
    Refusal(
        "ALREADY_THERE",
        "The strategy already holds {held} {symbol}, which is the position the alert wants.",
        NO_CHANGE,
    ),
    Refusal(
        "NOTHING_TO_CANCEL",
        "The strategy has no working order in {symbol}.",
        NO_CHANGE,
    ),
    Refusal(
        "ZERO_QUANTITY",
        "The alert asks for a quantity of 0, so there is nothing to trade.",
        "Nothing, if the sender means it; else send the quantity to trade.",
    ),
    Refusal(
        "NO_POSITION",
        "The alert adds to a position, or is sized by one, and the strategy holds no {symbol}.",
        "Send buy or sell with a quantity to open the position first.",
    ),
    Refusal(
        "ADD_AGAINST_POSITION",
        "The alert adds to a {direction} position, and the strategy holds {held} {symbol}.",
        "Send reverse, or exit first.",
    ),
    Refusal(
        "HELD_OTHER_MONTH",
        "The strategy holds {held} {symbol}, an older month than {front}.",
        "Send exit first; the next entry goes to the front month.",
    ),
    Refusal(
        "NO_QUANTITY",
        "The alert has no quantity, and the strategy's sizing is as the alert says.",
        "Add a quantity to the alert, or set a sizing in the strategy.",
    ),
    Refusal(
        "QUANTITY_ROUNDS_TO_ZERO",
        "The size comes to {quantity}, and the smallest step of {symbol} is {step}.",
        "Raise the size, or trade a smaller contract.",
    ),
    Refusal(
        "MAX_POSITION",
        "The strategy holds {held} {symbol}, and its max position is {limit}.",
        "Raise the max position, or wait for an exit.",
    ),
    Refusal(
        "NO_PRICE",
        "There is no fresh price of {symbol}, which the size or the order needs.",
        'Check the price feed, or add "price" to the alert.',
    ),
    Refusal(
        "NO_EQUITY",
        "The account's equity is not known, and the size is a percentage of it.",
        "Check the account's connection, or size in another way.",
    ),
    Refusal(
        "STOP_NEEDED_FOR_RISK_SIZE",
        "The size is an amount at risk, and there is no distance to a stop to divide it by.",
        "Add a stop loss or a trail to the alert or to the strategy.",
    ),
    Refusal(
        "TWO_STOPS",
        "The alert asks for a stop loss and for a trailing stop; a position has one stop.",
        "Keep one of them.",
    ),
    Refusal(
        "NOT_TRADED_THERE",
        "The alert is for {symbol}, and {venue} trades {kinds}, not {kind}.",
        "Trade the strategy on another account, or send another symbol.",
    ),
    Refusal(
        "STOP_NOT_TAKEN",
        "The position is to be guarded by a stop, and {venue} takes no stop orders for {kind}.",
        "Take the stop out of the alert and the strategy, or trade on another account.",
    ),
    Refusal(
        "TAKE_PROFIT_LEFT_OUT",
        "The trailing stop guards alone, without the take profit: {venue} takes no two exits of"
        " which one trails.",
        "Nothing, or choose a stop loss instead of the trail to have both.",
    ),
    Refusal(
        "NO_LIMIT_PRICE",
        "A {type} order needs a limit price, and the alert has none.",
        'Add "limit_price" to the alert, or set the order type to market.',
    ),
    Refusal(
        "NO_STOP_PRICE",
        "A {type} order needs a stop price, and the alert has none.",
        'Add "stop_price" to the alert, or set the order type to market.',
    ),
    Refusal(
        "NO_TRAIL",
        "A trailing stop order needs a trail, and the alert has none.",
        'Add "trail" to the alert, or set the order type to market.',
    ),
    Refusal(
        "BAD_PRICE",
        "The {name} of {price} cannot be used for {symbol}: {reason}.",
        "Correct the price in the alert or in the strategy.",
    ),
    Refusal(
        "ORDER_UNSETTLED",
        "The answer to an earlier order in {symbol} was lost; nothing is added before it is known.",
        "Wait until the order is settled, or look it up at the broker.",
    ),
)

#: Limits before an order goes out.
RISK: Final = (
    Refusal(
        "TRADING_HALTED",
        "Trading is halted on {subject} since {since}, by {thrower}: {reason} Only exits and"
        " cancels pass.",
        "Resume trading on {subject} when the reason is gone.",
    ),
    Refusal(
        "TRADING_REDUCING",
        "Only orders that reduce a position pass on {subject} since {since}, by {thrower}: {reason}"
        " This one would add to it.",
        "Resume trading on {subject} when the reason is gone.",
    ),
    Refusal(
        "NOTHING_LEFT_TO_CLOSE",
        "The order would {side} {quantity} {symbol} to close what is held, and only {left} is left"
        " to close.",
        "Nothing: another order closed the position. Send the exit again if some of it is left.",
    ),
    Refusal(
        "ACCOUNT_NOT_RECONCILED",
        "The broker of {account} has not answered since the start, so its positions are not known"
        " and nothing is opened there.",
        "Nothing: entries pass as soon as it was compared; Reconciliation shows when that is.",
    ),
    Refusal(
        "POSITION_DRIFT",
        "The broker and our books disagree about {symbol} on {account}, so nothing is added there:"
        " {detail}",
        "Open Reconciliation: accept the broker's number, or flatten the difference.",
    ),
    Refusal(
        "ORDER_IMPORTED",
        "The order of this alert is at the broker already, from before the database was restored,"
        " and was imported into the account's manual book.",
        "Look at the account's manual book, and send the alert again if the trade is still wanted.",
    ),
    Refusal(
        "NO_BUYING_POWER",
        "The order needs {needed}, and the account's buying power is {available}.",
        "Lower the size, or free buying power on the account.",
    ),
    Refusal(
        "HELD_OTHER_WAY",
        "The book of {other} holds {held} {symbol} on {account}, and {venue} nets what an account"
        " holds: an order the other way would close that position instead of opening one.",
        "Trade the two strategies on accounts of their own, or wait until the position is closed.",
    ),
    Refusal(
        "ORDER_VALUE_LIMIT",
        "The order is worth {value}, and an order on {account} may be worth {limit} at most.",
        "Send a smaller order, or raise the largest order value of the account.",
    ),
    Refusal(
        "DAILY_LOSS_LIMIT",
        "The account {account} has lost {lost} today, and its limit is {limit}: nothing is opened"
        " there before {until}.",
        "Nothing: exits pass; or raise the largest daily loss of the account.",
    ),
    Refusal(
        "DAY_PNL_UNKNOWN",
        "The account {account} has a limit of its daily loss, and its P&L of today is not known,"
        " because the price of something that it holds is missing.",
        "Check the price feed; exits pass.",
    ),
    Refusal(
        "ORDERS_A_DAY_LIMIT",
        "The account {account} has sent {sent} orders that open today, and its limit is {limit}:"
        " nothing is opened there before {until}.",
        "Nothing: exits pass; or raise the number of orders a day of the account.",
    ),
    Refusal(
        "LIVE_WITHOUT_LIMITS",
        "The account {account} trades with real money and lacks a limit of order value, of daily"
        " loss or of orders a day, so nothing is opened there.",
        "Enter all three on the page of the account.",
    ),
    Refusal(
        "NO_ACCOUNT",
        "The strategy trades on no account.",
        "Choose an account in the strategy's settings.",
    ),
    Refusal(
        "UNKNOWN_ACCOUNT",
        "The alert names the account {account}, on which the strategy does not trade.",
        "Use the exact name of one of the strategy's accounts, or leave the field out.",
    ),
)

#: What became of an order at the venue.
VENUE: Final = (
    Refusal(
        "VENUE_REJECTED",
        "The venue rejected the order: {reason}",
        "See the venue's words; the order is not sent again.",
    ),
    Refusal(
        "VENUE_UNAVAILABLE",
        "The venue could not be reached, and nothing was sent: {reason}",
        "Check the account's connection; the order is not sent again once the alert is stale.",
    ),
    Refusal(
        "VENUE_LIMITED",
        "The venue took no more requests for too long, and nothing was sent: {reason}",
        "Send fewer orders at once, or let the venue raise the account's limit.",
    ),
    Refusal(
        "VENUE_UNKNOWN",
        "The order was sent, but its answer was lost.",
        "Nothing: the venue is asked by the order's own id until it is known.",
    ),
    Refusal(
        "VENUE_AUTH",
        "The venue refused the account's credentials.",
        "Enter the account's credentials again.",
    ),
    Refusal(
        "ALERT_MISSED",
        "An alert of this strategy never arrived: its sender's position does not follow from the"
        " last one.",
        "Look at the sender's own list of alerts and at the position that is held.",
    ),
    Refusal(
        "INTERNAL_ERROR",
        "Executing the alert failed again and again; the log says why.",
        "Look at the position at the venue, and report the error with the log.",
    ),
    Refusal(
        "EXIT_HELD_UP",
        "The venue did not confirm within a minute that the take profit and stop were cancelled,"
        " and while they may work it takes no other exit. The exit was not sent.",
        "Look at the orders at the venue; send the exit again, or close the position there.",
    ),
    Refusal(
        "PROTECTION_RENEWED",
        "The take profit or stop did not reach the venue.",
        "Nothing: a new one is placed as long as there is something to guard.",
    ),
    Refusal(
        "REVERSAL_CLOSE_NOT_FILLED",
        "The position was not closed in time, so the other side was not opened.",
        "Look at the closing order; send the entry again when the strategy is flat.",
    ),
    Refusal(
        "EXPIRED_BEFORE_SENDING",
        "The alert became too old before its order could be sent.",
        "Send a new alert if the trade is still wanted.",
    ),
)
