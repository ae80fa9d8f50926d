"""What the log says reaches the people whom it concerns: once, in order, and never silently not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert

from app.clock import VirtualClock
from app.domain.accounts import Account, Mode
from app.domain.errors import BrokerRejected, StoreUnavailable
from app.domain.events import Fact, FactKind, Level
from app.domain.notices import MOST, Category, Channel
from app.domain.safety.switches import Scope
from app.domain.settings import StrategySettings
from app.domain.strategies import Strategy, StrategyState
from app.domain.users import User
from app.services.notices import Dispatcher, Teller
from app.services.ports import Delivery
from app.services.storage import Trouble
from app.store.engine import make_engines
from app.store.repos.history import FACT
from app.store.tables import FACTS
from app.store.unit_of_work import SqlStore, SqlUnit
from app.vault import Vault
from tests.support.floor import Floor
from tests.support.notifying import Postman
from tests.support.records import NOON

ADDRESS = "ntfy://a-secret-topic"
MINUTE = 60.0


class Distant(SqlStore):
    """A database that may be away."""

    away = False

    def read(self) -> AbstractContextManager[SqlUnit]:
        self._check()
        return super().read()

    def write(self) -> AbstractContextManager[SqlUnit]:
        self._check()
        return super().write()

    def record(self) -> AbstractContextManager[SqlUnit]:
        self._check()
        return super().record()

    def _check(self) -> None:
        if self.away:
            raise StoreUnavailable("It is away.")


@dataclass
class Post:
    """A database with two users, a clock, a notifier, and the dispatcher between them."""

    store: Distant
    clock: VirtualClock
    vault: Vault
    postman: Postman = field(default_factory=Postman)
    trouble: list[Trouble] = field(default_factory=list)
    dispatcher: Dispatcher = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.dispatcher = Dispatcher(
            self.store,
            self.clock,
            self.vault,
            self.postman,
            ZoneInfo("America/Chicago"),
            lambda: self.trouble[0] if self.trouble else None,
        )

    def channel(
        self,
        name: str = "Phone",
        user: str = "ann",
        **changes: Any,  # noqa: ANN401  any field of a channel
    ) -> Channel:
        made: Channel = Channel(
            id=f"{user}-{name}",
            user_id=user,
            name=name,
            service="ntfy",
            scheme="ntfy",
            address_encrypted=self.vault.encrypt(ADDRESS),
            categories=frozenset(Category),
            enabled=True,
            created_at=self.clock.now(),
        )
        made = replace(made, **changes)
        with self.store.write() as uow:
            uow.channels.insert(made)
        self.run()
        return made

    def row(self, channel: Channel) -> Channel:
        with self.store.read() as uow:
            found = uow.channels.get(channel.id)
        assert found is not None
        return found

    def tell(
        self,
        message: str,
        kind: FactKind = FactKind.CLOSE_FAILED,
        level: Level = Level.ERROR,
        user: str | None = "ann",
        **more: Any,  # noqa: ANN401  any field of a fact
    ) -> None:
        fact = Fact(kind, self.clock.now(), message, level, user_id=user, **more)
        with self.store.write() as uow:
            uow.facts.append(fact)

    def run(self, seconds: float = 1) -> None:
        """Let time pass, each second with a step and everything that is due then."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.clock.advance(1)
            now = self.clock.now()
            while self.dispatcher.step(now):
                pass
            for channel_id in self.dispatcher.due(now):
                self.dispatcher.deliver(channel_id)

    def log(self) -> list[str]:
        with self.store.read() as uow:
            facts = uow.facts.after(0, 1000)
        kinds = {FactKind.CHANNEL_FAILED, FactKind.CHANNEL_WORKS}
        return [fact.message for fact in facts if fact.kind in kinds]


@pytest.fixture
def post(sqlite_store_url: str) -> Iterator[Post]:
    store = Distant(make_engines(sqlite_store_url), lambda _: None)
    clock = VirtualClock(NOON)
    with store.write() as uow:
        for name in ("ann", "bob"):
            uow.users.insert(User(name, name, NOON, "no password"))
        account = Account("paper", "Paper", "paper", Mode.PAPER, Decimal(1), NOON, user_id="ann")
        uow.accounts.insert(account)
    yield Post(store, clock, Vault(Fernet.generate_key().decode()))
    store.close()


def test_a_notice_goes_to_its_users_channel_with_the_time_of_the_zone(post: Post) -> None:
    channel = post.channel()
    post.channel(user="bob")
    post.tell("Breakout: could not be closed")
    post.run()
    ((address, message),) = post.postman.sent
    assert address == ADDRESS
    assert message.title == "Trading switch"
    assert message.body == f"{_local(post)} Breakout: could not be closed."
    assert post.row(channel).last_sent_at == post.clock.now()


