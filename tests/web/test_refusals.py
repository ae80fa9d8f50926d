"""The public catalogue of codes: the same for people and programs, and nobody's data in it."""

from __future__ import annotations

from app.domain.refusals import CATALOGUE
from tests.support.world import World


def test_everybody_may_read_what_each_code_means(still_world: World) -> None:
    items = still_world.app.test_client().get("/api/refusals").get_json()["items"]
    assert [each["code"] for each in items] == list(CATALOGUE)
    cooldown = next(each for each in items if each["code"] == "COOLDOWN")
    assert cooldown == {
        "code": "COOLDOWN",
        "group": "The strategy's filters",
        "sentence": CATALOGUE["COOLDOWN"].sentence,
        "what_to_change": "Shorten the cooldown, or let it be: exits pass at any time.",
        "setting": {"place": "strategy", "name": "cooldown_s", "label": "Pause after an entry"},
        "help": "/help/refusals#COOLDOWN",
    }


def test_the_page_has_an_anchor_for_each_code_and_shows_no_braces(still_world: World) -> None:
    page = still_world.app.test_client().get("/help/refusals")
    assert page.status_code == 200
    assert [code for code in CATALOGUE if f'id="{code}"' not in page.text] == []
    assert "{" not in page.text.partition("<main")[2].partition("</main>")[0]


def test_who_is_signed_in_sees_it_within_the_frame_of_the_pages(still_world: World) -> None:
    stranger = still_world.app.test_client().get("/help/refusals").text
    mine = still_world.client().get("/help/refusals").text
    assert 'aria-label="Main"' in mine
    assert 'aria-label="Main"' not in stranger


def test_a_refused_alert_leads_to_its_code_and_to_the_setting_that_did_it(world: World) -> None:
    strategy, key = world.strategy()
    world.program().post(f"/api/strategies/{strategy.id}/state", {"state": "off"})
    alert = world.post(key, {"symbol": "ES", "action": "buy", "quantity": "1"}).get_json()
    shown = world.program().get(f"/api/alerts/{alert['alert_id']}").get_json()
    assert shown["help"] == "/help/refusals#STRATEGY_OFF"
    assert shown["setting"]["name"] == "state"
    page = world.client().get(f"/alerts/{alert['alert_id']}").text
    assert 'href="/help/refusals#STRATEGY_OFF"' in page
    assert f'href="/strategies/{strategy.id}#state"' in page
