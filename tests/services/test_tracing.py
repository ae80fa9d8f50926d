"""What an alert asks for, in words."""

from __future__ import annotations

import pytest

from app.services.tracing import summary


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"symbol":"ES1!","action":"buy","quantity":"2"}', "buy 2 ES1!"),
        (
            b'{"ticker":"NQ","action":"sell","qty":"2","sentiment":"long","market_position_size":1}',
            "sell 2 NQ, then long 1",
        ),
        (b'{"symbol":"NQ","action":"sell","market_position":"flat"}', "sell NQ, then flat"),
        (b'{"action":"exit"}', "exit"),
        (b"buy now please", "Unreadable message"),
        (b"", "Unreadable message"),
    ],
)
def test_an_alert_is_told_in_words(body: bytes, words: str) -> None:
    assert summary(body) == words
