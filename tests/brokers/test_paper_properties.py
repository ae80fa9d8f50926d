"""What holds of the paper venue whatever is sent and however the market moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from copy import deepcopy
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BrokerRejected
from app.domain.orders import Order, OrderState, OrderType
from app.domain.reports import FillReport, VenueOrder
from tests.support.paper import NOON, Stage, order

D = Decimal
TICK = D("0.25")
Action = Callable[[Stage], None]

ticks = st.integers(360, 440).map(lambda count: str(count * TICK))
settings = st.fixed_dictionaries(
    {
        "commission_per_unit": st.sampled_from(["0", "2.25"]),
        "commission_percent": st.sampled_from(["0", "0.037"]),
        "slippage_ticks": st.sampled_from([0, 2]),
        "latency_ms": st.sampled_from([0, 700]),
        "latency_jitter_ms": st.sampled_from([0, 900]),
        "liquidity_per_quote": st.sampled_from([None, 2]),
        "margin_percent": st.just(5),
        "seed": st.integers(0, 9),
    }
)


@st.composite
def sent(draw: st.DrawFn) -> Order:
    kind = draw(st.sampled_from(list(OrderType)))
    at_once = kind in {OrderType.MARKET, OrderType.LIMIT}
    return order(
        draw(st.sampled_from(["buy", "sell"])),
        draw(st.integers(1, 5).map(str)),
        kind,
        name=str(draw(st.integers(1, 12))),
        tif=draw(st.sampled_from(["gtc", "day", "ioc"] if at_once else ["gtc", "day"])),
        limit=draw(ticks) if kind in {OrderType.LIMIT, OrderType.STOP_LIMIT} else None,
        stop=draw(ticks) if kind in {OrderType.STOP, OrderType.STOP_LIMIT} else None,
        trail=str(draw(st.integers(1, 9)) * TICK) if kind is OrderType.TRAILING_STOP else None,
        reduce_only=draw(st.booleans()),
        strategy=draw(st.sampled_from(["s1", "s2"])),
    )


def submitting(one: Order) -> Action:
    def act(stage: Stage) -> None:
        attempt(lambda: stage.send(one))

    return act


def cancelling(one: Order) -> Action:
    return lambda stage: attempt(lambda: stage.broker.cancel(one))


def quoting(bid: str, width: int) -> Action:
    return lambda stage: stage.quote(bid, str(D(bid) + width * TICK))


def waiting(seconds: float) -> Action:
    return lambda stage: stage.later(seconds)


def attempt(act: Callable[[], object]) -> None:
    """Do what the venue may refuse."""
    try:
        act()
    except BrokerRejected:
        return


actions = st.lists(
    st.one_of(
        st.builds(submitting, sent()),
        st.builds(cancelling, sent()),
        st.builds(quoting, ticks, st.integers(1, 3)),
        st.builds(waiting, st.sampled_from([0.1, 1.0, 5.0, 20.0, 20_000.0])),
    ),
    max_size=25,
)


def play(given_settings: dict[str, object], script: Sequence[Action]) -> Stage:
    """Act the script on a new stage that begins with a price."""
    stage = Stage(given_settings)
    stage.quote("100", "100.25")
    for act in script:
        act(stage)
    return stage


def known_orders(stage: Stage) -> dict[str, VenueOrder]:
    found = {f"sb-{name}": stage.broker.order(f"sb-{name}") for name in range(1, 13)}
    return {key: one for key, one in found.items() if one is not None}


@given(settings, actions)
def test_the_same_script_gives_the_same_reports(
    given_settings: dict[str, object], script: Sequence[Action]
) -> None:
    assert play(given_settings, script).reports == play(given_settings, script).reports


@given(settings, actions, actions)
def test_a_restart_finds_the_same_orders_and_money_and_goes_on_alike(
    given_settings: dict[str, object], before: Sequence[Action], after: Sequence[Action]
) -> None:
    # The quantity left at a quote is the market's, not the account's: a restart forgets it.
    unlimited = given_settings | {"liquidity_per_quote": None}
    first = play(unlimited, before)
    second = Stage(unlimited, deepcopy(first.log), first.clock.now())
    assert second.broker.open_orders() == first.broker.open_orders()
    assert second.broker.positions() == first.broker.positions()
    assert second.broker.account().cash == first.broker.account().cash
    assert known_orders(second) == known_orders(first)
    first.reports.clear()
    for act in [quoting("101", 1), *after]:
        act(first)
        act(second)
    assert second.reports == first.reports


@given(settings, actions)
def test_orders_never_fill_beyond_their_quantity_and_fills_add_up(
    given_settings: dict[str, object], script: Sequence[Action]
) -> None:
    stage = play(given_settings, script)
    filled: dict[str | None, Decimal] = defaultdict(Decimal)
    for report in stage.reports:
        if isinstance(report, FillReport):
            filled[report.client_order_id] += report.fill.quantity
    for key, one in known_orders(stage).items():
        assert filled[key] == one.filled_quantity <= one.quantity
        assert (one.filled_quantity == one.quantity) is (one.state is OrderState.FILLED)
    assert stage.broker.fills(NOON) == [r for r in stage.reports if isinstance(r, FillReport)]


@given(settings, actions)
def test_cash_and_value_equal_the_start_and_what_was_earned_less_commission(
    given_settings: dict[str, object], script: Sequence[Action]
) -> None:
    stage = play(given_settings, script)
    stage.clock.advance(20)
    stage.quote("103", "103.25")
    flows = sum(
        (-one.quantity * one.side.sign * one.price * 50 - one.commission for one in stage.fills),
        D(0),
    )
    value = stage.held() * D("103.125") * 50
    assert stage.held() == sum((f.quantity * f.side.sign for f in stage.fills), D(0))
    assert stage.broker.equity() == D(100_000) + flows + value


@given(settings, actions)
def test_no_working_reduce_only_order_outlives_what_it_could_reduce(
    given_settings: dict[str, object], script: Sequence[Action]
) -> None:
    stage = play(given_settings | {"latency_ms": 0, "latency_jitter_ms": 0}, script)
    held: dict[str | None, Decimal] = defaultdict(Decimal)
    for one in stage.fills:
        held[one.strategy_id] += one.quantity * one.side.sign
    for record in stage.log.load("acc-paper").working:
        kept = record.order
        if kept.reduce_only:
            assert held[kept.book] * kept.side.sign < 0


@given(settings, sent(), st.integers(2, 5))
def test_however_often_an_order_is_sent_it_is_one_order(
    given_settings: dict[str, object], one: Order, times: int
) -> None:
    once = play(given_settings, [submitting(one), waiting(2)])
    often = play(given_settings, [*[submitting(one)] * times, waiting(2)])
    assert often.reports == once.reports
    assert known_orders(often) == known_orders(once)
    assert len(known_orders(often)) <= 1
