"""Deciding: one alert on one account becomes a plan, or a reason why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain import filters, risk
from app.domain.accounts import Account, Mode
from app.domain.alerts import Intent, read
from app.domain.decisions import Decision, Denied, Leg, NoAction, Outcome
from app.domain.errors import InvariantBroken
from app.domain.inbox import Alert, AlertSource, AlertState
from app.domain.instruments import Contract, resolve, same_product
from app.domain.money import ZERO
from app.domain.orders import Order, Side, client_order_id
from app.domain.planning import Market, Plan, plan, superseded
from app.domain.protection import Protection
from app.domain.quotes import Quote, QuoteSource
from app.domain.refusals import denied
from app.domain.sessions import Roll, day_bounds, trading_day
from app.domain.settings import Resolved, resolved
from app.domain.strategies import Strategy, StrategyState, symbol_for
from app.services.ports import BookKey, Clock, Quotes, Store, UnitOfWork
from app.services.restored import CODE as RESTORED_CODE
from app.services.restored import restored_at
from app.services.trading.guard import guard_of
from app.services.trading.permits import (
    Gate,
    cut,
    fitted,
    opening_again,
    opening_of,
    refusal_to_send,
)
from app.services.trading.room import in_the_way
from app.services.trading.switches import stop_of
from app.services.trading.trust import awaited, refusal_to_open, within_reach

#: Refusals that mean that an alert came, or was reached, too late.
EXPIRING: Final = frozenset(
    {"STALE_ALERT", "EXPIRED_BEFORE_SENDING", "NOTHING_LEFT_TO_CLOSE", RESTORED_CODE}
)
#: An opening order that could not be sent is not sent later than this after its decision, unless
#: the strategy's own stale limit says otherwise: by then the market is another one.
_LATEST: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class CancelFirst:
    """Working orders that must be gone before the alert is decided."""

    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class NotYet:
    """The alert opens a position on an account that is about to be compared with its venue."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What one decision is about."""

    alert: Alert
    intent: Intent
    strategy: Strategy
    account: Account
    settings: Resolved
    contract: Contract
    now: datetime


