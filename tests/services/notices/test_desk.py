"""A user's channels: made with an address that is never shown again, changed, tried, removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from cryptography.fernet import Fernet

from app.clock import VirtualClock
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.notices import Category
from app.domain.users import User
from app.services.notices import MOST_CHANNELS, Change, NoticeDesk, Wish
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from app.vault import Vault
from tests.support.notifying import Postman
from tests.support.records import NOON

SECRET = "my-secret-topic"
WISH = Wish("Phone", f"ntfy://{SECRET}", [Category.FILL])


@dataclass
class Office:
    """The desk with what it stands on."""

    store: SqlStore
    clock: VirtualClock
    vault: Vault
    postman: Postman
    desk: NoticeDesk


@pytest.fixture
def office(sqlite_store_url: str) -> Iterator[Office]:
    store = SqlStore(make_engines(sqlite_store_url), lambda _: None)
    with store.write() as uow:
        for name in ("ann", "bob"):
            uow.users.insert(User(name, name, NOON, "no password"))
    clock, vault, postman = VirtualClock(NOON), Vault(Fernet.generate_key().decode()), Postman()
    numbers = iter(range(1000))
    desk = NoticeDesk(store, clock, lambda: f"c{next(numbers):03}", vault, postman)
    yield Office(store, clock, vault, postman, desk)
    store.close()


def test_an_address_is_kept_encrypted_and_shown_by_its_beginning(office: Office) -> None:
    made = office.desk.add("ann", WISH)
    assert (made.service, made.shown) == ("Ntfy", "ntfy://…")
    assert SECRET not in made.address_encrypted
    assert office.vault.decrypt(made.address_encrypted) == WISH.address
    assert SECRET not in repr(made)
    assert office.desk.all("ann") == [made]


def test_an_address_that_apprise_does_not_know_is_refused(office: Office) -> None:
    with pytest.raises(InvalidInput) as caught:
        office.desk.add("ann", Wish("Phone", "foo://bar", [Category.FILL]))
    assert caught.value.fields == {"address": "No service has addresses that begin with foo://."}
    assert office.desk.all("ann") == []


def test_a_channel_that_would_tell_nothing_is_refused(office: Office) -> None:
    with pytest.raises(InvalidInput) as caught:
        office.desk.add("ann", Wish("Phone", WISH.address, []))
    assert caught.value.fields == {"categories": "choose at least one"}


def test_a_name_is_used_once_by_each_user(office: Office) -> None:
    office.desk.add("ann", WISH)
    office.desk.add("bob", WISH)
    with pytest.raises(Conflict):
        office.desk.add("ann", WISH)
    other = office.desk.add("ann", Wish("Desk", WISH.address, [Category.FILL]))
    with pytest.raises(Conflict):
        office.desk.change("ann", other.id, Change(name="Phone"))


def test_a_user_has_a_bounded_number_of_channels(office: Office) -> None:
    for number in range(MOST_CHANNELS):
        office.desk.add("ann", Wish(f"Phone {number}", WISH.address, [Category.FILL]))
    with pytest.raises(Conflict):
        office.desk.add("ann", WISH)


def test_a_change_leaves_alone_what_it_does_not_name(office: Office) -> None:
    made = office.desk.add("ann", WISH)
    off = office.desk.change("ann", made.id, Change(enabled=False))
    assert (off.name, off.categories, off.enabled) == ("Phone", made.categories, False)
    assert off.address_encrypted == made.address_encrypted
    moved = office.desk.change(
        "ann",
        made.id,
        Change(name="Office", address="discord://1/2", categories=[Category.DRIFT]),
    )
    assert office.desk.get("ann", made.id) == moved
    assert (moved.name, moved.shown, moved.enabled) == ("Office", "discord://…", False)
    assert office.vault.decrypt(moved.address_encrypted) == "discord://1/2"


def test_nobody_sees_or_touches_anothers_channel(office: Office) -> None:
    made = office.desk.add("ann", WISH)
    for touch in (
        lambda: office.desk.get("bob", made.id),
        lambda: office.desk.change("bob", made.id, Change(enabled=False)),
        lambda: office.desk.remove("bob", made.id),
        lambda: office.desk.test("bob", made.id),
    ):
        with pytest.raises(NotFound):
            touch()
    assert office.desk.all("bob") == []
    assert office.postman.tried == 0


def test_a_channel_that_is_removed_is_gone(office: Office) -> None:
    made = office.desk.add("ann", WISH)
    office.desk.remove("ann", made.id)
    with pytest.raises(NotFound):
        office.desk.get("ann", made.id)


def test_a_try_says_what_the_service_said_and_the_row_says_it_too(office: Office) -> None:
    made = office.desk.add("ann", WISH)
    office.postman.problem = "Unauthorised, error=401."
    tested = office.desk.test("ann", made.id)
    assert not tested.sent
    assert tested.message == "Ntfy did not take it: Unauthorised, error=401."
    assert office.desk.get("ann", made.id).last_error == "Unauthorised, error=401."
    office.clock.advance(5)
    office.postman.problem = None
    assert office.desk.test("ann", made.id).sent
    ((address, message),) = office.postman.sent
    assert (address, message.title) == (WISH.address, "Signalbox: test")
    row = office.desk.get("ann", made.id)
    assert (row.last_error, row.last_sent_at) == (None, office.clock.now())


def test_a_try_of_a_channel_that_is_off_says_so(office: Office) -> None:
    made = office.desk.add("ann", Wish("Phone", WISH.address, [Category.FILL], enabled=False))
    assert office.desk.test("ann", made.id).sent
    assert office.postman.bodies[0].endswith("it is switched off.")


def test_tries_are_held_apart(office: Office) -> None:
    made = office.desk.add("ann", WISH)
    office.desk.test("ann", made.id)
    with pytest.raises(Conflict):
        office.desk.test("ann", made.id)
    assert office.postman.tried == 1


def test_a_try_of_an_address_under_another_key_says_so(office: Office) -> None:
    made = office.desk.add("ann", WISH)
    elsewhere = Vault(Fernet.generate_key().decode())
    desk = NoticeDesk(office.store, office.clock, lambda: "x", elsewhere, office.postman)
    assert "SECRET_KEY" in desk.test("ann", made.id).message
