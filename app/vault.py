"""Secrets: made, hashed for look-up, and encrypted at rest so that they can be shown again."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from app.domain.errors import ConfigError

_KEY_FILE = "secret.key"


class Vault:
    """Encrypts with Fernet, hashes with SHA-256; ``master`` is a Fernet key (32 bytes, base64)."""

    def __init__(self, master: str) -> None:
        try:
            self._fernet = Fernet(master.encode())
        except ValueError:
            raise ConfigError(
                "SECRET_KEY must be 32 random bytes in url-safe base64."
                " Leave it empty to have one made in the data directory."
            ) from None
        self._master = master

    def new_secret(self) -> str:
        """Return 256 random bits as 43 url-safe characters."""
        return secrets.token_urlsafe(32)

    def hash(self, secret: str) -> str:
        """Return the SHA-256 of a secret in hex; a 256-bit random secret needs no salt."""
        return hashlib.sha256(secret.encode()).hexdigest()

    def same(self, one: str, other: str) -> bool:
        """Compare two secrets or hashes in constant time."""
        return hmac.compare_digest(one.encode(), other.encode())

    def encrypt(self, secret: str) -> str:
        """Return the secret encrypted and authenticated, as text."""
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Return the secret; raises ConfigError when it was encrypted under another SECRET_KEY."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise ConfigError(
                "A stored secret cannot be read: SECRET_KEY is not the one it was stored under."
            ) from None

    def derive(self, purpose: str) -> str:
        """Return a key for one other purpose (session cookies), in hex."""
        return hmac.new(self._master.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def load_master(configured: str | None, data_dir: Path) -> str:
    """Return the configured master key, or the one kept in ``data_dir``, made at the first start.

    Raises ConfigError when the file cannot be made or read.
    """
    if configured:
        return configured
    path = data_dir / _KEY_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(Fernet.generate_key().decode())
        master = path.read_text().strip()
        Fernet(master.encode())
    except OSError as error:
        raise ConfigError(f"The key file {path} cannot be used: {error.strerror}.") from None
    except ValueError:
        raise ConfigError(f"The key file {path} does not hold a key.") from None
    return master
