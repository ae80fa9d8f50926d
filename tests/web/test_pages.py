"""Every page renders with real data, under the policy, and keeps what was typed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from app.domain.alerts import read
from app.domain.settings import StrategySettings, to_text
from app.web.editor import OFFSETS
from app.web.headers import CONTENT_SECURITY_POLICY
from tests.support.world import World

BOOT = re.compile(r'<script type="application/json" id="boot">(.*?)</script>', re.DOTALL)
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son\w+=", re.IGNORECASE
)
TEXT_AREA = re.compile(r'<textarea[^>]*\sname="([^"]+)"[^>]*>(.*?)</textarea>', re.DOTALL)
SELECT = re.compile(r'<select[^>]*\sname="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\sname="([^"]+)"')

FORM = {
    "name": "Opening range",
    "symbol": "es",
    "sides": "long",
    "sizing": "fixed",
    "size": "2",
    "max_position": "4",
    "order_type": "as_alert",
    "time_in_force": "as_alert",
    "take_profit": "40",
    "take_profit_unit": "ticks",
    "stop_loss": "0.5",
    "stop_loss_unit": "percent",
    "trail": "",
    "trail_unit": "ticks",
    "max_age_s": "60",
    "cooldown_s": "",
    "max_alerts_per_session": "10",
    "dedupe_window_s": "3",
    "heartbeat_minutes": "",
    "windows": "Mon-Fri 08:30-15:00 America/Chicago",
    "symbol_map": "NQ=MNQ",
    "source_allowlist": "52.89.214.238",
}


def boot(html: str) -> dict[str, Any]:
    found = BOOT.search(html)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def typed(world: World, **changes: object) -> dict[str, object]:
    account = world.account_id()
    return {**FORM, "accounts": [account], f"factor-{account}": "1", **changes}


def traded(world: World) -> tuple[str, str]:
    """A strategy that made a round trip and holds something; its id and an alert's."""
    strategy, key = world.strategy()
    world.fill(key, "buy", "2", "5000")
    world.fill(key, "exit", "2", "5010")
    world.fill(key, "buy", "1", "5000.25")
    alert = world.program().get("/api/alerts").get_json()["items"][0]["id"]
    return strategy.id, alert


def test_every_page_renders_under_the_policy_without_inline_code(world: World) -> None:
    strategy, alert = traded(world)
    browser = world.client()
    paths = [
        "/dashboard",
        "/dashboard?month=2026-02",
        "/control",
        "/strategies",
        "/strategies?archived=1",
        "/strategies/new",
        f"/strategies/{strategy}",
        "/alerts",
        f"/alerts?state=executed&strategy={strategy}&q=buy&page=1",
        f"/alerts/{alert}",
        "/accounts",
        "/accounts/new",
        "/accounts/new?venue=chaos",
        f"/accounts/{world.account_id()}",
        "/settings/notifications",
        "/settings/tokens",
        "/about",
        "/nothing-here",
    ]
    for path in paths:
        page = browser.get(path)
        assert page.status_code == (404 if path == "/nothing-here" else 200), path
        assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Cache-Control"] == "no-store"
        assert not INLINE.search(page.text), path
        assert "unsafe" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    ("base_url", "strict"), [("http://a.test", False), ("https://a.test", True)]
)
def test_only_a_server_behind_tls_asks_browsers_to_insist_on_it(
    open_server: Callable[..., World], base_url: str, strict: bool
) -> None:
    headers = open_server(base_url=base_url).app.test_client().get("/login").headers
    assert ("Strict-Transport-Security" in headers) is strict


def test_scripts_carry_the_recorded_sums(still_world: World) -> None:
    page = still_world.client().get("/dashboard").text
    for name in ("socket.io.js", "lightweight-charts.js"):
        assert re.search(rf'src="/static/vendor/{name}" integrity="sha384-[^"]+"', page), name


