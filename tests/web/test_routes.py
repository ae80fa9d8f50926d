"""The inventory of routes: who may call each, and that nobody sees what is another's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.domain.errors import InvariantBroken
from app.domain.notices import Category
from app.domain.safety.drift import Difference, Drift, DriftCause, suspected
from app.domain.safety.storms import Wish
from app.domain.statements import Statement
from app.propfirm import News, rule_set
from app.propfirm.keeping import kept_rules
from app.services.funded import Chosen
from app.services.notices import Wish as NoticeWish
from app.services.statements import Upload
from app.web.auth import Guard, guards
from tests.support.agreeing import disagreement_of
from tests.support.world import START, World

G = Guard
#: Every route with its guard; a route that is not here is a route that nobody decided about.
INVENTORY = {
    "GET /": G.PUBLIC,
    "GET /about": G.SESSION,
    "GET /accounts": G.SESSION,
    "GET /accounts/<account_id>": G.SESSION,
    "GET /accounts/connect": G.SESSION,
    "GET /accounts/new": G.SESSION,
    "GET /agreement": G.SESSION,
    "GET /alerts": G.SESSION,
    "GET /alerts/<alert_id>": G.SESSION,
    "GET /api/accounts": G.EITHER,
    "GET /api/accounts.csv": G.EITHER,
    "GET /api/accounts/<account_id>": G.EITHER,
    "GET /api/accounts/<account_id>/cash-flows": G.EITHER,
    "GET /api/accounts/<account_id>/cash-flows.csv": G.EITHER,
    "GET /api/accounts/<account_id>/connection": G.EITHER,
    "GET /api/accounts/<account_id>/venue-history": G.EITHER,
    "GET /api/accounts/<account_id>/figures": G.EITHER,
    "GET /api/accounts/<account_id>/executions": G.EITHER,
    "GET /api/accounts/<account_id>/executions.csv": G.EITHER,
    "GET /api/accounts/<account_id>/platform": G.EITHER,
    "GET /api/addon-keys": G.SESSION,
    "GET /api/addon-keys.csv": G.SESSION,
    "POST /api/addon-keys": G.SESSION,
    "PATCH /api/addon-keys/<key_id>": G.SESSION,
    "DELETE /api/addon-keys/<key_id>": G.SESSION,
    "GET /api/platforms": G.EITHER,
    "GET /api/platforms.csv": G.EITHER,
    "POST /api/v1/ninjatrader/account-data": G.ADDON,
    "POST /api/v1/ninjatrader/account-update": G.ADDON,
    "GET /api/accounts/<account_id>/days": G.EITHER,
    "GET /api/accounts/<account_id>/days.csv": G.EITHER,
    "GET /api/accounts/<account_id>/equity": G.EITHER,
    "GET /api/accounts/<account_id>/equity.csv": G.EITHER,
    "GET /api/accounts/<account_id>/rules": G.EITHER,
    "PUT /api/accounts/<account_id>/rules": G.EITHER,
    "DELETE /api/accounts/<account_id>/rules": G.EITHER,
    "GET /api/accounts/<account_id>/state": G.EITHER,
    "GET /api/accounts/<account_id>/violations": G.EITHER,
    "GET /api/accounts/<account_id>/violations.csv": G.EITHER,
    "PATCH /api/accounts/<account_id>/preferences": G.EITHER,
    "POST /api/accounts/<account_id>/validate-trade": G.EITHER,
    "GET /api/agreement": G.EITHER,
    "GET /api/alerts": G.EITHER,
    "GET /api/alerts.csv": G.EITHER,
    "GET /api/alerts/<alert_id>": G.EITHER,
    "GET /api/alerts/<alert_id>/trace": G.EITHER,
    "GET /api/dashboard/days/<day>": G.EITHER,
    "GET /api/dashboard/pnl-calendar": G.EITHER,
    "GET /api/dashboard/pnl-calendar.csv": G.EITHER,
    "GET /api/dashboard/pnl-drawdown-chart": G.EITHER,
    "GET /api/dashboard/pnl-drawdown-chart.csv": G.EITHER,
    "GET /api/drawdown": G.EITHER,
    "GET /api/drawdown.csv": G.EITHER,
    "GET /api/drift": G.EITHER,
    "GET /api/faults": G.EITHER,
    "GET /api/fills": G.EITHER,
    "GET /api/fills.csv": G.EITHER,
    "GET /api/log": G.EITHER,
    "GET /api/openapi.json": G.EITHER,
    "GET /api/market-data/<path:symbol>": G.EITHER,
    "GET /api/market-status": G.EITHER,
    "GET /api/bars/<path:symbol>": G.EITHER,
    "GET /api/bars/<path:symbol>.csv": G.EITHER,
    "POST /api/bars/import": G.EITHER,
    "GET /market/<path:symbol>": G.SESSION,
    "GET /api/metrics": G.EITHER,
    "GET /api/metrics/groups": G.EITHER,
    "GET /api/metrics/groups.csv": G.EITHER,
    "GET /api/metrics/history": G.EITHER,
    "GET /api/metrics/history.csv": G.EITHER,
    "GET /api/news": G.EITHER,
    "GET /api/news.csv": G.EITHER,
    "POST /api/news": G.EITHER,
    "DELETE /api/news/<news_id>": G.EITHER,
    "GET /api/notifications/channels": G.EITHER,
    "GET /api/notifications/channels.csv": G.EITHER,
    "POST /api/notifications/channels": G.EITHER,
    "PATCH /api/notifications/channels/<channel_id>": G.EITHER,
    "DELETE /api/notifications/channels/<channel_id>": G.EITHER,
    "POST /api/notifications/channels/<channel_id>/test": G.EITHER,
    "GET /api/orders": G.EITHER,
    "GET /api/orders.csv": G.EITHER,
    "GET /api/positions": G.EITHER,
    "GET /api/refusals": G.PUBLIC,
    "GET /api/rule-sets": G.EITHER,
    "GET /api/rule-sets.csv": G.EITHER,
    "GET /api/rule-sets/<rule_set_id>/<version>": G.EITHER,
    "POST /api/rule-sets": G.EITHER,
    "GET /api/positions.csv": G.EITHER,
    "GET /api/status": G.EITHER,
    "GET /api/statements": G.EITHER,
    "GET /api/statements.csv": G.EITHER,
    "GET /api/statements/<statement_id>": G.EITHER,
    "GET /api/statements/<statement_id>/rows": G.EITHER,
    "GET /api/statements/<statement_id>/rows.csv": G.EITHER,
    "GET /api/storms": G.EITHER,
    "GET /api/storms/<storm_id>": G.EITHER,
    "GET /api/storms/<storm_id>/alerts": G.EITHER,
    "GET /api/storms/<storm_id>/alerts.csv": G.EITHER,
    "GET /api/strategies": G.EITHER,
    "GET /api/strategies.csv": G.EITHER,
    "GET /api/strategies/<strategy_id>": G.EITHER,
    "GET /api/strategies/<strategy_id>/webhook": G.EITHER,
    "GET /api/summary": G.EITHER,
    "GET /api/tokens": G.SESSION,
    "GET /api/tokens.csv": G.SESSION,
    "GET /api/trading-states": G.EITHER,
    "GET /api/trading-states.csv": G.EITHER,
    "GET /api/trades": G.EITHER,
    "GET /api/trades.csv": G.EITHER,
    "GET /api/trades/stats": G.EITHER,
    "GET /api/trades/<trade_id>": G.EITHER,
    "GET /api/trades/<trade_id>/attachments": G.EITHER,
    "GET /api/trades/<trade_id>/attachments/<attachment_id>": G.EITHER,
    "POST /api/trades/<trade_id>/attachments": G.EITHER,
    "DELETE /api/trades/<trade_id>/attachments/<attachment_id>": G.EITHER,
    "POST /journal/<trade_id>/attachments": G.SESSION,
    "POST /journal/<trade_id>/attachments/<attachment_id>/delete": G.SESSION,
    "GET /control": G.SESSION,
    "GET /dashboard": G.SESSION,
    "GET /drift": G.SESSION,
    "GET /funded": G.SESSION,
    "GET /funded/<account_id>": G.SESSION,
    "GET /funded/keys": G.SESSION,
    "GET /funded/news": G.SESSION,
    "POST /funded/news": G.SESSION,
    "POST /funded/news/<news_id>/delete": G.SESSION,
    "GET /funded/rules": G.SESSION,
    "GET /funded/rules/<rule_set_id>/<version>/edit": G.SESSION,
    "POST /funded/rules/<rule_set_id>/<version>/edit": G.SESSION,
    "GET /health": G.PUBLIC,
    "GET /help/refusals": G.PUBLIC,
    "GET /health/live": G.PUBLIC,
    "GET /health/ready": G.PUBLIC,
    "GET /journal": G.SESSION,
    "GET /journal/<trade_id>": G.SESSION,
    "GET /journal/day/<day>": G.SESSION,
    "POST /journal/day/<day>": G.SESSION,
    "GET /login": G.FORM,
    "GET /metrics": G.SESSION,
    "GET /proof": G.SESSION,
    "GET /proof/<storm_id>": G.SESSION,
    "GET /settings/notifications": G.SESSION,
    "GET /settings/tokens": G.SESSION,
    "GET /setup": G.FORM,
    "GET /static/<path:filename>": G.PUBLIC,
    "GET /statements": G.SESSION,
    "GET /statements/<statement_id>": G.SESSION,
    "GET /strategies": G.SESSION,
    "GET /strategies/<strategy_id>": G.SESSION,
    "GET /strategies/new": G.SESSION,
    "DELETE /api/tokens/<token_id>": G.SESSION,
    "DELETE /api/statements/<statement_id>": G.EITHER,
    "POST /accounts/<account_id>": G.SESSION,
    "POST /accounts/new": G.SESSION,
    "POST /api/accounts": G.EITHER,
    "POST /api/accounts/<account_id>/cash-flows": G.EITHER,
    "POST /api/accounts/<account_id>/disconnect": G.EITHER,
    "POST /api/accounts/<account_id>/test": G.EITHER,
    "POST /api/accounts/connect": G.EITHER,
    "POST /api/accounts/test-connection": G.EITHER,
    "PUT /api/accounts/<account_id>/connection": G.EITHER,
    "PUT /api/accounts/<account_id>/keys": G.EITHER,
    "PUT /api/accounts/<account_id>/limits": G.EITHER,
    "POST /api/halt": G.EITHER,
    "POST /api/drift/<drift_id>/accept": G.EITHER,
    "POST /api/drift/<drift_id>/flatten": G.EITHER,
    "POST /api/agreement": G.EITHER,
    "POST /api/agreement/differences/<disagreement_id>/acknowledge": G.EITHER,
    "POST /api/drift/check": G.EITHER,
    "POST /api/orders": G.EITHER,
    "POST /api/orders/<order_id>/cancel": G.EITHER,
    "POST /api/paper-trading/quotes": G.EITHER,
    "POST /api/positions/close": G.EITHER,
    "POST /api/resume": G.EITHER,
    "POST /api/statements": G.EITHER,
    "POST /api/storms": G.EITHER,
    "POST /api/storms/<storm_id>/stop": G.EITHER,
    "POST /api/strategies": G.EITHER,
    "POST /api/strategies/<strategy_id>/archive": G.EITHER,
    "POST /api/strategies/<strategy_id>/restore": G.EITHER,
    "POST /api/strategies/<strategy_id>/rotate-key": G.EITHER,
    "POST /api/strategies/<strategy_id>/state": G.EITHER,
    "POST /api/tokens": G.SESSION,
    "POST /journal/<trade_id>": G.SESSION,
    "POST /login": G.FORM,
    "POST /logout": G.SESSION,
    "POST /setup": G.FORM,
    "POST /strategies/<strategy_id>": G.SESSION,
    "POST /strategies/<strategy_id>/archive": G.SESSION,
    "POST /strategies/<strategy_id>/restore": G.SESSION,
    "POST /strategies/<strategy_id>/rotate-key": G.SESSION,
    "POST /strategies/new": G.SESSION,
    "POST /webhook/<key>": G.WEBHOOK,
    "PUT /api/dashboard/days/<day>": G.EITHER,
    "PUT /api/accounts/<account_id>": G.EITHER,
    "PUT /api/strategies/<strategy_id>": G.EITHER,
    "PUT /api/trades/<trade_id>/remarks": G.EITHER,
}

ID = "01hzzzzzzzzzzzzzzzzzzzz"


def routes(app: Flask) -> dict[str, Guard]:
    declared = guards(app)
    return {
        f"{method} {rule.rule}": declared[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def path_of(route: str) -> tuple[str, str]:
    method, rule = route.split(" ")
    names = (
        "alert_id",
        "account_id",
        "strategy_id",
        "order_id",
        "token_id",
        "key",
        "drift_id",
        "storm_id",
        "statement_id",
        "trade_id",
        "news_id",
        "rule_set_id",
        "version",
    )
    for name in names:
        rule = rule.replace(f"<{name}>", ID)
    return method, rule.replace("<path:filename>", "icon.svg")


def with_guard(*kinds: Guard) -> list[str]:
    return sorted(route for route, kind in INVENTORY.items() if kind in kinds)


def test_every_route_is_in_the_inventory_with_its_guard(still_world: World) -> None:
    assert routes(still_world.app) == INVENTORY


def test_a_route_without_a_guard_stops_the_start() -> None:
    app = Flask("bare")
    app.add_url_rule("/open", "open", lambda: "")
    with pytest.raises(InvariantBroken, match="open"):
        guards(app)


def statuses(
    routes: list[str], call: Callable[[str, str], TestResponse], expected: int
) -> dict[str, int]:
    """The routes that answer with another status than the expected one."""
    found = {route: call(*path_of(route)).status_code for route in routes}
    return {route: status for route, status in found.items() if status != expected}


def test_a_program_without_a_token_is_refused_in_json(still_world: World) -> None:
    client = still_world.app.test_client()

    def call(method: str, path: str) -> TestResponse:
        answer = client.open(path, method=method)
        assert answer.get_json()["error_code"] == "UNAUTHORISED", path
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        return answer

    assert statuses(with_guard(G.EITHER), call, 401) == {}


def test_a_wrong_token_is_refused(still_world: World) -> None:
    client = still_world.app.test_client()
    headers = {"Authorization": "Bearer nonsense"}
    routes = with_guard(G.EITHER)
    assert statuses(routes, lambda m, p: client.open(p, method=m, headers=headers), 401) == {}


def test_a_revoked_token_is_refused(world: World) -> None:
    program = world.program()
    assert program.get("/api/status").status_code == 200
    for token in world.core.users.tokens(world.user().id):
        world.core.users.revoke_token(world.user().id, token.id)
    assert program.get("/api/status").status_code == 401


def test_a_page_without_a_session_leads_to_the_sign_in(still_world: World) -> None:
    client = still_world.app.test_client()
    pages = [r for r in with_guard(G.SESSION) if r.startswith("GET") and "/api/" not in r]
    others = [r for r in with_guard(G.SESSION) if r not in pages]
    assert statuses(pages, lambda m, p: client.open(p, method=m), 302) == {}
    assert client.get("/alerts?page=2").headers["Location"] == "/login?next=/alerts?page%3D2"
    assert statuses(others, lambda m, p: client.open(p, method=m), 401) == {}


def test_a_token_opens_no_page(still_world: World) -> None:
    assert statuses(with_guard(G.SESSION), still_world.program().send, 401) == {}


def test_a_change_without_a_csrf_token_is_refused(still_world: World) -> None:
    client = still_world.client().client
    changes = [r for r in with_guard(G.EITHER, G.SESSION, G.FORM) if not r.startswith("GET")]

    def call(method: str, path: str) -> TestResponse:
        answer = client.open(path, method=method, json={}, headers={"Accept": "application/json"})
        assert answer.get_json()["error_code"] == "CSRF", path
        return answer

    assert statuses(changes, call, 403) == {}


def test_an_unknown_path_below_the_api_is_answered_in_json(still_world: World) -> None:
    answer = still_world.app.test_client().get("/api/nothing")
    assert answer.status_code == 404
    assert answer.get_json() == {
        "detail": "There is nothing at this address.",
        "error_code": "NOT_FOUND",
        "fields": [],
    }


def test_a_slash_too_many_is_no_redirect(still_world: World) -> None:
    assert still_world.program().get("/api/status/").status_code == 200
    assert still_world.program().get("/api//status").status_code == 404


def drift_on(world: World) -> Drift:
    """A difference on ann's account."""
    difference = Difference("ESH2026", Decimal(1), None, DriftCause.UNKNOWN, "Gone?")
    now = world.clock.now()
    found = suspected(world.core.ids(), world.account_id("ann"), difference, now)
    with world.core.store.write() as uow:
        uow.drifts.insert(found)
    return found


