"""Which position an alert wants the strategy to hold afterwards, whatever words it uses.

* An alert that names position and size wants exactly that, also when an earlier one was missed.
* An alert that only shrinks the sender's position (long 3 to long 1, or a sell that ends long) can
  only shrink ours: it never opens anything, and closes what is held the other way.
* With a sizing of the strategy's own, the alert says the direction and the proportion, the sizing
  says how much; an alert that does not shrink the position never makes ours smaller.
* ``long`` and ``short`` with a quantity, while the other side is held, mean that quantity on the
  new side; ``buy`` and ``sell`` alone change the position by their quantity, across zero too.
* An exit closes all of it, or as much as it says, and never more than is held.
* What closes goes out even when the part that opens cannot be sized: ``refused`` then says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from app.domain.alerts import Action, Intent, QuantityType, Sentiment
from app.domain.decisions import Denied, NoAction, Step
from app.domain.instruments import Contract
from app.domain.money import ONE, ZERO, divide, exact, plain, to_step
from app.domain.planning.sizing import Context, Sized, measure, own_sizing, size
from app.domain.refusals import denied, no_action
from app.domain.settings import Resolved


@dataclass(frozen=True, slots=True)
class Target:
    """The signed position that is wanted, and how it came about.

    ``refused`` says why the part that would have opened a position was left out.
    """

    position: Decimal
    steps: tuple[Step, ...] = ()
    refused: Denied | None = None


Answer = Target | NoAction | Denied


@dataclass(frozen=True, slots=True)
class _Question:
    intent: Intent
    settings: Resolved
    context: Context

    @property
    def held(self) -> Decimal:
        return self.context.held

    @property
    def contract(self) -> Contract:
        return self.context.contract

    def measured(self, amount: Decimal | None, kind: QuantityType) -> Sized | Denied:
        return measure(amount, kind, self.settings.quantity_factor, self.context)

    def sized(self) -> Sized | Denied:
        return size(self.intent, self.settings, self.context)


@exact
def target(intent: Intent, settings: Resolved, context: Context) -> Answer:
    """Return the position that the alert wants, before any limit; a cancel wants what is held."""
    return _ACTIONS[intent.action](_Question(intent, settings, context))


def _unchanged(asked: _Question) -> Answer:
    return Target(asked.held)


def _trade(asked: _Question) -> Answer:
    intent = asked.intent
    if intent.wanted is None:
        return _change(asked)
    if intent.wanted is Sentiment.FLAT or intent.wanted_size == 0:
        return _flat(asked)
    return _shrink(asked) if _shrinks(intent) else _toward(asked, intent.wanted)


def _change(asked: _Question) -> Answer:
    intent = asked.intent
    sign = _SIGNS.get(intent.action)
    if sign is None:
        return denied("MISSING_ACTION")
    if intent.quantity == 0:
        return no_action("ZERO_QUANTITY")
    sized = asked.sized()
    if isinstance(sized, Denied):
        return sized
    return Target(asked.held + sign * sized.quantity, sized.steps)


def _flat(asked: _Question) -> Answer:
    if not asked.held:
        return _already_flat(asked)
    return Target(ZERO)


def _already_flat(asked: _Question) -> NoAction:
    return no_action("ALREADY_FLAT", symbol=asked.contract.symbol)


def _shrinks(intent: Intent) -> bool:
    """Whether the alert, by its own words, only makes the sender's position smaller."""
    wanted, before = intent.wanted_position, intent.previous_position
    if wanted is not None and before is not None and wanted * before > 0:
        return abs(wanted) < abs(before)
    sign = intent.wanted.sign if intent.wanted else 0
    return _SIGNS.get(intent.action, sign) * sign < 0


def _shrink(asked: _Question) -> Answer:
    """Close a part: by the percentage set or sent, else in proportion, else to the size named."""
    intent, held = asked.intent, asked.held
    if not held:
        return _already_flat(asked)
    if intent.wanted and held * intent.wanted.sign < 0:
        return Target(ZERO, (Step("against", held, ZERO, "held the other way, so it is closed"),))
    if _percent(asked):
        return _close(asked, _part(asked))
    kept = _kept(intent)
    if own_sizing(intent, asked.settings) and kept is not None:
        return _keep(asked, abs(held) * kept)
    if intent.wanted_size is not None:
        return _keep(asked, intent.wanted_size * asked.settings.quantity_factor)
    if intent.quantity == 0:
        return no_action("ZERO_QUANTITY")
    return _close(asked, _part(asked))


def _kept(intent: Intent) -> Decimal | None:
    """Return the share of the sender's position that is left, from 0 to 1; None when not said."""
    now, before = intent.wanted_size, intent.previous_size
    if now is None:
        return None
    if (
        before is None
        and intent.quantity is not None
        and intent.quantity_type is QuantityType.FIXED
    ):
        before = now + intent.quantity
    return min(divide(now, before), ONE) if before else None


def _keep(asked: _Question, kept: Decimal) -> Answer:
    """Close down to ``kept``; what is closed is rounded down, like every quantity."""
    instrument = asked.contract.instrument
    excess = abs(asked.held) - kept
    if excess <= 0:
        return Target(asked.held)
    closed = to_step(excess, instrument.quantity_step, ROUND_FLOOR)
    if not closed:
        return denied(
            "QUANTITY_ROUNDS_TO_ZERO",
            quantity=excess,
            symbol=asked.contract.symbol,
            step=instrument.quantity_step,
        )
    left = abs(asked.held) - closed
    step = Step("scale_out", abs(asked.held), plain(left), "the part that the alert leaves open")
    return Target(left.copy_sign(asked.held), (step,))


