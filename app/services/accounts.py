"""Trading accounts, each with a manual book of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.domain.accounts import CHAOS, PAPER, WATCHED, Account, AccountFlow, FlowKind, Mode
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.events import Fact, FactKind
from app.domain.money import ZERO, exact, wire
from app.domain.sessions import Roll
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyKind, StrategyState
from app.services.calendar.booking import recount_account
from app.services.ports import Clock, Ids, Store, UnitOfWork

FIRST_ACCOUNT: Final = "paper"
_STARTING_CASH: Final = Decimal(100_000)
_NAME_LENGTH: Final = 80
_NOTE_LENGTH: Final = 200


Pay = Callable[[UnitOfWork, str, Decimal], None]
"""Is told, in the same transaction, that so much was paid out of an account."""


def nobody_minds(uow: UnitOfWork, account_id: str, amount: Decimal) -> None:
    """Let a payout be: for tools that track no funded account."""


class AccountService:
    """Accounts; ``checks`` refuse bad settings of an account, by venue, with InvalidInput.

    ``pay`` is told of each payout that is written down.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        roll: str,
        checks: Mapping[str, Callable[[Mapping[str, object]], object]],
        pay: Pay = nobody_minds,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._roll = roll
        self._checks = checks
        self._pay = pay

    def list(self, user_id: str | None) -> Sequence[Account]:
        """Return the user's accounts, oldest first; all when ``user_id`` is None."""
        with self._store.read() as uow:
            return uow.accounts.list(user_id)

    def get(self, user_id: str | None, account_id: str) -> Account:
        """Return the account; raises NotFound, also for another user's."""
        with self._store.read() as uow:
            return _own(uow, user_id, account_id)

    def find(self, user_id: str | None, name_or_id: str) -> Account:
        """Return the account with that id or name; raises NotFound."""
        for account in self.list(user_id):
            if name_or_id in {account.id, account.name}:
                return account
        raise NotFound(f"There is no account named {name_or_id!r}.")

    def ensure_first(self, user_id: str | None = None) -> Account:
        """Return the owner's paper account named ``paper``, made when there is none yet."""
        with self._store.write() as uow:
            return self.ensure_within(uow, user_id)

    def ensure_within(self, uow: UnitOfWork, user_id: str | None) -> Account:
        """Do what ``ensure_first`` does, in a transaction that does more."""
        existing = uow.accounts.list(user_id)
        if existing:
            return existing[0]
        return self._insert(uow, user_id, FIRST_ACCOUNT, _STARTING_CASH, {}, self._roll)

    def watch_within(self, uow: UnitOfWork, user_id: str, told_name: str, mode: Mode) -> Account:
        """Make an account that only an add-on tells of, in a transaction that does more.

        It is called as it is told of, or nearly, where the user has an account of that name.  Its
        own books hold nothing and are worth nothing: what it has is with its firm.
        """
        name = _free_name(uow, user_id, told_name)
        account = Account(
            id=self._ids(),
            name=name,
            venue=WATCHED,
            mode=mode,
            starting_cash=ZERO,
            created_at=self._clock.now(),
            roll=self._roll,
            user_id=user_id,
        )
        self._keep(uow, account, "an add-on tells of it")
        return account

    def connect_within(self, uow: UnitOfWork, account: Account) -> None:
        """Make an account that its venue knows already, in a transaction that does more.

        Raises InvalidInput for its name or its trading day, Conflict for a name in use.
        """
        fields = name_fault(account.name) | _roll_fault(account.roll)
        if fields:
            raise InvalidInput("The account cannot be connected.", fields=fields)
        _check_unused(uow, account.user_id, account.name)
        self._keep(uow, account, "created")

    def create_paper(
        self,
        user_id: str | None,
        name: str,
        starting_cash: Decimal = _STARTING_CASH,
        settings: Mapping[str, object] | None = None,
        roll: str | None = None,
        venue: str = PAPER,
    ) -> Account:
        """Make a paper account at ``paper``, or at ``chaos``, the same market behind a bad network.

        Raises InvalidInput with the fields that are wrong, or Conflict.
        """
        with self._store.write() as uow:
            return self._insert(
                uow, user_id, name.strip(), starting_cash, settings or {}, roll or self._roll, venue
            )

    def update_paper(
        self,
        user_id: str | None,
        account_id: str,
        settings: Mapping[str, object],
        roll: str | None = None,
    ) -> Account:
        """Change the costs and the market of a paper account, for what is filled from now on.

        With ``roll`` also when its trading day begins, for the days that were as well: they are
        counted anew.
        """
        with self._store.write() as uow:
            present = _held(uow, user_id, account_id)
            self._check(present.venue, settings)
            chosen = present.roll if roll is None else _roll(roll)
            account = replace(present, settings=dict(settings), roll=chosen)
            uow.accounts.update(account)
            if account.roll != present.roll:
                recount_account(uow, account_id)
            self._tell(uow, account, f"Account {account.name}: settings changed")
        return account

    def cash_flows(self, user_id: str | None, account_id: str) -> Sequence[AccountFlow]:
        """Return the deposits and payouts of the account, oldest first; raises NotFound."""
        with self._store.read() as uow:
            return uow.accounts.flows(_own(uow, user_id, account_id).id)

    def move_cash(
        self,
        user_id: str | None,
        account_id: str,
        kind: FlowKind,
        amount: Decimal,
        at: datetime | None = None,
        note: str = "",
    ) -> AccountFlow:
        """Write down that money came into the account or left it, now or at ``at``.

        ``amount`` is positive, that of an adjustment of either sign.  A paper venue pays it out or
        takes it in.  Raises InvalidInput, with the fields, and NotFound.
        """
        with self._store.write() as uow:
            present, now = _held(uow, user_id, account_id), self._clock.now()
            flow = AccountFlow(
                id=self._ids(),
                account_id=account_id,
                at=now if at is None else at,
                amount=-amount if kind is FlowKind.PAYOUT else amount,
                kind=kind,
                note=note.strip(),
                made_at=now,
                made_by=user_id,
            )
            _check_flow(present, flow, amount, _cash(uow, present))
            account = replace(present, deposited=_sum(present.deposited, flow.amount))
            uow.accounts.add_flow(flow)
            uow.accounts.update(account)
            if kind is FlowKind.PAYOUT:
                self._pay(uow, account_id, amount)
            words = f"Account {account.name}: {kind.value} of {wire(amount)}"
            self._tell(uow, account, words, {"cash_flow_id": flow.id, "amount": wire(flow.amount)})
        return flow

    def _insert(
        self,
        uow: UnitOfWork,
        user_id: str | None,
        name: str,
        starting_cash: Decimal,
        settings: Mapping[str, object],
        roll: str,
        venue: str = PAPER,
    ) -> Account:
        self._validate(name, starting_cash, roll, venue, settings)
        _check_unused(uow, user_id, name)
        now = self._clock.now()
        account = Account(
            id=self._ids(),
            name=name,
            venue=venue,
            mode=Mode.PAPER,
            starting_cash=starting_cash,
            created_at=now,
            roll=_roll(roll),
            user_id=user_id,
            settings=dict(settings),
        )
        self._keep(uow, account, "created")
        return account

    def _keep(self, uow: UnitOfWork, account: Account, words: str) -> None:
        """Keep a new account with its manual book, and tell of it in ``words``."""
        uow.accounts.insert(account)
        uow.strategies.insert(self._manual_book(account))
        self._tell(uow, account, f"Account {account.name}: {words}")

    def _check(self, venue: str, settings: Mapping[str, object]) -> None:
        check = self._checks.get(venue)
        if check is None:
            known = " or ".join(sorted(self._checks, reverse=True))
            raise InvalidInput(
                f"A paper account is at {known}.", fields={"venue": f"must be {known}"}
            )
        check(settings)

    def _validate(
        self,
        name: str,
        starting_cash: Decimal,
        roll: str,
        venue: str,
        settings: Mapping[str, object],
    ) -> None:
        """Check everything, so that whoever fills in a form is told all of it at once."""
        fields = name_fault(name)
        if starting_cash <= 0:
            fields["starting_cash"] = "must be above zero"
        fields |= _roll_fault(roll)
        try:
            self._check(venue, settings)
        except InvalidInput as error:
            if not fields:
                raise
            fields |= error.fields
        if fields:
            raise InvalidInput("The account cannot be made.", fields=fields)

    def _manual_book(self, account: Account) -> Strategy:
        return Strategy(
            id=self._ids(),
            name=f"Manual ({account.name})",
            symbol="*",
            state=StrategyState.ON,
            settings=StrategySettings(max_age_s=None, dedupe_window_s=None),
            accounts=(AccountLink(account.id),),
            created_at=account.created_at,
            updated_at=account.created_at,
            kind=StrategyKind.MANUAL,
            user_id=account.user_id,
        )

    def _tell(
        self,
        uow: UnitOfWork,
        account: Account,
        message: str,
        data: Mapping[str, object] | None = None,
    ) -> None:
        uow.facts.append(
            Fact(
                kind=FactKind.ACCOUNT_CHANGED,
                at=self._clock.now(),
                message=message,
                user_id=account.user_id,
                account_id=account.id,
                data=data or {},
            )
        )