def test_the_dashboard_starts_from_the_users_figures(world: World) -> None:
    traded(world)
    page = world.client().get("/dashboard")
    data = boot(page.text)
    assert data["summary"]["realised"] == "1000"
    assert data["summary"]["trades"] == 1
    assert [row["net_quantity"] for row in data["positions"]] == ["1"]
    numbers = [line["fact"] for line in data["log"]]
    assert numbers == sorted(numbers)
    assert data["day_ends"] == "2026-03-04T22:00:00.000Z"
    assert "March 2026" in page.text
    assert 'data-date="2026-03-04"' in page.text


def test_the_dashboard_shows_one_strategy_and_keeps_its_filters_in_every_address(
    world: World,
) -> None:
    strategy, _ = traded(world)
    other, _ = world.strategy(title="Another")
    client = world.client()
    whole, mine, none = (
        boot(client.get(f"/dashboard?strategy_id={each}").text) for each in ("", strategy, other.id)
    )
    assert whole["summary"] == mine["summary"]
    assert (none["summary"]["total_pnl"], none["positions"]) == ("0", [])
    page = client.get(f"/dashboard?strategy_id={strategy}&symbol=ESH2026").text
    assert f"/dashboard?strategy_id={strategy}&amp;symbol=ESH2026&amp;year=2026" in page
    assert f"pnl-drawdown-chart.csv?strategy_id={strategy}" in page
    assert client.get("/dashboard?account_id=nobodys").status_code == 404


def test_the_year_has_twelve_months_with_the_same_total(world: World) -> None:
    traded(world)
    page = world.client().get("/dashboard?year=2026").text
    total = re.findall(r'id="month-total" data-value="([^"]+)"', page)
    assert page.count('class="mon"') == 12
    assert re.findall(r'<b class="pnl" data-value="([^"]+)"', page) == total
    for wrong in ("1999", "2027", "twenty"):
        assert world.client().get(f"/dashboard?year={wrong}").status_code == 422


def test_the_control_center_starts_from_the_users_strategies(world: World) -> None:
    strategy, alert = traded(world)
    data = boot(world.client().get("/control").text)
    (row,) = data["strategies"]
    assert (row["id"], row["position"], row["accounts"]) == (strategy, "1", ["paper"])
    assert row["last_alert_at"] == "2026-03-04T15:00:02.000Z"
    assert data["alerts"][0]["id"] == alert
    assert data["alerts"][0]["summary"].startswith("buy 1 ES")


def test_the_alert_page_tells_the_whole_way(world: World) -> None:
    _, alert = traded(world)
    page = world.client().get(f"/alerts/{alert}").text
    for word in ("Received", "Decided", "filled", "Executed", "5000.25"):
        assert word in page, word


def test_a_refused_alert_says_why_and_what_to_change(world: World) -> None:
    strategy, key = world.strategy()
    browser = world.client()
    browser.post(f"/api/strategies/{strategy.id}/state", {"state": "off"})
    answer = world.post(key, {"symbol": "ES", "action": "buy", "quantity": "1"})
    page = unescape(browser.get(f"/alerts/{answer.get_json()['alert_id']}").text)
    assert answer.get_json()["detail"] in page
    assert "What to change" in page


@pytest.mark.parametrize(
    "query", ["month=2026-13", "month=x", "month=1999-01", "month=2027-01", "month=2026-3-4"]
)
def test_a_month_that_cannot_be_is_refused(still_world: World, query: str) -> None:
    assert still_world.client().get(f"/dashboard?{query}").status_code == 422


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=9999999", "page=-1", "state=nonsense"])
def test_a_filter_that_cannot_be_is_refused(still_world: World, query: str) -> None:
    assert still_world.client().get(f"/alerts?{query}").status_code == 422


def test_the_list_of_alerts_leads_from_page_to_page(world: World) -> None:
    _, key = world.strategy()
    for number in range(120):
        world.post(key, {"symbol": "ES", "action": "exit", "id": str(number)})
    browser = world.client()
    first, middle = (unescape(browser.get(f"/alerts?q=exit&page={n}").text) for n in (1, 2))
    assert "120 alerts, page 1 of 3" in first
    assert 'href="/alerts?q=exit&page=2"' in first
    assert 'href="/alerts?q=exit&page=1"' in middle
    assert 'href="/alerts?q=exit&page=3"' in middle


