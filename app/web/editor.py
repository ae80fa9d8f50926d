"""The form of a strategy: what was stored or typed, what is wrong with it, and what it saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.domain.alerts import heartbeat, message
from app.domain.errors import Conflict, InvalidInput
from app.domain.events import Level
from app.domain.money import parse, wire
from app.domain.safety.switches import Scope
from app.domain.settings import AccountLink, StrategySettings, from_text, to_text
from app.domain.strategies import Strategy
from app.services.reads import Paging, Span
from app.services.tracing import summary
from app.web import wire as payload
from app.web.api.accounts import shown as account_shown
from app.web.api.safety import stop_on
from app.web.api.strategies import source, webhook_url
from app.web.auth import Guard, guard, me
from app.web.deps import deps

RECENT: Final = 10
#: The form names an offset's value by the offset itself.
OFFSETS: Final = ("take_profit", "stop_loss", "trail")
#: So long a missed alert is shown on the strategy's page.
_MISSED_SHOWN: Final = timedelta(days=1)
_OVERLAPS_H: Final = {"0": 0, "1": 1, "24": 24, "168": 168}

Form = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Typed:
    """A form that could be read."""

    name: str
    symbol: str
    settings: StrategySettings
    accounts: list[AccountLink]


@guard(Guard.SESSION)
def new() -> ResponseReturnValue:
    """Show the form of a new strategy."""
    return _page_new(_stored(StrategySettings()), {})


@guard(Guard.SESSION)
def create() -> ResponseReturnValue:
    """Make a strategy of the form, or show again what was typed with what is wrong."""
    try:
        typed = _read(request.form)
        made, _ = deps().strategies.create(
            me().id, typed.name, typed.symbol, typed.settings, typed.accounts
        )
    except (InvalidInput, Conflict) as error:
        return _page_new(_typed(request.form), _errors(error)), _status(error)
    flash(f"{made.name} is created. Paste its address and message into TradingView.")
    _flash_remark(made)
    return redirect(f"/strategies/{made.id}")


@guard(Guard.SESSION)
def show(strategy_id: str) -> ResponseReturnValue:
    """Show one strategy: its form, its webhook, what it holds and its last alerts."""
    strategy = deps().strategies.get(me().id, strategy_id)
    return _page(strategy, _form_of(strategy), {})


@guard(Guard.SESSION)
def save(strategy_id: str) -> ResponseReturnValue:
    """Save the form, or show again what was typed with what is wrong."""
    strategy = deps().strategies.get(me().id, strategy_id)
    try:
        typed = _read(request.form)
        saved = deps().strategies.update(
            me().id,
            strategy_id,
            name=typed.name,
            symbol=typed.symbol,
            settings=typed.settings,
            accounts=typed.accounts,
        )
    except (InvalidInput, Conflict) as error:
        return _page(strategy, _typed(request.form), _errors(error)), _status(error)
    flash(f"{saved.name} is saved. The next alert uses the new settings.")
    _flash_remark(saved)
    return redirect(f"/strategies/{strategy_id}")


@guard(Guard.SESSION)
def rotate(strategy_id: str) -> ResponseReturnValue:
    """Make a new webhook key."""
    hours = _OVERLAPS_H.get(request.form.get("overlap_hours", ""))
    if hours is None:
        raise InvalidInput("Choose how long the old address works.", fields={"overlap_hours": "?"})
    deps().strategies.rotate_key(me().id, strategy_id, timedelta(hours=hours))
    flash("There is a new address. Put it into every alert in TradingView.")
    return redirect(f"/strategies/{strategy_id}")


@guard(Guard.SESSION)
def archive(strategy_id: str) -> ResponseReturnValue:
    """Put the strategy away; one that still holds something stays, and the page says why."""
    try:
        deps().strategies.archive(me().id, strategy_id)
    except Conflict as error:
        flash(error.detail, "error")
        return redirect(f"/strategies/{strategy_id}")
    flash("The strategy is archived.")
    return redirect("/strategies")


@guard(Guard.SESSION)
def restore(strategy_id: str) -> ResponseReturnValue:
    """Take the strategy back out of the archive."""
    deps().strategies.restore(me().id, strategy_id)
    flash("The strategy is back, switched off.")
    return redirect(f"/strategies/{strategy_id}")


def _flash_remark(strategy: Strategy) -> None:
    """Say what its venues left to be said of its symbol."""
    remark = deps().strategies.remark(strategy)
    if remark is not None:
        flash(remark, "warn")


def _page_new(form: Form, errors: Mapping[str, str]) -> str:
    accounts = _traded()
    if not errors and len(accounts) == 1:
        form = {**form, "accounts": [accounts[0]["id"]]}
    return render_template(
        "strategy_new.html", page="strategies", form=form, errors=errors, accounts=accounts
    )


def _page(strategy: Strategy, form: Form, errors: Mapping[str, str]) -> str:
    web, user = deps(), me()
    held = web.recorder.positions(user.id, strategy.id)
    lines = {line.strategy_id: line for line in web.recorder.strategy_lines(user.id)}
    line = lines.get(strategy.id)
    page = web.reads.alerts(
        user.id, Paging(page_size=RECENT), strategy_id=strategy.id, heartbeats=False
    )
    return render_template(
        "strategy.html",
        page="strategies",
        strategy={
            "id": strategy.id,
            "name": strategy.name,
            "symbol": strategy.symbol,
            "state": strategy.state.value,
            "trading_state": payload.trading_state(stop_on(Scope.STRATEGY, strategy.id)),
            "archived": strategy.archived_at is not None,
        },
        webhook=_webhook(strategy),
        positions=[payload.position(each) for each in held],
        pnl={
            "total": line.pnl if line else Decimal(0),
            "open": line.open_pnl if line else Decimal(0),
            "drawdown": line.drawdown if line else Decimal(0),
        },
        source=source(strategy.id),
        missed=_missed(strategy),
        alerts=[payload.alert(row, summary(row.body)) for row in page.rows],
        form=form,
        errors=errors,
        accounts=_traded(),
    )


def _traded() -> list[payload.Json]:
    """The accounts that strategies may trade on: those that are only watched are not among them."""
    found = deps().accounts.list(me().id)
    return [account_shown(each) for each in found if not each.watched]


def _missed(strategy: Strategy) -> payload.Json | None:
    """The newest alert of the last day that never came; None when there is none."""
    span = Span(start=deps().clock.now() - _MISSED_SHOWN)
    levels = [Level.ERROR.value]
    found = deps().reads.log(
        me().id, limit=1, levels=levels, strategy_id=strategy.id, q="ALERT_MISSED", span=span
    )
    return payload.log_entry(found[0]) if found else None


def _webhook(strategy: Strategy) -> dict[str, object]:
    web, user = deps(), me()
    keys = web.strategies.keys(user.id, strategy.id)
    uses = web.reads.key_uses(user.id, strategy.id).values()
    last = max(uses, key=lambda use: use.at, default=None)
    now = web.clock.now()
    old = [key.expires_at for key in keys[1:] if key.expires_at and key.expires_at > now]
    return {
        "url": webhook_url(web.strategies.webhook_key(user.id, strategy.id)),
        "message": message(strategy.symbol),
        "heartbeat": heartbeat(),
        "key_created_at": payload.iso(keys[0].created_at),
        "last_used_at": payload.when(last.at) if last else None,
        "last_used_ip": last.address if last else None,
        "previous_until": payload.when(max(old, default=None)),
    }


def _stored(settings: StrategySettings) -> Form:
    """The settings as the form's fields."""
    fields = to_text(settings)
    for name in OFFSETS:
        fields[name] = fields.pop(f"{name}_value")
    return {**fields, "accounts": []}


