"""Keys of add-ons: shown once, named, revocable, and what a signature has to be."""

from __future__ import annotations

import hashlib
import hmac
import random
from datetime import timedelta

import pytest

from app.domain.errors import Conflict, InvalidInput, NotFound, Unauthorised
from app.ids import TimeOrderedIds
from app.services.addon.keys import MOST_KEYS, AddonKeyring, signature_fits
from app.vault import Vault
from tests.support.addon import START
from tests.support.following import USER, Station

BODY = b'{"seq": 1}'


@pytest.fixture
def keyring(station: Station) -> AddonKeyring:
    clock = station.clock
    ids = TimeOrderedIds(clock.now, random.Random(3))
    return AddonKeyring(station.store, clock, ids, Vault("A" * 43 + "="))


def signed(secret: str, body: bytes, seconds: float = 0) -> str:
    stamp = str(int((START + timedelta(seconds=seconds)).timestamp()))
    made = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return f"t={stamp},v1={made.hexdigest()}"


def test_a_key_is_known_by_its_secret_until_it_is_revoked(keyring: AddonKeyring) -> None:
    key, secret = keyring.create(USER.id, " Desk ", signed=True)
    assert (key.name, key.signed) == ("Desk", True)
    assert keyring.of_secret(secret) == key
    assert secret not in repr(key)
    keyring.revoke(USER.id, key.id)
    keyring.revoke(USER.id, key.id)
    with pytest.raises(Unauthorised, match="revoked"):
        keyring.of_secret(secret)
    with pytest.raises(Unauthorised, match="valid add-on key"):
        keyring.of_secret("guess")


def test_a_key_can_be_renamed_and_made_to_sign(keyring: AddonKeyring) -> None:
    key, _ = keyring.create(USER.id, "Desk")
    assert keyring.change(USER.id, key.id, signed=True).name == "Desk"
    assert keyring.change(USER.id, key.id, name="Laptop").signed
    assert "Laptop" in {each.name for each in keyring.list(USER.id)}


def test_a_key_of_another_user_is_none(keyring: AddonKeyring) -> None:
    key, _ = keyring.create(USER.id, "Desk")
    for change in (keyring.revoke, keyring.change):
        with pytest.raises(NotFound):
            change("user-2", key.id)


@pytest.mark.parametrize("name", ["", "  ", "n" * 201, "a\nb"])
def test_a_key_needs_a_name(keyring: AddonKeyring, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        keyring.create(USER.id, name)
    assert set(caught.value.fields) == {"name"}


def test_a_user_has_so_many_keys_in_use(keyring: AddonKeyring) -> None:
    made = [keyring.create(USER.id, f"k{number}")[0] for number in range(MOST_KEYS - 1)]
    with pytest.raises(Conflict):
        keyring.create(USER.id, "one more")
    keyring.revoke(USER.id, made[0].id)
    assert keyring.create(USER.id, "in its place")


def test_a_signature_fits_its_key_its_body_and_its_time() -> None:
    header = signed("secret", BODY)
    late = START + timedelta(minutes=5)
    assert signature_fits(header, "secret", BODY, START)
    assert signature_fits(header, "secret", BODY, late)
    assert signature_fits(header.replace(",", ", "), "secret", BODY, START)
    assert not signature_fits(header, "secret", BODY, late + timedelta(seconds=1))
    assert not signature_fits(signed("secret", BODY, 301), "secret", BODY, START)
    assert not signature_fits(header, "other", BODY, START)
    assert not signature_fits(header, "secret", BODY + b" ", START)


@pytest.mark.parametrize(
    "header",
    ["", "t=,v1=", "t=1", "v1=00", "t=-1,v1=0", "t=\u0663,v1=0", "nonsense", "t=" + "9" * 99],
)
def test_what_is_no_signature_does_not_fit(header: str) -> None:
    assert not signature_fits(header, "secret", BODY, START)


def test_a_signature_is_checked_where_it_is_demanded_or_given(keyring: AddonKeyring) -> None:
    plain, secret = keyring.create(USER.id, "plain")
    strict, other = keyring.create(USER.id, "strict", signed=True)
    keyring.check_signature(plain, secret, None, BODY)
    keyring.check_signature(strict, other, signed(other, BODY), BODY)
    for key, of, header in ((strict, other, None), (plain, secret, "t=1,v1=0")):
        with pytest.raises(Unauthorised) as caught:
            keyring.check_signature(key, of, header, BODY)
        assert caught.value.code == "BAD_SIGNATURE"