def test_the_cookies_choose_the_look_and_nothing_else(still_world: World) -> None:
    browser = still_world.client()
    browser.client.set_cookie("theme", "light")
    browser.client.set_cookie("pnl", 'x" onload="alert(1)')
    page = browser.get("/about").text
    assert 'data-theme="light"' in page
    assert 'data-pnl="default"' in page
    assert "onload" not in page


def test_a_strategy_is_made_with_the_form(world: World) -> None:
    browser = world.client()
    browser.get("/strategies/new")
    answer = browser.post_form("/strategies/new", typed(world))
    assert answer.status_code == 302
    (made,) = world.core.strategies.list(world.user().id)
    stored = to_text(made.settings)
    assert (made.name, made.symbol) == ("Opening range", "ES")
    assert (stored["size"], stored["take_profit_value"], stored["sides"]) == ("2", "40", "long")
    assert made.settings.symbol_map == {"NQ": "MNQ"}
    page = browser.get(answer.headers["Location"])
    assert "is created" in page.text


def test_the_form_shows_what_is_stored_and_saves_it_unchanged(world: World) -> None:
    browser = world.client()
    browser.get("/strategies/new")
    browser.post_form("/strategies/new", typed(world))
    (made,) = world.core.strategies.list(world.user().id)
    page = browser.get(f"/strategies/{made.id}")
    shown = fields_of(page.text)
    browser.post_form(f"/strategies/{made.id}", {**shown, "accounts": [world.account_id()]})
    again = world.core.strategies.get(None, made.id)
    assert again.settings == made.settings
    assert (again.name, again.symbol, again.accounts) == (made.name, made.symbol, made.accounts)


def fields_of(html: str) -> dict[str, str]:
    """What a browser would send of the editor's form as it stands."""
    form = html[html.index('id="editor"') :]
    form = form[: form.index("</form>")]
    sent = {}
    for found in re.finditer(r'<input(?![^>]*type="(?:checkbox|hidden)")[^>]*>', form):
        name = re.search(r'\sname="([^"]+)"', found[0])
        value = re.search(r'\svalue="([^"]*)"', found[0])
        if name:
            sent[name[1]] = unescape(value[1]) if value else ""
    for found in TEXT_AREA.finditer(form):
        sent[found[1]] = unescape(found[2])
    for found in SELECT.finditer(form):
        chosen = re.search(r'value="([^"]*)" selected', found[2])
        first = re.search(r'value="([^"]*)"', found[2])
        sent[found[1]] = (chosen or first or [""])[1]
    return sent


def test_k2_every_field_of_the_form_is_one_that_the_server_reads(still_world: World) -> None:
    page = still_world.client().get("/strategies/new").text
    form = page[page.index('id="editor"') :]
    names = set(FIELD.findall(form[: form.index("</form>")])) - {"csrf_token"}
    account = still_world.account_id()
    known = {name.removesuffix("_value") for name in to_text(StrategySettings())}
    known |= {"name", "symbol", "accounts", f"factor-{account}", f"max_position-{account}"}
    assert names == known
    assert set(OFFSETS) <= names


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"size": "many"}, "many"),
        ({"windows": "Someday 25:00"}, "Someday 25:00"),
        ({"symbol": "NOSUCHTHING9"}, "NOSUCHTHING9"),
        ({"symbol_map": "NQ-MNQ"}, "NQ-MNQ"),
        ({"source_allowlist": "not an address"}, "not an address"),
        ({"stop_loss": "-3"}, "-3"),
        ({"max_age_s": "1.5"}, "1.5"),
        ({"accounts": []}, "Opening range"),
    ],
)
def test_a_bad_form_says_why_and_keeps_what_was_typed(
    still_world: World, change: dict[str, object], shown: str
) -> None:
    browser = still_world.client()
    browser.get("/strategies/new")
    answer = browser.post_form("/strategies/new", typed(still_world, **change))
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert shown in page
    assert 'role="alert"' in page
    assert 'class="error"' in page
    assert "Mon-Fri 08:30" in page or "windows" in change
    assert list(still_world.core.strategies.list(still_world.user().id)) == []


