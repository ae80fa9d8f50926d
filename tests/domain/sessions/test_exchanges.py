from __future__ import annotations

from datetime import date, time

import pytest

from app.domain.errors import InvalidInput
from app.domain.sessions import exchange
from scripts import holidays


# What the library itself is warned of is not ours.
@pytest.mark.filterwarnings("ignore:Series.values:DeprecationWarning")
def test_the_dates_are_those_of_the_calendar_library() -> None:
    written = holidays.TARGET.read_text(encoding="utf-8")
    assert written == holidays.text(), "run `make format`"


def test_an_exchange_knows_its_closed_weekdays_and_its_half_days() -> None:
    new_york = exchange("XNYS")
    assert new_york.closed_on(date(2026, 7, 3))
    assert new_york.closed_on(date(2001, 9, 11))
    assert not new_york.closed_on(date(2026, 7, 2))
    assert new_york.closes(date(2026, 11, 27)) == time(13)
    assert new_york.closes(date(2026, 11, 25)) == time(16)


def test_of_an_unknown_exchange_nothing_is_guessed() -> None:
    with pytest.raises(InvalidInput, match="write CMES or XNYS") as refused:
        exchange("XLON")
    assert refused.value.fields == {"exchange": "write CMES or XNYS"}
