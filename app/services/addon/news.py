"""What a message of an add-on means to the rules: contracts, a balance, an open P&L."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.domain.addon.messages import HeldPosition, Message, Values
from app.domain.money import ZERO, divide, exact
from app.propfirm import AccountState, Clock, Event, Held, Update
from app.services.funded import quiet

#: A price farther than this part of it from a position's average price is no quote.  What firms let
#: be held is closed within the day, and exchanges stop trading before a day moves as far.
_FARTHEST: Final = Decimal("0.2")


def events_of(message: Message, at: datetime) -> tuple[Event, ...]:
    """Return what the message tells of the account as it was at ``at``.

    Nothing while the platform is cut off from its broker.  Contracts come first: what was closed in
    time must not be judged as still held.
    """
    if not message.account.connected:
        return ()
    events: list[Event] = []
    if message.positions is not None:
        events.append(Held(at, contracts(message.positions)))
    balance, unrealized = _figures(message.values)
    if balance is not None:
        events.append(Update(at, balance, unrealized if _quoted(message) else None))
    return tuple(events)


def needed(state: AccountState, events: Iterable[Event]) -> Sequence[Event]:
    """Return the events; what the account is known to hold and to be worth says that time passes.

    So the same events make the same of an account, whatever it was told in between.
    """
    return [_needed(state, each) for each in events]


def _needed(state: AccountState, event: Event) -> Event:
    if isinstance(event, Update):
        return quiet(state, event)
    known = isinstance(event, Held) and event.contracts == state.contracts
    return Clock(event.at) if known else event


@exact
def contracts(positions: Iterable[HeldPosition]) -> Decimal:
    """Return how many contracts are held, unsigned, all products together."""
    return sum((abs(each.net) for each in positions), ZERO)


@exact
def _figures(values: Values) -> tuple[Decimal | None, Decimal | None]:
    """The closed balance and the open P&L; None is what was not told.

    Figures that are all zero are those of a platform that has no data of the account yet.  Where
    the feed has a net liquidation, what it holds beyond the cash is open.
    """
    if values.empty or values.cash_value is None:
        return None, None
    if values.net_liquidation:
        return values.cash_value, values.net_liquidation - values.cash_value
    return values.cash_value, values.unrealized_pnl


def _quoted(message: Message) -> bool:
    """Whether there are valid prices behind the open P&L, as far as the message itself shows.

    Who holds nothing has no open P&L, and each position must be valued near where it was entered.
    """
    positions = message.positions
    if positions is None:
        return True
    if not contracts(positions):
        return not message.values.unrealized_pnl
    return all(map(_near, positions))


@exact
def _near(position: HeldPosition) -> bool:
    average, open_pnl = position.average_price, position.unrealized_pnl
    if not average or open_pnl is None or not position.point_value or not position.net:
        return True
    moved = divide(open_pnl, position.net * position.point_value)
    return abs(moved) <= abs(average) * _FARTHEST
