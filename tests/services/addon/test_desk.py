"""Messages of add-ons are kept once, in their order, and move their accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.domain.accounts import Mode
from app.domain.addon.stream import Verdict
from app.domain.events import FactKind
from app.propfirm import FundedDay, Recorded, Status
from app.services.addon.desk import MOST_ACCOUNTS
from app.services.funded.desk import FundedStatus
from tests.support.addon import START, execution, position, told
from tests.support.following import INTRADAY, USER, Station

NEXT, JUMP, LATE, HELD, DUPLICATE, NEED, STALE = Verdict


@pytest.fixture
def accepted(station: Station) -> Station:
    """A station with an account under rules with a soft daily loss of 1,000."""
    station.post(told(1))
    station.accept()
    return station


def test_an_account_that_is_told_of_appears_pending(station: Station) -> None:
    received = station.post(told(1, account="Sim101"))
    account = received.account
    assert account is not None
    assert (account.name, account.venue, account.mode) == ("Sim101", "ninjatrader", Mode.LIVE)
    assert account.starting_cash == 0
    assert received.view is None
    funded = station.funded("Sim101")
    assert funded.pending
    assert funded.updated_at == START + timedelta(seconds=1)
    assert [fact.code for fact in station.facts()] == [None, "ADDON_ACCOUNT"]
    assert station.moved == [account.id]


def test_a_simulated_account_is_one_of_paper(station: Station) -> None:
    simulated = told(1)
    simulated["account"]["is_simulated"] = True
    account = station.post(simulated).account
    assert account is not None
    assert account.mode is Mode.PAPER


def test_an_account_whose_name_is_taken_gets_one_like_it(station: Station) -> None:
    station.post(told(1))
    first = station.account_id()
    with station.store.write() as uow:
        own = uow.accounts.get(first)
        assert own is not None
        uow.accounts.update(replace(own, name="Sim101"))
    account = station.post(told(1, account="Sim101")).account
    assert account is not None
    assert account.name == "Sim101 (2)"


def test_a_key_tells_of_so_many_accounts(station: Station) -> None:
    for number in range(MOST_ACCOUNTS):
        assert station.post(told(1, account=f"A{number}")).account is not None
    refused = station.post(told(1, account="one more"))
    assert (refused.account, refused.taken) == (None, ())
    assert station.post(told(2, account="A1")).taken[0].verdict is NEXT


def test_an_accepted_account_follows_its_messages(accepted: Station) -> None:
    received = accepted.post(
        told(2, cash="50100", unrealized="62.50", positions=[position(2, unrealized_pnl="62.50")])
    )
    state = accepted.state()
    assert (state.balance, state.equity, state.contracts) == (
        Decimal(50100),
        Decimal("50162.5"),
        Decimal(2),
    )
    assert accepted.funded().updated_at == START + timedelta(seconds=2)
    assert received.view is not None
    assert received.view.status is FundedStatus.OK


def test_a_message_that_comes_twice_changes_nothing(accepted: Station) -> None:
    accepted.post(told(2, cash="50100", executions=[execution("e1")]))
    before = accepted.outcome()
    again = told(2, cash="40000", executions=[execution("e2")])
    assert accepted.verdicts(again, told(1)) == [DUPLICATE, DUPLICATE]
    assert accepted.outcome() == before


def test_a_gap_holds_the_state_and_books_the_executions(accepted: Station) -> None:
    held = accepted.post(told(4, cash="50300", executions=[execution("e4", 4)]))
    assert (held.taken[0].verdict, held.taken[0].resend_from) == (HELD, 2)
    assert accepted.state().balance == 50000
    assert accepted.funded().updated_at == START + timedelta(seconds=1)
    executions = [each.execution.execution_id for each in accepted.outcome().executions]
    assert executions == ["e4"]
    resent = [
        told(seq, cash=f"50{seq}00", executions=[execution(f"e{seq}", seq)]) for seq in (2, 3, 4)
    ]
    assert accepted.verdicts(*resent) == [NEXT] * 3
    assert accepted.state().balance == 50400
    assert len(accepted.outcome().executions) == 3


def test_a_peak_that_came_late_raises_the_floor_as_if_it_had_come_in_time(
    open_station: Callable[..., Station],
) -> None:
    station = open_station(rules=INTRADAY)
    station.post(told(1))
    station.accept()
    peak = told(2, unrealized="900", positions=[position(1, unrealized_pnl="900")])
    low = told(3, unrealized="-1050", positions=[position(1, unrealized_pnl="-1050")])
    back = told(4, kind="snapshot", cash="50010")
    assert station.verdicts(back) == [JUMP]
    assert station.state().high_water == 50010
    assert station.verdicts(low) == [LATE]
    assert station.state().status is Status.ACTIVE
    assert station.verdicts(peak) == [LATE]
    state = station.state()
    assert (state.high_water, state.floor, state.status) == (
        Decimal(50900),
        Decimal(48900),
        Status.ACTIVE,
    )
    assert state.balance == 50010
    station.post(told(5, cash="50010"))
    with station.store.read() as uow:
        assert uow.addons.checkpoint(station.account_id()) is None
        assert list(uow.addons.entries(station.account_id())) == []


def test_a_breach_that_came_late_is_a_breach_and_told_once(accepted: Station) -> None:
    accepted.post(told(4, kind="snapshot", cash="50010"))
    accepted.post(told(2, cash="48900"))
    accepted.post(told(3, cash="48800"))
    state = accepted.state()
    assert (state.status, state.balance) == (Status.PAUSED_DAY, Decimal(50010))
    told_of = [fact for fact in accepted.facts() if fact.kind is FactKind.RULE_BREACHED]
    assert [fact.code for fact in told_of] == ["FUNDED_DAY_PAUSED"]
    assert len(accepted.outcome().broken) == 1


def test_a_breach_that_never_was_is_taken_back(accepted: Station) -> None:
    """The day's start was 51,000 as far as was known; the missing messages say 50,000."""
    accepted.post(told(2, cash="51000"))
    next_day = 24 * 3600
    accepted.post(told(5, at=next_day, kind="snapshot", cash="49900"))
    assert accepted.state().status is Status.PAUSED_DAY
    accepted.post(told(3, cash="50500"), arrives=next_day)
    accepted.post(told(4, cash="50000"), arrives=next_day)
    state = accepted.state()
    assert (state.status, state.day_start_balance) == (Status.ACTIVE, Decimal(50000))
    assert (state.breaches, accepted.outcome().broken) == ((), [])
    last = accepted.facts()[-1]
    assert (last.code, last.account_id) == ("ADDON_TAKEN_BACK", accepted.account_id())
    assert "taken back" in last.message