def test_every_unreadable_field_is_named_at_once(still_world: World) -> None:
    browser = still_world.client()
    browser.get("/strategies/new")
    account = still_world.account_id()
    bad = {"size": "x", "take_profit": "y", f"factor-{account}": "z"}
    page = browser.post_form("/strategies/new", typed(still_world, **bad)).text
    assert page.count('class="error"') == 3


def test_a_name_in_use_is_a_conflict_beside_the_name(world: World) -> None:
    world.strategy(title="Opening range")
    browser = world.client()
    browser.get("/strategies/new")
    answer = browser.post_form("/strategies/new", typed(world))
    assert answer.status_code == 409
    assert 'id="name-error"' in answer.text


def test_a_bad_change_keeps_what_was_stored(world: World) -> None:
    strategy, _ = world.strategy()
    browser = world.client()
    browser.get("/strategies/new")
    answer = browser.post_form(f"/strategies/{strategy.id}", typed(world, size="many"))
    assert answer.status_code == 422
    assert "many" in answer.text
    assert world.core.strategies.get(None, strategy.id) == strategy


def test_the_page_gives_the_address_and_a_message_that_can_be_read(world: World) -> None:
    strategy, key = world.strategy()
    page = unescape(world.client().get(f"/strategies/{strategy.id}").text)
    assert f"http://signalbox.test/webhook/{key}" in page
    found = re.search(r'<pre id="hook-message"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found
    values = {"strategy.order.action": "buy", "timenow": "2026-03-04T15:00:00Z"}
    body = re.sub(r"{{([^}]+)}}", lambda name: values.get(name[1], "1"), found[1])
    body = body.replace('_position": "1"', '_position": "long"')
    assert read(body.encode()).intent.action == "buy"


def test_a_key_is_rotated_with_an_overlap_and_its_last_use_is_shown(world: World) -> None:
    strategy, key = world.strategy()
    world.post(key, {"symbol": "ES", "action": "exit"})
    browser = world.client()
    path = f"/strategies/{strategy.id}"
    assert "127.0.0.1" in browser.get(path).text
    assert browser.post_form(f"{path}/rotate-key", {"overlap_hours": "24"}).status_code == 302
    page = browser.get(path).text
    assert "old address still works" in page
    assert key not in page
    assert browser.post_form(f"{path}/rotate-key", {"overlap_hours": "7"}).status_code == 422


def test_a_strategy_is_archived_and_restored(world: World) -> None:
    strategy, key = world.strategy()
    browser = world.client()
    path = f"/strategies/{strategy.id}"
    browser.get(path)
    browser.post_form(f"{path}/archive", {})
    assert strategy.name not in browser.get("/strategies").text.split("No strategies yet")[1]
    assert strategy.name in browser.get("/strategies?archived=1").text
    assert world.post(key, {"symbol": "ES", "action": "exit"}).status_code == 404
    browser.post_form(f"{path}/restore", {})
    assert strategy.name in browser.get("/strategies").text
    assert world.core.strategies.get(None, strategy.id).state == "off"


def test_a_strategy_that_holds_something_is_not_archived(world: World) -> None:
    strategy, _ = traded(world)
    browser = world.client()
    browser.get(f"/strategies/{strategy}")
    browser.post_form(f"/strategies/{strategy}/archive", {})
    assert "close it first" in browser.get(f"/strategies/{strategy}").text
    assert world.core.strategies.get(None, strategy).archived_at is None


def test_trading_that_is_halted_is_said_on_every_page(world: World) -> None:
    browser = world.client()
    browser.post("/api/halt")
    assert 'data-halted="true"' in browser.get("/about").text
    browser.post("/api/resume")
    assert 'data-halted="false"' in browser.get("/about").text
