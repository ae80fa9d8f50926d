"""Storms on accounts: begun by a person, carried out by a process of their own, then tidied up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Protocol

from app.domain.accounts import CHAOS, PAPER, Account, Mode
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.safety.storms import TEST_SYMBOLS, Storm, StormState, Wish
from app.domain.safety.switches import Scope
from app.domain.settings import AccountLink, StrategySettings
from app.services.accounts import AccountService
from app.services.halts import Halt, HaltDesk
from app.services.ports import Clock, Ids, Store
from app.services.strategies import StrategyService

#: Storms that a list shows, and that are looked at for something to be put away.
MOST_STORMS: Final = 20
#: After a pause this long another server may have run storms meanwhile.
_PAUSE: Final = timedelta(seconds=15)
_LEFT_ALONE: Final = "The server stopped, or lost the right to trade, while this storm ran."


class Run(Protocol):
    """The process of a storm."""

    def problem(self) -> str | None:
        """Why the process has ended without a verdict, as far as one can see; None while it runs.

        One that ended in order says something too: what it kept counts more.
        """

    def end(self) -> None:
        """End it at once."""


Launch = Callable[[Storm, Account, Sequence[str], Sequence[str]], Run]
"""Starts the process of a storm on an account, given the ids and webhook keys of its strategies."""


@dataclass
class StormDesk:
    """Begins storms, one at a time, and sees to it that nothing of them stays behind.

    ``elsewhere`` says that the chaos venue is another machine's, whose log cannot be read here.
    """

    store: Store
    clock: Clock
    ids: Ids
    accounts: AccountService
    strategies: StrategyService
    halts: HaltDesk
    launch: Launch
    elsewhere: bool = False
    _runs: dict[str, Run] = field(default_factory=dict)
    _untidy: dict[str, Storm] = field(default_factory=dict)
    _flattened: set[str] = field(default_factory=set)
    _looked_at: datetime | None = None
    _lock: Lock = field(default_factory=Lock)

    def begin(self, user_id: str | None, account_id: str, wish: Wish) -> Storm:
        """Start a storm on the user's account; None stands for the command line.

        Raises NotFound, InvalidInput for an account that is not meant for this, and Conflict when
        a storm runs already or trading is stopped.
        """
        account = self.accounts.get(user_id, account_id)
        self._check(user_id, account)
        with self._lock:
            with self.store.read() as uow:
                if uow.storms.running():
                    raise Conflict("A storm is running already: wait until it has ended.")
            return self._begun(user_id, account, wish)

    def stop(self, user_id: str, storm_id: str) -> Storm:
        """End a running storm without a verdict; raises NotFound, Conflict when it has ended."""
        with self._lock:
            if self.get(user_id, storm_id).state is not StormState.RUNNING:
                raise Conflict("This storm has ended already.")
            run = self._runs.pop(storm_id, None)
            if run is not None:
                run.end()
            self._break(storm_id, "It was stopped before its end.")
        return self.get(user_id, storm_id)

    def list(self, user_id: str) -> Sequence[Storm]:
        """Return the user's storms and those of the command line, without their alerts."""
        with self.store.read() as uow:
            return uow.storms.latest(MOST_STORMS, user_id)

    def get(self, user_id: str, storm_id: str) -> Storm:
        """Return the storm with its whole report; raises NotFound, also for another user's."""
        with self.store.read() as uow:
            storm = uow.storms.get(storm_id)
        if storm is None or storm.user_id not in {None, user_id}:
            raise NotFound("There is no such storm.")
        return storm

    def step(self, now: datetime) -> bool:
        """See which storms have ended, and put away what they used; never more to do at once."""
        with self._lock:
            if self._looked_at is None or now - self._looked_at > _PAUSE:
                with self.store.read() as uow:
                    found = uow.storms.latest(MOST_STORMS)
                self._untidy = {each.id: each for each in found if _strategies(each)}
            self._looked_at = now
            self._look()
        for storm in list(self._untidy.values()):
            if storm.state is not StormState.RUNNING and self._tidied(storm):
                del self._untidy[storm.id]
        return False

    def _check(self, user_id: str | None, account: Account) -> None:
        if account.mode is not Mode.PAPER or account.venue not in {PAPER, CHAOS}:
            words = "must be a paper or a chaos account"
            raise InvalidInput("A storm never touches real money.", fields={"account_id": words})
        if account.venue == CHAOS and self.elsewhere:
            raise Conflict(
                "The chaos venue at VENUE_URL keeps its own order log, which cannot be read here:"
                " choose a paper account."
            )
        meant = {(Scope.SERVER, ""), (Scope.ACCOUNT, account.id)}
        for stop in self.halts.stops(user_id):
            if (stop.switch.scope, stop.switch.subject_id) in meant:
                raise Conflict(f"{stop.subject} is stopped: resume trading first.")

    def _begun(self, user_id: str | None, account: Account, wish: Wish) -> Storm:
        storm_id = self.ids()
        made = [
            self.strategies.create(
                user_id,
                f"Storm {storm_id[-6:]}, {number + 1}",
                symbol,
                StrategySettings(),
                [AccountLink(account.id)],
            )
            for number, symbol in enumerate(TEST_SYMBOLS)
        ]
        ids, keys = [each.id for each, _ in made], [key for _, key in made]
        storm = Storm(
            id=storm_id,
            state=StormState.RUNNING,
            started_at=self.clock.now(),
            settings={"mode": "account", "wish": wish.to_json(), "strategies": ids},
            report={"progress": {"phase": "starting", "done": 0, "posts": 0, "left": 0}},
            user_id=user_id,
            account_id=account.id,
        )
        with self.store.write() as uow:
            uow.storms.save(storm)
        self._untidy[storm.id] = storm
        try:
            self._runs[storm.id] = self.launch(storm, account, ids, keys)
        except OSError as error:
            self._break(storm.id, f"Its process could not be started: {error.strerror}.")
            raise Conflict("The storm's process could not be started.") from error
        return storm

    def _look(self) -> None:
        with self.store.read() as uow:
            running = {each.id for each in uow.storms.running()}
        for storm_id in running - self._runs.keys():
            self._break(storm_id, _LEFT_ALONE)
        for storm_id, run in list(self._runs.items()):
            problem = run.problem()
            if problem is not None:
                del self._runs[storm_id]
                self._break(storm_id, problem)

    def _break(self, storm_id: str, problem: str) -> None:
        """Keep that a storm has no verdict, unless its process kept one."""
        with self.store.write() as uow:
            storm = uow.storms.get(storm_id)
            if storm is None:
                return
            if storm.state is StormState.RUNNING:
                storm = replace(
                    storm,
                    state=StormState.BROKEN,
                    ended_at=self.clock.now(),
                    report={**storm.report, "problem": problem},
                )
                uow.storms.save(storm)
        self._untidy[storm_id] = replace(storm, report={})

    def _tidied(self, storm: Storm) -> bool:
        """Whether every strategy of an ended storm is flat and in the archive."""
        done = [self._put_away(storm, each) for each in _strategies(storm)]
        return all(done)

    def _put_away(self, storm: Storm, strategy_id: str) -> bool:
        try:
            if self.strategies.get(storm.user_id, strategy_id).archived_at is None:
                self.strategies.archive(storm.user_id, strategy_id)
            if storm.state is StormState.BROKEN or strategy_id in self._flattened:
                # In the archive it is off: a halt would only be a notice on every page.
                self.halts.resume(storm.user_id, Scope.STRATEGY, strategy_id)
        except NotFound:
            return True
        except Conflict:
            self._flatten(storm, strategy_id)
            return False
        return True

    def _flatten(self, storm: Storm, strategy_id: str) -> None:
        """Close what a storm left open; the halt sees it through."""
        if strategy_id in self._flattened:
            return
        self._flattened.add(strategy_id)
        halt = Halt(Scope.STRATEGY, strategy_id, flatten=True)
        self.halts.halt(storm.user_id, halt)


def _strategies(storm: Storm) -> Sequence[str]:
    kept = storm.settings.get("strategies", [])
    return [str(each) for each in kept] if isinstance(kept, list) else []
