"""Channels of notices from the command line: listed, and tried by the real courier."""

from __future__ import annotations

from app.bootstrap import ROOT
from app.bootstrap.notices import make_notices
from app.commands.parts.opening import opened
from app.config import Settings
from app.domain.notices import Category
from app.services.notices import Wish
from tests.cli.conftest import Shell
from tests.support.listening import SECRET, listening


def test_a_channel_is_listed_and_tried(ready: Shell) -> None:
    assert ready.ok("notify").startswith("There are no channels")
    with listening() as service:
        with opened(Settings(_env_file=None, data_dir=ready.data_dir, database_url=None)) as made:
            notices = make_notices(made, ROOT)
            wish = Wish("Phone", service.address, [Category.FILL])
            notices.desk.add(made.users.by_name("ann").id, wish)
            notices.courier.close()
        assert ready.json("notify")[0]["address"] == "json://…"
        assert ready.ok("notify", "--test", "Phone") == "JSON took it. See that it arrived.\n"
        service.status = 500
        refused = ready.run("notify", "--test", "Phone")
        assert refused.exit_code == 1
        assert "error=500" in refused.output
        assert SECRET not in refused.output
        assert len(service.taken) == 1
    assert ready.run("notify", "--test", "Desk").exit_code == 1
