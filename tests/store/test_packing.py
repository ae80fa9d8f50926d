"""Rolled spans in bytes: every one comes back as it was, and a minute's takes few."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.equity import Summary
from app.domain.errors import InvariantBroken
from app.services.history.outlines import outline as outlined
from app.services.history.rolling import Curve, joined, minutes
from app.services.ports import Level, Rolled, Sample
from app.store.packing import last_of, outline, pack, unpack

AT = 1_772_485_200
money = st.decimals(
    min_value=Decimal("-1e15"), max_value=Decimal("1e15"), places=8, allow_nan=False
) | st.integers(-300, 300).map(Decimal)
values = st.lists(st.none() | money, min_size=1, max_size=60)


def back(span: Rolled) -> Rolled:
    return unpack(span.series_id, span.level, span.at, span.until - span.at, pack(span))


def rolled(pnl: list[Decimal | None], step: int = 1, base: Decimal = Decimal(0)) -> list[Rolled]:
    samples = [Sample(1, AT + n * step, Decimal(0), each) for n, each in enumerate(pnl)]
    return minutes(Curve(1, base), samples, AT, AT + 86400)


@given(values, st.sampled_from([1, 7, 60, 3599]), money)
def test_every_span_comes_back_as_it_was(
    pnl: list[Decimal | None], step: int, base: Decimal
) -> None:
    parts = rolled(pnl, step, base)
    for span in [*parts, joined(Level.DAY, AT, AT + 86400 * 3, parts)]:
        assert back(span) == span
        last = last_of(span.at, pack(span))
        if span.summary is None or last is None:
            assert (span.summary, last) == (None, None)
        else:
            assert (last.at, last.open) == (int(span.summary.last.at.timestamp()), span.open)


def test_a_minute_of_a_moving_curve_takes_few_bytes() -> None:
    walk = [Decimal((n * 7919) % 2000 - 1000) / 4 for n in range(60)]
    (span,) = rolled(list(walk), base=Decimal(100000))
    assert len(pack(span)) <= 40
    (quiet,) = rolled([Decimal("12.5")] * 60, base=Decimal(100000))
    assert len(pack(quiet)) <= 20


def known() -> tuple[Rolled, Summary]:
    (span,) = rolled([Decimal(1), Decimal(2)])
    assert span.summary is not None
    return span, span.summary


def test_parts_of_a_second_are_refused() -> None:
    span, summary = known()
    late = summary.last.at + timedelta(milliseconds=1)
    with pytest.raises(InvariantBroken, match="by the second"):
        pack(replace(span, summary=replace(summary, high_until=late)))


def test_a_known_span_without_an_open_pnl_is_refused() -> None:
    span, _ = known()
    with pytest.raises(InvariantBroken, match="open P&L is not"):
        pack(replace(span, open=None))


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x01", b"\x91\xa1x", b"\x95\x02\x01\x01\x90\x01"])
def test_bytes_that_are_damaged_are_refused(data: bytes) -> None:
    with pytest.raises(InvariantBroken, match=r"curve 7 came to from .* cannot be read"):
        unpack(7, Level.MINUTE, AT, 60, data)


@given(values, st.sampled_from([1, 7, 60, 3599]), money)
def test_what_a_chart_draws_is_read_without_the_rest(
    pnl: list[Decimal | None], step: int, base: Decimal
) -> None:
    parts = rolled(pnl, step, base)
    for span in [*parts, joined(Level.DAY, AT, AT + 86400 * 3, parts)]:
        assert outline(span.at, span.until - span.at, pack(span)) == outlined(span)