def statement_of(world: World) -> Statement:
    """A statement on ann's account that tells nothing."""
    head = b"symbol,side,filled_qty,filled_avg_price,filled_at\n"
    upload = Upload("orders.csv", head, world.account_id("ann"), "UTC")
    return world.web.statements.take(world.user("ann").id, upload).statement


CHANNEL = NoticeWish("Phone", "ntfy://topic", [Category.FILL])
CPI = News("CPI", START, START + timedelta(hours=1))
OWN_RULES = {**kept_rules(rule_set("static_custom_50k")), "id": "mine", "version": "mine"}

#: A body that would be taken from the owner.
BODIES = {
    "POST /api/drift/<drift_id>/accept": {"ours": "1", "theirs": None},
    "POST /api/drift/<drift_id>/flatten": {"ours": "1", "theirs": "2"},
    "POST /api/strategies/<strategy_id>/state": {"state": "off"},
    "POST /api/strategies/<strategy_id>/rotate-key": {"overlap_hours": 0},
    "POST /api/accounts/<account_id>/cash-flows": {"kind": "deposit", "amount": "1"},
    "POST /api/accounts/<account_id>/validate-trade": {
        "symbol": "ES",
        "side": "buy",
        "quantity": "1",
    },
    "PUT /api/accounts/<account_id>": {"settings": {"seed": 1}},
    "PUT /api/accounts/<account_id>/connection": {"settings": {}},
    "PUT /api/accounts/<account_id>/keys": {"key": "a", "secret": "b"},
    "PUT /api/accounts/<account_id>/rules": {"id": "static_custom_50k", "version": "2026-11-20.1"},
}


