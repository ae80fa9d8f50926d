"""A venue's words never break a page: short, printable, without markup."""

from __future__ import annotations

import pytest

from app.brokers.net.text import LONGEST, clean


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Market is closed.", "Market is closed."),
        ("  two\r\n\tlines ", "two lines"),
        ("<h1>Bad <b>gateway</b></h1>", "Bad gateway"),
        ("<script>alert(1)</script>No.", "No."),
        ("<style>x{}</style><!-- hidden -->No.", "No."),
        ("5 &lt; 6 &amp; 7", "5 < 6 & 7"),
        ("\x00\x1b[31mred\u202e", "[31mred"),
        (b"caf\xc3\xa9 \xff\xfe", "caf\u00e9 \ufffd\ufffd"),
        ("", ""),
        ("<html", ""),
    ],
)
def test_what_a_venue_says_is_made_fit_for_a_page(said: str | bytes, kept: str) -> None:
    assert clean(said) == kept


def test_a_long_text_is_cut_and_says_so() -> None:
    cut = clean("word " * 1_000_000)
    assert len(cut) == LONGEST
    assert cut.endswith("\u2026")


def test_markup_that_hides_in_entities_is_shown_as_the_text_that_it_is() -> None:
    # Pages escape what they show; here it only must not grow or turn unprintable.
    assert clean("&lt;script&gt;") == "<script>"
