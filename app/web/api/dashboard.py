"""The figures of the dashboard as an API: summary and status."""

from __future__ import annotations

from apiflask import APIBlueprint

from app.services.reads import Scope
from app.web import wire
from app.web.api.listing import Strict, add
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.shapes.connections import mode_of, real_money
from app.web.wire import Json


class ScopeQuery(Strict):
    """A strategy, an account, both, or (without them) everything of the user."""

    strategy_id: str | None = None
    account_id: str | None = None

    @property
    def scope(self) -> Scope:
        """What the figures are about, for the user who asks."""
        return Scope(me().id, self.strategy_id or None, self.account_id or None)


class SummaryQuery(ScopeQuery):
    """One strategy, one account, or all; ``results=false`` leaves out the closed round trips."""

    results: bool = True


@guard(Guard.EITHER)
def summary(query: SummaryQuery) -> Json:
    """The user's figures now."""
    return figures(query.scope, with_results=query.results)


def figures(scope: Scope, *, with_results: bool = True) -> Json:
    """Return the summary, with what the closed round trips say unless not; raises NotFound."""
    web = deps()
    web.views.check(scope)
    now = web.recorder.summary(scope.user_id, scope.account_id, scope.strategy_id)
    told = {**wire.summary(now), "ts": wire.iso(now.at)}
    return {**told, **_results(scope)} if with_results else told


def _results(scope: Scope) -> Json:
    results = deps().measuring.results(scope)
    return {
        "win_rate": wire.money(results.win_rate),
        "profit_factor": wire.money(results.profit_factor),
        "trades": results.round_trips,
        "trades_net": wire.money(results.net),
    }


@guard(Guard.EITHER)
def status() -> Json:
    """What the server is doing: mode, trading state, workers."""
    web = deps()
    return {
        "version": web.settings.version,
        "mode": mode_of(real_money(me().id)),
        "trading_state": web.halts.state().value,
        "display_zone": web.settings.display_zone,
        "now": wire.iso(web.clock.now()),
        "draining": web.draining(),
        "role": web.ownership.role.value,
        "workers": wire.workers(web.health.report()),
    }


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/summary", summary, query=SummaryQuery)
    add(api, "GET", "/status", status)
