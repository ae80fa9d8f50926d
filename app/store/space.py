"""Room: how much the disk of the database has left, and how long its log is."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy.engine import make_url


def free_bytes(url: str) -> int | None:
    """Return what is free on the disk of a SQLite database; None when that cannot be known."""
    file = _file(url)
    try:
        return None if file is None else shutil.disk_usage(file.parent).free
    except OSError:
        return None


def log_bytes(url: str) -> int | None:
    """Return the size of a SQLite database's write-ahead log; None without one."""
    file = _file(url)
    try:
        return None if file is None else Path(f"{file}-wal").stat().st_size
    except OSError:
        return None


def _file(url: str) -> Path | None:
    parsed = make_url(url)
    lite = parsed.get_backend_name() == "sqlite" and parsed.database
    return Path(parsed.database).absolute() if lite and parsed.database else None
