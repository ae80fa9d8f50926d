"""The trace of an alert, as JSON for programs and as the context of its page."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.alerts import Intent
from app.domain.decisions import Decision, Step
from app.domain.money import wire as decimal
from app.services.tracing import Moment, OrderTrace, Trace
from app.web import wire
from app.web.wire import Json

_SECOND_MS = 1000
_MINUTE_MS = 60 * _SECOND_MS


def alert(trace: Trace) -> Json:
    """Return the alert itself, with the body that arrived."""
    each = trace.alert
    return {
        "id": each.id,
        "received_at": wire.iso(each.received_at),
        "claimed_at": wire.when(each.claimed_at),
        "finished_at": wire.when(each.finished_at),
        "strategy_id": each.strategy_id,
        "strategy_name": trace.strategy.name,
        "source": each.source.value,
        "state": each.state.value,
        "code": each.code,
        "sentence": each.detail,
        "what_to_change": trace.change,
        "summary": trace.summary,
        "content_type": each.content_type,
        "headers": dict(each.headers),
        "source_address": each.source_address,
        "dedupe_key": each.dedupe_key,
        "dedupe_rule": each.dedupe_rule,
        "duplicate_of": each.duplicate_of,
        "body": each.body.decode("utf-8", "replace"),
    }


def whole(trace: Trace) -> Json:
    """Return the whole way of the alert."""
    return {
        "alert": alert(trace),
        "meaning": {row["label"]: row["value"] for row in meaning(trace.intent)},
        "steps": [_moment(each) for each in trace.moments],
        "decisions": [_decision(each) for each in trace.decisions],
        "orders": [_order(each) for each in trace.orders],
        "log": [wire.log_entry(fact) for fact in trace.facts],
        "total_ms": trace.total_ms,
    }


def _moment(each: Moment) -> Json:
    return {
        "at": wire.iso(each.at),
        "gap_ms": each.gap_ms,
        "title": each.title,
        "detail": each.detail,
        "kind": each.kind,
    }


def _decision(each: Decision) -> Json:
    return {
        "account_id": each.account_id,
        "outcome": each.outcome.value,
        "at": wire.iso(each.at),
        "symbol": each.symbol,
        "held": wire.money(each.held),
        "wanted": wire.money(each.wanted),
        "code": each.code,
        "detail": each.detail,
        "steps": [_sentence(step) for step in each.steps],
        "legs": [
            {
                "name": leg.name,
                "symbol": leg.symbol or each.symbol,
                "side": leg.side.value,
                "quantity": decimal(leg.quantity),
                "order_type": leg.type.value,
                "role": leg.role.value,
            }
            for leg in each.legs
        ],
        "settings": dict(each.settings),
    }


def _order(each: OrderTrace) -> Json:
    return {
        **wire.order(each.order),
        "account_name": each.account_name,
        "history": [
            {
                "at": wire.iso(step.at),
                "event": step.event.value,
                "from": step.from_state.value,
                "to": step.to_state.value,
                "detail": step.detail,
            }
            for step in each.history
        ],
        "fills": list(_fills(each)),
    }


def _fills(each: OrderTrace) -> Iterator[Json]:
    for fill in each.fills:
        yield {
            "id": fill.venue_fill_id,
            "at": wire.iso(fill.at),
            "account_name": each.account_name,
            "symbol": fill.symbol,
            "side": fill.side.value,
            "quantity": decimal(fill.quantity),
            "price": decimal(fill.price),
            "fee": decimal(fill.commission),
        }


def _sentence(step: Step) -> str:
    """Return one sizing step in words; a reason that names its step says the numbers itself."""
    if step.name in step.reason:
        return _sentence_case(step.reason)
    before = "" if step.before is None else f" {decimal(step.before)} →"
    after = "" if step.after is None else f" {decimal(step.after)}"
    return f"{_sentence_case(_word(step.name))}{before}{after}: {step.reason}"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def meaning(intent: Intent | None) -> list[dict[str, str]]:
    """Return what the alert asked for, field by field; nothing when it could not be read."""
    if intent is None:
        return []
    said = {
        "Action": intent.action,
        "Symbol": intent.symbol,
        "Quantity": intent.quantity,
        "Quantity counts": intent.quantity_type,
        "Position wanted after it": intent.wanted,
        "Size wanted after it": intent.wanted_size,
        "Sender's position before it": intent.previous,
        "Sender's size before it": intent.previous_size,
        "Order type": intent.order_type,
        "Limit price": intent.limit_price,
        "Stop price": intent.stop_price,
        "Take profit": intent.take_profit,
        "Stop loss": intent.stop_loss,
        "Trailing stop": intent.trail,
        "Time in force": intent.time_in_force,
        "Price at the signal": intent.price,
        "Sent at": wire.when(intent.sent_at),
        "Account": intent.account,
        "Comment": intent.comment,
    }
    rows = [
        {"label": name, "value": _word(value)} for name, value in said.items() if value is not None
    ]
    return [*rows, {"label": "Test", "value": "yes"}] if intent.test else rows


def _word(value: object) -> str:
    return str(value).replace("_", " ")


def page(trace: Trace) -> Json:
    """Return the context of the alert's page."""
    shown = alert(trace)
    return {
        "alert": {
            **shown,
            "advice": trace.change,
            "source_ip": trace.alert.source_address,
            "took": _span(trace.total_ms) if trace.alert.finished_at else None,
        },
        "timeline": [
            {**_moment(each), "gap": None if each.gap_ms is None else f"+{_span(each.gap_ms)}"}
            for each in trace.moments
        ],
        "meaning": meaning(trace.intent),
        "sizing": [_sentence(step) for each in trace.decisions for step in each.steps],
        "orders": [_order_row(each) for each in trace.orders],
        "fills": [fill for each in trace.orders for fill in _fills(each)],
        "boot": {"alert_id": trace.alert.id},
    }


def _order_row(each: OrderTrace) -> Json:
    order = each.order
    price = order.limit_price if order.limit_price is not None else order.stop_price
    return {
        "id": order.id,
        "account_name": each.account_name,
        "symbol": order.symbol,
        "side": order.side.value,
        "quantity": decimal(order.quantity),
        "order_type": order.type.value,
        "price": wire.money(price),
        "role": order.role.value,
        "state": order.state.value,
        "filled": decimal(order.filled_quantity),
        "avg_price": wire.money(order.average_price),
        "reason": order.reason,
    }


def _span(milliseconds: float) -> str:
    if milliseconds < _SECOND_MS:
        return f"{milliseconds:.0f} ms"
    if milliseconds < _MINUTE_MS:
        return f"{milliseconds / _SECOND_MS:.1f} s"
    return f"{milliseconds / _MINUTE_MS:.0f} min"
