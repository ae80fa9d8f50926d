"""The pages of funded accounts: all of them, one of them, rule sets, news, keys of the add-on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.domain.accounts import Account
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.propfirm import News
from app.propfirm.keeping import kept_rules
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.funded import rule_form
from app.web.shapes import addon as addon_shapes
from app.web.shapes import funded as shapes

View = Callable[..., ResponseReturnValue]

PAGE: Final = "funded"
RULES: Final = "/funded/rules"
NEWS: Final = "/funded/news"


@guard(Guard.SESSION)
def show_all() -> str:
    """Show all funded accounts with what is left of their limits."""
    found = deps().funded.desk.states(me().id)
    under = {each.account.id for each in found}
    plain = [each for each in deps().accounts.list(me().id) if each.id not in under]
    boot = {"accounts": [shapes.state(each) for each in found]}
    return render_template("funded.html", page=PAGE, plain=plain, boot=boot)


@guard(Guard.SESSION)
def show(account_id: str) -> str:
    """Show one funded account, or the choice of rules for one that is under none yet."""
    account = deps().accounts.get(me().id, account_id)
    try:
        view = deps().funded.desk.state(me().id, account_id)
    except NotFound:
        return _choice(account)
    if view.rules is None:
        return _choice(account)
    pinned, others = deps().funded.desk.rules(me().id, account_id)
    return render_template(
        "funded_account.html",
        page=PAGE,
        account=account,
        rules=shapes.rule_set(pinned),
        versions=[shapes.version(each) for each in others],
        changes=[shapes.change(each) for each in deps().funded.desk.changes(me().id, account_id)],
        boot={"state": shapes.state(view)},
    )


def _choice(account: Account) -> str:
    sets = [shapes.rule_set(each) for each in deps().funded.rules.list(me().id)]
    boot = {"account": {"id": account.id, "name": account.name}, "rule_sets": sets}
    return render_template("funded_accept.html", page=PAGE, account=account, boot=boot)


@guard(Guard.SESSION)
def rule_sets() -> str:
    """List the rule sets by firm, with the accounts that are under each version."""
    used: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for each in deps().funded.desk.states(me().id):
        if each.rules is not None:
            used[each.rules.id, each.rules.version].append(each.account.name)
    firms: defaultdict[str, list[Mapping[str, object]]] = defaultdict(list)
    for kept in deps().funded.rules.list(me().id):
        rules = kept.rules
        row = {"rules": shapes.rule_set(kept), "used": used[rules.id, rules.version]}
        firms[rules.firm].append(row)
    ordered = sorted(firms.items(), key=lambda item: item[0].lower())
    return render_template("funded_rules.html", page=PAGE, firms=dict(ordered))


@guard(Guard.SESSION)
def edit(rule_set_id: str, version: str) -> str:
    """Show the form that makes a new version of a rule set."""
    rules = kept_rules(deps().funded.rules.get(me().id, rule_set_id, version).rules)
    today = deps().clock.now().astimezone(ZoneInfo(deps().settings.display_zone))
    form = {**rule_form.shown(rules), "version": f"{today:%Y-%m-%d}.own"}
    return _form(rules, form, {})


@guard(Guard.SESSION)
def make(rule_set_id: str, version: str) -> ResponseReturnValue:
    """Make the new version, or show again what was typed with what is wrong."""
    rules = kept_rules(deps().funded.rules.get(me().id, rule_set_id, version).rules)
    form = request.form.to_dict()
    try:
        made = deps().funded.rules.add(me().id, rule_form.typed(form)).rules
    except (InvalidInput, Conflict) as error:
        return _form(rules, form, rule_form.problems(error)), _status(error)
    flash(f"{made.id}, version {made.version}, is made. Accounts stay where they are pinned.")
    return redirect(RULES)


def _form(rules: Mapping[str, Any], form: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "funded_rules_edit.html", page=PAGE, rules=rules, form=form, errors=errors
    )


@guard(Guard.SESSION)
def news() -> str:
    """Show the list of news and the form for another one."""
    return _news({}, {})


@guard(Guard.SESSION)
def add_news() -> ResponseReturnValue:
    """Put news on the list, or show again what was typed with what is wrong."""
    form = request.form.to_dict()
    try:
        kept = deps().funded.changes.add_news(me().id, _read_news(form))
    except InvalidInput as error:
        return _news(form, error.fields or {"name": error.detail}), 422
    flash(f"{kept.news.name} is on the list.")
    return redirect(NEWS)


@guard(Guard.SESSION)
def delete_news(news_id: str) -> ResponseReturnValue:
    """Take news off the list."""
    deps().funded.changes.delete_news(me().id, news_id)
    flash("It is off the list.")
    return redirect(NEWS)


def _read_news(form: Mapping[str, str]) -> News:
    """Read the form: times are by the clock on the wall in the zone of the pages."""
    zone, times = ZoneInfo(deps().settings.display_zone), {}
    for name in ("start", "end"):
        try:
            times[name] = datetime.fromisoformat(form.get(name, "")).replace(tzinfo=zone)
        except ValueError:
            what = "must be a day and a time"
            raise InvalidInput(f"{name} {what}.", fields={name: what}) from None
    start, end = (times[name].astimezone(UTC) for name in ("start", "end"))
    return News(name=form.get("name", ""), start=start, end=end)


def _news(form: Mapping[str, str], errors: Mapping[str, str]) -> str:
    listed = [shapes.news(each) for each in deps().funded.changes.news(me().id)]
    zone = deps().settings.display_zone
    return render_template(
        "funded_news.html", page=PAGE, news=listed, form=form, errors=errors, zone=zone
    )


@guard(Guard.SESSION)
def keys() -> str:
    """Show the keys of add-ons, the newest first."""
    found = [addon_shapes.key(each) for each in reversed(deps().addon.keys.list(me().id))]
    boot = {"keys": found, "base_url": deps().settings.base_url}
    return render_template("funded_keys.html", page=PAGE, boot=boot)


def _status(error: InvalidInput | Conflict) -> int:
    return 409 if isinstance(error, Conflict) else 422


def install_pages(app: Flask) -> None:
    """Add the pages."""
    routes = Blueprint("funded", __name__)
    edited = f"{RULES}/<rule_set_id>/<version>/edit"
    views: dict[str, View] = {
        "/funded": show_all,
        "/funded/<account_id>": show,
        RULES: rule_sets,
        edited: edit,
        NEWS: news,
        "/funded/keys": keys,
    }
    for path, view in views.items():
        routes.add_url_rule(path, view_func=view)
    actions: dict[str, View] = {
        edited: make,
        NEWS: add_news,
        f"{NEWS}/<news_id>/delete": delete_news,
    }
    for path, action in actions.items():
        routes.add_url_rule(path, view_func=action, methods=["POST"])
    app.register_blueprint(routes)