def test_what_is_another_users_is_not_found(world: World) -> None:
    strategy, key = world.strategy("ann")
    for action in ("buy", "exit", "buy"):
        world.fill(key, action, "1", "5000")
    ann = world.program()
    ann_id = world.user("ann").id
    token, _ = world.core.users.create_token(ann_id, "mine")
    owned = {
        "disagreement_id": disagreement_of(world.core, ann_id).id,
        "alert_id": ann.get("/api/alerts").get_json()["items"][0]["id"],
        "account_id": world.account_id("ann"),
        "strategy_id": strategy.id,
        "order_id": ann.get("/api/orders").get_json()["items"][0]["id"],
        "token_id": token.id,
        "drift_id": drift_on(world).id,
        "statement_id": statement_of(world).id,
        "storm_id": world.web.storms.begin(ann_id, world.account_id("ann"), Wish()).id,
        "trade_id": ann.get("/api/trades").get_json()["items"][0]["id"],
        "channel_id": world.web.notices.add(ann_id, CHANNEL).id,
        "news_id": world.web.funded.changes.add_news(ann_id, CPI).id,
        "key_id": world.web.addon.keys.create(ann_id, "mine")[0].id,
        "rule_set_id": world.web.funded.rules.add(ann_id, OWN_RULES).rules.id,
    }
    world.web.funded.changes.pin(ann_id, owned["account_id"], Chosen("mine", "mine"))
    link = [{"account_id": world.account_id("bob")}]
    change = {"name": "Mine now", "symbol": "ES", "settings": {}, "accounts": link}
    bodies = {**BODIES, "PUT /api/strategies/<strategy_id>": change}
    bob = world.client("bob")

    def call(route: str) -> int:
        method, path = path_of(route)
        path = path.replace(ID, owned[route.split("<")[1].split(">", maxsplit=1)[0]])
        if method == "POST" and not path.startswith("/api/"):
            return bob.post_form(path, {"overlap_hours": "0"}).status_code
        return bob.send(
            method, path, None if method == "GET" else bodies.get(route, {})
        ).status_code

    private = [route for route in with_guard(G.EITHER, G.SESSION) if "_id>" in route]
    assert {route: call(route) for route in private} == dict.fromkeys(private, 404)
    assert world.core.strategies.get(None, strategy.id) == strategy
    assert len(world.core.strategies.keys(None, strategy.id)) == 1


