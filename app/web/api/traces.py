"""The trace of an alert, as JSON for programs and as the context of its page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.domain.alerts import Intent
from app.domain.decisions import Decision, Step
from app.domain.money import wire as decimal
from app.domain.refusals import Place, Setting
from app.services.tracing import Moment, OrderTrace, Slippage, Stage, Trace, slippage_of
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
        "setting": _setting(trace.setting),
        "help": wire.help_of(trace.code),
        "missed": trace.missed,
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
        "stages": [_stage(each) for each in trace.stages],
        "latency": {
            "sent_to_received_ms": trace.latency.sent_to_received,
            "received_to_accepted_ms": trace.latency.received_to_accepted,
            "received_to_filled_ms": trace.latency.received_to_filled,
        },
        "steps": [_moment(each) for each in trace.moments],
        "decisions": [_decision(each) for each in trace.decisions],
        "orders": [_order(each) for each in trace.orders],
        "log": [wire.log_entry(fact) for fact in trace.facts],
        "total_ms": trace.total_ms,
    }


def _setting(each: Setting | None) -> Json | None:
    if each is None:
        return None
    return {"place": each.place.value, "name": each.name, "label": each.label}


def _stage(each: Stage) -> Json:
    return {
        "name": each.name,
        "title": each.title,
        "at": wire.when(each.at),
        "ms": each.ms,
        "note": each.note,
    }


def _slippage(each: Slippage | None) -> Json | None:
    if each is None:
        return None
    return {
        "ticks": decimal(each.ticks),
        "money": decimal(each.money),
        "currency": each.currency,
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
        "signal_price": wire.money(each.order.signal_price),
        "slippage": _slippage(each.slippage),
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
    for booked in each.booked:
        fill = booked.fill
        yield {
            "id": fill.venue_fill_id,
            "at": wire.iso(fill.at),
            "account_name": each.account_name,
            "symbol": fill.symbol,
            "side": fill.side.value,
            "quantity": decimal(fill.quantity),
            "price": decimal(fill.price),
            "fee": decimal(fill.commission),
            "booked_at": wire.iso(booked.booked_at),
            "slippage": _slippage(slippage_of(each.order, [fill])),
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
            "setting_name": trace.setting.shown if trace.setting else None,
            "setting_url": _setting_url(trace),
            "source_ip": trace.alert.source_address,
            "took": _span(trace.total_ms) if trace.alert.finished_at else None,
        },
        "stages": [
            {**_stage(each), "span": None if each.ms is None else _span(each.ms)}
            for each in trace.stages
        ],
        "figures": list(_figures(trace)),
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


def _setting_url(trace: Trace) -> str | None:
    """The field of the strategy's page, or the page of the account's, that is to be changed."""
    setting = trace.setting
    if setting is None or setting.place in {Place.SERVER, Place.SWITCH}:
        return None
    if setting.place is Place.ACCOUNT:
        return "/accounts"
    return f"/strategies/{trace.strategy.id}#{_FIELDS.get(setting.name, setting.name)}"


#: Where a setting's field has another name on the page.
_FIELDS: Final = {
    "state": "state",
    "archived_at": "end-title",
    "allowed_side": "sides",
    "accounts": "accounts-title",
    "stop_loss": "guard-title",
}


def _figures(trace: Trace) -> Iterator[Json]:
    """The few numbers that people look for first: how long, and how much worse."""
    legs = trace.latency
    named = {
        "Sent to received": legs.sent_to_received,
        "Received to accepted": legs.received_to_accepted,
        "Received to filled": legs.received_to_filled,
    }
    for label, ms in named.items():
        if ms is not None:
            yield {"label": label, "value": _span(ms), "tone": None}
    for each in trace.orders:
        worse = each.slippage
        if worse is not None and not each.order.role.protective:
            named_order = f"Slippage, {each.account_name}" if len(trace.orders) > 1 else "Slippage"
            yield {"label": named_order, **_slip_words(worse)}


def _slip_words(worse: Slippage) -> dict[str, str]:
    """Slippage as people say it: "+1.5 ticks worse, 37.50 USD"."""
    if not worse.ticks:
        return {"value": "None", "tone": "flat"}
    ticks = decimal(round(abs(worse.ticks), 2).normalize())
    unit = "tick" if ticks == "1" else "ticks"
    word, tone = ("worse", "bad") if worse.ticks > 0 else ("better", "ok")
    return {
        "value": f"{ticks} {unit} {word}, {abs(worse.money):,.2f} {worse.currency}",
        "tone": tone,
    }


def _order_row(each: OrderTrace) -> Json:
    order = each.order
    worse = each.slippage
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
        "reason": "Asking the broker what became of it." if each.asking else order.reason,
        "code": order.reason_code,
        "help": wire.help_of(order.reason_code),
        "slippage": _slip_words(worse) if worse else None,
    }


def _span(milliseconds: float) -> str:
    """Return a time as people say it; one below zero is of clocks that differ."""
    if milliseconds < 0:
        return f"-{_span(-milliseconds)}"
    if milliseconds < _SECOND_MS:
        return f"{milliseconds:.0f} ms"
    if milliseconds < _MINUTE_MS:
        return f"{milliseconds / _SECOND_MS:.1f} s"
    return f"{milliseconds / _MINUTE_MS:.0f} min"
