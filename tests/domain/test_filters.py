"""The filters of a strategy, tested apart from execution (B5), and what passes them all (B6)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.domain import filters
from app.domain.filters import Context, source_allowed
from app.domain.instruments import Contract
from app.domain.orders import Side
from app.domain.settings import Resolved
from app.domain.strategies import StrategyState
from tests.support.trading import CL, ES, ES_NEXT, NOW, asked, code, rules

WINDOW = "Mon-Fri 08:30-15:00 America/Chicago"


def found(
    settings: Resolved | None = None,
    *,
    opens: Side | None = Side.BUY,
    sent_at: datetime | None = None,
    now: datetime = NOW,
    state: StrategyState = StrategyState.ON,
    contract: Contract = ES,
    address: str | None = "52.89.214.238",
    executed: int = 0,
    last: datetime | None = None,
) -> str | None:
    fields = {} if sent_at is None else {"time": sent_at.isoformat()}
    context = Context(now, state, contract, ES, address, executed, last)
    intent = asked(action="buy", quantity="1", **fields)
    return code(filters.check(intent, settings or rules(), context, opens=opens))


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_an_alert_that_nothing_speaks_against_passes() -> None:
    assert found() is None


@pytest.mark.parametrize("opens", [Side.BUY, None])
def test_a_strategy_that_is_off_trades_nothing_exits_included(opens: Side | None) -> None:
    assert found(state=StrategyState.OFF, opens=opens) == "STRATEGY_OFF"


def test_no_new_entries_lets_exits_pass() -> None:
    assert found(state=StrategyState.NO_NEW_ENTRIES) == "NO_NEW_ENTRIES"
    assert found(state=StrategyState.NO_NEW_ENTRIES, opens=None) is None


@pytest.mark.parametrize(
    ("address", "allowlist", "allowed"),
    [
        ("1.2.3.4", (), True),
        ("1.2.3.4", ("1.2.3.4",), True),
        ("1.2.3.4", ("1.2.3.0/24", "::1"), True),
        ("::ffff:1.2.3.4", ("1.2.3.4",), True),
        ("::1", ("1.2.3.4", "::1"), True),
        ("1.2.3.5", ("1.2.3.4",), False),
        ("unknown", ("1.2.3.4",), False),
        ("", ("0.0.0.0/0",), False),
    ],
)
def test_a_source_is_allowed_by_address_or_network(
    address: str, allowlist: tuple[str, ...], allowed: bool
) -> None:
    assert source_allowed(address, allowlist) is allowed


@pytest.mark.parametrize("opens", [Side.BUY, None])
def test_an_address_that_is_not_allowed_trades_nothing_exits_included(opens: Side | None) -> None:
    settings = rules(source_allowlist=["1.2.3.4"])
    assert found(settings, opens=opens) == "SOURCE_NOT_ALLOWED"
    assert found(settings, opens=opens, address=None) is None


@pytest.mark.parametrize(
    ("sent_at", "limit", "refused"),
    [
        (ago(120), 120, None),
        (ago(120.5), 120, "STALE_ALERT"),
        (ago(-3600), 120, None),
        (ago(999_999), None, None),
        (None, 120, None),
        (ago(1), 0, "STALE_ALERT"),
        (ago(0), 0, None),
    ],
)
def test_an_alert_is_stale_by_the_senders_time_and_the_future_counts_as_now(
    sent_at: datetime | None, limit: int | None, refused: str | None
) -> None:
    assert found(rules(max_age_s=limit), sent_at=sent_at) == refused


def test_only_the_allowed_side_is_opened() -> None:
    assert found(rules(allowed_side="sell")) == "SIDE_NOT_ALLOWED"
    assert found(rules(allowed_side="buy")) is None
    told = filters.check(
        asked(action="sell", quantity="1"),
        rules(allowed_side="buy"),
        Context(NOW, StrategyState.ON, ES, ES),
        opens=Side.SELL,
    )
    assert told is not None
    assert told.detail.startswith("The alert opens a short position, and the strategy trades only")
    assert "only long ones" in told.detail


def test_only_the_strategys_product_is_opened_in_any_month() -> None:
    assert found(contract=CL) == "SYMBOL_NOT_ALLOWED"
    assert found(contract=ES_NEXT) is None


@pytest.mark.parametrize(
    ("hour", "refused"), [(15, None), (14, "OUTSIDE_WINDOW"), (21, "OUTSIDE_WINDOW")]
)
def test_entries_keep_to_the_windows_by_the_clock_of_their_zone(
    hour: int, refused: str | None
) -> None:
    settings = rules(windows=["Sat 01:00-02:00 UTC", WINDOW])
    assert found(settings, now=NOW.replace(hour=hour)) == refused


@pytest.mark.parametrize(
    ("seconds", "cooldown", "refused"),
    [(59, 60, "COOLDOWN"), (60, 60, None), (0, 0, None), (1, None, None)],
)
def test_the_cooldown_counts_from_the_last_executed_alert(
    seconds: int, cooldown: int | None, refused: str | None
) -> None:
    assert found(rules(cooldown_s=cooldown), last=ago(seconds)) == refused
    assert found(rules(cooldown_s=cooldown), last=None) is None


@pytest.mark.parametrize(
    ("executed", "limit", "refused"),
    [(2, 3, None), (3, 3, "TOO_MANY_ALERTS"), (0, 0, "TOO_MANY_ALERTS"), (99, None, None)],
)
def test_a_session_has_only_so_many_alerts(
    executed: int, limit: int | None, refused: str | None
) -> None:
    assert found(rules(max_alerts_per_session=limit), executed=executed) == refused


STRICT = rules(
    allowed_side="sell",
    max_age_s=1,
    windows=["Sat 01:00-02:00 UTC"],
    cooldown_s=3600,
    max_alerts_per_session=1,
)


def test_a_close_passes_every_filter_of_entries() -> None:
    assert (
        found(
            STRICT,
            opens=None,
            sent_at=ago(900),
            state=StrategyState.NO_NEW_ENTRIES,
            contract=CL,
            executed=5,
            last=ago(1),
        )
        is None
    )


def test_the_filters_speak_in_their_fixed_order() -> None:
    saturday = datetime(2026, 11, 7, 1, 30, tzinfo=NOW.tzinfo)
    speaking = [
        found(
            STRICT,
            state=StrategyState.ON if relaxed > 0 else StrategyState.NO_NEW_ENTRIES,
            now=saturday,
            sent_at=saturday if relaxed > 1 else NOW,
            opens=Side.SELL if relaxed > 2 else Side.BUY,
            contract=ES if relaxed > 3 else CL,
            last=None if relaxed > 4 else saturday,
            executed=5,
        )
        for relaxed in range(6)
    ]
    assert speaking == [
        "NO_NEW_ENTRIES",
        "STALE_ALERT",
        "SIDE_NOT_ALLOWED",
        "SYMBOL_NOT_ALLOWED",
        "COOLDOWN",
        "TOO_MANY_ALERTS",
    ]
    assert found(STRICT, opens=Side.SELL, last=NOW, executed=5) == "OUTSIDE_WINDOW"