def test_what_is_missing_too_long_is_given_up_and_told(accepted: Station) -> None:
    accepted.post(told(4, kind="snapshot"))
    accepted.post(told(5, at=700))
    last = accepted.facts()[-1]
    assert (last.code, last.data) == ("ADDON_LOST", {"messages": 2})
    assert accepted.verdicts(told(2, at=701)) == [DUPLICATE]
    with accepted.store.read() as uow:
        assert uow.addons.checkpoint(accepted.account_id()) is None
        assert list(uow.addons.entries(accepted.account_id())) == []


def test_a_late_message_after_other_rules_is_no_more_than_late(accepted: Station) -> None:
    accepted.post(told(3, kind="snapshot", cash="50200"))
    own = accepted.account_id()
    accepted.changes.drop(USER.id, own)
    accepted.accept()
    assert accepted.verdicts(told(2, cash="50900")) == [LATE]
    assert accepted.state().balance == 50200


def test_a_message_with_positions_only_moves_contracts(accepted: Station) -> None:
    accepted.post(told(2, cash=None, unrealized=None, positions=[position(4)]))
    assert (accepted.state().contracts, accepted.state().balance) == (Decimal(4), Decimal(50000))


def test_a_platform_that_is_cut_off_is_not_heard(accepted: Station) -> None:
    cut = told(2, at=30, cash="0")
    cut["account"]["connection_status"] = "ConnectionLost"
    received = accepted.post(cut)
    assert received.taken[0].verdict is NEXT
    assert accepted.funded().updated_at == START + timedelta(seconds=1)
    assert received.view is not None
    assert received.view.status is FundedStatus.STALE


def test_zeros_before_the_platform_has_the_account_break_nothing(accepted: Station) -> None:
    zeros = {"cash_value": "0", "net_liquidation": "0", "unrealized_pnl": "0"}
    accepted.post(told(2, values=zeros))
    assert (accepted.state().balance, accepted.state().status) == (Decimal(50000), Status.ACTIVE)


