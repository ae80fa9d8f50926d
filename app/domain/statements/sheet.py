"""A CSV file as lines with named cells; the first thing that is wrong is told with its place."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.domain.statements.told import fault

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_LINES: Final = 200_000
LONGEST_CELL: Final = 2_000
MOST_COLUMNS: Final = 200

_DELIMITERS: Final = (",", ";", "\t")
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SPACES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Line:
    """One record: the line of the file that it begins on (from 1), and its cells."""

    number: int
    cells: Sequence[str]


def decode(data: bytes) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with its mark; raises InvalidInput."""
    if len(data) > MOST_BYTES:
        raise fault(1, None, "", f"the file is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    utf16 = data.startswith(_UTF16)
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = 1 if utf16 else _lines(before.decode("utf-8", "replace"))
        raise fault(line, None, "", "this is no text in UTF-8; save the file as UTF-8.") from None
    if (nul := text.find("\0")) >= 0:
        raise fault(_lines(text[:nul]), None, "", "a zero byte stands here; this is no CSV file.")
    return text


def _lines(before: str) -> int:
    """The number of the line that comes after ``before``."""
    return len(re.findall(r"\r\n|\r|\n", before)) + 1


def lines(text: str) -> Iterator[Line]:
    """Yield the records of a CSV file, its header first; raises InvalidInput at the first fault.

    Commas, semicolons or tabs are told apart by the header.  Empty lines are passed over; each
    other line must have as many cells as the header, or more when those are empty.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text), strict=True)
    header: Sequence[str] | None = None
    count, begins = 0, 1
    while (cells := _next(reader, begins, text)) is not None:
        here, begins = begins, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = cells
        count += 1
        _check(here, cells, header, count)
        yield Line(here, cells[: len(header)])


def delimiter(text: str) -> str:
    """Return what stands between the cells: a comma, a semicolon or a tab, as in the header."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    return max(_DELIMITERS, key=first.count)


def _next(reader: Iterator[list[str]], begins: int, text: str) -> list[str] | None:
    try:
        return next(reader)
    except StopIteration:
        return None
    except csv.Error as error:
        column, what = _broken_quote(text, begins, str(error))
        raise fault(begins, column, "", what) from None


def _broken_quote(text: str, begins: int, error: str) -> tuple[int, str]:
    """Find the cell at which a record that begins on this line cannot be read."""
    between = re.escape(delimiter(text))
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]
    at, column = starts[begins - 1], 1
    cell = re.compile(rf'(?:"(?:[^"]|"")*"|[^"\r\n{between}][^\r\n{between}]*)?{between}')
    while (found := cell.match(text, at)) and found.end() - at <= LONGEST_CELL:
        at, column = found.end(), column + 1
    if "end of data" in error:
        return column, "a quote is opened here and never closed."
    if "limit" in error:
        return column, f"a cell is longer than {LONGEST_CELL} letters."
    return column, "a quote stands in the middle of a cell; write it twice inside quotes."


def _check(number: int, cells: Sequence[str], header: Sequence[str], count: int) -> None:
    if count > MOST_LINES + 1:
        raise fault(number, None, "", f"the file has more than {MOST_LINES} lines; split it.")
    if len(header) > MOST_COLUMNS:
        raise fault(number, MOST_COLUMNS + 1, "", f"there are more than {MOST_COLUMNS} columns.")
    if len(cells) < len(header) or any(cells[len(header) :]):
        column = min(len(cells), len(header)) + 1
        raise fault(
            number, column, "", f"{len(cells)} cells stand under {len(header)} column names."
        )
    if len(max(cells, key=len)) > LONGEST_CELL:
        column = next(n for n, cell in enumerate(cells, 1) if len(cell) > LONGEST_CELL)
        raise fault(number, column, "", f"a cell is longer than {LONGEST_CELL} letters.")


def heading(name: str) -> str:
    """Return a column's name as names are compared: small letters, one space between words.

    An underscore at the beginning stays: Tradovate has both ``_timestamp`` and ``Timestamp``.
    """
    name = name.strip().lower()
    inner = name[1:].replace("_", " ")
    return _SPACES.sub(" ", name[:1] + inner)


def positions(header: Sequence[str]) -> Mapping[str, int]:
    """Return where each column is, by its name as names are compared; of two the first counts."""
    found: dict[str, int] = {}
    for number, name in enumerate(header):
        found.setdefault(heading(name), number)
    return found
