"""The rule sets that come with Signalbox: one file for each firm."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from app.domain.errors import InvalidInput, NotFound
from app.propfirm.reading import read_rule_set
from app.propfirm.rulesets import RuleSet


@cache
def library() -> Mapping[str, RuleSet]:
    """Return every rule set by its id, by firm; raises InvalidInput when a file is wrong."""
    folder = files("app.propfirm").joinpath("firms")
    paths = sorted(folder.iterdir(), key=lambda path: path.name)
    return gathered([path.read_text("utf-8") for path in paths])


def rule_set(name: str) -> RuleSet:
    """Return the rule set of that id; raises NotFound."""
    try:
        return library()[name]
    except KeyError:
        raise NotFound(f"There is no rule set {name[:40]!r}.") from None


def gathered(texts: Iterable[str]) -> Mapping[str, RuleSet]:
    """Read lists of rule sets in JSON; raises InvalidInput when one is wrong or there twice."""
    found: dict[str, RuleSet] = {}
    for text in texts:
        for record in json.loads(text):
            rules = read_rule_set(record)
            if rules.id in found:
                raise InvalidInput(f"{rules.id} is there twice.", fields={"id": "is there twice"})
            found[rules.id] = rules
    return MappingProxyType(found)
