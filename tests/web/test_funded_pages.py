"""The pages of funded accounts: accounts, the choice of rules, the editor, the list of news."""

from __future__ import annotations

import html

import pytest

from app.domain.addon.reading import read_message
from app.propfirm import library
from app.propfirm.keeping import kept_rules
from app.services.funded.changes import Chosen
from app.web.auth import Guard
from app.web.funded import rule_form
from tests.support.addon import told
from tests.support.world import World
from tests.web.test_routes import INVENTORY

COMBINE = library()["topstep_combine_50k_dll"]
EDITED = f"/funded/rules/{COMBINE.id}/{COMBINE.version}/edit"


def accept(world: World) -> str:
    account = world.account_id()
    world.core.funded.changes.pin(world.user().id, account, Chosen(COMBINE.id, COMBINE.version))
    return account


def test_without_a_funded_account_the_page_offers_rules_for_the_others(world: World) -> None:
    page = world.client().get("/funded").text
    assert "No funded account yet" in page
    assert f'href="/funded/{world.account_id()}"' in page


def test_an_account_under_no_rules_is_offered_those_of_every_firm(world: World) -> None:
    page = world.client().get(f"/funded/{world.account_id()}").text
    assert "under?" in page
    assert all(name in page for name in library())


def test_a_funded_account_shows_the_firms_word_on_automation_and_when_it_was_checked(
    world: World,
) -> None:
    page = html.unescape(world.client().get(f"/funded/{accept(world)}").text)
    assert "Topstep: only from your own device." in page
    assert "VPS" in page
    assert "Rules checked on 2026-10-04" in page


def test_a_funded_account_offers_other_versions_to_move_to(world: World) -> None:
    page = world.client().get(f"/funded/{accept(world)}").text
    assert 'value="topstep_combine_50k 2026' in page
    assert 'value="topstep_combine_100k 2026' not in page


def watched(world: World) -> str:
    """An account that an add-on tells of; its id."""
    key, _ = world.web.addon.keys.create(world.user().id, "A machine")
    world.web.addon.desk.take(key, [read_message(told(1))])
    return next(each.id for each in world.core.accounts.list(world.user().id) if each.watched)


def test_a_watched_account_is_shown_among_the_funded_ones_and_not_among_those_traded_on(
    world: World,
) -> None:
    account, browser = watched(world), world.client()
    page = browser.get("/accounts")
    assert page.status_code == 200
    assert account not in page.text
    assert "1 more account is told of by an add-on" in page.text
    assert browser.get(f"/accounts/{account}").location == f"/funded/{account}"
    assert account in browser.get("/funded").text
    answer = world.program().get(f"/api/accounts/{account}/figures")
    assert (answer.status_code, "only watched" in answer.text) == (409, True)


def test_every_page_opens_for_whoever_has_a_watched_account(world: World) -> None:
    watched(world)
    browser = world.client()
    pages = [
        route.removeprefix("GET ")
        for route, guard in INVENTORY.items()
        if guard is Guard.SESSION and route.startswith("GET /") and "<" not in route
    ]
    assert {path: browser.get(path).status_code for path in pages} == dict.fromkeys(pages, 200)


@pytest.mark.parametrize("place", ["", "/rules", "/news", "/keys"])
def test_the_pages_lead_to_each_other(world: World, place: str) -> None:
    page = world.client().get(f"/funded{place}").text
    assert f'href="/funded{place}" aria-current="true"' in page


def test_somebody_elses_account_is_not_there(world: World) -> None:
    account = accept(world)
    assert world.client("bob").get(f"/funded/{account}").status_code == 404


def test_rule_sets_are_listed_by_firm_with_the_accounts_under_them(world: World) -> None:
    accept(world)
    page = world.client().get("/funded/rules").text
    places = [page.index(f">{firm}</h2>") for firm in ("Apex", "MyFundedFutures", "Topstep")]
    assert places == sorted(places)
    assert "Only from your own device" in page


def test_the_editor_makes_a_new_version_and_leaves_the_old_one_as_it_was(world: World) -> None:
    browser = world.client()
    browser.get(EDITED)
    form = {**rule_form.shown(kept_rules(COMBINE)), "version": "mine", "max_contracts": "3"}
    answer = browser.post_form(EDITED, form)
    assert (answer.status_code, answer.location) == (302, "/funded/rules")
    book, user = world.core.funded.rules, world.user().id
    assert book.get(user, COMBINE.id, "mine").rules.max_contracts == 3
    assert book.get(user, COMBINE.id, COMBINE.version).rules == COMBINE
    assert "Your own" in browser.get("/funded/rules").text


def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(world: World) -> None:
    browser = world.client()
    form = {**rule_form.shown(kept_rules(COMBINE)), "drawdown.lock_at": "1", "confidence": "low!"}
    answer = browser.post_form(EDITED, form)
    assert answer.status_code == 422
    assert 'id="drawdown.lock_at-error"' in answer.text
    assert "must not lie below the first floor of 48000" in answer.text
    assert 'value="low!"' in answer.text


def test_a_version_that_is_there_already_is_not_made_again(world: World) -> None:
    answer = world.client().post_form(EDITED, rule_form.shown(kept_rules(COMBINE)))
    assert answer.status_code == 409
    assert 'id="version-error"' in answer.text


def test_news_come_onto_the_list_by_the_clock_of_the_pages_and_off_it_again(world: World) -> None:
    browser = world.client()
    times = {"start": "2026-03-06T07:25", "end": "2026-03-06T07:40"}
    assert browser.post_form("/funded/news", {"name": "Payrolls", **times}).status_code == 302
    page = browser.get("/funded/news").text
    assert "Payrolls" in page
    assert 'datetime="2026-03-06T13:25:00.000Z"' in page
    (kept,) = world.core.funded.changes.news(world.user().id)
    assert browser.post_form(f"/funded/news/{kept.id}/delete", {}).status_code == 302
    assert "The list is empty" in browser.get("/funded/news").text


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ({"start": "2026-03-06T07:25", "end": "2026-03-06T07:20"}, "end"),
        ({"start": "soon", "end": "2026-03-06T07:20"}, "start"),
        ({"start": "2026-03-06T07:25"}, "end"),
    ],
)
def test_news_that_cannot_be_are_refused_at_the_field(
    world: World, times: dict[str, str], field: str
) -> None:
    answer = world.client().post_form("/funded/news", {"name": "Payrolls", **times})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'value="Payrolls"' in answer.text