class Decider:
    """Turns alerts into decisions; ``equity`` tells an account's worth now, None when unknown.

    ``gate`` judges what opens a position by the rules of its account.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        quotes: Quotes,
        equity: Callable[[str], Decimal | None],
        gate: Gate,
    ) -> None:
        self._store = store
        self._clock = clock
        self._quotes = quotes
        self._equity = equity
        self._gate = gate

    def targets(self, uow: UnitOfWork, alert: Alert) -> Sequence[str]:
        """Return the accounts that the alert is for; an account that it names must be linked."""
        strategy = _strategy(uow, alert)
        linked = [link.account_id for link in strategy.accounts]
        named = read(alert.body).intent.account
        if named is None or named in linked:
            return linked if named is None else [named]
        accounts = [account for each in linked if (account := uow.accounts.get(each)) is not None]
        exactly = [account.id for account in accounts if account.name == named]
        if exactly or not named.startswith("paper_"):
            return exactly
        return [account.id for account in accounts if account.mode is Mode.PAPER]

    def no_target(self, alert: Alert) -> Denied:
        """Return why there is no account to trade the alert on."""
        named = read(alert.body).intent.account
        return denied("NO_ACCOUNT") if named is None else denied("UNKNOWN_ACCOUNT", account=named)

    def offer_price(self, alert: Alert) -> None:
        """Put the price that the alert carries into the quote book, for want of a better one."""
        intent = read(alert.body).intent
        if intent.price is None:
            return
        with self._store.read() as uow:
            contract = _contract(_strategy(uow, alert), intent, alert.received_at)
        if contract.instrument.accepts_price(intent.price):
            at, price = alert.received_at, intent.price
            self._quotes.put(Quote(contract.symbol, price, price, at, QuoteSource.ALERT, price))

    def decide(
        self, uow: UnitOfWork, alert: Alert, account_id: str
    ) -> Decision | CancelFirst | NotYet:
        """Return the decision, not yet stored; or what has to come before it."""
        case = self._case(uow, alert, account_id)
        holding, held = _holding(uow, case)
        working = self._working(uow, case)
        market = self._market(case)
        answer = plan(
            case.intent,
            case.contract,
            held,
            working,
            case.settings,
            market,
            holding,
            _guarding(uow, case, holding),
            case.account.traits,
        )
        if isinstance(answer, Plan) and not answer.closes and awaited(uow, account_id, case.now):
            return NotYet()
        if isinstance(answer, Plan):
            answer = self._permitted(uow, case, answer, market, superseded(working))
        if isinstance(answer, Plan) and answer.legs:
            orders = in_the_way(answer, working, case.account.traits)
            if orders:
                return CancelFirst(orders)
        return self._decision(case, held, answer)

    def replaced(self, uow: UnitOfWork, decision: Decision) -> Sequence[Order]:
        """Return the working orders in the decision's product that it cancels."""
        today = self._clock.now().date()
        contract = resolve(decision.symbol or "", today)
        orders = uow.orders.working(decision.strategy_id, decision.account_id)
        mine = [o for o in orders if same_product(resolve(o.symbol, today), contract)]
        return superseded(mine)

    def still_wanted(self, uow: UnitOfWork, decision: Decision, leg: Leg) -> Denied | None:
        """Look at switches, time and the account's rules again, just before a leg is sent.

        The leg is of an earlier decision.  Returns why it may not go out as it is; what only
        reduces a position may as long as it does.  What was decided in a database that was put
        back since may never.
        """
        found = self.last_look(uow, decision, leg)
        if isinstance(found, Denied):
            return found
        return None if leg in found.legs else Denied(found.code or "", found.detail or "")

    def last_look(self, uow: UnitOfWork, decision: Decision, leg: Leg) -> Decision | Denied:
        """Look again as ``still_wanted`` does; what became too large is made as small as it fits.

        Returns the decision with the leg as it may go out, or why it may not.
        """
        refusal = self._withdrawn(uow, decision, leg)
        if refusal is not None or leg.reduce_only:
            return refusal or decision
        automated = not _by_hand(uow, decision.alert_id)
        opening = opening_again(uow, decision, leg, automated=automated)
        return cut(decision, leg, self._gate.judge(uow, opening))

    def _withdrawn(self, uow: UnitOfWork, decision: Decision, leg: Leg) -> Denied | None:
        """Return why the leg is not to go out any more, its size apart."""
        since = restored_at(uow)
        if since is not None and decision.at < since:
            return denied(RESTORED_CODE)
        symbol = leg.symbol or decision.symbol or ""
        key = BookKey(decision.strategy_id, decision.account_id, symbol)
        if leg.reduce_only:
            own = client_order_id(decision.alert_id, decision.account_id, leg.name)
            return refusal_to_send(uow, key, leg, uow.orders.by_client_id(own))
        strategy = uow.strategies.get(decision.strategy_id)
        account = uow.accounts.get(decision.account_id)
        if strategy is None or account is None:
            raise InvariantBroken("A decision's strategy or account is gone.")
        if strategy.state is not StrategyState.ON and not _by_hand(uow, decision.alert_id):
            off = strategy.state is StrategyState.OFF
            return denied("STRATEGY_OFF" if off else "NO_NEW_ENTRIES")
        limit = strategy.settings.max_age_s
        latest = _LATEST if limit is None else timedelta(seconds=limit)
        # Both ways: over a jump of the clock nothing is opened.
        if abs(self._clock.now() - decision.at) > latest:
            return denied("EXPIRED_BEFORE_SENDING")
        return refusal_to_send(uow, key, leg, None) or refusal_to_open(uow, account.id, symbol)

    def too_early(self, uow: UnitOfWork, decision: Decision) -> bool:
        """Whether what an earlier run decided opens a position before the account was compared."""
        opens = any(not leg.reduce_only for leg in decision.legs)
        return opens and awaited(uow, decision.account_id, self._clock.now())

    def _case(self, uow: UnitOfWork, alert: Alert, account_id: str) -> _Case:
        strategy = _strategy(uow, alert)
        account, link = uow.accounts.get(account_id), strategy.link(account_id)
        if account is None or link is None:
            raise InvariantBroken("An alert was handed to an account that its strategy has not.")
        intent = read(alert.body).intent
        return _Case(
            alert=alert,
            intent=intent,
            strategy=strategy,
            account=account,
            settings=resolved(strategy.id, strategy.settings, link),
            contract=_contract(strategy, intent, alert.received_at),
            now=self._clock.now(),
        )

    def _working(self, uow: UnitOfWork, case: _Case) -> Sequence[Order]:
        orders = uow.orders.working(case.strategy.id, case.account.id)
        today = case.now.date()
        return [o for o in orders if same_product(resolve(o.symbol, today), case.contract)]

    def _market(self, case: _Case) -> Market:
        quote = self._quotes.fresh(case.contract.symbol, case.now)
        price = quote.mark if quote is not None else case.intent.price
        return Market(price=price, equity=self._equity(case.account.id))

    def _permitted(
        self,
        uow: UnitOfWork,
        case: _Case,
        planned: Plan,
        market: Market,
        replaced: Sequence[Order],
    ) -> Plan | Denied:
        """Pass the plan through filters and limits; what only its entry may not do is left out.

        ``replaced`` are the orders that the plan cancels first.
        """
        filtered = self._filtered(uow, case, opens=None)
        if filtered is not None:
            return filtered
        if planned.closes:
            return within_reach(uow, case.account.id, planned)
        limits = risk.Limits(
            contract=case.contract,
            stop=stop_of(uow, case.strategy.id, case.account.id),
            max_position=case.settings.max_position,
            market=market,
        )
        refusal = self._filtered(uow, case, opens=planned.opens) or refusal_to_open(
            uow, case.account.id, planned.symbol
        )
        # The account's rules come before the switches: where they threw one, they say it better.
        fitting = refusal or self._fitting(uow, case, planned, replaced)
        if isinstance(fitting, Plan):
            refusal = risk.check(fitting, limits) or _watched(case.account)
            if refusal is None:
                return fitting
            fitting = refusal
        closing = planned.only_closing(fitting)
        return fitting if closing is None else within_reach(uow, case.account.id, closing)

    def _fitting(
        self, uow: UnitOfWork, case: _Case, planned: Plan, replaced: Sequence[Order]
    ) -> Plan | Denied:
        """Pass the part that opens through the account's own rules, which may make it smaller."""
        opening = opening_of(
            planned,
            BookKey(case.strategy.id, case.account.id, planned.symbol),
            replaced,
            automated=case.alert.source is not AlertSource.MANUAL,
        )
        return fitted(planned, self._gate.judge(uow, opening))

    def _filtered(self, uow: UnitOfWork, case: _Case, *, opens: Side | None) -> Denied | None:
        """Ask the strategy's filters, which are about its sender: a person's own order passes."""
        if case.alert.source is AlertSource.MANUAL:
            return None
        return filters.check(case.intent, case.settings, self._context(uow, case), opens=opens)

    def _context(self, uow: UnitOfWork, case: _Case) -> filters.Context:
        limits = case.settings.settings
        count, last = 0, None
        if limits.max_alerts_per_session is not None:
            roll = Roll.parse(case.account.roll)
            start, _ = day_bounds(trading_day(case.now, roll), roll)
            count = uow.alerts.count_since(case.strategy.id, start, [AlertState.EXECUTED])
        if limits.cooldown_s is not None:
            last = uow.alerts.last_executed_at(case.strategy.id)
        return filters.Context(
            now=case.now,
            state=case.strategy.state,
            contract=case.contract,
            product=_product(case),
            source_address=case.alert.source_address,
            executed_in_session=count,
            last_executed_at=last,
        )

    def _decision(self, case: _Case, held: Decimal, answer: Plan | NoAction | Denied) -> Decision:
        decision = Decision(
            alert_id=case.alert.id,
            account_id=case.account.id,
            strategy_id=case.strategy.id,
            outcome=Outcome.WORKING,
            at=case.now,
            symbol=case.contract.symbol,
            held=held,
            signal_price=case.intent.price,
            settings=case.settings.to_json(),
        )
        if isinstance(answer, Plan):
            return _planned(decision, answer)
        outcome = Outcome.NO_ACTION if isinstance(answer, NoAction) else Outcome.REFUSED
        if answer.code in EXPIRING:
            outcome = Outcome.EXPIRED
        return replace(
            decision,
            outcome=outcome,
            code=answer.code,
            detail=answer.detail,
            finished_at=case.now,
        )


