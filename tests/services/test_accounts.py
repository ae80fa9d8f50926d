"""Paper accounts: made with a manual book, refused with reasons, changed for the next order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.domain.accounts import Mode
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.events import FactKind
from app.domain.orders import OrderType, Side
from app.domain.strategies import StrategyKind, StrategyState
from tests.support.counting import ROLL, CountingHouse
from tests.support.floor import Floor

D = Decimal


@pytest.fixture
def ann(house: CountingHouse) -> str:
    """A user; the id."""
    return house.user("ann")


def test_there_is_a_paper_account_from_the_first_start_and_never_a_second(
    house: CountingHouse,
) -> None:
    first = house.accounts.ensure_first()
    assert (first.name, first.venue, first.mode) == ("paper", "paper", Mode.PAPER)
    assert (first.starting_cash, first.roll, first.user_id) == (D(100_000), ROLL, None)
    assert house.accounts.ensure_first() == first
    assert house.accounts.list(None) == [first]


def test_an_account_comes_with_a_manual_book_of_its_own(house: CountingHouse, ann: str) -> None:
    made = house.accounts.create_paper(ann, "  swing ", D("2500.50"))
    with house.store.read() as uow:
        book = uow.strategies.manual_of(made.id)
    assert book is not None
    assert (book.name, book.kind, book.state) == (
        "Manual (swing)",
        StrategyKind.MANUAL,
        StrategyState.ON,
    )
    assert (book.user_id, [link.account_id for link in book.accounts]) == (ann, [made.id])
    assert book.settings.max_age_s is book.settings.dedupe_window_s is None
    told = house.facts[-1]
    assert (told.kind, told.account_id, told.user_id, told.message) == (
        FactKind.ACCOUNT_CHANGED,
        made.id,
        ann,
        "Account swing: created",
    )


def test_everything_that_is_wrong_is_said_at_once(house: CountingHouse, ann: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        house.accounts.create_paper(ann, "", D(0), {"latency_ms": -1}, "noon")
    assert set(refused.value.fields) == {"name", "starting_cash", "roll", "latency_ms"}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": " "}, {"name"}),
        ({"name": "x" * 81}, {"name"}),
        ({"name": "tab\there"}, {"name"}),
        ({"starting_cash": D(0)}, {"starting_cash"}),
        ({"starting_cash": D(-1)}, {"starting_cash"}),
        ({"roll": "at noon"}, {"roll"}),
        ({"roll": "16:00 America/Atlantis"}, {"roll"}),
        ({"name": "", "starting_cash": D(0), "roll": "x"}, {"name", "starting_cash", "roll"}),
        ({"settings": {"slippage_ticks": "-1"}}, {"slippage_ticks"}),
        ({"settings": {"slipage": "1"}}, {"slipage"}),
        ({"settings": {"leverage": "2", "margin_percent": "5"}}, {"leverage"}),
    ],
)
def test_a_wrong_account_is_refused_beside_each_field_and_not_kept(
    house: CountingHouse, ann: str, changes: dict[str, object], fields: set[str]
) -> None:
    before = house.accounts.list(ann)
    with pytest.raises(InvalidInput) as refused:
        house.accounts.create_paper(ann, **{"name": "swing", **changes})  # type: ignore[arg-type]
    assert set(refused.value.fields) == fields
    assert house.accounts.list(ann) == before


def test_a_name_is_in_use_once_a_user(house: CountingHouse, ann: str) -> None:
    with pytest.raises(Conflict, match="'paper' already"):
        house.accounts.create_paper(ann, "paper")
    bob = house.user("bob")
    house.accounts.create_paper(ann, "swing")
    assert house.accounts.create_paper(bob, "swing").user_id == bob


def test_accounts_are_found_by_exact_name_or_id_and_only_by_their_owner(
    house: CountingHouse, ann: str
) -> None:
    mine = house.accounts.find(ann, "paper")
    bob = house.user("bob")
    assert house.accounts.get(ann, mine.id) == house.accounts.find(ann, mine.id) == mine
    assert house.accounts.get(None, mine.id) == mine
    assert [each.user_id for each in house.accounts.list(None)] == [ann, bob]
    for wrong in ("Paper", "pap", mine.id[:-1]):
        with pytest.raises(NotFound):
            house.accounts.find(ann, wrong)
    for asking in (house.accounts.get, house.accounts.find):
        with pytest.raises(NotFound):
            asking(bob, mine.id)


def test_settings_are_changed_by_their_owner_and_checked(house: CountingHouse, ann: str) -> None:
    mine = house.account(ann)
    changed = house.accounts.update_paper(ann, mine.id, {"commission_per_unit": "2.25"})
    assert house.accounts.get(ann, mine.id) == changed
    assert changed.settings == {"commission_per_unit": "2.25"}
    assert (house.facts[-1].kind, house.facts[-1].account_id) == (
        FactKind.ACCOUNT_CHANGED,
        mine.id,
    )
    with pytest.raises(InvalidInput) as refused:
        house.accounts.update_paper(ann, mine.id, {"latency_ms": "soon"})
    assert set(refused.value.fields) == {"latency_ms"}
    with pytest.raises(NotFound):
        house.accounts.update_paper(house.user("bob"), mine.id, {})
    assert house.accounts.get(ann, mine.id) == changed


def test_when_its_trading_day_begins_is_changed_checked_and_otherwise_stays(
    house: CountingHouse, ann: str
) -> None:
    mine = house.account(ann)
    house.accounts.update_paper(ann, mine.id, {}, "  close XNYS ")
    assert house.accounts.update_paper(ann, mine.id, {"seed": 3}).roll == "close XNYS"
    for wrong in ("25:00 UTC", "close NEVER", "16:00 UTC holidays NEVER", ""):
        with pytest.raises(InvalidInput) as refused:
            house.accounts.update_paper(ann, mine.id, {}, wrong)
        assert set(refused.value.fields) == {"roll"}
    assert house.accounts.get(ann, mine.id).roll == "close XNYS"


# --- what a change does to trading ----------------------------------------------------------------


def test_changed_costs_hold_from_the_next_order_on(floor: Floor) -> None:
    made = floor.strategy(accounts=[floor.paper])
    floor.quote("5000")
    commissions = []
    for cost in (None, "2.25"):
        if cost is not None:
            floor.core.accounts.update_paper(None, floor.paper.id, {"commission_per_unit": cost})
        floor.send(made, symbol="ES", action="buy", quantity="1")
        with floor.core.store.read() as uow:
            fills = uow.fills.of_book(floor.book(made, floor.paper))
        commissions.append(fills[-1].commission)
    assert commissions == [D(0), D("2.25")]


def test_a_resting_order_works_on_after_the_settings_were_changed(floor: Floor) -> None:
    made = floor.strategy(accounts=[floor.paper])
    floor.quote("5000")
    floor.send(made, symbol="ES", action="buy", quantity="1", stop_loss="4990")
    (stop,) = floor.working(made)
    assert (stop.type, stop.side) == (OrderType.STOP, Side.SELL)
    floor.core.accounts.update_paper(None, floor.paper.id, {"slippage_ticks": "1"})
    floor.quote("4989")
    floor.work()
    assert floor.held(made, floor.paper) == 0