def test_a_price_spike_without_a_quote_breaks_nothing(accepted: Station) -> None:
    spike = position(1, unrealized_pnl="-43000.50")
    received = accepted.post(told(2, unrealized="-43000.50", positions=[spike]))
    assert (accepted.state().equity, accepted.state().status) == (None, Status.ACTIVE)
    assert received.view is not None
    assert received.view.status is FundedStatus.UNKNOWN


def test_days_of_the_platform_fill_those_that_the_server_has_not(accepted: Station) -> None:
    accepted.post(told(2, cash="50100"))
    days = [{"date": f"2026-03-0{day}", "pnl": f"{day}.5"} for day in (2, 3, 4)]
    accepted.post(told(3, cash="50100", daily_pnl_history=days))
    own = accepted.account_id()
    with accepted.store.read() as uow:
        found = uow.funded.days(own)
    assert found[:2] == [
        FundedDay(own, date(2026, 3, day), Decimal(f"{day}.5"), Recorded.ADDON) for day in (2, 3)
    ]
    assert [(each.day.day, each.pnl, each.recorded) for each in found[2:]] == [
        (4, Decimal(100), Recorded.OWN)
    ]


def test_an_execution_is_corrected_only_by_what_comes_in_its_order(accepted: Station) -> None:
    accepted.post(told(2, executions=[execution("e1"), execution("e2")]))
    gone = execution("e1", operation="Remove")
    fixed = execution("e2", operation="Update", price="1.25")
    accepted.post(told(3, executions=[gone, fixed]))
    accepted.post(told(5, executions=[execution("e2", operation="Update", price="9")]))
    found = {each.execution.execution_id: each.execution for each in accepted.outcome().executions}
    assert found["e1"].operation.value == "Remove"
    assert found["e2"].price == Decimal("1.25")


def test_a_clock_that_is_off_is_told_once(accepted: Station) -> None:
    for seq in (2, 3):
        accepted.post(told(seq, session="s2", kind="snapshot", at=seq), arrives=seq + 8)
    codes = [fact.code for fact in accepted.facts()]
    assert codes.count("ADDON_CLOCK") == 1
    assert "8 s behind" in accepted.facts()[-1].message


def test_a_clock_far_ahead_gives_way_to_the_servers_for_the_trading_day(accepted: Station) -> None:
    """By its own clock the message is from the next trading day."""
    ahead = 8 * 3600
    accepted.post(told(1, session="s2", at=ahead + 2, cash="50100"), arrives=2)
    state = accepted.state()
    assert (state.day, state.at) == (date(2026, 3, 4), START + timedelta(seconds=2))


def test_a_second_machine_is_stale_and_changes_nothing(accepted: Station) -> None:
    accepted.post(told(2, cash="50100"))
    assert accepted.verdicts(told(1, session="s2", at=3, cash="50100")) == [NEXT]
    assert accepted.verdicts(told(3, at=4, cash="40000")) == [STALE]
    assert accepted.state().balance == 50100


def test_the_tail_of_the_session_before_is_played_in_its_place(
    open_station: Callable[..., Station],
) -> None:
    station = open_station(rules=INTRADAY)
    station.post(told(1))
    station.accept()
    peak = told(3, unrealized="800", positions=[position(1, unrealized_pnl="800")])
    assert station.verdicts(told(1, session="s2", at=9, cash="50050")) == [NEXT]
    assert station.verdicts(peak, told(2)) == [LATE, LATE]
    assert (station.state().high_water, station.state().balance) == (Decimal(50800), Decimal(50050))
    assert station.verdicts(told(2, session="s2", at=10, cash="50060")) == [NEXT]
    assert station.state().balance == 50060


def test_a_day_that_ended_meanwhile_stays_ended_after_what_came_late(accepted: Station) -> None:
    accepted.post(told(3, kind="snapshot", cash="50200"))
    own, evening = accepted.account_id(), 8 * 3600
    accepted.clock.at = START + timedelta(seconds=evening)
    with accepted.store.write() as uow:
        assert accepted.tracker.end_day(uow, own, accepted.clock.at) is not None
    before = accepted.state()
    accepted.post(told(2, cash="50100"), arrives=evening)
    after = accepted.state()
    assert (after.day, after.at, after.day_start_balance) == (before.day, before.at, Decimal(50200))


def test_a_key_remembers_who_used_it(station: Station) -> None:
    station.post(told(1), told(2))
    with station.store.read() as uow:
        (key,) = uow.addon_keys.list(USER.id)
    assert key.last_used_at == START + timedelta(seconds=2)
    assert key.installation_id == told()["installation_id"]
