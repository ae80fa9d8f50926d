"""The part of the trading server is played by who has the right to it, and by nobody else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.events import Fact, FactKind
from app.services.alarms import Alarms
from app.services.ownership import Ownership, Part, Role
from app.services.ports import Holder
from tests.support.floor import Floor
from tests.support.leases import OneLease, owning

OTHER = Holder("beta", 77, datetime(2026, 3, 4, 15, 0, tzinfo=UTC))


class Play:
    """A server whose part writes down what it is told."""

    def __init__(self, floor: Floor, other: Holder | None = None) -> None:
        self.floor = floor
        self.done: list[str] = []
        self.lease = OneLease(other)
        self.alarms = Alarms(floor.core.store, floor.clock)
        self.ownership: Ownership | None = None
        self.ownership = owning(self.lease, floor.clock, self.alarms, self.part())

    def part(self) -> Part:
        return Part(
            lambda: self.note("prepare"),
            lambda: self.note("begin"),
            lambda: self.note("cease"),
            lambda: self.note("wait"),
        )

    def note(self, what: str) -> None:
        self.done.append(what if self.ownership is None else f"{what} {self.ownership.role}")

    @property
    def server(self) -> Ownership:
        assert self.ownership is not None
        return self.ownership

    def look(self) -> None:
        assert not self.server.step(self.floor.clock.now())

    def told(self) -> list[Fact]:
        """The alarms, written down."""
        self.alarms.write()
        return [fact for fact in self.floor.facts if fact.kind is FactKind.WORKER_FAILED]


def test_a_server_alone_trades_at_once_and_says_nothing_of_it(floor: Floor) -> None:
    play = Play(floor)
    assert play.done == ["prepare", "begin"]
    assert (play.server.role, play.server.may_trade) == (Role.TRADING, True)
    play.look()
    assert play.done == ["prepare", "begin"]
    assert play.told() == []


def test_c20_a_second_server_waits_and_says_for_whom(floor: Floor) -> None:
    play = Play(floor, OTHER)
    assert play.done == ["wait"]
    assert (play.server.role, play.server.may_trade) == (Role.STANDBY, False)
    assert play.server.explain() == (
        "This server stands by and changes nothing: the server on beta, process 77, trades on this"
        " database since 2026-03-04 15:00:00 UTC."
    )


def test_c20_a_standby_takes_over_with_everything_settled_before_it_trades(floor: Floor) -> None:
    play = Play(floor, OTHER)
    play.lease.other = None
    play.look()
    assert play.done == ["wait", "prepare starting", "begin trading"]
    assert play.server.may_trade
    assert [(fact.code, fact.message) for fact in play.told()] == [
        ("TOOK_OVER", "The server on alpha, process 1234, took over: it trades now.")
    ]


def test_c20_a_server_that_lost_the_right_may_not_trade_from_that_moment(floor: Floor) -> None:
    play = Play(floor)
    play.lease.other = OTHER
    assert not play.server.may_trade
    play.look()
    assert play.done[-1] == "cease standby"
    assert [fact.code for fact in play.told()] == ["STOPPED_TRADING"]
    play.look()
    assert play.done[-1] == "wait standby"
    assert play.server.holder == OTHER


def test_c20_who_lost_the_right_and_has_it_again_starts_as_after_a_crash(floor: Floor) -> None:
    """Somebody else may have traded in between, however short that was."""
    play = Play(floor)
    play.lease.other = OTHER
    assert not play.server.may_trade
    play.lease.other = None
    play.look()
    play.look()
    assert play.done[2:] == ["cease standby", "prepare starting", "begin trading"]
    assert play.server.may_trade


class Away(OneLease):
    """A right that nobody can be asked for."""

    def take(self, me: Holder) -> bool:
        raise StoreUnavailable("The database does not answer.")


def test_without_an_answer_nobody_trades(floor: Floor) -> None:
    ownership = owning(Away(), floor.clock, Alarms(floor.core.store, floor.clock))
    assert (ownership.role, ownership.may_trade) == (Role.STANDBY, False)
    assert ownership.explain().endswith("another one trades on its database.")


def test_what_cannot_be_settled_is_tried_again_before_anything_is_traded(floor: Floor) -> None:
    play = Play(floor, OTHER)
    faults = [StoreUnavailable("The database is locked."), None]

    def prepare() -> None:
        fault = faults.pop(0)
        if fault is not None:
            raise fault

    play.server.part = Part(prepare, *[lambda: play.note("begin")] * 3)
    play.lease.other = None
    with pytest.raises(StoreUnavailable):
        play.look()
    assert (play.server.role, play.server.may_trade) == (Role.STARTING, False)
    assert "about to trade" in play.server.explain()
    play.look()
    assert play.server.may_trade


@pytest.mark.parametrize("ended", [True, False])
def test_f20_the_right_is_given_back_at_once_only_when_nothing_is_under_way(
    floor: Floor, *, ended: bool
) -> None:
    play = Play(floor)
    play.server.leave(ended=ended)
    assert not play.server.may_trade
    assert (play.lease.holder() is None) is ended
