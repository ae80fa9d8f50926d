"""One notice, made of a fact; and the message that several of them are sent as."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from app.domain.events import Fact, FactKind, Level
from app.domain.notices.categories import TITLES, Category

#: What one notice says at most, and one message, in characters: the smallest services take 2,000.
_LONGEST: Final = 600
_LONGEST_BODY: Final = 1800
_PLURALS: Final[Mapping[Category, tuple[str, str]]] = {
    Category.FILL: ("fill", "fills"),
    Category.REFUSAL: ("refusal", "refusals"),
    Category.BREACH: ("broken rule", "broken rules"),
    Category.NEAR_LIMIT: ("limit that is near", "limits that are near"),
    Category.DRIFT: ("notice about books", "notices about books"),
    Category.DISCONNECT: ("notice about connections", "notices about connections"),
    Category.HALT: ("trading switch", "trading switches"),
    Category.ALARM: ("alarm", "alarms"),
}
_WORST: Final = (Level.ERROR, Level.WARNING, Level.INFO, Level.SUCCESS)


@dataclass(frozen=True, slots=True)
class Whose:
    """What people call the strategy and the account that a fact is about, where there are any."""

    strategy: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a person is told: a title, a text in plain English, and when it happened."""

    category: Category
    title: str
    body: str
    at: datetime
    level: Level = Level.INFO


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to a service at once; ``level`` is the worst of its notices."""

    title: str
    body: str
    level: Level


def notice_of(fact: Fact, category: Category, whose: Whose) -> Notice:
    """Return the fact in words, as what ``category_of`` says that it is told."""
    subject = whose.strategy or whose.account
    title = TITLES[category] if subject is None else f"{TITLES[category]}: {subject}"
    body = _sentence(fact.message)
    if fact.kind is FactKind.ORDER_FILLED and fact.data:
        body = f"{body} {_after_fill(fact.data)}"
    if whose.account is not None and whose.account not in body:
        body = f"{body} Account {whose.account}."
    return Notice(category, title, _cut(body, _LONGEST), fact.at, fact.level)


def compose(
    notices: Sequence[Notice], more: Mapping[Category, int], lost: int, zone: tzinfo
) -> Message:
    """Return the notices as one message, oldest first; what has no room is counted at its end.

    ``more`` are notices of which only the number is known, ``lost`` those that were given up.
    """
    counts = Counter(each.category for each in notices)
    counts.update(more)
    lines = _fitting([f"{each.at.astimezone(zone):%H:%M:%S %Z} {each.body}" for each in notices])
    untold = counts - Counter(each.category for each in notices[: len(lines)])
    if untold:
        lines.append(f"And {untold.total()} more: {_counted(untold)}.")
    if lost:
        lines.append(f"{lost} older {_plural(lost)} could not be delivered and {_was(lost)} gone.")
    title = notices[0].title if counts.total() == 1 and notices else _many(counts)
    worst = min((each.level for each in notices), key=_WORST.index, default=Level.WARNING)
    return Message(title, "\n".join(lines), worst)


def _fitting(lines: Sequence[str]) -> list[str]:
    """Return the first lines that have room in one message, at least one."""
    room, fitting = _LONGEST_BODY, list[str]()
    for line in lines:
        room -= len(line)
        if room < 0 and fitting:
            break
        fitting.append(line)
    return fitting


def _many(counts: Counter[Category]) -> str:
    return f"{counts.total()} {_plural(counts.total())}: {_counted(counts)}"


def _counted(counts: Counter[Category]) -> str:
    """Return "3 fills, 1 refusal", in the order of the categories."""
    return ", ".join(
        f"{counts[each]} {_PLURALS[each][counts[each] != 1]}" for each in Category if counts[each]
    )


def _plural(count: int) -> str:
    return "notice" if count == 1 else "notices"


def _was(count: int) -> str:
    return "is" if count == 1 else "are"


def _after_fill(data: Mapping[str, object]) -> str:
    """What the fill made of the position, and what it realised after its commission."""
    held = data["net_quantity"]
    position = "flat" if held == "0" else f"{held} at {data['avg_price']}"
    return f"Position now {position}; realised {data['pnl']}."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
