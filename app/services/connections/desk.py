"""The desk where accounts are connected to their venues, tested, bounded and disconnected.

No transaction is open while a venue is asked, and nothing is kept of keys that it refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.accounts import Account, Credentials, Mode
from app.domain.errors import (
    Conflict,
    InvalidInput,
    NotFound,
)
from app.domain.events import Fact, FactKind, Level
from app.domain.refusals import explain
from app.domain.safety.switches import NOT_CONNECTED, Scope
from app.services.accounts import AccountService
from app.services.connections import words as say
from app.services.connections.asking import Asking, unconfirmed, worth
from app.services.connections.wishes import Bounds, KeyPair, Wish
from app.services.ports import (
    Clock,
    Connection,
    Connector,
    Entered,
    Ids,
    Probe,
    Store,
    UnitOfWork,
    Vault,
)
from app.services.reconcile.asking import held_now
from app.services.trading import switches, trust


@dataclass(frozen=True, slots=True)
class State:
    """How an account is connected.

    ``credentials`` and ``connection`` are None while it is disconnected; ``working`` counts its
    orders that work at the venue, ``open`` its positions by our books.
    """

    account: Account
    credentials: Credentials | None
    connection: Connection | None
    working: int
    open: int


class ConnectionDesk:
    """What a trader does with connections; ``user_id`` None is the command line."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        vault: Vault,
        accounts: AccountService,
        connectors: Mapping[str, Connector],
        *,
        live: bool,
        roll: str,
    ) -> None:
        """``connectors`` are by venue; ``live`` is whether the server lets real money in.

        ``roll`` is when the trading day of an account begins that does not say so.
        """
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._accounts = accounts
        self._asking = Asking(connectors, live=live)
        self._roll = roll

    # --- asking -----------------------------------------------------------------------------------

    def test(self, keys: KeyPair, mode: Mode, venue: str) -> Probe:
        """Ask the venue what the keys open, and keep nothing.

        Raises InvalidInput for keys that cannot be used, BrokerUnavailable when it is silent.
        """
        return self._asking.ask(venue, self._asking.entered(venue, keys, mode).text, mode)

    def test_account(self, user_id: str | None, account_id: str) -> Probe:
        """Ask the venue with the keys that are kept; raises as ``test`` does, and Conflict."""
        state = self.state(user_id, account_id)
        if state.credentials is None:
            raise Conflict(explain(NOT_CONNECTED, account=state.account.name), code=NOT_CONNECTED)
        keys = self._vault.decrypt(state.credentials.keys_encrypted)
        return self._asking.ask(state.account.venue, keys, state.account.mode)

    def state(self, user_id: str | None, account_id: str) -> State:
        """Return how the account is connected; raises NotFound, Conflict where it needs none."""
        account = _with_keys(self._accounts.get(user_id, account_id))
        with self._store.read() as uow:
            credentials = uow.accounts.credentials(account_id)
            working, held = _left(uow, account_id)
        connection = None
        if credentials is not None:
            connection = self._asking.connector(account.venue).connection(account_id)
        return State(account, credentials, connection, working, held)

    def live(self, user_id: str | None) -> Sequence[Account]:
        """Return the accounts that are connected with real money; of all when that is None."""
        with self._store.read() as uow:
            live = [each for each in uow.accounts.list(user_id) if each.mode is Mode.LIVE]
            connected = uow.accounts.with_keys() if live else ()
        return [each for each in live if each.id in connected]

    # --- connecting -------------------------------------------------------------------------------

    def connect(self, user_id: str | None, wish: Wish) -> Account:
        """Make an account of what the keys open; its books begin with what it is worth there.

        Raises InvalidInput with all that is wrong, Conflict for a name or an account that is here
        already, BrokerUnavailable when the venue is silent; nothing is kept then.
        """
        name = wish.name.strip()
        entered = self._asking.checked(replace(wish, name=name))
        probe = self._asking.ask(wish.venue, entered.text, wish.mode)
        bounds, now = wish.bounds, self._clock.now()
        account = Account(
            id=self._ids(),
            name=name,
            venue=wish.venue,
            mode=wish.mode,
            starting_cash=worth(probe, wish.venue),
            created_at=now,
            roll=wish.roll or self._roll,
            user_id=user_id,
            settings=dict(wish.settings),
            max_order_value=bounds.max_order_value,
            max_daily_loss=bounds.max_daily_loss,
            max_orders_a_day=bounds.max_orders_a_day,
            venue_number=probe.number,
        )
        with self._store.write() as uow:
            _check_number(uow, account)
            self._accounts.connect_within(uow, account)
            self._enter(uow, account, entered)
            self._tell(
                uow, account, FactKind.ACCOUNT_CONNECTED, say.connected(account, entered.hint)
            )
        return account

    def replace_keys(self, user_id: str | None, account_id: str, keys: KeyPair) -> Account:
        """Enter other keys to the same account, one that was disconnected included.

        Raises as ``connect`` does, Conflict also when the keys open another account.
        """
        account = _with_keys(self._accounts.get(user_id, account_id))
        entered = self._asking.entered(account.venue, keys, account.mode)
        probe = self._asking.ask(account.venue, entered.text, account.mode)
        if probe.number != account.venue_number:
            words = explain("OTHER_ACCOUNT", found=probe.number, account=account.name)
            raise Conflict(words, code="OTHER_ACCOUNT")
        with self._store.write() as uow:
            held = uow.accounts.hold(account_id) or account
            again = uow.accounts.credentials(account_id) is None
            self._enter(uow, held, entered)
            now = self._clock.now()
            switches.resume(uow, Scope.ACCOUNT, account_id, now, only=NOT_CONNECTED)
            if again:
                self._tell(uow, held, FactKind.ACCOUNT_CONNECTED, say.connected(held, entered.hint))
            else:
                words = f"Account {held.name}: the keys were replaced by {entered.hint}"
                self._tell(uow, held, FactKind.ACCOUNT_KEYS_REPLACED, words)
        return account

    def disconnect(self, user_id: str | None, account_id: str) -> int:
        """Forget the keys; history stays, and so does all at the venue: return how many orders.

        Raises Conflict when the account is not connected.
        """
        account = _with_keys(self._accounts.get(user_id, account_id))
        words = explain(NOT_CONNECTED, account=account.name)
        with self._store.write() as uow:
            uow.accounts.hold(account_id)
            if uow.accounts.credentials(account_id) is None:
                raise Conflict(words, code=NOT_CONNECTED)
            uow.accounts.forget(account_id)
            working, held = _left(uow, account_id)
            switches.stop_disconnected(uow, account, self._clock.now())
            message = say.disconnected(account, working, held)
            kind = FactKind.ACCOUNT_DISCONNECTED
            self._tell(uow, account, kind, message, Level.WARNING)
        return working

    # --- changing ---------------------------------------------------------------------------------

    def bound(
        self, user_id: str | None, account_id: str, bounds: Bounds, confirmation: str = ""
    ) -> Account:
        """Bound what is opened on the account from now on; real money is never without.

        To let more real money through, ``confirmation`` is the account's name.  Raises InvalidInput
        with what is wrong.
        """
        if self._accounts.get(user_id, account_id).watched:
            raise Conflict("The account is only watched: nothing is opened on it from here.")
        with self._store.write() as uow:
            present = uow.accounts.hold(account_id)
            if present is None:
                raise NotFound("There is no such account.")
            before = Bounds.of(present)
            fields = bounds.faults(present.mode)
            if present.mode is Mode.LIVE and bounds.looser_than(before):
                fields |= unconfirmed(present.name, confirmation)
            if fields:
                raise InvalidInput("The bounds were not changed.", fields=fields)
            account = replace(present, **bounds.by_name())  # type: ignore[arg-type]
            uow.accounts.update(account)
            words = f"Account {account.name}: bounds changed to {say.bounds(bounds)}"
            self._tell(
                uow, account, FactKind.ACCOUNT_BOUNDED, f"{words}, from {say.bounds(before)}"
            )
        return account

    def set_up(
        self, user_id: str | None, account_id: str, settings: Mapping[str, object]
    ) -> Account:
        """Change the venue's own settings of the account; raises InvalidInput with the fields."""
        account = _with_keys(self._accounts.get(user_id, account_id))
        self._asking.connector(account.venue).check(settings)
        with self._store.write() as uow:
            changed = replace(uow.accounts.hold(account_id) or account, settings=dict(settings))
            uow.accounts.update(changed)
            words = f"Account {changed.name}: settings changed"
            self._tell(uow, changed, FactKind.ACCOUNT_CHANGED, words)
        return changed

    # --- parts ------------------------------------------------------------------------------------

    def _enter(self, uow: UnitOfWork, account: Account, entered: Entered) -> None:
        """Keep the keys, and open nothing before the account was compared with its venue."""
        now = self._clock.now()
        sealed = self._vault.encrypt(entered.text)
        uow.accounts.enter(Credentials(account.id, entered.hint, sealed, now))
        trust.doubt(uow, account.id, now)

    def _tell(
        self,
        uow: UnitOfWork,
        account: Account,
        kind: FactKind,
        message: str,
        level: Level = Level.INFO,
    ) -> None:
        uow.facts.append(
            Fact(
                kind=kind,
                at=self._clock.now(),
                message=message,
                level=level,
                user_id=account.user_id,
                account_id=account.id,
            )
        )


def _with_keys(account: Account) -> Account:
    if not account.traits.keys:
        title = account.traits.title
        raise Conflict(f"{account.name} is at {title}, which needs no keys and no connection.")
    return account


def _left(uow: UnitOfWork, account_id: str) -> tuple[int, int]:
    """Return how many orders work at the venue, and how many positions are open there."""
    working = uow.orders.working(account_id=account_id)
    return len(working), sum(1 for quantity in held_now(uow, account_id).values() if quantity)


def _check_number(uow: UnitOfWork, account: Account) -> None:
    """Refuse an account that is here already, without a word of whose it is if of another user."""
    other = uow.accounts.by_number(account.venue, account.venue_number or "")
    if other is None:
        return
    mine = account.user_id is None or other.user_id == account.user_id
    where = f"as {other.name}" if mine else "by another user"
    code = "CONNECTED_ALREADY"
    raise Conflict(explain(code, number=account.venue_number, where=where), code=code)
