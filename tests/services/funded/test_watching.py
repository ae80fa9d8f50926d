"""The watch of each second over funded accounts: what is written, and what owners are told."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from app.domain.events import Fact, FactKind
from app.propfirm import FundedAccount, Source, Status
from app.services.funded import FundedStatus
from app.services.funded.watching import Watching
from app.services.pnl import Worth
from tests.propfirm.making import END_OF_DAY, INTRADAY, STATIC, update
from tests.support.funded import FundedHouse, Onlooker
from tests.support.records import ACCOUNT

D = Decimal


class Post:
    """The watch of a house, and who looks."""

    def __init__(self, funded: FundedHouse) -> None:
        self.funded = funded
        self.watching = Watching(funded.store, funded.tracker, lambda _: funded.worths)
        self.onlooker = Onlooker()
        self.watching.show(self.onlooker)

    def second(self, realised: int, opened: int | None, contracts: int = 1) -> None:
        """Another second, in which the books come to this."""
        self.funded.clock.advance(1)
        known = None if opened is None else D(opened)
        self.funded.worths[ACCOUNT.id] = Worth(D(realised), known, D(contracts))
        self.watching.step(self.funded.clock.now())

    def hear(self, kind: FactKind) -> bool:
        """Tell of a fact about the account; whether that is worth a look at once."""
        woken: list[FactKind] = []
        self.watching.wake_with(lambda: woken.append(kind))
        self.watching.hear([Fact(kind, self.funded.clock.now(), "told", account_id=ACCOUNT.id)])
        return bool(woken)

    @property
    def statuses(self) -> list[FundedStatus]:
        return [each["user-1"][0].status for each in self.onlooker.told]


def test_each_second_raises_the_mark_and_breaks_what_is_broken(funded: FundedHouse) -> None:
    funded.accept(INTRADAY, Source.FILLS)
    post = Post(funded)
    post.second(0, 100)
    post.second(0, 1500)
    post.second(0, -500)
    assert (funded.state.high_water, funded.state.status) == (D(51500), Status.FAILED)
    (violation,) = funded.violations()
    assert (violation.balance, violation.equity) == (D(50000), D(49500))
    assert post.statuses == [FundedStatus.OK, FundedStatus.OK, FundedStatus.FAILED]
    post.second(-800, 0)
    assert funded.state.balance == D(50000)
    assert len(funded.violations()) == 1


def test_an_account_to_which_nothing_happens_is_written_every_five_seconds(
    funded: FundedHouse,
) -> None:
    funded.accept(STATIC, Source.FILLS)
    post = Post(funded)
    heard = []
    for _ in range(12):
        post.second(0, 0, 0)
        heard.append(funded.kept().updated_at)
    assert len(set(heard)) == 3
    assert len(post.onlooker.told) == 12
    assert funded.days() == []


def test_an_account_that_is_dropped_between_two_looks_is_shown_no_more(
    funded: FundedHouse,
) -> None:
    funded.accept(STATIC, Source.FILLS)
    post = Post(funded)
    post.second(0, 100)
    funded.drop()
    post.second(0, 200)
    assert len(post.onlooker.told) == 1


def test_a_price_that_is_not_known_is_no_news_of_zero(funded: FundedHouse) -> None:
    funded.accept(STATIC, Source.FILLS)
    post = Post(funded)
    post.second(0, -1900)
    post.second(0, None)
    assert funded.violations() == []
    assert post.statuses == [FundedStatus.NEAR, FundedStatus.UNKNOWN]
    post.second(0, -1950)
    assert post.statuses[-1] is FundedStatus.NEAR


def test_a_second_is_looked_at_once_and_again_only_when_something_happened(
    funded: FundedHouse,
) -> None:
    funded.accept(STATIC, Source.FILLS)
    post = Post(funded)
    post.second(0, 0)
    now = funded.clock.now()
    post.watching.step(now)
    assert len(post.onlooker.told) == 1
    assert post.hear(FactKind.POSITION_CHANGED)
    funded.worths[ACCOUNT.id] = Worth(D(0), D(-2000), D(1))
    post.watching.step(now)
    assert (funded.state.status, len(post.onlooker.told)) == (Status.FAILED, 2)
    assert not post.hear(FactKind.ORDER_ACCEPTED)


def test_fills_on_other_accounts_wake_nobody(funded: FundedHouse) -> None:
    post = Post(funded)
    post.second(0, 0)
    assert not post.hear(FactKind.POSITION_CHANGED)
    assert post.hear(FactKind.FUNDED_CHANGED)


def test_nobody_is_told_of_anothers_account_and_nothing_is_made_for_nobody(
    funded: FundedHouse,
) -> None:
    funded.accept(STATIC, Source.FILLS)
    post = Post(funded)
    post.onlooker.looking = {"user-2"}
    post.second(0, 100)
    post.onlooker.looking = set()
    post.second(-20, 200)
    assert post.onlooker.told == []
    assert funded.state.balance == D(49980)


def test_an_addon_account_is_told_of_and_left_as_its_news_left_it(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY)
    post = Post(funded)
    funded.play(update("2 09:00", 50100))
    before = funded.kept()
    post.second(-5000, -5000)
    assert funded.kept() == before
    assert post.statuses == [FundedStatus.OK]
    funded.clock.advance(20)
    post.watching.step(funded.clock.now())
    (view,) = post.onlooker.told[-1]["user-1"]
    assert (view.status, view.age) == (FundedStatus.STALE, timedelta(seconds=21))
    assert view.words == "No news for 21 s, so where its limits are is not known"


def test_what_an_addon_told_is_shown_at_once(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY)
    post = Post(funded)
    post.second(0, 0)
    funded.play(update("2 09:00", 49900))
    post.watching.moved({ACCOUNT.id})
    post.watching.step(funded.clock.now())
    (view,) = post.onlooker.told[-1]["user-1"]
    assert view.words == "1,900.00 left to the trailing floor"


def test_a_pending_account_is_shown_as_one_without_figures(funded: FundedHouse) -> None:
    with funded.store.write() as uow:
        uow.funded.insert(FundedAccount(ACCOUNT.id, Source.ADDON))
    post = Post(funded)
    post.second(0, 0)
    (view,) = post.onlooker.told[-1]["user-1"]
    assert (view.status, view.standing, view.limits) == (FundedStatus.PENDING, None, ())