def test_nobody_trades_with_anothers_account_or_strategy(world: World) -> None:
    strategy, key = world.strategy("ann")
    world.fill(key, "buy", "1", "5000")
    bob, account = world.program("bob"), world.account_id("ann")
    ticket = {"account_id": account, "symbol": "ES", "side": "buy", "quantity": "1"}
    assert bob.post("/api/orders", ticket).status_code == 404
    own = {**ticket, "account_id": world.account_id("bob"), "strategy_id": strategy.id}
    assert bob.post("/api/orders", own).status_code == 404
    position = {"strategy_id": strategy.id, "account_id": account, "symbol": "ESH2026"}
    assert bob.post("/api/positions/close", position).status_code == 404
    using = {"name": "B", "symbol": "ES", "accounts": [{"account_id": account}]}
    assert bob.post("/api/strategies", using).status_code == 422


def test_lists_hold_only_what_is_ones_own(world: World) -> None:
    _, key = world.strategy("ann")
    world.fill(key, "buy", "2", "5000")
    world.fill(key, "sell", "1", "5010")
    world.fill(key, "exit", "1", "5010")
    world.fill(key, "buy", "2", "5000")
    ann, bob = world.program("ann"), world.program("bob")
    for name in ("alerts", "orders", "fills", "trades", "positions", "strategies"):
        assert ann.get(f"/api/{name}").get_json()["total_items"] > 0, name
        assert bob.get(f"/api/{name}").get_json()["total_items"] == 0, name


