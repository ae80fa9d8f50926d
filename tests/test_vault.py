"""Secrets: long, hashed for look-up, encrypted at rest, and useless under another key."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.domain.errors import ConfigError
from app.vault import Vault, load_master

ONE, OTHER = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def vault() -> Vault:
    return Vault(ONE)


def test_a_new_secret_has_256_bits_and_is_new(vault: Vault) -> None:
    made = {vault.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(each) for each in made} == {43}


def test_the_hash_is_sha_256_whatever_the_key(vault: Vault) -> None:
    assert vault.hash("secret") == hashlib.sha256(b"secret").hexdigest()
    assert Vault(OTHER).hash("secret") == vault.hash("secret")


@pytest.mark.parametrize(("other", "same"), [("grün", True), ("grun", False), ("", False)])
def test_secrets_are_compared_whatever_their_letters(vault: Vault, other: str, same: bool) -> None:
    assert vault.same("grün", other) is same


def test_what_is_encrypted_is_read_again_and_never_looks_alike(vault: Vault) -> None:
    kept = [vault.encrypt("secret ✓") for _ in range(2)]
    assert kept[0] != kept[1]
    assert "secret" not in kept[0]
    assert [vault.decrypt(each) for each in kept] == ["secret ✓"] * 2


@pytest.mark.parametrize(
    "stored",
    [Vault(OTHER).encrypt("secret"), "nonsense", ""],
    ids=["other key", "nonsense", "empty"],
)
def test_under_another_key_a_secret_is_refused_with_one_sentence(vault: Vault, stored: str) -> None:
    with pytest.raises(ConfigError) as refused:
        vault.decrypt(stored)
    assert "SECRET_KEY is not the one" in refused.value.detail
    assert refused.value.detail.count(".") == 1


@pytest.mark.parametrize("master", ["", "short", "x" * 44, "ünï", "c2hvcnQ="])
def test_a_key_of_another_shape_is_refused_by_its_name_and_not_shown(master: str) -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY must be 32 random bytes") as refused:
        Vault(master)
    assert not master or master not in refused.value.detail


def test_each_purpose_has_a_key_of_its_own_that_stays(vault: Vault) -> None:
    sessions = vault.derive("sessions")
    assert len(bytes.fromhex(sessions)) == 32
    assert Vault(ONE).derive("sessions") == sessions
    assert len({sessions, vault.derive("other"), Vault(OTHER).derive("sessions")}) == 3


# --- the key file ---------------------------------------------------------------------------------


def test_a_configured_key_is_used_and_no_file_is_made(tmp_path: Path) -> None:
    assert load_master(ONE, tmp_path) == ONE
    assert list(tmp_path.iterdir()) == []


def test_without_one_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    made = load_master(None, folder)
    assert load_master(None, folder) == load_master("", folder) == made
    assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
    assert Vault(made).decrypt(Vault(made).encrypt("x")) == "x"


@pytest.mark.parametrize("written", ["", "nonsense", "c2hvcnQ="])
def test_a_broken_key_file_is_refused_by_its_path(tmp_path: Path, written: str) -> None:
    (tmp_path / "secret.key").write_text(written)
    with pytest.raises(ConfigError, match=r"secret\.key does not hold a key"):
        load_master(None, tmp_path)


def test_a_folder_that_cannot_be_made_is_refused_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"secret\.key cannot be used: Not a directory\."):
        load_master(None, tmp_path / "file" / "data")
