"""Two people in two browsers see nothing of each other."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browsing import Desk, visit
from tests.support.trader import House


def test_two_people_see_nothing_of_each_other(desk: Desk, house: House) -> None:
    desk.expected.append("status of 404")
    ann, bob = house.trader(), house.trader()
    hers, his = ann.strategy("Her secret"), bob.strategy("His own", "NQ")
    left, right = desk.of(ann, "/dashboard"), desk.of(bob, "/dashboard")
    alert = ann.fill(hers, "buy", "2", "5000")
    ann.quote("ES", "5001")
    bob.fill(his, "buy", "1", "20000")
    expect(left.locator("#positions")).to_contain_text("+$100.00")
    # His page has heard of his fill, so it would have heard of hers, which came before.
    expect(right.locator("#activity")).to_contain_text("bought 1 NQ")
    for path in ("/dashboard", "/control", "/strategies", "/alerts"):
        visit(right, path)
        expect(right.locator("main")).to_contain_text("His own")
        assert "Her secret" not in right.content()
        assert (
            "ESZ" not in right.locator("#positions").or_(right.locator("main")).first.inner_text()
        )
    for path in (f"/strategies/{hers.id}", f"/alerts/{alert}"):
        right.goto(path)
        expect(right.get_by_text("Error 404").first).to_be_visible()
        assert "Her secret" not in right.content()
    right.goto("/dashboard")
    expect(right.locator("[data-kpi=today]")).to_have_text("$0.00")
    expect(left.locator("[data-kpi=today]")).to_have_text("+$100.00")
    expect(left.locator("#activity")).not_to_contain_text("NQ")
