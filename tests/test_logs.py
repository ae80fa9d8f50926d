"""Logs: one line an event, with its context, and never a secret."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from app import logs

KEY = "kZ3vVn0c1aQ8-d_EJ2b7Xr5tYp4uWs6m9hLgFoIiTqA"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as it was found."""
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def log() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger


def test_a_line_is_json_with_time_level_and_context(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    structlog.contextvars.bind_contextvars(request_id="r1")
    log().info("alert_received", strategy="Breakout", count=2)
    written = json.loads(capsys.readouterr().err)
    assert written.pop("timestamp").endswith("Z")
    assert written == {
        "event": "alert_received",
        "level": "info",
        "request_id": "r1",
        "strategy": "Breakout",
        "count": 2,
    }


def test_less_severe_messages_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning", "json")
    log().info("quiet")
    log().warning("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


@pytest.mark.parametrize(
    ("style", "terminal", "as_json"),
    [
        ("json", True, True),
        ("console", False, False),
        ("auto", False, True),
        ("auto", True, False),
    ],
)
def test_lines_are_for_people_on_a_terminal_and_for_programs_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    style: str,
    terminal: bool,
    as_json: bool,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    logs.configure("info", style)
    log().info("hello")
    assert capsys.readouterr().err.startswith("{") is as_json


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_secret_reaches_a_line(capsys: pytest.CaptureFixture[str], style: str) -> None:
    logs.configure("debug", style)
    try:
        int(f"POST /webhook/{KEY} HTTP/1.1")
    except ValueError:
        log().exception("failed", path=f"/webhook/{KEY}?x=1")
    log().info(
        f"POST http://host/webhook/{KEY}/",
        webhook_key=KEY,
        Authorization=f"Bearer {KEY}",
        header=f"authorization: bearer {KEY}, next",
        body={"secret": KEY, "deep": [{"api_token": KEY}, f"/webhook/{KEY}"]},
        pair=("/webhook/" + KEY,),
        database=f"postgresql+psycopg2://me:{KEY}@host/db",
        **{"Set-Cookie": KEY, "password": KEY},
    )
    written = capsys.readouterr().err
    assert KEY not in written
    assert "ValueError" in written
    assert "postgresql+psycopg2://me:***@host/db" in written
    assert "***" in written


def test_what_only_looks_like_a_secret_stays(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    log().info("kept", dedupe_key="id:1", key_id="k1", token_id="t1", at="12:30@desk", n=[1, None])
    written = json.loads(capsys.readouterr().err)
    assert {name: written[name] for name in ("dedupe_key", "key_id", "token_id", "at", "n")} == {
        "dedupe_key": "id:1",
        "key_id": "k1",
        "token_id": "t1",
        "at": "12:30@desk",
        "n": [1, None],
    }


def test_libraries_that_log_by_themselves_are_masked_too(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logs.configure("info", "json")
    logging.getLogger("gunicorn.error").error("Error handling request %s", f"/webhook/{KEY}")
    assert [record.getMessage() for record in caplog.records] == [
        "Error handling request /webhook/***"
    ]
