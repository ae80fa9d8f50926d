"""Which facts become notices, what they say, and how much of it is sent at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import InvalidInput
from app.domain.events import Fact, FactKind, Level
from app.domain.notices import (
    CODES,
    KEPT,
    KINDS,
    MOST,
    PERIOD,
    SAYS,
    TITLES,
    TOO_OLD,
    Category,
    Message,
    Notice,
    Outbox,
    Whose,
    category_of,
    compose,
    masked,
    named,
    notice_of,
)

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FILLED = {"net_quantity": "2", "avg_price": "5000", "pnl": "-4.5"}


def fact(kind: FactKind, level: Level = Level.INFO, code: str | None = None) -> Fact:
    return Fact(kind, NOON, "Breakout: bought 2 ESH6 at 5000", level, code)


def notice(number: int = 1, category: Category = Category.FILL, text: str = "") -> Notice:
    at = NOON + number * SECOND
    return Notice(category, "Fill: Breakout", text or f"number {number}.", at, Level.SUCCESS)


def sent(outbox: Outbox, now: datetime) -> Message:
    batch = outbox.take(now)
    outbox.delivered(batch)
    return compose(batch.notices, batch.more, batch.lost, UTC)


# --- which facts --------------------------------------------------------------------------------


def test_every_kind_of_fact_has_a_category_or_is_deliberately_untold() -> None:
    assert set(KINDS) == set(FactKind)
    assert set(TITLES) == set(SAYS) == set(Category)


def test_every_category_can_be_told() -> None:
    assert {*KINDS.values(), *CODES.values()} == {*Category, None}


@pytest.mark.parametrize(
    "kind",
    [FactKind.ALERT_RECEIVED, FactKind.ORDER_SUBMITTED, FactKind.ORDER_ACCEPTED],
)
@pytest.mark.parametrize("level", list(Level))
def test_what_is_merely_placed_is_never_told(kind: FactKind, level: Level) -> None:
    assert category_of(fact(kind, level, "OVERFILL")) is None


def test_a_repeat_of_an_alert_is_not_told_and_a_refusal_is() -> None:
    assert category_of(fact(FactKind.ALERT_REFUSED, Level.INFO, "DUPLICATE")) is None
    assert category_of(fact(FactKind.ALERT_REFUSED, Level.WARNING)) is Category.REFUSAL


def test_a_code_says_more_than_its_kind_except_of_a_refusal() -> None:
    halted = fact(FactKind.TRADING_HALTED, Level.ERROR, "FUNDED_FAILED")
    assert category_of(halted) is Category.BREACH
    denied = fact(FactKind.ORDER_DENIED, Level.ERROR, "FUNDED_FAILED")
    assert category_of(denied) is Category.REFUSAL


def test_a_fill_says_what_the_position_is_and_what_it_realised() -> None:
    filled = Fact(
        FactKind.ORDER_FILLED,
        NOON,
        "Breakout: bought 2 ESH6 at 5000",
        Level.SUCCESS,
        data=FILLED,
    )
    told = notice_of(filled, Category.FILL, Whose("Breakout", "Paper"))
    assert told.title == "Fill: Breakout"
    assert told.body == (
        "Breakout: bought 2 ESH6 at 5000. Position now 2 at 5000; realised -4.5. Account Paper."
    )


def test_a_fill_that_closes_says_flat() -> None:
    data = {"net_quantity": "0", "avg_price": None, "pnl": "245.5"}
    filled = Fact(FactKind.ORDER_FILLED, NOON, "Breakout: sold 2 ESH6 at 5005", data=data)
    told = notice_of(filled, Category.FILL, Whose())
    assert told.body.endswith("Position now flat; realised 245.5.")


def test_an_account_that_is_named_already_is_not_named_again() -> None:
    silent = Fact(FactKind.VENUE_SILENT, NOON, "Paper: the broker cannot be asked.", Level.ERROR)
    told = notice_of(silent, Category.DISCONNECT, Whose(None, "Paper"))
    assert (told.title, told.body) == ("Connection: Paper", "Paper: the broker cannot be asked.")


def test_a_long_text_is_cut() -> None:
    differs = Fact(FactKind.BOOKS_DISAGREE, NOON, "x" * 5000, Level.ERROR)
    told = notice_of(differs, Category.DRIFT, Whose())
    assert len(told.body) == 600
    assert told.body.endswith("…")


# --- one message --------------------------------------------------------------------------------


def test_one_notice_is_sent_with_its_own_title_and_the_time_of_the_zone() -> None:
    message = compose([notice()], {}, 0, UTC)
    assert message == Message("Fill: Breakout", "12:00:01 UTC number 1.", Level.SUCCESS)


def test_several_notices_become_one_message_at_the_worst_level() -> None:
    refused = Notice(Category.REFUSAL, "Refused", "no.", NOON, Level.ERROR)
    message = compose([notice(), refused], {}, 0, UTC)
    assert message.title == "2 notices: 1 fill, 1 refusal"
    assert message.body.splitlines() == ["12:00:01 UTC number 1.", "12:00:00 UTC no."]
    assert message.level is Level.ERROR


def test_what_has_no_room_in_words_is_counted() -> None:
    many = [notice(number, text="y" * 500) for number in range(5)]
    message = compose(many, {Category.REFUSAL: 2}, 0, UTC)
    assert message.title == "7 notices: 5 fills, 2 refusals"
    assert message.body.endswith("\nAnd 4 more: 2 fills, 2 refusals.")
    assert len(message.body) < 1900


@pytest.mark.parametrize(("lost", "words"), [(1, "1 older notice"), (7, "7 older notices")])
def test_what_is_gone_is_said_with_the_next_message(lost: int, words: str) -> None:
    assert f"\n{words} could not be delivered" in compose([notice()], {}, lost, UTC).body


# --- the outbox ---------------------------------------------------------------------------------


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    made = Outbox()
    made.add(notice(1))
    yield made
    assert len(made.waiting) <= KEPT


def test_a_notice_is_sent_at_once(outbox: Outbox) -> None:
    assert outbox.due(NOON)
    assert sent(outbox, NOON).title == "Fill: Breakout"
    assert not outbox.due(NOON)


def test_beyond_the_limit_notices_wait_and_are_summed_up(outbox: Outbox) -> None:
    for _ in range(MOST):
        sent(outbox, NOON)
        outbox.add(notice(2))
    outbox.add(notice(3))
    assert not outbox.due(NOON + PERIOD - SECOND)
    assert outbox.due(NOON + PERIOD)
    assert sent(outbox, NOON + PERIOD).title == "2 notices: 2 fills"


def test_a_flood_is_kept_as_a_number(outbox: Outbox) -> None:
    for number in range(1000):
        outbox.add(notice(number))
    assert sent(outbox, NOON).title == "1001 notices: 1001 fills"


def test_one_message_at_a_time_is_under_way(outbox: Outbox) -> None:
    batch = outbox.take(NOON)
    outbox.add(notice(2))
    assert not outbox.due(NOON)
    outbox.delivered(batch)
    assert outbox.due(NOON)


def test_what_failed_is_tried_again_later_and_later_in_its_order(outbox: Outbox) -> None:
    batch = outbox.take(NOON)
    outbox.add(notice(2))
    outbox.failed(batch, NOON)
    waits = []
    now = NOON
    for _ in range(9):
        start = now
        while not outbox.due(now):
            now += SECOND
        waits.append(round((now - start).total_seconds()))
        outbox.failed(outbox.take(now), now)
    assert waits == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    assert [each.body for each in outbox.waiting] == ["number 1.", "number 2."]
    now += timedelta(minutes=10)
    outbox.delivered(outbox.take(now))
    assert outbox.failures == 0


def test_what_waited_for_an_hour_is_given_up_and_said_with_the_next_delivery(
    outbox: Outbox,
) -> None:
    outbox.add(notice(2))
    late = NOON + TOO_OLD + 1.5 * SECOND
    assert outbox.give_up(late) == 1
    outbox.give_up(late + SECOND)
    outbox.add(Notice(Category.FILL, "Fill", "new.", late))
    assert "2 older notices could not be delivered" in sent(outbox, late).body
    assert outbox.lost == 0


def test_counted_notices_are_given_up_too(outbox: Outbox) -> None:
    for number in range(KEPT + 4):
        outbox.add(notice(number))
    assert outbox.give_up(NOON + TOO_OLD + timedelta(minutes=2)) == KEPT + 5


# --- the channel --------------------------------------------------------------------------------


def test_only_the_beginning_of_an_address_is_shown() -> None:
    assert masked("Discord://123/abc") == "discord"


@pytest.mark.parametrize("address", ["", "discord", "discord://", "://x", "a b://c", "ä://c"])
def test_what_looks_like_no_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        masked(address)
    assert caught.value.fields == {"address": "must look like service://…"}


def test_an_endless_address_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        masked("json://" + "x" * 5000)
    assert caught.value.fields == {"address": "must have at most 2000 characters"}


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\nb"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        named(name)


def test_a_name_is_kept_without_white_space_around_it() -> None:
    assert named("  Phone ") == "Phone"
