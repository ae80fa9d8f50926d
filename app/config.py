"""Settings: every variable with its unit and default, read from the environment and ``.env``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import limits
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.domain.errors import ConfigError, InvalidInput
from app.domain.sessions import Roll


class Settings(BaseSettings):
    """Every setting of the server; the environment variable is the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(5000, ge=1, le=65535, description="TCP port to listen on.")
    public_url: str | None = Field(
        None, description="Address under which others reach the server, for webhook addresses."
    )
    data_dir: Path = Field(Path("data"), description="Directory of the database and the key file.")
    database_url: str | None = Field(
        None,
        description="postgresql+psycopg2://... or sqlite:///file; SQLite in DATA_DIR when empty.",
    )
    secret_key: SecretStr | None = Field(
        None, description="32 random bytes in url-safe base64; made in DATA_DIR when empty."
    )
    async_mode: Literal["eventlet", "threading"] = Field(
        "eventlet", description="How gunicorn serves: eventlet greenlets or threads."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe message that is logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="JSON lines, readable lines, or readable only on a terminal."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Reverse proxies in front whose X-Forwarded-* headers are true."
    )
    webhook_rate_limit: str = Field(
        "600/minute", description="Requests that one webhook key may make, such as 600/minute."
    )
    addon_rate_limit: str = Field(
        "3000/minute", description="Requests that one add-on key may make, such as 3000/minute."
    )
    login_rate_limit: str = Field(
        "10/minute", description="Sign-in attempts from one address, such as 10/minute."
    )
    session_hours: int = Field(12, ge=1, le=720, description="Hours until a sign-in ends.")
    display_zone: str = Field(
        "America/Chicago", description="Time zone that the pages show, an IANA name."
    )
    trading_day_roll: str = Field(
        "16:00 America/Chicago",
        description="When the trading day of a new account begins (docs/trading-days.md).",
    )
    market_data: Literal["alerts", "synthetic"] = Field(
        "alerts",
        description="Prices besides those of brokers: those of alerts, or a made-up market.",
    )
    market_seed: int = Field(1, ge=0, description="Seed of the synthetic market.")
    quote_max_age_s: int = Field(
        15, ge=1, description="Seconds for which a price counts after its stream was last heard."
    )
    alert_price_max_age_s: int = Field(
        900, ge=1, description="Seconds after which a price carried by an alert counts as unknown."
    )
    lease_s: int = Field(
        30, ge=5, description="Seconds after which another worker may take over a claimed alert."
    )
    reversal_wait_s: int = Field(
        30, ge=1, description="Seconds that a reversal waits for its closing order to fill."
    )
    min_free_mb: int = Field(
        500,
        ge=0,
        description="MiB that should be free on the disk of SQLite: below it P&L is not recorded,"
        " below a quarter of it trading halts; 0 never looks.",
    )
    attachments_mb: int = Field(
        500, ge=1, description="MiB that the pictures in one user's journal may take in DATA_DIR."
    )
    statement_window_s: int = Field(
        300, ge=1, le=86400, description="Seconds that a statement's fill may be away from ours."
    )
    statement_late_s: int = Field(
        5, ge=0, le=86400, description="Seconds beyond which a fill beside a statement's is late."
    )
    history_seconds_days: int = Field(
        2, ge=1, le=60, description="Days that samples of P&L are kept, one a second at most."
    )
    history_minutes_days: int = Field(
        90, ge=7, le=3660, description="Days that P&L is kept by the minute."
    )
    history_hours_days: int = Field(
        400, ge=31, le=36600, description="Days that P&L is kept by the hour; days for ever."
    )
    bars_days: int = Field(
        30,
        ge=1,
        le=36600,
        description="Days that minute bars are kept which the server built or heard; what was asked"
        " for or imported stays.",
    )
    drain_s: int = Field(
        4, ge=1, description="Seconds that a stopping server gives orders under way to finish."
    )

    broker_connect_timeout_s: float = Field(
        3.0, gt=0, le=60, description="Seconds to wait for a connection to a broker."
    )
    broker_read_timeout_s: float = Field(
        10.0, gt=0, le=120, description="Seconds to wait for a broker's whole answer."
    )
    broker_idle_s: float = Field(
        10.0, gt=0, le=300, description="Seconds of silence after which a broker's stream is dead."
    )
    venue_url: str | None = Field(
        None,
        description="Address of a venue process that runs already; started by the server if empty.",
    )
    venue_token: SecretStr | None = Field(
        None, description="Token of the venue process at VENUE_URL."
    )

    live_trading: bool = Field(
        False, description="Whether accounts with real money may be connected and traded."
    )
    alpaca_paper_url: str = Field(
        "https://paper-api.alpaca.markets", description="Alpaca's host for paper accounts."
    )
    alpaca_live_url: str | None = Field(
        None,
        description="Alpaca's host for real money, https://api.alpaca.markets; none is used if"
        " empty.",
    )
    alpaca_data_url: str = Field(
        "https://data.alpaca.markets", description="Alpaca's host for prices and bars."
    )
    alpaca_stream_url: str = Field(
        "wss://stream.data.alpaca.markets", description="Alpaca's host for the stream of prices."
    )

    @field_validator("log_level", "log_format", "async_mode", "market_data", mode="before")
    @classmethod
    def _word(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("write it like https://signals.example.org")
        return value

    @field_validator("alpaca_paper_url", "alpaca_live_url", "alpaca_data_url", "alpaca_stream_url")
    @classmethod
    def _venue_address(cls, value: str | None) -> str | None:
        """A host alone: the library writes the path, and a slash at the end would double it."""
        if value is None:
            return None
        found = urlsplit(value)
        local = found.hostname in {"127.0.0.1", "::1", "localhost"}
        if found.scheme not in {"https", "wss"} and not (local and found.scheme in {"http", "ws"}):
            raise ValueError("write it like https://paper-api.alpaca.markets")
        if not found.hostname or found.path.strip("/") or found.query or found.username:
            raise ValueError("write the scheme and the host alone, without a path")
        return f"{found.scheme}://{found.netloc}"

    @field_validator("webhook_rate_limit", "addon_rate_limit", "login_rate_limit")
    @classmethod
    def _rate(cls, value: str) -> str:
        try:
            limits.parse(value)
        except ValueError:
            raise ValueError("write a number and a period, such as 600/minute") from None
        return value

    @field_validator("display_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("write the IANA name of a zone, such as America/Chicago") from None
        return value

    @field_validator("trading_day_roll")
    @classmethod
    def _roll(cls, value: str) -> str:
        try:
            Roll.parse(value)
        except InvalidInput as error:
            raise ValueError(error.detail.rstrip(".")) from None
        return value

    @property
    def database_file(self) -> Path:
        """The SQLite file that is used when DATABASE_URL names no database."""
        return self.data_dir / "signalbox.db"

    @property
    def pictures_dir(self) -> Path:
        """The folder of the pictures in the journal."""
        return self.data_dir / "pictures"

    @property
    def store_url(self) -> str:
        """The database's address: DATABASE_URL, or the SQLite file in DATA_DIR."""
        return self.database_url or f"sqlite:///{self.database_file}"

    @property
    def base_url(self) -> str:
        """The address that people and TradingView use, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def load(**overrides: object) -> Settings:
    """Read the settings; raises ConfigError with one sentence that names each wrong variable."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = "; ".join(
            f"{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise ConfigError(f"A setting is wrong: {faults}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The file .env cannot be read: {error}.") from None
