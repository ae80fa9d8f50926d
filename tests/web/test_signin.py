"""Set-up, sign-in and API tokens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.bootstrap import core
from app.clock import VirtualClock
from app.store import migrate
from tests.support.quick import PASSWORD
from tests.support.world import START, Browser, World, open_world, settings_for


@pytest.fixture
def empty(tmp_path: Path) -> World:
    """A server that nobody has set up yet."""
    folder = tmp_path / "empty"
    settings = settings_for(folder)
    folder.mkdir()
    migrate.upgrade(settings.store_url)
    made = core(settings, clock=VirtualClock(START), seed=1)
    made.close()
    return open_world(folder, tmp_path / "copy")


def browser(world: World) -> Browser:
    return Browser(world.app.test_client())


def signed_in(browser: Browser) -> bool:
    return browser.get("/about").status_code == 200


FORM = {"name": "ann", "password": PASSWORD, "password_again": PASSWORD}


def test_the_first_user_is_made_by_the_link_and_is_signed_in(empty: World) -> None:
    token = empty.core.users.new_setup_token()
    guest = browser(empty)
    assert guest.get("/").headers["Location"] == "/dashboard"
    assert guest.get("/login").headers["Location"] == "/setup"
    assert guest.get(f"/setup?token={token}").status_code == 200
    answer = guest.post_form("/setup", {**FORM, "token": token})
    assert answer.headers["Location"] == "/dashboard"
    assert signed_in(guest)


def test_the_link_works_once(empty: World) -> None:
    token = empty.core.users.new_setup_token()
    guest, second = browser(empty), browser(empty)
    guest.get(f"/setup?token={token}")
    second.get(f"/setup?token={token}")
    guest.post_form("/setup", {**FORM, "token": token})
    assert second.post_form("/setup", {**FORM, "token": token}).status_code == 403
    assert second.get(f"/setup?token={token}").headers["Location"] == "/login"


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_without_the_link_nobody_is_made(empty: World, token: str) -> None:
    right = empty.core.users.new_setup_token()
    guest = browser(empty)
    assert guest.get(f"/setup?token={token}").status_code == 403
    guest.get(f"/setup?token={right}")
    assert guest.post_form("/setup", {**FORM, "token": token}).status_code == 403
    assert empty.core.users.count() == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password_again": "another one"}, "Both passwords must be the same."),
        ({"password": "short", "password_again": "short"}, "10 to 200 characters"),
        ({"name": ""}, "visible characters"),
    ],
)
def test_a_bad_form_keeps_the_name_that_was_typed_and_no_password(
    empty: World, change: dict[str, str], sentence: str
) -> None:
    token = empty.core.users.new_setup_token()
    guest = browser(empty)
    guest.get(f"/setup?token={token}")
    answer = guest.post_form("/setup", {**FORM, **change, "token": token})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert PASSWORD not in answer.text
    if "name" not in change:
        assert 'value="ann"' in answer.text
    assert empty.core.users.count() == 0


def test_sign_in_leads_back_to_the_page_that_was_asked_for(world: World) -> None:
    guest = browser(world)
    guest.get("/login")
    fields = {"name": "ann", "password": PASSWORD, "next": "/alerts?state=refused"}
    assert guest.post_form("/login", fields).headers["Location"] == "/alerts?state=refused"
    assert signed_in(guest)


@pytest.mark.parametrize(
    "place", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:x", "/a\nb", ""]
)
def test_sign_in_leads_nowhere_else(still_world: World, place: str) -> None:
    guest = browser(still_world)
    guest.get("/login")
    fields = {"name": "ann", "password": PASSWORD, "next": place}
    assert guest.post_form("/login", fields).headers["Location"] == "/dashboard"


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_look_the_same(
    still_world: World, name: str, password: str
) -> None:
    guest = browser(still_world)
    guest.get("/login")
    answer = guest.post_form("/login", {"name": name, "password": password})
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert not signed_in(guest)


def test_too_many_attempts_have_to_wait(open_server: Callable[..., World]) -> None:
    world = open_server(login_rate_limit="3/minute")
    guest = browser(world)
    guest.get("/login")
    wrong = {"name": "ann", "password": "wrong"}
    codes = [guest.post_form("/login", wrong).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]
    right = guest.post_form("/login", {"name": "ann", "password": PASSWORD})
    assert right.status_code == 429
    assert int(right.headers["Retry-After"]) > 0
    world.clock.advance(61)
    assert guest.post_form("/login", {"name": "ann", "password": PASSWORD}).status_code == 302


def test_a_name_is_guarded_from_many_addresses(open_server: Callable[..., World]) -> None:
    world = open_server(login_rate_limit="3/minute")
    guest = browser(world)
    guest.get("/login")
    wrong = {"name": "ANN ", "password": "wrong"}
    codes = [
        guest.post_form("/login", wrong, environ_base={"REMOTE_ADDR": f"10.0.0.{n}"}).status_code
        for n in range(4)
    ]
    assert codes == [401, 401, 401, 429]


def test_signing_out_ends_the_session(world: World) -> None:
    guest = world.client()
    assert signed_in(guest)
    assert guest.post_form("/logout", {}).headers["Location"] == "/login"
    assert not signed_in(guest)


def test_signing_in_begins_a_new_session(world: World) -> None:
    guest = browser(world)
    guest.get("/login")
    with guest.client.session_transaction() as session:
        session["planted"] = "by somebody else"
    guest.post_form("/login", {"name": "ann", "password": PASSWORD})
    with guest.client.session_transaction() as session:
        assert "planted" not in session


@pytest.mark.parametrize(
    ("base_url", "secure"), [("http://a.test", False), ("https://a.test", True)]
)
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    open_server: Callable[..., World], base_url: str, secure: bool
) -> None:
    world = open_server(base_url=base_url)
    answer = world.app.test_client().get("/login", base_url=base_url)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert ("Secure" in cookie) is secure


def test_a_token_is_made_used_listed_and_revoked(world: World) -> None:
    guest = world.client()
    made = guest.post("/api/tokens", {"name": "my bot"})
    assert made.status_code == 201
    headers = {"Authorization": f"Bearer {made.get_json()['secret']}"}
    program = world.app.test_client()
    assert program.get("/api/status", headers=headers).status_code == 200
    (listed,) = guest.get("/api/tokens").get_json()["items"]
    assert (listed["name"], listed["revoked_at"]) == ("my bot", None)
    assert made.get_json()["secret"] not in str(listed)
    assert guest.send("DELETE", f"/api/tokens/{listed['id']}").status_code == 204
    assert program.get("/api/status", headers=headers).status_code == 401


def test_a_token_needs_a_name(world: World) -> None:
    answer = world.client().post("/api/tokens", {"name": " "})
    assert answer.status_code == 422
    assert answer.get_json()["fields"] == [{"field": "name", "problem": "must not be empty"}]


def test_the_page_of_tokens_shows_names_and_never_a_secret(world: World) -> None:
    guest = world.client()
    secret = guest.post("/api/tokens", {"name": "my bot"}).get_json()["secret"]
    page = guest.get("/settings/tokens").text
    assert "my bot" in page
    assert secret not in page
    assert "my bot" not in world.client("bob").get("/settings/tokens").text


def test_another_password_ends_every_sign_in_of_that_user_and_of_nobody_else(world: World) -> None:
    here, there, bob = browser(world), world.client("ann"), world.client("bob")
    here.get("/login")
    here.post_form("/login", {"name": "ann", "password": PASSWORD})
    assert [signed_in(each) for each in (here, there, bob)] == [True, True, True]
    world.core.users.set_password("ann", "another horse battery")
    assert [signed_in(each) for each in (here, there, bob)] == [False, False, True]
    here.get("/login")
    here.post_form("/login", {"name": "ann", "password": "another horse battery"})
    assert signed_in(here)


def test_a_session_without_the_stamp_of_a_password_is_none(world: World) -> None:
    guest = world.client()
    with guest.client.session_transaction() as session:
        session["_user_id"] = world.user().id
    assert not signed_in(guest)
