"""Keeps a funded account as it is now, for news that may still come and belong before others."""

from __future__ import annotations

from app.propfirm import FundedAccount
from app.services.funded.chronicle import minute_of
from app.services.ports import Checkpoint, UnitOfWork


def keep_checkpoint(uow: UnitOfWork, account: FundedAccount) -> Checkpoint:
    """Keep the account, which has a state, in place of an earlier checkpoint; returns it."""
    own, state = account.account_id, account.state
    day = None if state is None else state.day
    at = None if state is None else state.at
    checkpoint = Checkpoint(
        account_id=own,
        state=state,
        rule_set_id=account.rule_set_id,
        rule_set_version=account.rule_set_version,
        accepted_at=account.accepted_at,
        day=None if day is None else uow.funded.day(own, day),
        minute=None if at is None else uow.funded.minute(own, minute_of(at)),
    )
    uow.addons.open(checkpoint)
    return checkpoint