@exact
def _sum(one: Decimal, other: Decimal) -> Decimal:
    return one + other


@exact
def _cash(uow: UnitOfWork, account: Account) -> Decimal:
    """What the account holds in money: capital and all that its books have realised."""
    books = uow.positions.all().items()
    own = (position.realised_net for key, position in books if key.account_id == account.id)
    return sum(own, account.capital)


def _free_name(uow: UnitOfWork, user_id: str, wanted: str) -> str:
    """The name, or the first like it that none of the user's accounts has."""
    taken = {each.name for each in uow.accounts.list(user_id)}
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted[: _NAME_LENGTH - 6]} ({number})"
    return name


def _check_flow(account: Account, flow: AccountFlow, amount: Decimal, cash: Decimal) -> None:
    fields = {}
    if account.venue == CHAOS:
        fields["account"] = "the broker of a chaos account takes no deposits and pays nothing out"
    if not amount or (amount < 0 and flow.kind is not FlowKind.ADJUSTMENT):
        fields["amount"] = "must be above zero"
    elif _sum(cash, flow.amount) < 0:
        fields["amount"] = f"must not be more than the account's cash, {wire(cash)}"
    if not account.created_at <= flow.at <= flow.made_at:
        fields["at"] = "must lie between the making of the account and now"
    if len(flow.note) > _NOTE_LENGTH or not flow.note.isprintable():
        fields["note"] = f"must be at most {_NOTE_LENGTH} visible characters"
    if fields:
        raise InvalidInput("The money cannot be moved.", fields=fields)