def _form_of(strategy: Strategy) -> Form:
    form = {**_stored(strategy.settings), "name": strategy.name, "symbol": strategy.symbol}
    form["accounts"] = [link.account_id for link in strategy.accounts]
    for link in strategy.accounts:
        form[f"factor-{link.account_id}"] = wire(link.quantity_factor)
        limit = link.max_position
        form[f"max_position-{link.account_id}"] = "" if limit is None else wire(limit)
    return form


def _typed(form: MultiDict[str, str]) -> Form:
    return {**form.to_dict(), "accounts": form.getlist("accounts")}


def _read(form: MultiDict[str, str]) -> Typed:
    """Read the whole form; raises InvalidInput naming every field that cannot be read."""
    fields = form.to_dict()
    for name in OFFSETS:
        fields[f"{name}_value"] = fields.pop(name, "")
    wrong: dict[str, str] = {}
    settings = StrategySettings()
    try:
        settings = from_text(fields)
    except InvalidInput as error:
        wrong.update(error.fields)
    links = [_link(form, account_id, wrong) for account_id in form.getlist("accounts")]
    if wrong:
        raise InvalidInput("Some fields cannot be read.", fields=wrong)
    return Typed(fields.get("name", ""), fields.get("symbol", ""), settings, links)


def _link(form: MultiDict[str, str], account_id: str, wrong: dict[str, str]) -> AccountLink:
    def number(field: str) -> Decimal | None:
        text = form.get(field, "").strip()
        try:
            return parse(text, "This") if text else None
        except InvalidInput as error:
            wrong[field] = error.detail
            return None

    factor = number(f"factor-{account_id}")
    limit = number(f"max_position-{account_id}")
    return AccountLink(account_id, Decimal(1) if factor is None else factor, limit)


def _errors(error: InvalidInput | Conflict) -> dict[str, str]:
    """What is wrong by the form's fields; what belongs to none of them is said above the form."""
    if isinstance(error, Conflict):
        return {"name": error.detail}
    named = {name.removesuffix("_value"): problem for name, problem in error.fields.items()}
    return named or {"form": error.detail}


def _status(error: InvalidInput | Conflict) -> int:
    return 409 if isinstance(error, Conflict) else 422
