"""Every test of the store runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from tests.support.stores import (
    engines,
    postgres_store_url,
    published,
    sqlite_store_url,
    sqlite_template,
    store,
    store_url,
)

__all__ = [
    "engines",
    "postgres_store_url",
    "published",
    "sqlite_store_url",
    "sqlite_template",
    "store",
    "store_url",
]
