"""A paper account's money."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.instruments import Contract, InstrumentKind
from app.domain.orders import Fill, Side
from app.sim.ledger import Ledger, Margins, rebuild
from app.sim.records import PaperFill
from app.sim.terms import Terms
from tests.support.paper import BTC, ES, NOON, SPY

D = Decimal
MARGINS = Margins(
    {InstrumentKind.FUTURE: D(10), InstrumentKind.STOCK: D(50), InstrumentKind.CRYPTO: D(100)}
)


def fill(
    number: int,
    change: str,
    price: str,
    fee: str = "0",
    strategy: str | None = "s1",
    contract: Contract = ES,
) -> PaperFill:
    signed = D(change)
    done = Fill(
        venue_fill_id=f"P{number:012d}",
        account_id="acc",
        symbol=contract.symbol,
        side=Side.of(signed),
        quantity=abs(signed),
        price=D(price),
        commission=D(fee),
        at=NOON,
        strategy_id=strategy,
    )
    return PaperFill("acc", done.venue_fill_id, number, NOON, "sb", "1", done, Terms.of(contract))


def marks(**known: str) -> Mapping[str, Decimal]:
    return {symbol: D(price) for symbol, price in known.items()}


def test_cash_moves_by_what_is_realised_and_by_commission() -> None:
    bought = Ledger(D(1000)).after(fill(1, "2", "100", "4.5"))
    assert bought.cash == D("995.5")
    sold = bought.after(fill(2, "-1", "101", "2.25"))
    assert sold.cash == D("995.5") + 50 - D("2.25")
    assert sold.position("ESZ2026").quantity == 1


def test_equity_adds_what_is_open_and_is_unknown_without_a_price() -> None:
    ledger = rebuild(D(1000), [fill(1, "2", "100"), fill(2, "3", "50", contract=SPY)])
    assert ledger.equity(marks(ESZ2026="101", SPY="49").get) == D(1000) + 100 - 3
    assert ledger.equity(marks(ESZ2026="101").get) is None
    assert Ledger(D(1000)).equity(marks().get) == 1000


def test_the_margin_of_what_is_held_depends_on_the_kind() -> None:
    held = [fill(1, "-2", "100"), fill(2, "3", "50", contract=SPY)]
    ledger = rebuild(D(1000), [*held, fill(3, "0.5", "90000", contract=BTC)])
    prices = marks(ESZ2026="100", SPY="50", BTCUSD="90000").get
    assert ledger.tied_up(MARGINS, prices) == D(1000) + 75 + 45000
    assert ledger.tied_up(MARGINS, marks(SPY="50").get) is None


def test_what_has_no_price_is_valued_at_its_cost_for_margin_only() -> None:
    ledger = rebuild(D(1000), [fill(1, "2", "100")])
    settled = ledger.settled(marks(SPY="3").get)
    assert (settled("ESZ2026"), settled("SPY"), settled("BTCUSD")) == (D(100), D(3), None)


def test_each_strategy_has_its_own_part_of_the_net_position() -> None:
    ledger = rebuild(D(0), [fill(1, "2", "100"), fill(2, "-3", "100", strategy="s2")])
    ledger = ledger.after(fill(3, "1", "100", strategy=None))
    assert ledger.books["ESZ2026"] == {"s1": D(2), "s2": D(-3), "": D(1)}
    assert ledger.position("ESZ2026").quantity == 0
    assert ledger.open == []


changes = st.integers(-9, 9).filter(bool).map(str)
prices = st.integers(1, 8000).map(lambda ticks: str(ticks * D("0.25")))
fees = st.decimals(0, 9, places=2).map(str)


@given(st.lists(st.tuples(changes, prices, fees), max_size=12), prices)
def test_cash_and_value_equal_the_start_and_all_that_was_earned_less_commission(
    done: list[tuple[str, str, str]], mark: str
) -> None:
    fills = [fill(number, *one) for number, one in enumerate(done)]
    ledger = rebuild(D(100_000), fills)
    held = sum((D(change) for change, _, _ in done), D(0))
    flows = sum((-D(change) * D(price) * 50 - D(fee) for change, price, fee in done), D(0))
    equity = ledger.equity(marks(ESZ2026=mark).get)
    assert equity == D(100_000) + flows + held * D(mark) * 50
