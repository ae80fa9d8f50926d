"""People: the first one, the one-time link, sign-in, and the tokens of their programs."""

from __future__ import annotations

import pytest

from app.domain.errors import Conflict, InvalidInput, NotFound, Unauthorised
from app.domain.users import User
from tests.support.counting import CountingHouse

GOOD = "long enough"


def test_the_first_user_adopts_what_was_made_before_and_keeps_its_paper_account(
    house: CountingHouse,
) -> None:
    account = house.account()
    made = house.strategy()
    ann = house.users.create("ann", GOOD)
    assert [each.id for each in house.accounts.list(ann.id)] == [account.id]
    assert house.strategies.get(ann.id, made.id).user_id == ann.id


def test_the_second_user_adopts_nothing_and_gets_an_own_paper_account(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    ann = house.users.create("ann", GOOD)
    house.accounts.create_paper(None, "nobody's")
    bob = house.users.create("bob", GOOD)
    (mine,), (other,) = house.accounts.list(ann.id), house.accounts.list(bob.id)
    assert (mine.name, other.name) == ("paper", "paper")
    assert mine.id != other.id
    with pytest.raises(NotFound):
        house.strategies.get(bob.id, made.id)


def test_users_are_listed_oldest_first_and_found_by_id_and_name(house: CountingHouse) -> None:
    assert (house.users.count(), house.users.list()) == (0, [])
    zoe, ann = house.users.create(" zoe ", GOOD), house.users.create("ann", GOOD)
    assert (house.users.count(), house.users.list()) == (2, [zoe, ann])
    assert house.users.get(zoe.id) == house.users.by_name("zoe") == zoe
    assert house.users.get("nobody") is None
    with pytest.raises(NotFound, match="'nobody'"):
        house.users.by_name("nobody")


@pytest.mark.parametrize(
    ("name", "password", "fields"),
    [
        ("", GOOD, {"name"}),
        ("   ", GOOD, {"name"}),
        ("x" * 201, GOOD, {"name"}),
        ("a\nb", GOOD, {"name"}),
        ("ann", "short ish", {"password"}),
        ("ann", "x" * 201, {"password"}),
        ("", "", {"name", "password"}),
    ],
)
def test_a_wrong_name_or_password_is_refused_beside_its_field(
    house: CountingHouse, name: str, password: str, fields: set[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        house.users.create(name, password)
    assert set(refused.value.fields) == fields
    assert house.users.count() == 0


def test_a_name_is_in_use_once_and_a_refused_user_leaves_nothing_behind(
    house: CountingHouse,
) -> None:
    house.users.create("ann", GOOD)
    with pytest.raises(Conflict, match="'ann' already"):
        house.users.create("ann ", GOOD)
    assert len(house.accounts.list(None)) == 1


def test_the_shortest_and_the_longest_password_are_taken(house: CountingHouse) -> None:
    for name, password in (("ann", "x" * 10), ("bob", "y" * 200)):
        made = house.users.create(name, password)
        assert house.users.verify(name, password) == made


# --- sign-in --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "password", "fits"),
    [
        ("ann", GOOD, True),
        (" ann ", GOOD, True),
        ("ann", "Long enough", False),
        ("ann", "", False),
        ("Ann", GOOD, False),
        ("nobody", GOOD, False),
        ("", "", False),
    ],
)
def test_a_name_and_its_password_sign_in_and_nothing_else_does(
    house: CountingHouse, name: str, password: str, fits: bool
) -> None:
    ann = house.users.create("ann", GOOD)
    assert house.users.verify(name, password) == (ann if fits else None)


def test_an_unknown_name_takes_the_same_way_as_a_wrong_password(house: CountingHouse) -> None:
    ann = house.users.create("ann", GOOD)
    house.users.verify("ann", "wrong password")
    house.users.verify("nobody", "wrong password")
    assert house.passwords.attempts == [
        (ann.password_hash, "wrong password"),
        (None, "wrong password"),
    ]


def test_a_password_with_more_behind_its_end_does_not_fit_and_is_not_hashed_whole(
    house: CountingHouse,
) -> None:
    house.users.create("ann", "x" * 200)
    assert house.users.verify("ann", "x" * 1_000_000) is None
    assert len(house.passwords.attempts[-1][1]) == 200


# --- the one-time link ----------------------------------------------------------------------------


def test_the_set_up_link_creates_the_first_user_once(house: CountingHouse) -> None:
    account = house.account()
    token = house.users.new_setup_token()
    assert token is not None
    assert house.users.setup_token_valid(token)
    ann = house.users.first_user(token, "ann", GOOD)
    assert [each.id for each in house.accounts.list(ann.id)] == [account.id]
    assert not house.users.setup_token_valid(token)
    with pytest.raises(Unauthorised, match="no longer valid"):
        house.users.first_user(token, "bob", GOOD)
    assert house.users.list() == [ann]
    assert house.users.new_setup_token() is None


def test_a_newer_link_ends_the_older_one_and_a_wrong_one_never_works(house: CountingHouse) -> None:
    assert not house.users.setup_token_valid("")
    old, new = house.users.new_setup_token(), house.users.new_setup_token()
    assert old is not None
    assert new is not None
    assert (house.users.setup_token_valid(old), house.users.setup_token_valid(new)) == (False, True)
    for wrong in (old, "", "x" * 43):
        with pytest.raises(Unauthorised):
            house.users.first_user(wrong, "ann", GOOD)
    assert house.users.count() == 0


def test_a_link_ends_when_a_user_is_made_elsewhere(house: CountingHouse) -> None:
    token = house.users.new_setup_token()
    assert token is not None
    house.users.create("ann", GOOD)
    assert not house.users.setup_token_valid(token)


def test_a_bad_name_does_not_use_the_link_up(house: CountingHouse) -> None:
    token = house.users.new_setup_token()
    assert token is not None
    with pytest.raises(InvalidInput):
        house.users.first_user(token, "", GOOD)
    assert house.users.setup_token_valid(token)


# --- tokens ---------------------------------------------------------------------------------------


@pytest.fixture
def ann(house: CountingHouse) -> User:
    return house.users.create("ann", GOOD)


def test_a_token_is_its_users_until_it_is_revoked(house: CountingHouse, ann: User) -> None:
    token, secret = house.users.create_token(ann.id, " robot ")
    assert (token.name, token.created_at) == ("robot", house.clock.now())
    assert house.users.user_of_token(secret) == ann
    assert house.users.tokens(ann.id) == [token]
    house.clock.advance(60)
    house.users.revoke_token(ann.id, token.id)
    assert house.users.user_of_token(secret) is None
    assert house.users.tokens(ann.id)[0].revoked_at == house.clock.now()


@pytest.mark.parametrize("secret", ["", "x" * 43, "hash"])
def test_what_is_no_token_is_nobodys(house: CountingHouse, ann: User, secret: str) -> None:
    token, _ = house.users.create_token(ann.id, "robot")
    assert house.users.user_of_token(token.token_hash if secret == "hash" else secret) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_token_needs_a_name(house: CountingHouse, ann: User, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        house.users.create_token(ann.id, name)
    assert set(refused.value.fields) == {"name"}


def test_nobody_revokes_the_token_of_another(house: CountingHouse, ann: User) -> None:
    bob = house.users.create("bob", GOOD)
    token, secret = house.users.create_token(ann.id, "robot")
    for user_id, token_id in ((bob.id, token.id), (ann.id, "nothing")):
        with pytest.raises(NotFound):
            house.users.revoke_token(user_id, token_id)
    assert house.users.user_of_token(secret) == ann


def test_neither_secrets_nor_their_hashes_are_shown_by_accident(
    house: CountingHouse, ann: User
) -> None:
    token, secret = house.users.create_token(ann.id, "robot")
    shown = f"{ann!r} {token!r} {house.facts!r} {house.vault!r}"
    for hidden in (GOOD, ann.password_hash, secret, token.token_hash):
        assert hidden not in shown