def _planned(decision: Decision, planned: Plan) -> Decision:
    protection = planned.protection
    guard = {} if protection is None else {"protection": protection.to_json()}
    return replace(
        decision,
        symbol=planned.symbol,
        wanted=planned.wanted,
        legs=planned.legs,
        steps=planned.steps,
        cancel_working=planned.cancel_working,
        code=planned.refused.code if planned.refused else None,
        detail=planned.refused.detail if planned.refused else None,
        settings={**decision.settings, **guard},
    )


def _by_hand(uow: UnitOfWork, alert_id: str) -> bool:
    alert = uow.alerts.get(alert_id)
    return alert is not None and alert.source is AlertSource.MANUAL


def _watched(account: Account) -> Denied | None:
    return denied("WATCHED_ONLY", account=account.name) if account.watched else None


def _strategy(uow: UnitOfWork, alert: Alert) -> Strategy:
    strategy = uow.strategies.get(alert.strategy_id)
    if strategy is None:
        raise InvariantBroken(f"Alert {alert.id} has no strategy.")
    return strategy


def _contract(strategy: Strategy, intent: Intent, at: datetime) -> Contract:
    """The contract meant: the alert's symbol through the strategy's map, or the strategy's own."""
    return resolve(symbol_for(strategy, intent.symbol), at.date())


def _product(case: _Case) -> Contract:
    """The strategy's own product; what is sent by hand is not asked for it."""
    return resolve(case.strategy.symbol, case.now.date())


def _guarding(uow: UnitOfWork, case: _Case, holding: Contract | None) -> Protection | None:
    """What guards the position that is held; None when flat or unguarded."""
    if holding is None:
        return None
    key = BookKey(case.strategy.id, case.account.id, holding.symbol)
    guard = guard_of(uow, key)
    return guard.protection if guard else None


def _holding(uow: UnitOfWork, case: _Case) -> tuple[Contract | None, Decimal]:
    """The contract of the product that the book holds, and how much; (None, 0) when flat."""
    today = case.now.date()
    for key, position in uow.positions.open(case.strategy.id, case.account.id).items():
        contract = resolve(key.symbol, today)
        if same_product(contract, case.contract):
            return contract, position.quantity
    return None, ZERO
