"""An add-on that falls silent is told of once, and again when it is heard."""

from __future__ import annotations

from app.domain.events import FactKind
from app.propfirm import Source
from app.services.funded.silence import Silence
from tests.propfirm.making import END_OF_DAY, at, update
from tests.support.funded import FundedHouse


class Listener:
    """The watch over a house, second by second."""

    def __init__(self, funded: FundedHouse) -> None:
        self.funded = funded
        self.silence = Silence(funded.store)

    def listen(self, seconds: int) -> None:
        for _ in range(seconds):
            self.funded.clock.advance(1)
            self.silence.step(self.funded.clock.now())

    @property
    def told(self) -> list[str]:
        wanted = {FactKind.FUNDED_STALE, FactKind.FUNDED_HEARD}
        return [each.message for each in self.funded.facts() if each.kind in wanted]


LOST = (
    "Funded account paper: its add-on has told nothing for 15 seconds, so where its limits are is"
    " not known."
)


def test_an_addon_that_falls_silent_is_told_of_once_and_again_when_it_is_heard(
    funded: FundedHouse,
) -> None:
    funded.accept(END_OF_DAY)
    listener = Listener(funded)
    funded.play(update("2 10:00", 50000))
    listener.listen(15)
    assert listener.told == []
    listener.listen(60)
    assert listener.told == [LOST]
    (fact,) = [each for each in funded.facts() if each.kind is FactKind.FUNDED_STALE]
    assert (fact.code, fact.user_id) == ("FUNDED_SILENT", "user-1")
    funded.play(update("2 10:01", 50000))
    listener.listen(5)
    assert listener.told == [
        LOST,
        "Funded account paper: its add-on tells of it again, after 76 s.",
    ]


def test_what_was_told_before_a_restart_is_not_told_again(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY)
    Listener(funded).listen(40)
    again = Listener(funded)
    again.listen(40)
    assert again.told == [LOST]
    funded.play(update("2 10:01", 50000))
    again.listen(1)
    assert len(again.told) == 2


def test_the_time_in_which_nobody_listened_counts_against_no_addon(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY)
    funded.play(update("2 10:00", 50000))
    listener = Listener(funded)
    listener.listen(3)
    funded.clock.advance(600)
    listener.listen(15)
    assert listener.told == []
    listener.listen(2)
    assert listener.told == [LOST]


def test_nobody_is_missed_while_the_market_rests_and_our_own_never(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY)
    funded.clock.move_to(at("2 16:05"))
    funded.play(update("2 16:05", 50000))
    listener = Listener(funded)
    listener.listen(60)
    assert listener.told == []
    funded.drop()
    funded.clock.move_to(at("3 10:00"))
    funded.accept(END_OF_DAY, Source.FILLS)
    listener.listen(60)
    assert listener.told == []


def test_an_account_that_was_dropped_while_it_was_silent_is_forgotten(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY)
    listener = Listener(funded)
    listener.listen(40)
    funded.drop()
    listener.listen(5)
    funded.accept(END_OF_DAY)
    listener.listen(40)
    assert listener.told == [LOST, LOST]
