"""Settings: all of them from the environment, wrong ones refused with one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config import Settings, load
from app.domain.errors import ConfigError

GIVEN = {
    "HOST": "0.0.0.0",  # noqa: S104  nothing listens here
    "PORT": "8080",
    "PUBLIC_URL": "https://signals.example.org",
    "DATA_DIR": "/srv/data",
    "DATABASE_URL": "postgresql+psycopg2://me@host/db",
    "SECRET_KEY": "a secret",
    "ASYNC_MODE": "threading",
    "LOG_LEVEL": "debug",
    "LOG_FORMAT": "console",
    "TRUSTED_PROXIES": "1",
    "WEBHOOK_RATE_LIMIT": "5/second",
    "LOGIN_RATE_LIMIT": "3/minute",
    "SESSION_HOURS": "1",
    "DISPLAY_ZONE": "Europe/Berlin",
    "TRADING_DAY_ROLL": "00:00 UTC",
    "MARKET_DATA": "synthetic",
    "MARKET_SEED": "7",
    "ADDON_RATE_LIMIT": "99/minute",
    "QUOTE_MAX_AGE_S": "5",
    "ALERT_PRICE_MAX_AGE_S": "60",
    "LEASE_S": "10",
    "REVERSAL_WAIT_S": "11",
    "MIN_FREE_MB": "250",
    "ATTACHMENTS_MB": "100",
    "STATEMENT_WINDOW_S": "60",
    "STATEMENT_LATE_S": "1",
    "HISTORY_SECONDS_DAYS": "3",
    "HISTORY_MINUTES_DAYS": "30",
    "HISTORY_HOURS_DAYS": "60",
    "BARS_DAYS": "10",
    "DRAIN_S": "2",
    "BROKER_CONNECT_TIMEOUT_S": "1",
    "BROKER_READ_TIMEOUT_S": "2",
    "BROKER_IDLE_S": "4",
    "VENUE_URL": "http://127.0.0.1:9000",
    "VENUE_TOKEN": "a token",
    "LIVE_TRADING": "true",
    "ALPACA_PAPER_URL": "http://127.0.0.1:9001",
    "ALPACA_LIVE_URL": "https://api.alpaca.markets",
    "ALPACA_DATA_URL": "http://127.0.0.1:9002",
    "ALPACA_STREAM_URL": "ws://127.0.0.1:9003",
}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of this machine, and a folder without a .env."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_every_setting_has_a_default_that_serves_one_trader_on_this_machine() -> None:
    settings = load()
    assert (settings.host, settings.port) == ("127.0.0.1", 5000)
    assert settings.base_url == "http://127.0.0.1:5000"
    assert settings.store_url == "sqlite:///data/signalbox.db"


def test_every_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(GIVEN) == {name.upper() for name in Settings.model_fields}
    defaults = load()
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    settings = load()
    for name in Settings.model_fields:
        assert getattr(settings, name) != getattr(defaults, name), name
    secret = settings.secret_key
    assert secret is not None
    assert secret.get_secret_value() == GIVEN["SECRET_KEY"]
    assert settings.store_url == GIVEN["DATABASE_URL"]


def test_the_environment_outranks_the_file_and_an_empty_value_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("PORT=6000\nHOST=0.0.0.0\nDATABASE_URL=\nUNKNOWN=1\n")
    monkeypatch.setenv("PORT", "7000")
    monkeypatch.setenv("MARKET_SEED", "")
    settings = load()
    assert (settings.port, settings.host) == (7000, "0.0.0.0")  # noqa: S104  from the file
    assert (settings.database_url, settings.market_seed) == (None, 1)


def test_words_are_read_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    assert load().log_level == "warning"


def test_the_address_has_no_slash_at_its_end() -> None:
    assert load(public_url="https://host/box/").base_url == "https://host/box"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PUBLIC_URL", "signals.example.org"),
        ("ASYNC_MODE", "gevent"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "6"),
        ("WEBHOOK_RATE_LIMIT", "banana"),
        ("LOGIN_RATE_LIMIT", "10/fortnight"),
        ("SESSION_HOURS", "0"),
        ("DISPLAY_ZONE", "Mars/Olympus"),
        ("DISPLAY_ZONE", "../../etc/passwd"),
        ("TRADING_DAY_ROLL", "teatime"),
        ("MARKET_DATA", "magic"),
        ("MARKET_SEED", "-1"),
        ("QUOTE_MAX_AGE_S", "0"),
        ("ALERT_PRICE_MAX_AGE_S", "1.5"),
        ("LEASE_S", "4"),
        ("REVERSAL_WAIT_S", "0"),
        ("DRAIN_S", "0"),
    ],
)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_wrong_setting_is_refused_in_one_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, place: str, name: str, value: str
) -> None:
    if place == "file":
        Path(".env").write_text(f"{name}={value}\n")
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        load()
    said = refused.value.detail
    assert said.startswith(f"A setting is wrong: {name}: ")
    assert said.endswith(".")
    assert not said.endswith("..")
    assert "\n" not in said
    assert "Value error" not in said


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("LEASE_S", "y")
    with pytest.raises(ConfigError, match=r"PORT: .*; LEASE_S: "):
        load()


def test_a_file_that_is_no_text_is_refused_by_its_name() -> None:
    Path(".env").write_bytes(b"PORT=\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"\.env cannot be read"):
        load()


def test_settings_do_not_show_their_secret() -> None:
    settings = load(secret_key="do not show")
    assert "do not show" not in f"{settings!r} {settings} {settings.model_dump()}"


@pytest.mark.parametrize(
    "address",
    [
        "http://paper-api.alpaca.markets",
        "https://paper-api.alpaca.markets/v2",
        "https://me@paper-api.alpaca.markets",
        "paper-api.alpaca.markets",
    ],
)
def test_an_address_of_alpaca_is_a_host_alone_and_encrypted_unless_it_is_this_machine(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPACA_PAPER_URL", address)
    with pytest.raises(ConfigError, match="ALPACA_PAPER_URL"):
        load()


def test_a_slash_at_the_end_of_an_address_of_alpaca_does_no_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALPACA_PAPER_URL", "https://paper-api.alpaca.markets/")
    assert load().alpaca_paper_url == "https://paper-api.alpaca.markets"
