"""Deposits and payouts over the API."""

from __future__ import annotations

import pytest

from tests.support.world import World


def test_a_deposit_and_a_payout_are_listed_and_in_the_money_of_the_account(world: World) -> None:
    program, path = world.program(), f"/api/accounts/{world.account_id()}"
    before = program.get(f"{path}/figures").get_json()
    made = program.send("POST", f"{path}/cash-flows", {"kind": "deposit", "amount": "2500.50"})
    assert made.status_code == 201
    payout = {"kind": "payout", "amount": "500.50", "note": "rent"}
    assert program.send("POST", f"{path}/cash-flows", payout).get_json()["amount"] == "-500.5"
    listed = program.get(f"{path}/cash-flows").get_json()["items"]
    assert [(each["kind"], each["amount"], each["note"]) for each in listed] == [
        ("deposit", "2500.5", ""),
        ("payout", "-500.5", "rent"),
    ]
    after = program.get(f"{path}/figures").get_json()
    assert (before["cash"], after["cash"]) == ("100000", "102000")
    assert after["realised"] == before["realised"] == "0"
    assert program.get(path).get_json()["deposited"] == "2000"
    table = program.get(f"{path}/cash-flows.csv").get_data(as_text=True)
    assert table.splitlines()[0].startswith("id,at,kind,amount")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "gift", "amount": "1"}, "kind"),
        ({"kind": "deposit", "amount": "much"}, "amount"),
        ({"kind": "deposit", "amount": "0"}, "amount"),
        ({"kind": "payout", "amount": "100001"}, "amount"),
        ({"kind": "deposit", "amount": "1", "at": "yesterday"}, "at"),
        ({"kind": "deposit", "amount": "1", "at": "2999-01-01T00:00:00Z"}, "at"),
        ({"kind": "deposit", "amount": "1", "note": "x" * 201}, "note"),
        ({"kind": "deposit"}, "amount"),
    ],
)
def test_a_wrong_cash_flow_is_refused_beside_its_field(
    still_world: World, body: dict[str, str], field: str
) -> None:
    program = still_world.program()
    path = f"/api/accounts/{still_world.account_id()}/cash-flows"
    answer = program.send("POST", path, body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.get_json()["fields"]] == [field]
