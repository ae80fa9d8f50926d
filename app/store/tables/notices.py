"""The table of the channels that notices go to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Boolean, Column, Integer, Table, UniqueConstraint

from app.domain.notices import Category
from app.store.tables.schema import METADATA, instant, reference, words
from app.store.types import Document, Words


def _listed(categories: Iterable[Category]) -> list[str]:
    return sorted(each.value for each in categories)


def _categories(listed: Iterable[str]) -> frozenset[Category]:
    return frozenset(map(Category, listed))


NOTICE_CHANNELS: Final = Table(
    "notice_channels",
    METADATA,
    Column("id", Words(), primary_key=True),
    reference("user_id", "users.id", on_delete="CASCADE"),
    words("name"),
    words("service"),
    words("scheme"),
    words("address_encrypted"),
    Column("categories", Document(_listed, _categories), nullable=False),
    Column("enabled", Boolean(), nullable=False),
    instant("created_at"),
    instant("last_sent_at", null=True),
    words("last_error", null=True),
    instant("last_error_at", null=True),
    Column("lost", Integer(), nullable=False),
    UniqueConstraint("user_id", "name"),
)
