"""Where a storm plays: an account and strategies that nobody else uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.bootstrap import Core
from app.brokers.chaos.presets import PRESETS
from app.domain.accounts import Account
from app.domain.errors import InvalidInput
from app.domain.settings import AccountLink, StrategySettings
from app.storm.plan import Markets

CHAOS: Final = "chaos"
#: So much money that buying power limits nothing.
_CASH: Final = Decimal(100_000_000)
_COMMISSION: Final = "0.85"

#: What goes wrong at the broker, and how often, from 0 to 1.
FAULTS: Final[Mapping[str, Mapping[str, float]]] = {
    {"calm": "none"}.get(name, name): {
        fault.value: percent / 100 for fault, percent in chances.items()
    }
    for name, chances in PRESETS.items()
}


@dataclass(frozen=True, slots=True)
class Stage:
    """What a storm uses: an account, and strategies with their webhook keys, by number."""

    account: Account
    strategies: Sequence[str]
    keys: Sequence[str]


def faults(text: str) -> Mapping[str, float]:
    """Read ``none``, ``mild``, ``wild``, or names with probabilities ("drop_after=0.1,html=0.05").

    Raises InvalidInput.
    """
    if text in FAULTS:
        return FAULTS[text]
    found = {}
    for part in text.split(","):
        name, _, chance = part.partition("=")
        try:
            found[name.strip()] = float(chance)
        except ValueError:
            raise InvalidInput(
                f"Write --faults {', '.join(FAULTS)} or like drop_after=0.1,html=0.05."
            ) from None
    return found


def own_account(
    made: Core, wanted: Mapping[str, float], seed: int, user_id: str | None = None
) -> Account:
    """Make an account for a storm alone, at the chaos venue when anything is to go wrong."""
    costs: dict[str, object] = {"commission_per_unit": _COMMISSION}
    if not wanted:
        return made.accounts.create_paper(user_id, "Storm", _CASH, costs)
    chaos = {**costs, "faults": dict(wanted), "seed": seed}
    return made.accounts.create_paper(user_id, "Storm", _CASH, chaos, venue=CHAOS)


def staged(made: Core, account: Account, strategies: int, name: str, markets: Markets) -> Stage:
    """Make the strategies on the account, switched on; ``name`` begins their names."""
    found = [
        made.strategies.create(
            account.user_id,
            f"{name} {number + 1}",
            markets[number % len(markets)][0].removesuffix("1!"),
            StrategySettings(),
            [AccountLink(account.id)],
        )
        for number in range(strategies)
    ]
    return Stage(account, [each.id for each, _ in found], [key for _, key in found])
