"""Numbers and times as pages show them, and the browser libraries' records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import ConfigError
from app.web.vendor import MINUS, UNKNOWN, Libraries, money, pnl, price, sgn, short_pnl, when


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, UNKNOWN),
        ("", UNKNOWN),
        ("0", "$0.00"),
        (Decimal("-0.001"), "$0.00"),
        ("1234.5", "$1,234.50"),
        ("-1234.567", f"{MINUS}$1,234.57"),
        ("123456789012345.678", "$123,456,789,012,345.68"),
    ],
)
def test_money_has_cents_and_a_true_minus(value: object, shown: str) -> None:
    assert money(value) == shown


@pytest.mark.parametrize(
    ("value", "shown", "short", "sign"),
    [
        (None, UNKNOWN, UNKNOWN, 0),
        ("0", "$0.00", "$0", 0),
        ("0.4", "+$0.40", "$0", 1),
        ("1234", "+$1,234.00", "+$1,234", 1),
        ("-98.6", f"{MINUS}$98.60", f"{MINUS}$99", -1),
        ("12345.67", "+$12,345.67", "+$12.3k", 1),
        ("-1234567", f"{MINUS}$1,234,567.00", f"{MINUS}$1,234.6k", -1),
    ],
)
def test_a_gain_has_its_sign_and_zero_has_none(
    value: object, shown: str, short: str, sign: int
) -> None:
    assert (pnl(value), short_pnl(value), sgn(value)) == (shown, short, sign)


def test_a_price_is_shown_as_it_is() -> None:
    assert price("5000.250") == "5000.25"
    assert price(Decimal("1E+3")) == "1000"
    assert price("-37.63") == f"{MINUS}37.63"
    assert price(None) == UNKNOWN


def test_a_time_is_shown_in_the_display_zone() -> None:
    show = when("America/Chicago")
    assert show("2026-03-04T15:00:00.250Z") == "2026-03-04 09:00:00"
    assert show(datetime(2026, 7, 1, 15, tzinfo=UTC)) == "2026-07-01 10:00:00"
    assert show(None) == show("") == UNKNOWN


def test_a_library_is_named_with_its_sum_licence_and_notice(tmp_path: Path) -> None:
    entry = {
        "integrity": "sha384-x",
        "licence": "MIT",
        "licence_file": "a.LICENSE",
        "package": "a",
        "version": "1",
    }
    (tmp_path / "VENDOR.json").write_text(json.dumps({"a.js": entry}))
    (tmp_path / "a.LICENSE").write_text("Be kind.")
    libraries = Libraries(tmp_path)
    assert libraries.vendor("a.js") == {"src": "/static/vendor/a.js", "integrity": "sha384-x"}
    assert libraries.licences() == [{"name": "a", "version": "1", "licence": "MIT"}]
    assert libraries.notice("a.js") == "Be kind."


@pytest.mark.parametrize("text", [None, "{"])
def test_without_the_libraries_the_server_does_not_start(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "VENDOR.json").write_text(text)
    with pytest.raises(ConfigError, match="make setup"):
        Libraries(tmp_path)
