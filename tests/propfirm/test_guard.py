"""Whether an order could break a rule, asked before it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import InvalidInput
from app.domain.orders import Side
from app.domain.sessions import Window
from app.propfirm import (
    AccountState,
    Answer,
    Automation,
    News,
    Policy,
    Proposal,
    RuleSet,
    Status,
    Surroundings,
    check,
)
from app.propfirm import (
    checks as all_checks,
)
from tests.propfirm.making import (
    END_OF_DAY,
    HARD,
    SOFT,
    STATIC,
    D,
    after,
    held,
    update,
)
from tests.propfirm.making import at as instant

#: Two NQ at 20,000: 20 points below lie 400 a contract away.
ORDER = Proposal("NQ", Side.BUY, D(2), D(20000), D("0.25"), D(20), stop=D(19980))
NOW = Surroundings(instant("2 11:00"))
QUIET = update("2 10:00", 50000)


def asked(
    rules: RuleSet, state: AccountState, order: Proposal = ORDER, around: Surroundings = NOW
) -> Answer:
    return check(state, rules, order, around)


def code(answer: Answer) -> str | None:
    return None if answer.refusal is None else answer.refusal.code


def test_an_order_that_stays_above_the_floor_may_go_and_tells_its_worst_case() -> None:
    answer = asked(STATIC, after(STATIC, QUIET))
    assert answer == Answer(None, D(2), D(800), D(49200), D(19950))


@pytest.mark.parametrize(
    ("equity", "touch", "refusal", "fits"),
    [
        ("48800.01", True, None, 2),
        ("48800", True, "FUNDED_MAX_LOSS", 1),
        ("48800", False, None, 2),
        ("48799.99", False, "FUNDED_MAX_LOSS", 1),
        ("48400", True, "FUNDED_MAX_LOSS", 0),
        ("48400", False, "FUNDED_MAX_LOSS", 1),
        ("48000.01", True, "FUNDED_MAX_LOSS", 0),
    ],
)
def test_an_order_whose_stop_lies_at_the_floor_is_refused_and_told_what_fits(
    equity: str, refusal: str | None, fits: int, *, touch: bool
) -> None:
    rules = replace(STATIC, breach_on_touch=touch)
    answer = asked(rules, after(rules, update("2 10:00", equity)))
    assert (code(answer), answer.fits) == (refusal, D(fits))


def test_the_refusal_says_the_numbers() -> None:
    refusal = asked(STATIC, after(STATIC, update("2 10:00", "48500.5"))).refusal
    assert refusal is not None
    assert refusal.detail == (
        "The order could lose 800 at its stop of 19980, and the equity of 48500.5 is 500.5 above"
        " the floor of 48000; 1 fit. Send at most 1, or bring the stop nearer."
    )


def test_the_daily_loss_refuses_too_and_the_nearer_limit_decides_what_fits() -> None:
    answer = asked(SOFT, after(SOFT, update("2 10:00", 49500)))
    assert (code(answer), answer.fits, answer.breach_price) == (
        "FUNDED_DAILY_LOSS",
        D(1),
        D("19987.5"),
    )
    assert answer.refusal is not None
    assert "500 is left of the daily loss of 1000" in answer.refusal.detail
    both = asked(SOFT, after(SOFT, update("2 10:00", 50000), update("3 10:00", 49300)))
    assert (code(both), both.fits) == ("FUNDED_DAILY_LOSS", D(0))


def test_without_a_stop_one_tick_is_the_worst_case() -> None:
    order = replace(ORDER, stop=None, fee=D(4))
    near = asked(STATIC, after(STATIC, update("2 10:00", 48018)), order)
    assert (near.loss, near.worst_equity, near.fits) == (D(18), D(48000), D(1))
    assert near.refusal is not None
    assert "could lose 18 one tick against it" in near.refusal.detail
    far = asked(STATIC, after(STATIC, QUIET), order)
    assert (far.refusal, far.breach_price) == (None, D("19950.2"))


def test_a_sale_loses_when_the_price_rises() -> None:
    order = replace(ORDER, side=Side.SELL, stop=D(20020))
    answer = asked(STATIC, after(STATIC, QUIET), order)
    assert (answer.worst_equity, answer.breach_price) == (D(49200), D(20050))


@pytest.mark.parametrize(("side", "stop"), [(Side.BUY, 20000), (Side.SELL, 19999)])
def test_a_stop_on_the_winning_side_is_none(side: Side, stop: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        asked(STATIC, after(STATIC, QUIET), replace(ORDER, side=side, stop=D(stop)))
    assert set(refused.value.fields) == {"stop"}


@pytest.mark.parametrize("name", ["quantity", "tick_size", "multiplier"])
def test_an_order_of_nothing_is_none(name: str) -> None:
    nothing: dict[str, Any] = {name: D(0)}
    with pytest.raises(InvalidInput) as refused:
        replace(ORDER, **nothing)
    assert set(refused.value.fields) == {name}


def test_what_is_held_loses_with_what_is_added_and_other_positions_at_their_stops() -> None:
    state = after(STATIC, QUIET)
    adding = asked(STATIC, state, replace(ORDER, held=D(2)))
    assert (adding.refusal, adding.loss, adding.breach_price) == (None, D(1600), D(19975))
    refused = asked(
        STATIC, state, replace(ORDER, held=D(2)), Surroundings(NOW.at, open_risk=D(400))
    )
    assert (code(refused), refused.loss, refused.fits) == ("FUNDED_MAX_LOSS", D(2000), D(1))
    hopeless = asked(STATIC, state, replace(ORDER, held=D(9)))
    assert (code(hopeless), hopeless.fits) == ("FUNDED_MAX_LOSS", D(0))


def test_an_exit_always_passes() -> None:
    closing = replace(ORDER, side=Side.SELL, held=D(2), automated=True)
    strict = replace(
        HARD, automation=Automation(Policy.FORBIDDEN, "no"), allowed_products=frozenset({"ES"})
    )
    failed = after(strict, update("2 10:00", 40000))
    assert failed.status is Status.FAILED
    flat = Surroundings(instant("2 15:30"), (News("CPI", instant("2 15:00"), instant("2 16:00")),))
    assert asked(strict, failed, closing, flat) == Answer(None, D(2))
    unknown = after(strict, update("2 10:00", 50000, None))
    assert asked(strict, unknown, replace(closing, held=D(5)), flat).refusal is None


def test_of_a_reversal_only_what_opens_is_judged() -> None:
    order = replace(ORDER, side=Side.SELL, quantity=D(5), stop=D(20020), held=D(2), fee=D(5))
    state = after(STATIC, update("2 10:00", 49000))
    answer = asked(STATIC, state, order)
    assert (code(answer), answer.loss, answer.fits) == ("FUNDED_MAX_LOSS", D(1225), D(4))
    paused = after(SOFT, update("2 10:00", 49000))
    assert asked(SOFT, paused, order).fits == D(2)


def test_more_contracts_than_allowed_are_refused_with_how_many_fit() -> None:
    few = replace(STATIC, max_contracts=3)
    state = after(few, QUIET, held("2 10:00", 2))
    answer = asked(few, state, replace(ORDER, held=D(2)))
    assert (code(answer), answer.fits) == ("FUNDED_CONTRACTS", D(1))
    assert answer.refusal is not None
    assert "would make 4 contracts on the funded account, which may hold 3; 1 fit" in (
        answer.refusal.detail
    )
    assert asked(few, state, replace(ORDER, quantity=D(1), held=D(2))).refusal is None
    # The account's own count may lag behind the position.
    assert asked(few, after(few, QUIET), replace(ORDER, held=D(2))).fits == D(1)
    # A reversal from 2 long to 3 short holds 3.
    turn = replace(ORDER, side=Side.SELL, quantity=D(5), stop=D(20010), held=D(2))
    assert asked(few, state, turn).refusal is None
    assert asked(few, state, replace(turn, quantity=D(6))).fits == D(5)
    full = after(few, QUIET, held("2 10:00", 4))
    assert (code(asked(few, full)), asked(few, full).fits) == ("FUNDED_CONTRACTS", D(0))


def test_a_failed_account_opens_nothing() -> None:
    answer = asked(STATIC, after(STATIC, update("2 10:00", 48000)))
    assert (code(answer), answer.fits, answer.loss) == ("FUNDED_FAILED", D(0), None)
    assert answer.refusal is not None
    assert "broke its rule max_drawdown at 2026-03-02 16:00 UTC and" in answer.refusal.detail


def test_a_paused_account_opens_nothing_until_the_next_session_which_no_event_must_tell() -> None:
    paused = after(SOFT, update("2 10:00", 49000))
    answer = asked(SOFT, paused)
    assert code(answer) == "FUNDED_PAUSED"
    assert answer.refusal is not None
    assert "daily loss of 1000 and is paused until 2026-03-02 22:00 UTC." in answer.refusal.detail
    assert asked(SOFT, paused, around=Surroundings(instant("2 16:00"))).refusal is None


def test_the_floor_of_a_new_day_counts_also_before_any_news_of_it() -> None:
    state = after(END_OF_DAY, update("2 10:00", 52000), update("2 11:00", 51000))
    answer = asked(END_OF_DAY, state, around=Surroundings(instant("2 16:00")))
    assert answer.breach_price == D(19950)


def test_nothing_is_opened_while_the_equity_is_not_known() -> None:
    state = after(STATIC, update("2 10:00", 50000, -100, quoted=False))
    assert code(asked(STATIC, state)) == "FUNDED_UNKNOWN"


@pytest.mark.parametrize(
    ("policy", "own_device", "refusal"),
    [
        (Policy.ANYWHERE, False, None),
        (Policy.UNKNOWN, False, None),
        (Policy.OWN_DEVICE, True, None),
        (Policy.OWN_DEVICE, False, "FUNDED_AUTOMATION"),
        (Policy.FORBIDDEN, True, "FUNDED_AUTOMATION"),
    ],
)
def test_programs_send_orders_only_from_where_the_firm_allows_it(
    policy: Policy, refusal: str | None, *, own_device: bool
) -> None:
    rules = replace(STATIC, automation=Automation(policy, "Only by hand."))
    state = after(rules, QUIET)
    by_program = replace(ORDER, automated=True, own_device=own_device)
    assert code(asked(rules, state, by_program)) == refusal
    assert asked(rules, state, replace(by_program, automated=False)).refusal is None


def test_only_allowed_products_are_opened() -> None:
    rules = replace(STATIC, allowed_products=frozenset({"ES", "MES"}))
    answer = asked(rules, after(rules, QUIET))
    assert answer.refusal is not None
    assert (code(answer), "only ES, MES" in answer.refusal.detail) == ("FUNDED_PRODUCT", True)
    assert asked(rules, after(rules, QUIET), replace(ORDER, root="ES")).refusal is None


def test_nothing_is_opened_out_of_hours_in_news_or_after_the_flat_time() -> None:
    hours = Window.parse("Mon-Fri 08:30-15:30 America/Chicago")
    rules = replace(STATIC, allowed_hours=(hours,))
    news = (News("CPI", instant("2 09:55"), instant("2 10:05")),)
    state = after(rules, update("2 07:00", 50000))
    told = {
        when: asked(rules, state, around=Surroundings(instant(when), news)).refusal
        for when in ("2 08:00", "2 10:00", "2 10:05", "2 15:09:44", "2 15:09:45", "2 15:30")
    }
    assert {when: refusal and refusal.code for when, refusal in told.items()} == {
        "2 08:00": "FUNDED_HOURS",
        "2 10:00": "FUNDED_NEWS",
        "2 10:05": None,
        "2 15:09:44": None,
        "2 15:09:45": "FUNDED_FLAT_TIME",
        "2 15:30": "FUNDED_HOURS",
    }
    late = told["2 15:09:45"]
    assert late is not None
    assert "flat from 15:10 (America/Chicago)" in late.detail


def test_every_question_is_answered_and_the_first_no_is_the_refusal() -> None:
    state = after(SOFT, update("2 10:00", 49500))
    asked_of = checks(SOFT, order=replace(ORDER, quantity=D(30)), state=state)
    assert [name for name, refused in asked_of if refused is None] == [
        "status",
        "automation",
        "product",
        "hours",
        "news",
        "flat_time",
        "equity",
    ]
    assert dict(asked_of)["max_drawdown"] == "FUNDED_MAX_LOSS"
    first = next(refused for _, refused in asked_of if refused)
    assert code(asked(SOFT, state, replace(ORDER, quantity=D(30)))) == first


def test_without_a_known_equity_no_amount_is_asked_for_and_of_an_exit_nothing_is() -> None:
    unknown = after(STATIC, update("2 10:00", 50000, None))
    assert checks(STATIC, ORDER, unknown)[-1] == ("equity", "FUNDED_UNKNOWN")
    assert checks(STATIC, replace(ORDER, held=D(-2)), unknown) == []


def checks(rules: RuleSet, order: Proposal, state: AccountState) -> list[tuple[str, str | None]]:
    """The names of the questions, and the codes of those that were answered with no."""
    found = all_checks(state, rules, order, NOW)
    return [(each.name, each.refusal.code if each.refusal else None) for each in found]
