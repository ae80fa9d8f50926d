"""Where alerts come from, as pages and programs see it: silence, haste, gaps, heartbeats."""

from __future__ import annotations

import pytest

from app.domain.settings import StrategySettings
from tests.support.world import World


def steps(world: World, seconds: int, every: int = 60) -> None:
    for _ in range(seconds // every):
        world.clock.advance(every)
        world.core.sources.step(world.clock.now())


@pytest.fixture
def silent(world: World) -> str:
    """A strategy whose alerts have stopped coming; its id."""
    strategy, key = world.strategy()
    for number in range(12):
        steps(world, 300)
        world.post(key, {"symbol": "ES", "action": "exit", "id": f"{number}"})
    steps(world, 3600)
    return strategy.id


def test_a10_a_silent_source_is_shown_on_the_list_and_on_the_strategys_page(
    world: World, silent: str
) -> None:
    (row,) = world.program().get("/api/strategies").get_json()["items"]
    (note,) = row["source"]
    assert note["code"] == "SOURCE_SILENT"
    assert note["since"] == "2026-03-04T16:00:00.000Z"
    assert "Silent" in world.client().get("/strategies").text
    page = world.client().get(f"/strategies/{silent}").text
    assert "Its alerts have stopped coming" in page
    assert "usually one comes within 5 minutes" in page


def test_a10_a_missed_alert_is_shown_on_its_own_page_and_on_the_strategys(world: World) -> None:
    strategy, key = world.strategy()
    first = {"market_position": "long", "market_position_size": "1", "contracts": "1"}
    world.quote("ES", "5000", "5000")
    world.post(key, {"symbol": "ES", "action": "buy", "id": "1", **first})
    world.work()
    gap = {"prev_market_position": "long", "prev_market_position_size": "3"}
    then = {"market_position": "long", "market_position_size": "4", "contracts": "1", **gap}
    alert = world.post(key, {"symbol": "ES", "action": "buy", "id": "2", **then}).get_json()
    world.work()
    for path in (f"/alerts/{alert['alert_id']}", f"/strategies/{strategy.id}"):
        assert "its trade to buy 2 was missed" in world.client().get(path).text
    shown = world.program().get(f"/api/alerts/{alert['alert_id']}").get_json()
    assert shown["missed"].startswith("an alert never arrived:")
    world.clock.advance(25 * 3600)
    assert "was missed" not in world.client().get(f"/strategies/{strategy.id}").text


def test_heartbeats_are_left_out_of_the_pages_lists_unless_asked_for(world: World) -> None:
    strategy, key = world.strategy(settings=StrategySettings(heartbeat_minutes=10))
    alert = world.post(key, {"action": "heartbeat"}).get_json()["alert_id"]
    for path in ("/alerts", f"/strategies/{strategy.id}"):
        assert alert not in world.client().get(path).text
    assert alert in world.client().get("/alerts?heartbeats=1").text
    program = world.program()
    assert [each["id"] for each in program.get("/api/alerts").get_json()["items"]] == [alert]
    assert program.get("/api/alerts?heartbeats=false").get_json()["items"] == []
    assert "The sender says that it is alive" in world.client().get(f"/alerts/{alert}").text


def test_the_heartbeats_message_stands_beside_the_webhook(world: World) -> None:
    strategy, key = world.strategy()
    given = world.program().get(f"/api/strategies/{strategy.id}/webhook").get_json()
    filled = given["heartbeat_message"].replace("{{timenow}}", "2026-03-04T15:00:00Z")
    assert world.post(key, filled.encode()).get_json()["status"] == "heartbeat"
    assert "hook-heartbeat" in world.client().get(f"/strategies/{strategy.id}").text


def test_a_line_of_the_log_leads_to_what_its_code_means(world: World) -> None:
    _, key = world.strategy()
    world.post(key, b"{broken")
    (line,) = world.program().get("/api/log?level=error").get_json()["items"]
    assert (line["code"], line["help"]) == ("BAD_JSON", "/help/refusals#BAD_JSON")