def name_fault(name: str) -> dict[str, str]:
    """Return what is wrong with the name of an account, by field."""
    if name and len(name) <= _NAME_LENGTH and name.isprintable():
        return {}
    return {"name": f"must be 1 to {_NAME_LENGTH} visible characters"}


def _check_unused(uow: UnitOfWork, user_id: str | None, name: str) -> None:
    if uow.accounts.by_name(user_id, name) is not None:
        raise Conflict(f"There is an account named {name!r} already.")


def _roll_fault(text: str) -> dict[str, str]:
    try:
        _roll(text)
    except InvalidInput as error:
        return error.fields
    return {}


def _roll(text: str) -> str:
    try:
        return str(Roll.parse(text))
    except InvalidInput as error:
        raise InvalidInput(error.detail, fields={"roll": error.detail}) from None


def _own(uow: UnitOfWork, user_id: str | None, account_id: str) -> Account:
    return _of(user_id, uow.accounts.get(account_id))


def _held(uow: UnitOfWork, user_id: str | None, account_id: str) -> Account:
    """The account to be changed: of two changes at once the second sees what the first did."""
    return _of(user_id, uow.accounts.hold(account_id))


def _of(user_id: str | None, account: Account | None) -> Account:
    if account is None or (user_id is not None and account.user_id != user_id):
        raise NotFound("There is no such account.")
    return account
