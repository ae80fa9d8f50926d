"""Whatever happens at a venue: strategies keep their books, and what differs is shown exactly."""

from __future__ import annotations

import shutil
import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clock import VirtualClock
from app.domain.orders import OrderType
from app.domain.safety.drift import DriftState
from tests.support.floor import OPENING, Floor, open_floor
from tests.support.reconciling import account_book, drifts, look, look_until_sure
from tests.support.venue import ScriptedVenue

EVENTS = st.one_of(
    st.tuples(st.sampled_from(["ours", "hand", "lost"]), st.sampled_from([-2, -1, 1, 3])),
    st.tuples(st.sampled_from(["deaf", "heard", "empty", "listed", "quiet", "told", "look"])),
)


def own(floor: Floor) -> Decimal:
    """What the fills of our own orders add up to at the venue."""
    fills = [r.fill for r in floor.broker.executed if str(r.client_order_id).startswith("sb-")]
    return sum((fill.quantity * fill.side.sign for fill in fills), Decimal(0))


def happen(floor: Floor, event: tuple[object, ...]) -> None:
    """Let one thing happen."""
    kind, broker = event[0], floor.broker
    if kind in {"deaf", "heard"}:
        broker.deaf = kind == "deaf"
    elif kind in {"empty", "listed"}:
        broker.empty = kind == "empty"
    elif kind in {"quiet", "told"}:
        broker.tells = kind == "told"
    elif kind == "look":
        look(floor)
    elif kind == "ours":
        strategy = floor.core.strategies.list(None)[0]
        quantity = int(str(event[1]))
        floor.post(strategy, action="buy" if quantity > 0 else "sell", quantity=str(abs(quantity)))
        floor.work()
    else:
        broker.by_hand(str(event[1]), told=kind == "hand")
    floor.clock.advance(3)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(events=st.lists(EVENTS, max_size=10))
def test_j6_no_external_trade_changes_a_strategys_book_and_what_differs_is_shown(
    floor_template: Path, events: list[tuple[object, ...]]
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        clock = VirtualClock(OPENING)
        folder = Path(shutil.copytree(floor_template, Path(scratch) / "floor"))
        floor = open_floor(folder, clock, ScriptedVenue(clock))
        strategy = floor.strategy()
        for event in events:
            happen(floor, event)
        floor.broker.deaf = floor.broker.empty = False
        floor.broker.tells = True
        floor.clock.advance(60)
        look_until_sure(floor)
        assert floor.held(strategy) == own(floor)
        shown = {d.symbol: (d.ours, d.theirs) for d in drifts(floor) if d.state is DriftState.OPEN}
        ours, theirs = account_book(floor), floor.broker.position
        wanted = {} if ours == theirs else {"ESZ2026": (ours, theirs or None)}
        assert shown == wanted
        assert all(order.type is OrderType.MARKET for order in floor.broker.sent)
        floor.core.close()