def _local(post: Post) -> str:
    at = post.clock.now() - timedelta(seconds=1)
    return f"{at.astimezone(ZoneInfo('America/Chicago')):%H:%M:%S %Z}"


def test_what_concerns_the_server_goes_to_everybody(post: Post) -> None:
    post.channel()
    post.channel(user="bob")
    post.tell("halted the server by ann", FactKind.TRADING_HALTED, user=None)
    post.run()
    assert len(post.postman.sent) == 2


def test_what_concerns_an_account_goes_to_its_owner_alone(post: Post) -> None:
    post.channel()
    post.channel(user="bob")
    post.tell("a report", FactKind.REPORT_IGNORED, Level.WARNING, None, account_id="paper")
    post.run()
    (body,) = post.postman.bodies
    assert body.endswith("a report. Account Paper.")


def test_a_notice_names_the_strategy_and_one_of_a_strategy_that_is_gone_does_not(
    post: Post,
) -> None:
    post.channel()
    made = Strategy(
        "s1", "Breakout", "ES", StrategyState.ON, StrategySettings(), (), NOON, NOON, user_id="ann"
    )
    with post.store.write() as uow:
        uow.strategies.insert(made)
    post.tell("one", strategy_id="s1")
    post.run()
    post.tell("two", strategy_id="gone")
    post.run()
    titles = [message.title for _, message in post.postman.sent]
    assert titles == ["Trading switch: Breakout", "Trading switch"]


def test_a_channel_that_is_gone_gets_nothing_any_more(post: Post) -> None:
    channel = post.channel()
    post.tell("too late")
    post.clock.advance(1)
    post.dispatcher.step(post.clock.now())
    assert post.dispatcher.due(post.clock.now()) == [channel.id]
    with post.store.write() as uow:
        uow.channels.remove(channel.id)
    post.dispatcher.step(post.clock.now())
    post.dispatcher.deliver(channel.id)
    assert post.postman.tried == 0


def test_a_notifier_that_breaks_loses_nothing(post: Post) -> None:
    post.channel()
    post.tell("important")
    post.postman.breaks = True
    with pytest.raises(RuntimeError):
        post.run()
    post.postman.breaks = False
    post.run(15)
    (body,) = post.postman.bodies
    assert body.endswith("important.")


def test_a_channel_gets_only_what_it_wants_and_nothing_from_before_it(post: Post) -> None:
    post.tell("too early")
    post.channel(categories=frozenset({Category.HALT}))
    post.tell("filled", FactKind.ORDER_FILLED)
    post.tell("wanted")
    post.run()
    assert [body.split(" ", 2)[2] for body in post.postman.bodies] == ["wanted."]


def test_mere_placement_is_never_told(post: Post) -> None:
    post.channel()
    kinds = (FactKind.ALERT_RECEIVED, FactKind.ORDER_SUBMITTED, FactKind.ORDER_ACCEPTED)
    for kind in kinds:
        post.tell("placed", kind)
    post.run(5)
    assert post.postman.sent == []


def test_a_channel_that_is_switched_off_gets_nothing_not_even_later(post: Post) -> None:
    channel = post.channel(enabled=False)
    post.tell("while it was off")
    post.run()
    with post.store.write() as uow:
        uow.channels.update(replace(channel, enabled=True))
    post.run()
    post.tell("while it is on")
    post.run()
    assert [body.split(" ", 2)[2] for body in post.postman.bodies] == ["while it is on."]


def test_an_alert_that_ends_as_its_order_did_is_told_once(floor: Floor) -> None:
    strategy, teller = floor.strategy(), Teller()
    with floor.core.store.read() as uow:
        teller.skip(uow)
    floor.broker.answers.append(BrokerRejected("Market is closed."))
    floor.send(strategy, action="buy", quantity="2")
    floor.halt(Scope.STRATEGY, strategy.id)
    floor.send(strategy, action="buy", quantity="2")
    with floor.core.store.read() as uow:
        told = teller.read(uow, floor.clock.now())
    refused = [each.notice for each in told if each.notice.category is Category.REFUSAL]
    assert [each.title for each in refused] == ["Refused: Breakout", "Refused: Breakout"]
    rejected, halted = (each.body for each in refused)
    assert rejected == (
        "Breakout: order rejected, buy 2 ESZ2026 market: Market is closed. Account desk."
    )
    assert halted.startswith("Breakout: alert refused. ")


