"""The keys of add-ons: one for each installation, shown once, and what a signature has to be."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from app.domain.addon.records import AddonKey
from app.domain.errors import Conflict, InvalidInput, NotFound, Unauthorised
from app.services.ports import Clock, Ids, Store, UnitOfWork, Vault

#: How far the time of a signature may be from the server's.
SIGNED_WITHIN: Final = timedelta(minutes=5)
MOST_KEYS: Final = 50
_LONGEST: Final = 200
_LONGEST_STAMP: Final = 12


class AddonKeyring:
    """Makes, changes and revokes keys, and knows them again."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, vault: Vault) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault

    def create(self, user_id: str, name: str, *, signed: bool = False) -> tuple[AddonKey, str]:
        """Make a key and return it with its secret, which is not shown again.

        Raises InvalidInput with the field, Conflict when the user has too many.
        """
        secret = self._vault.new_secret()
        key = AddonKey(
            id=self._ids(),
            user_id=user_id,
            name=_named(name),
            created_at=self._clock.now(),
            key_hash=self._vault.hash(secret),
            signed=signed,
        )
        with self._store.write() as uow:
            in_use = [each for each in uow.addon_keys.list(user_id) if each.revoked_at is None]
            if len(in_use) >= MOST_KEYS:
                raise Conflict(f"You have {MOST_KEYS} keys of add-ons; revoke one first.")
            uow.addon_keys.insert(key)
        return key, secret

    def list(self, user_id: str) -> Sequence[AddonKey]:
        """Return the user's keys, oldest first, revoked ones included."""
        with self._store.read() as uow:
            return uow.addon_keys.list(user_id)

    def change(
        self, user_id: str, key_id: str, *, name: str | None = None, signed: bool | None = None
    ) -> AddonKey:
        """Rename the key, or demand signatures or no longer; None leaves it as it is.

        Raises NotFound, InvalidInput with the field.
        """
        with self._store.write() as uow:
            key = _own(uow, user_id, key_id)
            changed = replace(
                key,
                name=key.name if name is None else _named(name),
                signed=key.signed if signed is None else signed,
            )
            uow.addon_keys.save(changed)
        return changed

    def revoke(self, user_id: str, key_id: str) -> None:
        """Make a key useless; raises NotFound for another user's."""
        with self._store.write() as uow:
            key = _own(uow, user_id, key_id)
            if key.revoked_at is None:
                uow.addon_keys.save(replace(key, revoked_at=self._clock.now()))

    def of_secret(self, secret: str) -> AddonKey:
        """Return the key whose secret this is; raises Unauthorised."""
        with self._store.read() as uow:
            key = uow.addon_keys.by_hash(self._vault.hash(secret))
        if key is None:
            raise Unauthorised("Send a valid add-on key as Authorization: Bearer.")
        if key.revoked_at is not None:
            raise Unauthorised(
                "This add-on key was revoked. Make a new one and put it in its place."
            )
        return key

    def check_signature(self, key: AddonKey, secret: str, header: str | None, body: bytes) -> None:
        """Raise Unauthorised when the request is not signed as its key demands.

        A signature that is not demanded has to be right all the same.
        """
        if header is None and not key.signed:
            return
        if not signature_fits(header or "", secret, body, self._clock.now()):
            raise Unauthorised(
                "The signature is missing, wrong or older than 5 minutes.", code="BAD_SIGNATURE"
            )


def signature_fits(header: str, secret: str, body: bytes, now: datetime) -> bool:
    """Whether ``t=<unix>,v1=<hex hmac-sha256(secret, t + "." + body)>`` is that of the body."""
    parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
    stamp, given = parts.get("t", ""), parts.get("v1", "")
    if not stamp.isascii() or not stamp.isdecimal() or len(stamp) > _LONGEST_STAMP:
        return False
    made = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    fresh = abs(now.timestamp() - int(stamp)) <= SIGNED_WITHIN.total_seconds()
    return hmac.compare_digest(made.encode(), given.encode()) and fresh


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST or not name.isprintable():
        problem = f"must be 1 to {_LONGEST} visible characters"
        raise InvalidInput("A key needs a name.", fields={"name": problem})
    return name


def _own(uow: UnitOfWork, user_id: str, key_id: str) -> AddonKey:
    found = next((each for each in uow.addon_keys.list(user_id) if each.id == key_id), None)
    if found is None:
        raise NotFound("There is no such key.")
    return found
