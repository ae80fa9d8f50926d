"""The tools of the tests themselves: the database server, and the fence around this machine."""

from __future__ import annotations

import socket

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.support.databases import execute


def test_a_postgres_test_starts_without_a_table(postgres_url: str) -> None:
    count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        found = connection.scalar(text(count))
    engine.dispose()
    execute(make_url(postgres_url), "CREATE TABLE left_behind (id int)")
    assert found == 0


def test_a_postgres_test_never_sees_what_another_left(postgres_url: str) -> None:
    # Fails when the one above left its table, in whichever order they run.
    execute(make_url(postgres_url), "CREATE TABLE left_behind (id int)")


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 80)])
def test_no_test_reaches_beyond_this_machine(address: tuple[str, int]) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=1)