def test_an_alarm_that_goes_on_is_told_each_quarter_of_an_hour(post: Post) -> None:
    post.channel()
    for seconds in range(20):
        words = f"Everything stood still for {seconds}.5 seconds."
        post.tell(words, FactKind.WORKER_FAILED, user=None)
        post.run(MINUTE)
    assert len(post.postman.sent) == 2


def test_a_flood_is_summed_up_and_nothing_of_it_is_lost(post: Post) -> None:
    post.channel()
    for _ in range(60):
        for _ in range(5):
            post.tell("filled", FactKind.ORDER_FILLED)
        post.run(1)
    assert len(post.postman.sent) == MOST
    post.run(60)
    assert len(post.postman.sent) == MOST + 1
    told = sum(_count(message.title) for _, message in post.postman.sent)
    assert told == 300


def _count(title: str) -> int:
    number = title.split(" ", 1)[0]
    return int(number) if number.isdigit() else 1


def test_a_restart_goes_on_where_it_stopped(post: Post) -> None:
    post.channel()
    post.tell("before")
    post.run()
    post.tell("while nobody looked")
    post.restart()
    post.run()
    assert [body.split(" ", 2)[2] for body in post.postman.bodies] == [
        "before.",
        "while nobody looked.",
    ]


def test_a_number_that_is_missing_is_waited_for_and_then_gone_past(post: Post) -> None:
    post.channel()
    with post.store.write() as uow:
        number = uow.facts.newest()
        fact = Fact(FactKind.CLOSE_FAILED, post.clock.now(), "later", user_id="ann")
        uow.facts.append(fact)
        behind = replace(fact, message="behind the gap", number=number + 3)
        uow.connection.execute(insert(FACTS), FACT.values(behind))
    post.run(2)
    assert len(post.postman.sent) == 1
    post.run(4)
    assert [body.split(" ", 2)[2] for body in post.postman.bodies] == ["later.", "behind the gap."]


def test_a_failure_stands_on_the_row_and_in_the_log_once_until_it_works_again(post: Post) -> None:
    channel = post.channel()
    post.postman.problem = "nobody there."
    post.tell("important")
    post.run(5 * MINUTE)
    assert 3 < post.postman.tried < 8
    assert post.row(channel).last_error == "nobody there."
    (failed,) = post.log()
    assert failed.startswith("The channel Phone (ntfy) took no notice: nobody there. What waits")
    post.postman.problem = None
    post.run(11 * MINUTE)
    assert "important." in post.postman.bodies[0]
    assert post.row(channel).last_error is None
    assert post.log()[1:] == ["The channel Phone (ntfy) works again."]


def test_what_was_given_up_is_counted_on_the_row_and_said_with_the_next_notice(
    post: Post,
) -> None:
    channel = post.channel()
    post.postman.problem = "nobody there."
    post.tell("one")
    post.tell("two")
    post.run(70 * MINUTE)
    assert post.row(channel).lost == 2
    post.postman.problem = None
    post.tell("three")
    post.run(11 * MINUTE)
    (body,) = post.postman.bodies
    assert "2 older notices could not be delivered" in body
    assert post.log()[-1].endswith("works again. 2 notices were given up meanwhile.")


def test_a_channel_that_was_seen_to_work_does_not_wait(post: Post) -> None:
    channel = post.channel()
    post.postman.problem = "nobody there."
    post.tell("important")
    post.run(10 * MINUTE)
    post.postman.problem = None
    with post.store.write() as uow:
        uow.channels.note(Delivery(channel.id, post.clock.now()))
    post.run(2)
    assert len(post.postman.sent) == 1


def test_an_address_under_another_key_is_said(post: Post) -> None:
    channel = post.channel(address_encrypted="from another server")
    post.tell("important")
    post.run()
    assert "SECRET_KEY" in (post.row(channel).last_error or "")


def test_a_disk_in_trouble_is_told_though_nothing_can_be_written(post: Post) -> None:
    post.channel()
    post.trouble.append(Trouble("STORAGE_FAILED", "The disk is full."))
    post.run(5)
    assert [body.split(" ", 2)[2] for body in post.postman.bodies] == ["The disk is full."]


def test_a_database_that_is_away_is_told_by_the_channels_that_are_known(post: Post) -> None:
    channel = post.channel()
    post.store.away = True
    for _ in range(5):
        post.clock.advance(1)
        post.dispatcher.step(post.clock.now())
    (due,) = post.dispatcher.due(post.clock.now())
    with pytest.raises(StoreUnavailable):
        post.dispatcher.deliver(due)
    (body,) = post.postman.bodies
    assert body.endswith(" The database cannot be read. It is away.")
    post.store.away = False
    post.tell("it is back")
    post.run()
    assert post.postman.bodies[1].endswith(" it is back.")
    assert post.row(channel).last_sent_at == post.clock.now()
