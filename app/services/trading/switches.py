"""The switches that stop trading: read by every decision, thrown and taken back in one place.

Each function works in its caller's transaction, so that a switch and its reason are one.  An order
is decided in a transaction that reads the switches, so none is written after one was thrown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from app.domain.accounts import Account
from app.domain.events import Fact, FactKind, Level
from app.domain.refusals import explain
from app.domain.safety.switches import (
    BY_RULES,
    NOT_CONNECTED,
    Scope,
    Stop,
    Switch,
    TradingState,
    strictest,
)
from app.services.ports import UnitOfWork

#: Says of a switch that somebody threw it on the command line.
BY_COMMAND: Final = "COMMAND_LINE"
#: Who threw a switch with this code, when no user did; what the server throws has another one.
_THROWERS: Final[Mapping[str | None, str]] = {
    BY_COMMAND: "the command line",
    None: "hand",
    **dict.fromkeys(BY_RULES, "its firm's rules"),
}
_KINDS: Final = {
    TradingState.ACTIVE: FactKind.TRADING_RESUMED,
    TradingState.REDUCING: FactKind.TRADING_REDUCED,
    TradingState.HALTED: FactKind.TRADING_HALTED,
}
_WORDS: Final = {
    TradingState.ACTIVE: "Trading resumed on",
    TradingState.REDUCING: "Trading reduced to exits on",
    TradingState.HALTED: "Trading halted on",
}


def state_of(uow: UnitOfWork, scope: Scope, subject_id: str = "") -> TradingState:
    """Return where the switch stands; active until somebody throws it."""
    switch = uow.switches.get(scope, subject_id)
    return TradingState.ACTIVE if switch is None else switch.state


def trading_state(uow: UnitOfWork) -> TradingState:
    """Return the server's trading state."""
    return state_of(uow, Scope.SERVER)


def stop_of(uow: UnitOfWork, strategy_id: str, account_id: str) -> Stop | None:
    """Return what stops the strategy on the account: the strictest switch; None when none does."""
    subjects = ((Scope.SERVER, ""), (Scope.ACCOUNT, account_id), (Scope.STRATEGY, strategy_id))
    found = [switch for each in subjects if (switch := uow.switches.get(*each)) is not None]
    thrown = strictest(found)
    return None if thrown is None else in_words(uow, thrown)


def throw(uow: UnitOfWork, switch: Switch, did: str = "") -> Switch:
    """Set the switch as a person says, tell whom it concerns, and return it as it stands now.

    One that stands there already keeps its reason and its time.  ``did`` is told beside it.
    """
    _tell(uow, switch, did)
    stands = uow.switches.get(switch.scope, switch.subject_id)
    if stands is not None and stands.state is switch.state and not switch.outdoes(stands):
        return stands
    uow.switches.throw(switch)
    return switch


def tighten(uow: UnitOfWork, switch: Switch) -> bool:
    """Throw the switch for a reason of the server's own; False when it is as strict already.

    It never loosens what a person or another reason made stricter.
    """
    if not switch.outdoes(uow.switches.get(switch.scope, switch.subject_id)):
        return False
    impose(uow, switch)
    return True


def impose(uow: UnitOfWork, switch: Switch) -> None:
    """Throw the switch in place of what stands there, and tell whom it concerns."""
    uow.switches.throw(switch)
    _tell(uow, switch, "")


def resume(
    uow: UnitOfWork,
    scope: Scope,
    subject_id: str,
    now: datetime,
    *,
    by: str | None = None,
    code: str | None = None,
    only: str | None = None,
) -> bool:
    """Let new orders out again; False when nothing was stopped.

    With ``only`` just what that code stopped is taken back.  ``code`` says who does it, as in a
    switch.
    """
    stood = uow.switches.get(scope, subject_id)
    if stood is None or stood.state is TradingState.ACTIVE or only not in {None, stood.code}:
        return False
    active = Switch(scope, subject_id, TradingState.ACTIVE, now, code=code, thrown_by=by)
    uow.switches.throw(active)
    _tell(uow, active, "")
    return True


def stop_account(uow: UnitOfWork, account_id: str, at: datetime, words: str) -> bool:
    """Halt the account because its venue refused our credentials, in the venue's ``words``."""
    account = uow.accounts.get(account_id)
    if account and account.traits.keys and uow.accounts.credentials(account_id) is None:
        # Nothing was refused: it was disconnected, and new keys are to end the halt by themselves.
        return stop_disconnected(uow, account, at)
    said = words.strip().rstrip(".")
    detail = f"The venue refused the account's credentials: {said}. Enter them again, then resume."
    halted = Switch(Scope.ACCOUNT, account_id, TradingState.HALTED, at, "VENUE_AUTH", detail)
    return tighten(uow, halted)


def stop_disconnected(uow: UnitOfWork, account: Account, at: datetime) -> bool:
    """Halt the account because there are no keys to its venue."""
    words = explain(NOT_CONNECTED, account=account.name)
    halted = Switch(Scope.ACCOUNT, account.id, TradingState.HALTED, at, NOT_CONNECTED, words)
    return tighten(uow, halted)


def stopped(uow: UnitOfWork) -> list[Stop]:
    """Return every switch that is not active, in words: the server's first."""
    order = list(Scope)
    thrown = [each for each in uow.switches.all() if each.state is not TradingState.ACTIVE]
    thrown.sort(key=lambda switch: order.index(switch.scope))
    return [in_words(uow, switch) for switch in thrown]


def in_words(uow: UnitOfWork, switch: Switch) -> Stop:
    """Return the switch with the names of what it stops and of who threw it."""
    return Stop(switch, _subject(uow, switch), _thrower(uow, switch))


def _subject(uow: UnitOfWork, switch: Switch) -> str:
    if switch.scope is Scope.ACCOUNT:
        account = uow.accounts.get(switch.subject_id)
        return f"the account {account.name}" if account else "an account that is gone"
    if switch.scope is Scope.STRATEGY:
        return f"the strategy {uow.strategies.owner(switch.subject_id).name}"
    return "the server"


def _thrower(uow: UnitOfWork, switch: Switch) -> str:
    user = uow.users.get(switch.thrown_by) if switch.thrown_by else None
    if user is not None:
        return user.name
    return _THROWERS.get(switch.code, "the server itself")


def _tell(uow: UnitOfWork, switch: Switch, did: str) -> None:
    """Tell the owner of what is stopped; a switch of the server concerns everybody."""
    stop = in_words(uow, switch)
    what = f"{_WORDS[switch.state]} {stop.subject} by {stop.thrower}"
    by_hand = switch.code in _THROWERS
    level = Level.WARNING if by_hand else Level.ERROR
    uow.facts.append(
        Fact(
            kind=_KINDS[switch.state],
            at=switch.at,
            message=f"{what}{f': {did}' if did else ''}. {switch.detail or ''}".rstrip(),
            level=Level.INFO if switch.state is TradingState.ACTIVE else level,
            code=switch.code,
            user_id=_owner(uow, switch),
            strategy_id=switch.subject_id if switch.scope is Scope.STRATEGY else None,
            account_id=switch.subject_id if switch.scope is Scope.ACCOUNT else None,
        )
    )


def _owner(uow: UnitOfWork, switch: Switch) -> str | None:
    if switch.scope is Scope.ACCOUNT:
        account = uow.accounts.get(switch.subject_id)
        return account.user_id if account else None
    if switch.scope is Scope.STRATEGY:
        return uow.strategies.owner(switch.subject_id).user_id
    return None