def test_figures_and_log_hold_only_what_is_ones_own(world: World) -> None:
    strategy, key = world.strategy("ann")
    world.fill(key, "buy", "2", "5000")
    world.fill(key, "exit", "2", "5010")
    bob = world.program("bob")
    summary = bob.get("/api/summary").get_json()
    assert (summary["total_pnl"], summary["trades"]) == ("0", 0)
    assert strategy.id not in bob.get("/api/log?limit=1000").text
    assert bob.get("/api/dashboard/pnl-calendar").get_json()["calendar_data"] == []
    curve = bob.get("/api/dashboard/pnl-drawdown-chart").get_json()["chart_data"]
    assert {point["pnl"] for point in curve} <= {0.0}
    for path in ("pnl-calendar", "pnl-drawdown-chart"):
        assert bob.get(f"/api/dashboard/{path}?strategy_id={strategy.id}").status_code == 404
        other = world.account_id("ann")
        assert bob.get(f"/api/dashboard/{path}?account_id={other}").status_code == 404


def test_a_filter_by_anothers_strategy_finds_nothing(world: World) -> None:
    strategy, key = world.strategy("ann")
    world.fill(key, "buy", "2", "5000")
    bob = world.program("bob")
    for path in ("alerts", "orders", "fills", "positions"):
        rows = bob.get(f"/api/{path}?strategy_id={strategy.id}").get_json()
        assert rows["total_items"] == 0, path
    assert bob.get(f"/api/trades?strategy_id={strategy.id}").status_code == 404
    assert bob.get(f"/api/log?strategy_id={strategy.id}").get_json()["items"] == []
    assert bob.get(f"/api/orders?account_id={world.account_id('ann')}").get_json()["items"] == []
