"""What add-ons are answered, and what is shown of them; money is decimal text."""

from __future__ import annotations

from app.domain.addon.messages import VALUE_NAMES, HeldPosition, ToldOrder
from app.domain.addon.records import AddonKey, KeptExecution
from app.domain.addon.stream import Verdict
from app.domain.errors import SignalboxError
from app.propfirm import LimitName
from app.services.addon import Platform, Received, Taken
from app.services.funded import View
from app.services.funded.desk import FundedStatus
from app.web.wire import Json, iso, money, when

#: What an add-on is told became of a message.
STATUSES = {
    Verdict.NEXT: "ok",
    Verdict.JUMP: "ok",
    Verdict.LATE: "ok",
    Verdict.HELD: "held",
    Verdict.DUPLICATE: "duplicate",
    Verdict.NEED_SNAPSHOT: "need_snapshot",
    Verdict.STALE_SESSION: "stale_session",
}


def told(taken: Taken) -> Json:
    """Return what became of one message, and what the add-on is to do."""
    return {
        "status": STATUSES[taken.verdict],
        "ack_seq": taken.ack,
        "resend_from": taken.resend_from,
        "need": "snapshot" if taken.verdict is Verdict.NEED_SNAPSHOT else None,
    }


def rules(received: Received) -> Json:
    """Return how the account stands, in the few words that an add-on shows."""
    view = received.view
    if view is None or view.rules is None:
        state = FundedStatus.PENDING if received.account is not None else None
        return {
            "state": None if state is None else state.value,
            "daily_loss_left": None,
            "drawdown_left": None,
            "version": None,
        }
    return {
        "state": view.status.value,
        "daily_loss_left": _left(view, LimitName.DAILY_LOSS),
        "drawdown_left": _left(view, LimitName.MAX_LOSS),
        "version": f"{view.rules.id}@{view.rules.version}",
    }


def _left(view: View, name: LimitName) -> str | None:
    return next((money(each.left) for each in view.limits if each.name is name), None)


def result(account: str | None, seq: int | None, taken: Taken | SignalboxError) -> Json:
    """Return one line of a batch: what was taken, or why it was not."""
    head: Json = {"account": account, "seq": seq}
    if isinstance(taken, Taken):
        return head | told(taken) | {"error": None}
    fields = getattr(taken, "fields", {})
    error = {
        "detail": taken.detail,
        "error_code": taken.code,
        "fields": [{"field": name, "problem": what} for name, what in fields.items()],
    }
    nothing = {"ack_seq": None, "resend_from": None, "need": None}
    return head | {"status": "refused"} | nothing | {"error": error}


def key(each: AddonKey) -> Json:
    """Return a key without its secret."""
    return {
        "id": each.id,
        "name": each.name,
        "signed": each.signed,
        "created_at": iso(each.created_at),
        "last_used_at": when(each.last_used_at),
        "installation_id": each.installation_id,
        "revoked_at": when(each.revoked_at),
    }


def platform(each: Platform) -> Json:
    """Return how an account's messages arrive, and what they told last."""
    followed, newest = each.followed, each.followed.newest
    stream, skew = followed.stream, followed.skew
    session = stream.current
    return {
        "account_id": each.account.id,
        "name": each.account.name,
        "told_name": followed.told_name,
        "key_id": followed.key_id,
        "heard_at": when(followed.heard_at),
        "session_id": None if session is None else session.id,
        "last_seq": None if session is None else session.last,
        "behind": stream.behind,
        "missing": stream.missing,
        "clock_behind_s": None if skew is None else skew.behind.total_seconds(),
        "clock_off": skew is not None and skew.flagged,
        "installation_id": None if newest is None else newest.installation_id,
        "addon_version": None if newest is None else newest.addon_version,
        "platform_version": None if newest is None else newest.platform_version,
        "told": None if newest is None else _newest(each),
    }


def _newest(each: Platform) -> Json | None:
    newest = each.followed.newest
    if newest is None:
        return None
    about, values = newest.account, newest.values
    return {
        "event_time": iso(newest.event_time),
        "display_name": about.display_name,
        "connection": about.connection,
        "provider": about.provider,
        "connection_status": about.connection_status,
        "is_simulated": about.is_simulated,
        "currency": about.currency,
        "values": {name: money(getattr(values, name)) for name in VALUE_NAMES},
        "positions": None if newest.positions is None else [*map(_position, newest.positions)],
        "orders": None if newest.orders is None else [*map(_order, newest.orders)],
    }


def _position(each: HeldPosition) -> Json:
    return {
        "instrument": each.instrument,
        "net_quantity": money(each.net),
        "average_price": money(each.average_price),
        "unrealized_pnl": money(each.unrealized_pnl),
    }


def _order(each: ToldOrder) -> Json:
    return {
        "order_id": each.order_id,
        "name": each.name,
        "instrument": each.instrument,
        "action": each.action,
        "type": each.type,
        "quantity": money(each.quantity),
        "filled": money(each.filled),
        "limit_price": money(each.limit_price),
        "stop_price": money(each.stop_price),
        "state": each.state,
        "time": when(each.time),
    }


def execution(each: KeptExecution) -> Json:
    """Return an execution at the platform."""
    done = each.execution
    return {
        "execution_id": done.execution_id,
        "order_id": done.order_id,
        "instrument": done.instrument,
        "side": done.side,
        "quantity": money(done.quantity),
        "price": money(done.price),
        "commission": money(done.commission),
        "fee": money(done.fee),
        "is_entry": done.is_entry,
        "operation": done.operation.value,
        "time": iso(done.time),
        "heard_at": iso(each.heard_at),
    }
