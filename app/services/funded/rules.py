"""The versions of rule sets: those that come with Signalbox, and those that users make."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.domain.errors import InvalidInput, NotFound
from app.propfirm import RuleSet, library, read_rule_set
from app.services.ports import Clock, KeptRules, Store, UnitOfWork

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_LONGEST_TEXT: Final = 2000
#: Versions that one user can make.
MOST_VERSIONS: Final = 500


class RuleBook:
    """Every version of every rule set; a version never changes once it is there."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def sync(self) -> None:
        """Put the versions that come with Signalbox into the store, as far as they are not there.

        Older ones stay: accounts may be pinned to them.
        """
        with self._store.read() as uow:
            kept = {(each.rules.id, each.rules.version) for each in uow.rule_sets.list(None)}
        new = [each for each in library().values() if (each.id, each.version) not in kept]
        if not new:
            return
        with self._store.write() as uow:
            for rules in new:
                if uow.rule_sets.get(rules.id, rules.version) is None:
                    uow.rule_sets.insert(KeptRules(rules, None, self._clock.now()))

    def list(self, user_id: str) -> Sequence[KeptRules]:
        """All versions that the user may choose, by id, oldest first."""
        with self._store.read() as uow:
            return uow.rule_sets.list(user_id)

    def get(self, user_id: str, rule_set_id: str, version: str) -> KeptRules:
        """That version; raises NotFound, also for another user's."""
        with self._store.read() as uow:
            return find(uow, user_id, rule_set_id, version)

    def add(self, user_id: str, record: Mapping[str, Any]) -> KeptRules:
        """Keep a new version that the user made.

        Raises InvalidInput with the path of the field, Conflict when there is that version already.
        """
        rules = read_rule_set(record)
        _check(rules)
        kept = KeptRules(rules, user_id, self._clock.now())
        with self._store.write() as uow:
            own = sum(each.user_id is not None for each in uow.rule_sets.list(user_id))
            if own >= MOST_VERSIONS:
                raise InvalidInput(f"You have {own} versions of rule sets, and no more are kept.")
            uow.rule_sets.insert(kept)
        return kept


def find(uow: UnitOfWork, user_id: str, rule_set_id: str, version: str) -> KeptRules:
    """Return a version that the user may choose; raises NotFound, also for another user's."""
    kept = uow.rule_sets.get(rule_set_id, version)
    if kept is None or kept.user_id not in {None, user_id}:
        raise NotFound(f"There is no version {version[:40]} of rules {rule_set_id[:80]!r}.")
    return kept


def _check(rules: RuleSet) -> None:
    """Refuse names that make no address, and texts that nobody reads."""
    fields = {}
    if not _NAME.fullmatch(rules.id):
        fields["id"] = "must be 1 to 64 of a-z, 0-9, - and _"
    if not _VERSION.fullmatch(rules.version):
        fields["version"] = "must be 1 to 32 letters, digits, dots, - and _"
    texts = {
        "firm": rules.firm,
        "program": rules.program,
        "confidence": rules.confidence,
        "automation.note": rules.automation.note,
        **{f"sources.{place}": text for place, text in enumerate(rules.sources)},
    }
    for path, text in texts.items():
        if len(text) > _LONGEST_TEXT:
            fields[path] = f"must be at most {_LONGEST_TEXT} characters"
    if fields:
        path, what = next(iter(fields.items()))
        raise InvalidInput(f"{path} {what}.", fields=fields)
