"""Sentences about what an order was asked for by the guard and passed, with the numbers of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.domain.decisions import Denied
from app.domain.money import wire
from app.propfirm import Check, Mode
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


def checked(check: Check, judged: Judged) -> Checked:
    """Return the answer to a question with its numbers."""
    label = _LABELS[check.name]
    if check.name == "max_drawdown" and judged.rules.drawdown.mode is not Mode.STATIC:
        label = "Trailing drawdown"
    refusal = check.refusal
    detail = _passed(check, judged) if refusal is None else refusal.detail
    return Checked(check.name, label, refusal is None, detail)


def _passed(check: Check, judged: Judged) -> str:
    if check.number is not None:
        return _number(check.name, check.number, judged)
    rules, order = judged.rules, judged.proposal
    flat = "The rules name no time to be flat."
    if rules.flat_time is not None:
        flat = f"Everything is to be flat at {rules.flat_time:%H:%M} ({rules.zone.key})."
    sentences = {
        "status": "The account may open positions.",
        "automation": rules.automation.note if order.automated else "A person sends it.",
        "product": f"{order.root} is allowed.",
        "hours": "The rules allow trading now.",
        "news": "There is no news of the list now.",
        "flat_time": flat,
        "switch": "Trading is not stopped.",
        "books": "Our books and the broker's agree, as far as is known.",
    }
    return sentences[check.name]


def _number(name: str, number: Decimal, judged: Judged) -> str:
    state, rules = judged.state, judged.rules
    if name == "equity":
        return f"The equity is {money(number)}."
    if name == "contracts":
        return f"{wire(number)} of {state.most_contracts(rules)} contracts could be held."
    if name == "max_drawdown":
        to = f"to the {floor_of(rules)} of {money(state.floor)}"
        return f"At worst {money(number)} would be left {to}."
    return f"At worst {money(number)} would be left of the daily loss."