def _percent(asked: _Question) -> bool:
    kinds = (asked.settings.settings.sizing, asked.intent.quantity and asked.intent.quantity_type)
    return QuantityType.PERCENT_OF_POSITION in kinds


def _part(asked: _Question) -> Sized | Denied:
    """Return how much to close: the strategy's percentage, else what the alert says."""
    chosen, intent = asked.settings.settings, asked.intent
    if chosen.sizing is QuantityType.PERCENT_OF_POSITION:
        return asked.measured(chosen.size, chosen.sizing)
    return asked.measured(intent.quantity, intent.quantity_type)


def _close(asked: _Question, part: Sized | Denied) -> Answer:
    if isinstance(part, Denied):
        return part
    held, steps = abs(asked.held), part.steps
    if part.quantity > held:
        reason = "a close never closes more than is held"
        steps = (*steps, Step("held", part.quantity, held, reason))
    return Target(max(held - part.quantity, ZERO).copy_sign(asked.held), steps)


def _toward(asked: _Question, wanted: Sentiment) -> Answer:
    intent, along = asked.intent, asked.held * wanted.sign
    if own_sizing(intent, asked.settings):
        entry = asked.sized()
        return _enter(asked, wanted, entry, at_least=max(along, ZERO))
    if intent.wanted_size is not None:
        return _enter(asked, wanted, asked.measured(intent.wanted_size, QuantityType.FIXED))
    if intent.quantity == 0:
        return no_action("ZERO_QUANTITY")
    if intent.quantity is None and along > 0:
        return Target(asked.held)
    stays = along > 0 and intent.action is not Action.TARGET
    return _enter(asked, wanted, asked.sized(), plus=along if stays else ZERO)


def _enter(
    asked: _Question,
    wanted: Sentiment,
    entry: Sized | Denied,
    *,
    plus: Decimal = ZERO,
    at_least: Decimal = ZERO,
) -> Answer:
    if isinstance(entry, Denied):
        against = asked.held * wanted.sign < 0
        return Target(ZERO, refused=entry) if against else entry
    return Target(wanted.sign * max(entry.quantity + plus, at_least), entry.steps)


def _exit(asked: _Question) -> Answer:
    intent, held = asked.intent, asked.held
    if not held:
        return _already_flat(asked)
    if intent.wanted is Sentiment.FLAT or intent.wanted_size == 0:
        return Target(ZERO)
    if intent.wanted and intent.wanted_size is not None:
        return _shrink(asked)
    if intent.quantity == 0:
        return no_action("ZERO_QUANTITY")
    if intent.quantity is None and not _percent(asked):
        return Target(ZERO)
    if intent.quantity_type is QuantityType.RISK_DOLLAR_AMOUNT and not _percent(asked):
        reason = "an amount at risk sizes entries; an exit closes all of it"
        return Target(ZERO, (Step("exit", abs(held), ZERO, reason),))
    return _close(asked, _part(asked))


def _add(asked: _Question) -> Answer:
    intent, held = asked.intent, asked.held
    direction = _direction(held) or intent.wanted
    if direction is None or direction is Sentiment.FLAT:
        return denied("NO_POSITION", symbol=asked.contract.symbol)
    if intent.wanted not in {None, direction}:
        return denied(
            "ADD_AGAINST_POSITION",
            direction=intent.wanted,
            held=held,
            symbol=asked.contract.symbol,
        )
    if intent.quantity == 0:
        return no_action("ZERO_QUANTITY")
    return _enter(asked, direction, asked.sized(), plus=abs(held))


def _direction(held: Decimal) -> Sentiment | None:
    if not held:
        return None
    return Sentiment.LONG if held > 0 else Sentiment.SHORT


def _reverse(asked: _Question) -> Answer:
    intent, held = asked.intent, asked.held
    if not held or intent.wanted is Sentiment.FLAT or intent.wanted_size == 0:
        return _flat(asked)
    if intent.wanted and held * intent.wanted.sign > 0:
        return Target(held)
    other = Sentiment.SHORT if held > 0 else Sentiment.LONG
    if own_sizing(intent, asked.settings):
        return _enter(asked, other, asked.sized())
    if intent.quantity == 0 and intent.wanted_size is None:
        return no_action("ZERO_QUANTITY")
    named = intent.wanted_size if intent.wanted_size is not None else intent.quantity
    if named is None:
        return Target(-held)
    return _enter(asked, other, asked.measured(named, QuantityType.FIXED))


def _alive(_asked: _Question) -> Answer:
    return no_action("HEARTBEAT")


_SIGNS: Final = {Action.BUY: 1, Action.SELL: -1}

_ACTIONS: Final[dict[Action, Callable[[_Question], Answer]]] = {
    Action.BUY: _trade,
    Action.SELL: _trade,
    Action.TARGET: _trade,
    Action.ADD: _add,
    Action.EXIT: _exit,
    Action.REVERSE: _reverse,
    Action.CANCEL: _unchanged,
    Action.HEARTBEAT: _alive,
}
