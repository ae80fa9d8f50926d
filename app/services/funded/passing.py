"""Sentences about what an order was asked for by the guard and passed, with the numbers of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.domain.decisions import Denied
from app.domain.money import exact, wire
from app.propfirm import Answer, Check, Mode
from app.services.funded.guarding import Judged
from app.services.funded.words import floor_of, money

_LABELS: Final = {
    "status": "Account",
    "automation": "Automation",
    "product": "Product",
    "hours": "Trading hours",
    "news": "News",
    "flat_time": "Flat time",
    "equity": "Equity",
    "contracts": "Contracts",
    "max_drawdown": "Maximum loss",
    "daily_loss": "Daily loss",
    "switch": "Trading switch",
    "books": "Books and broker",
    "exit": "Exit",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One question, its answer, and the numbers behind it as a sentence."""

    name: str
    label: str
    ok: bool
    detail: str


EXIT: Final = Checked(
    "exit", _LABELS["exit"], ok=True, detail="It only reduces what is held: exits always pass."
)


def not_known(refusal: Denied) -> Checked:
    """Return that nothing could be weighed, and why."""
    return Checked("equity", _LABELS["equity"], ok=False, detail=refusal.detail)


def checked(check: Check, judged: Judged, answer: Answer) -> Checked:
    """Return the answer to a question with its numbers."""
    ok = check.refusal is None
    detail = _passed(check.name, judged, answer) if check.refusal is None else check.refusal.detail
    label = _LABELS[check.name]
    if check.name == "max_drawdown" and judged.rules.drawdown.mode is not Mode.STATIC:
        label = "Trailing drawdown"
    return Checked(check.name, label, ok, detail)


def _passed(name: str, judged: Judged, answer: Answer) -> str:
    rules, order = judged.rules, judged.proposal
    sentences = {
        "status": "The account may open positions.",
        "product": f"{order.root} is allowed.",
        "hours": "The rules allow trading now.",
        "news": "There is no news of the list now.",
        "switch": "Trading is not stopped.",
        "books": "Our books and the broker's agree, as far as is known.",
    }
    if name in sentences:
        return sentences[name]
    if name == "automation":
        return rules.automation.note if order.automated else "A person sends it."
    if name == "flat_time":
        if rules.flat_time is None:
            return "The rules name no time to be flat."
        return f"Everything is to be flat at {rules.flat_time:%H:%M} ({rules.zone.key})."
    return _amount(name, judged, answer)


@exact
def _amount(name: str, judged: Judged, answer: Answer) -> str:
    state, rules = judged.state, judged.rules
    if name == "contracts":
        after = state.contracts + judged.proposal.opening
        return f"{wire(after)} of {state.most_contracts(rules)} contracts could be held."
    equity, worst = state.equity, answer.worst_equity
    if equity is None or worst is None:
        return f"The equity is {'not known' if equity is None else money(equity)}."
    if name == "equity":
        return f"The equity is {money(equity)}, and at worst {money(worst)}."
    if name == "max_drawdown":
        left = f"{money(worst - state.floor)} would be left to the {floor_of(rules)}"
        return f"At worst {left} of {money(state.floor)}."
    limit = rules.daily_loss.amount if rules.daily_loss is not None else None
    left_today = limit + worst - state.day_start_balance if limit is not None else None
    if limit is None or left_today is None:
        return "The rules name no daily loss."
    return f"At worst {money(left_today)} would be left of the daily loss of {money(limit)}."
