"""The bounds of an account, asked before an entry: its value, the day's loss, the day's orders.

They are the account's own, whoever trades there, and nothing is opened with real money without
them.  What only reduces a position is not asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from app.domain import risk
from app.domain.accounts import Account
from app.domain.decisions import Denied
from app.domain.errors import InvariantBroken
from app.domain.events import Fact, FactKind, Level
from app.domain.instruments import resolve
from app.domain.money import ZERO
from app.domain.refusals import denied
from app.domain.sessions import Roll, day_bounds, trading_day
from app.services.ports import Clock, Quotes, UnitOfWork
from app.services.trading.permits import Gate, Opening, Ruling


class Bounds:
    """Implements the port ``Gate``, before the ``rules`` that the account may be under besides.

    ``today`` tells an account's P&L of its trading day, None when unknown; ``live`` says whether
    the server trades with real money at all.
    """

    def __init__(
        self,
        clock: Clock,
        quotes: Quotes,
        today: Callable[[str], Decimal | None],
        rules: Gate,
        *,
        live: bool,
    ) -> None:
        self._clock = clock
        self._quotes = quotes
        self._today = today
        self._rules = rules
        self._live = live

    def judge(self, uow: UnitOfWork, opening: Opening) -> Ruling | None:
        """Return what may go out now, None for an account with neither bounds nor rules."""
        account = uow.accounts.get(opening.key.account_id)
        if account is None:
            raise InvariantBroken("The account of an entry is gone.")
        if account.watched:
            # Nothing is ever sent there, and whoever refuses it says why.
            return self._rules.judge(uow, opening)
        refusal = (
            risk.live_allowed(account, on=self._live)
            or _against(uow, account, opening)
            or self._bounded(uow, account, opening)
        )
        if refusal is not None:
            return Ruling(ZERO, refusal)
        return self._rules.judge(uow, opening)

    def _bounded(self, uow: UnitOfWork, account: Account, opening: Opening) -> Denied | None:
        bounds = (account.max_order_value, account.max_daily_loss, account.max_orders_a_day)
        if not any(bound is not None for bound in bounds):
            return None
        # Held, so that nobody else counts the orders of the day at the same time.
        held = uow.accounts.hold(account.id) or account
        now, roll = self._clock.now(), Roll.parse(held.roll)
        began, ends = day_bounds(trading_day(now, roll), roll)
        return (
            self._value(held, opening, now)
            or self._loss(uow, held, began, ends)
            or risk.count_allowed(
                held,
                lambda: uow.orders.count_openings(held.id, began, but=opening.own),
                ends,
            )
        )

    def _value(self, account: Account, opening: Opening, now: datetime) -> Denied | None:
        contract = resolve(opening.key.symbol, now.date())
        quote = self._quotes.fresh(contract.symbol, now)
        mark = None if quote is None else quote.mark
        return risk.value_allowed(account, opening.leg, contract, mark)

    def _loss(
        self, uow: UnitOfWork, account: Account, began: datetime, ends: datetime
    ) -> Denied | None:
        refusal = risk.loss_allowed(account, lambda: self._today(account.id), ends)
        if refusal is not None and refusal.code == "DAILY_LOSS_LIMIT":
            self._tell_once(uow, account, began, refusal)
        return refusal

    def _tell_once(
        self, uow: UnitOfWork, account: Account, began: datetime, refusal: Denied
    ) -> None:
        """Tell once a trading day that the daily loss is reached; each alert tells its own fate."""
        flag, now = f"daily_loss:{account.id}", self._clock.now()
        if uow.flags.get(flag) == began.isoformat():
            return
        uow.flags.set(flag, began.isoformat(), now)
        uow.facts.append(
            Fact(
                kind=FactKind.DAILY_LOSS_REACHED,
                at=now,
                message=refusal.detail,
                level=Level.ERROR,
                code=refusal.code,
                user_id=account.user_id,
                account_id=account.id,
            )
        )


def _against(uow: UnitOfWork, account: Account, opening: Opening) -> Denied | None:
    """Return why an entry would take away what another book holds, or None.

    Where a venue reserves, it holds one net position, and of that an exit may not sell more than
    there is: after an entry the other way the other book could not get out.
    """
    if not account.traits.reserves:
        return None
    for key, position in uow.positions.open(account_id=account.id).items():
        same_book = key.strategy_id == opening.key.strategy_id
        against = position.quantity * opening.leg.side.sign < 0
        if key.symbol == opening.key.symbol and against and not same_book:
            return denied(
                "HELD_OTHER_WAY",
                other=uow.strategies.owner(key.strategy_id).name,
                held=position.quantity,
                symbol=key.symbol,
                account=account.name,
                venue=account.traits.title,
            )
    return None
