"""The files of pictures: one folder, random names, for its owner alone."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.domain.errors import InvariantBroken, StoreUnavailable

_NAME: Final = re.compile(r"[0-9a-z]{1,64}")


class PictureFolder:
    """Keeps each picture as a file of its id; the folder is made with the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: bytes) -> None:
        """Keep the file, whole or not at all; raises StoreUnavailable when the disk does not."""
        target = self._at(name)
        partial = target.with_suffix(".partial")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as written:
                written.write(content)
                written.flush()
                os.fsync(written.fileno())
            partial.replace(target)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise StoreUnavailable(f"The picture was not kept: {error.strerror}.") from None

    def get(self, name: str) -> bytes | None:
        """Return the content; None when there is no such file."""
        try:
            return self._at(name).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, name: str) -> None:
        """Forget the file, if it is there."""
        self._at(name).unlink(missing_ok=True)

    def _at(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InvariantBroken(f"{name!r} names no picture.")
        return self._folder / name
