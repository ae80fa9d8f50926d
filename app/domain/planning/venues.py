"""What a venue cannot do, known before anything is sent: kinds, stops, and fractions of a share."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from app.domain.accounts import Traits
from app.domain.catalogue import InstrumentKind
from app.domain.decisions import Denied, Step
from app.domain.instruments import Contract
from app.domain.money import ONE
from app.domain.protection import Protection
from app.domain.refusals import denied

_KINDS: Final = {
    InstrumentKind.FUTURE: "futures",
    InstrumentKind.STOCK: "stocks",
    InstrumentKind.CRYPTO: "crypto",
}
#: A venue that can do everything.
ANYWHERE: Final = Traits("Anywhere", frozenset(InstrumentKind))
#: What sizing calls a quantity that was rounded down, and what it is called here.
_ROUNDED: Final = "quantity_step"
_WHOLE: Final = "whole_units"


def not_traded(contract: Contract, venue: Traits) -> Denied | None:
    """Return why the contract cannot be traded at the venue at all, or None."""
    kind = contract.instrument.kind
    if kind in venue.kinds:
        return None
    kinds = " and ".join(sorted((_KINDS[each] for each in venue.kinds), reverse=True))
    return denied(
        "NOT_TRADED_THERE",
        venue=venue.title,
        kinds=kinds,
        kind=_KINDS[kind],
        symbol=contract.symbol,
    )


def in_units(contract: Contract, venue: Traits, protection: Protection) -> Contract:
    """Return the contract with the quantities that can be guarded so: whole ones where need be."""
    if protection == Protection() or contract.instrument.kind not in venue.whole:
        return contract
    return replace(contract, instrument=replace(contract.instrument, quantity_step=ONE))


def told_whole(steps: tuple[Step, ...], venue: Traits) -> tuple[Step, ...]:
    """Return the steps with the reason why a quantity was rounded down to whole units."""
    return tuple(
        replace(step, name=_WHOLE, reason=f"{step.reason}: {_why(venue)}")
        if step.name == _ROUNDED
        else step
        for step in steps
    )


def none_whole(refusal: Denied, venue: Traits) -> Denied:
    """Return the refusal with the reason why a fraction of a unit is none at all."""
    if refusal.code != "QUANTITY_ROUNDS_TO_ZERO":
        return refusal
    why = _why(venue)
    return replace(refusal, detail=f"{refusal.detail} {why[0].upper()}{why[1:]}.")


def not_guarded(protection: Protection, contract: Contract, venue: Traits) -> Denied | None:
    """Return why what is opened could not be guarded so at the venue, or None."""
    if protection.stop is None or contract.instrument.kind in venue.stops:
        return None
    kind = _KINDS[contract.instrument.kind]
    return denied("STOP_NOT_TAKEN", venue=venue.title, kind=kind)


def left_out(protection: Protection, venue: Traits) -> Denied | None:
    """Return why the take profit is left out, or None: beside a trailing stop it cannot work."""
    if not venue.reserves or protection.trail is None or protection.take_profit is None:
        return None
    return denied("TAKE_PROFIT_LEFT_OUT", venue=venue.title)


def gives_way(protection: Protection, venue: Traits) -> tuple[Step, ...]:
    """Return the step of an exit before which the protection is cancelled."""
    if not venue.reserves or protection == Protection():
        return ()
    reason = (
        f"{venue.title} takes one exit at a time: take profit and stop are cancelled first, and"
        " placed again for what is left"
    )
    return (Step("protection", None, None, reason),)


def _why(venue: Traits) -> str:
    return f"only whole shares can be guarded at {venue.title}"
