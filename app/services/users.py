"""People who sign in and the tokens of their programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from app.domain.errors import Conflict, InvalidInput, NotFound, Unauthorised
from app.domain.events import Fact, FactKind
from app.domain.users import ApiToken, User
from app.services.accounts import AccountService
from app.services.ports import Clock, Ids, Store, UnitOfWork, Vault

_SETUP_FLAG: Final = "setup_token_hash"
_PASSWORD_LENGTH: Final = 10
_LONGEST: Final = 200


class Passwords(Protocol):
    """Hashes passwords slowly, with a salt."""

    def hash(self, password: str) -> str:
        """Return the salted hash of a password."""
        ...

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits; takes as long when ``password_hash`` is None."""
        ...


class UserService:
    """Users, sign-in, the one-time set-up link, API tokens."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        vault: Vault,
        passwords: Passwords,
        accounts: AccountService,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._passwords = passwords
        self._accounts = accounts

    def count(self) -> int:
        """Return how many users there are."""
        with self._store.read() as uow:
            return uow.users.count()

    def list(self) -> Sequence[User]:
        """Return all users, oldest first."""
        with self._store.read() as uow:
            return uow.users.list()

    def get(self, user_id: str) -> User | None:
        """Return the user, or None."""
        with self._store.read() as uow:
            return uow.users.get(user_id)

    def by_name(self, name: str) -> User:
        """Return the user of that name; raises NotFound."""
        with self._store.read() as uow:
            user = uow.users.by_name(name)
        if user is None:
            raise NotFound(f"There is no user named {name!r}.")
        return user

    def create(self, name: str, password: str) -> User:
        """Make a user with a paper account; the first one owns everything made before.

        Raises InvalidInput with the fields that are wrong, Conflict for a name in use.
        """
        user = self._new(name, password)
        with self._store.write() as uow:
            self._insert(uow, user)
        return user

    def set_password(self, name: str, password: str) -> User:
        """Give the user of that name another password, which ends every sign-in of theirs.

        Raises NotFound, and InvalidInput for a password that `create` would refuse too.
        """
        fault = _password_fault(password)
        if fault is not None:
            raise InvalidInput("The password cannot be used.", fields={"password": fault})
        password_hash = self._passwords.hash(password)
        user = self.by_name(name.strip())
        with self._store.write() as uow:
            uow.users.set_password(user.id, password_hash)
        return replace(user, password_hash=password_hash)

    def verify(self, name: str, password: str) -> User | None:
        """Return the user whose name and password these are; the time taken tells nothing."""
        with self._store.read() as uow:
            user = uow.users.by_name(name.strip())
        fits = self._passwords.verify(user.password_hash if user else None, password[:_LONGEST])
        return user if fits and len(password) <= _LONGEST else None

    def new_setup_token(self) -> str | None:
        """Make the secret of the one-time link; None once there is a user."""
        token = self._vault.new_secret()
        with self._store.write() as uow:
            if uow.users.count():
                return None
            uow.flags.set(_SETUP_FLAG, self._vault.hash(token), self._clock.now())
        return token

    def setup_token_valid(self, token: str) -> bool:
        """Whether the link may still create the first user."""
        with self._store.read() as uow:
            return self._setup_fits(uow, token)

    def first_user(self, token: str, name: str, password: str) -> User:
        """Create the first user by the one-time link; raises Unauthorised when it was used up."""
        user = self._new(name, password)
        with self._store.write() as uow:
            if not self._setup_fits(uow, token):
                raise Unauthorised(
                    "This set-up link is no longer valid: start the server again to get a new one."
                )
            self._insert(uow, user)
        return user

    def create_token(self, user_id: str, name: str) -> tuple[ApiToken, str]:
        """Make an API token and return it with its secret, which is not shown again."""
        if not 0 < len(name.strip()) <= _LONGEST:
            raise InvalidInput("A token needs a name.", fields={"name": "must not be empty"})
        secret = self._vault.new_secret()
        token = ApiToken(
            id=self._ids(),
            user_id=user_id,
            name=name.strip(),
            created_at=self._clock.now(),
            token_hash=self._vault.hash(secret),
        )
        with self._store.write() as uow:
            uow.users.insert_token(token)
        return token, secret

    def user_of_token(self, secret: str) -> User | None:
        """Return the user whose token this is; None when it is unknown or revoked."""
        with self._store.read() as uow:
            token = uow.users.token_by_hash(self._vault.hash(secret))
            if token is None or token.revoked_at is not None:
                return None
            return uow.users.get(token.user_id)

    def tokens(self, user_id: str) -> Sequence[ApiToken]:
        """Return the user's tokens, revoked ones included."""
        with self._store.read() as uow:
            return uow.users.tokens(user_id)

    def revoke_token(self, user_id: str, token_id: str) -> None:
        """Make a token useless; raises NotFound for another user's."""
        with self._store.write() as uow:
            if not any(token.id == token_id for token in uow.users.tokens(user_id)):
                raise NotFound("There is no such token.")
            uow.users.revoke_token(token_id, self._clock.now())

    def _setup_fits(self, uow: UnitOfWork, token: str) -> bool:
        expected = uow.flags.get(_SETUP_FLAG)
        return expected is not None and self._vault.same(expected, self._vault.hash(token))

    def _new(self, name: str, password: str) -> User:
        name = name.strip()
        fields = {}
        if not name or len(name) > _LONGEST or not name.isprintable():
            fields["name"] = "must be 1 to 200 visible characters"
        fault = _password_fault(password)
        if fault is not None:
            fields["password"] = fault
        if fields:
            raise InvalidInput("The user cannot be created.", fields=fields)
        return User(self._ids(), name, self._clock.now(), self._passwords.hash(password))

    def _insert(self, uow: UnitOfWork, user: User) -> None:
        if uow.users.by_name(user.name) is not None:
            raise Conflict(f"There is a user named {user.name!r} already.")
        first = uow.users.count() == 0
        uow.users.insert(user)
        if first:
            uow.users.adopt_all(user.id)
            uow.flags.delete(_SETUP_FLAG)
            message = f"{user.name} is the first user and owns what was made before"
            fact = Fact(FactKind.ACCOUNT_CHANGED, user.created_at, message, user_id=user.id)
            uow.facts.append(fact)
        self._accounts.ensure_within(uow, user.id)


def _password_fault(password: str) -> str | None:
    if _PASSWORD_LENGTH <= len(password) <= _LONGEST:
        return None
    return f"must have {_PASSWORD_LENGTH} to {_LONGEST} characters"
