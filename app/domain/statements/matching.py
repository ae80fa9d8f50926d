"""Which execution of a statement is which of ours: by the venue's ids, then by what fits best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from app.domain.statements.assignment import Alike, assign
from app.domain.statements.lots import Lot, Work, in_order, joined

Keys = Mapping[str, str | None]


class Matching:
    """Two sides being matched: the pairs so far, and what is left of each side.

    Both sides of a pair have the same quantity; what one has more of goes on being matched.  Pairs
    lie within ``window``; first come twins, of the same price and quantity, within ``close``.
    """

    def __init__(
        self,
        theirs: Sequence[Lot],
        ours: Sequence[Lot],
        window: timedelta,
        close: timedelta,
    ) -> None:
        self.pairs: list[tuple[Lot, Lot]] = []
        self.theirs: list[Lot] = list(theirs)
        self.ours: list[Lot] = list(ours)
        self._window = window
        self._close = min(close, window)

    def by_fill(self, their_fills: Keys) -> Work[None]:
        """Match fill by fill; ``their_fills`` says to which fill each execution of theirs belongs.

        Only what has the same quantity is a pair, unless the venue's id says so.
        """
        self.theirs = yield from joined(self.theirs, their_fills)
        self.ours = yield from joined(self.ours, {})
        yield from self._by_name("fill:")
        yield from self._by_fit(Alike.TWINS, self._close)
        yield from self._by_fit(Alike.QUANTITY, self._window)

    def by_order(self, their_orders: Keys, our_orders: Keys) -> Work[None]:
        """Match order by order what is left; the keys say to which order each execution belongs."""
        self.theirs = yield from joined(self.theirs, their_orders)
        self.ours = yield from joined(self.ours, our_orders)
        yield from self._by_name("order:")
        yield from self._by_fit(Alike.TWINS, self._close)
        before = -1
        while len(self.pairs) > before:
            before = len(self.pairs)
            yield from self._by_fit(Alike.ANY, self._window)

    def our_parts(self) -> list[Lot]:
        """What is left of ours, each execution on its own again."""
        return [replace(lot, parts=(part,)) for lot in self.ours for part in lot.parts]

    def _by_name(self, kind: str) -> Work[None]:
        """Pair what both sides know by the same id of this kind."""
        known: dict[tuple[str, str, str], Lot] = {}
        for lot in self.ours:
            for name in _names(lot, kind):
                known.setdefault((lot.subject, lot.side, name), lot)
            yield
        rest: list[Lot] = []
        left = {id(lot): lot for lot in self.ours}
        for lot in self.theirs:
            yield
            found = (known.get((lot.subject, lot.side, name)) for name in _names(lot, kind))
            ours = next((one for one in found if one is not None and id(one) in left), None)
            if ours is None:
                rest.append(lot)
                continue
            del left[id(ours)]
            over, under = self._pair(lot, ours)
            rest.extend([over] if over else [])
            left.update({id(under): under} if under else {})
        self.theirs = yield from in_order(rest)
        self.ours = yield from in_order(list(left.values()))

    def _by_fit(self, alike: Alike, window: timedelta) -> Work[None]:
        """Pair what fits best, each subject and side on its own."""
        theirs, ours = _sides(self.theirs), _sides(self.ours)
        rest: list[Lot] = [lot for side in theirs.keys() - ours.keys() for lot in theirs[side]]
        left: list[Lot] = [lot for side in ours.keys() - theirs.keys() for lot in ours[side]]
        for side in sorted(theirs.keys() & ours.keys()):
            one, other = theirs[side], ours[side]
            found = yield from assign(one, other, window, alike)
            used = set(found.values())
            rest.extend(lot for index, lot in enumerate(one) if index not in found)
            left.extend(lot for index, lot in enumerate(other) if index not in used)
            for mine, yours in sorted(found.items()):
                over, under = self._pair(one[mine], other[yours])
                rest.extend([over] if over else [])
                left.extend([under] if under else [])
                yield
        self.theirs = yield from in_order(rest)
        self.ours = yield from in_order(left)

    def _pair(self, theirs: Lot, ours: Lot) -> tuple[Lot | None, Lot | None]:
        """Pair as much as both have, and return what either has more."""
        quantity = min(theirs.quantity, ours.quantity)
        one, over = theirs.split(quantity)
        other, under = ours.split(quantity)
        self.pairs.append((one, other))
        return over, under


def _names(lot: Lot, kind: str) -> list[str]:
    return sorted(name for name in lot.names if name.startswith(kind))


def _sides(lots: Sequence[Lot]) -> dict[tuple[str, str], list[Lot]]:
    """The lots of each subject and side, in their order."""
    found: dict[tuple[str, str], list[Lot]] = defaultdict(list)
    for lot in lots:
        found[lot.subject, lot.side].append(lot)
    return found
