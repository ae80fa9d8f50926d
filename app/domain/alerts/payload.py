"""From raw bytes to named fields: JSON, or ``name=value`` text; the content type is not trusted.

Numbers stay the text that was sent, so nothing is rounded on the way in.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.alerts.repair import diagnose
from app.domain.errors import InvalidInput

DEEPEST: Final = 20

#: The codes of a message that could not be read at all; all others name a field that was read.
UNREADABLE: Final = frozenset(
    {
        "EMPTY_BODY",
        "NOT_UTF8",
        "CONTROL_CHARACTER",
        "BAD_JSON",
        "NOT_AN_OBJECT",
        "TOO_DEEP",
        "DUPLICATE_FIELD",
        "NO_FIELDS",
        "UNRESOLVED_PLACEHOLDER",
    }
)

_BOM: Final = b"\xef\xbb\xbf"
_NAME: Final = re.compile(r"(?:^|[;,\s])([A-Za-z_]\w{0,63})\s*=", re.ASCII)
_CONTROL: Final = re.compile("[\x00\ud800-\udfff]")


class Form(StrEnum):
    """How the fields were written."""

    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Payload:
    """The fields of one message; values are text, true or false, None, lists and objects."""

    fields: dict[str, object]
    form: Form

    @property
    def digest(self) -> str:
        """SHA-256 of the fields, in hexadecimal; white space and order do not count."""
        return _sha256(json.dumps(self.fields, sort_keys=True, separators=(",", ":")).encode())


def parse(body: bytes) -> Payload:
    """Return the fields of ``body``.

    Raises InvalidInput with one of the codes in UNREADABLE; where the place is known, its
    ``fields`` hold ``line`` and ``column``, and ``corrected`` where the repair is known.
    """
    text = _decode(body)
    if text.lstrip()[0] not in '{["':
        return Payload(_from_text(text.strip()), Form.TEXT)
    fields = _from_json(text)
    if "\\u" in text:
        _check_characters("".join(_texts(fields)))
    return Payload(fields, Form.JSON)


def body_hash(body: bytes) -> str:
    """Return the hash of what ``body`` says, or of its bytes when it cannot be read."""
    try:
        return parse(body).digest
    except InvalidInput:
        return _sha256(body)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _decode(body: bytes) -> str:
    try:
        text = body.removeprefix(_BOM).decode()
    except UnicodeDecodeError as fault:
        raise InvalidInput(
            f"The message is not UTF-8: byte {fault.start + 1} cannot be read. Send UTF-8 text.",
            code="NOT_UTF8",
        ) from None
    if not text.strip():
        raise InvalidInput("The message is empty. Paste the strategy's message.", code="EMPTY_BODY")
    if "\x00" in text:
        _check_characters(text)
    return text


def _check_characters(text: str) -> None:
    if found := _CONTROL.search(text):
        raise InvalidInput(
            f"The message holds the character U+{ord(found[0]):04X}, which is no text. Remove it.",
            code="CONTROL_CHARACTER",
        )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from _texts(part)


def _from_json(text: str) -> dict[str, object]:
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as fault:
        raise diagnose(text, fault) from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(value, dict):
        raise InvalidInput(
            "The message is JSON but no object: it must begin with { and end with }.",
            code="NOT_AN_OBJECT",
        )
    _check_depth(value.values())
    return value


def _check_depth(values: Iterable[object], depth: int = 2) -> None:
    for value in values:
        if isinstance(value, dict | list):
            if depth > DEEPEST:
                raise _too_deep()
            _check_depth(value.values() if isinstance(value, dict) else value, depth + 1)


def _too_deep() -> InvalidInput:
    return InvalidInput(
        f"The message is nested deeper than {DEEPEST} levels. Send plain fields.", code="TOO_DEEP"
    )


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        [(repeated, _)] = Counter(name for name, _ in pairs).most_common(1)
        name = ascii(repeated[:40])
        raise InvalidInput(
            f"The field {name} is there twice. Keep one of them.",
            code="DUPLICATE_FIELD",
            fields={name.strip("'"): "is there twice"},
        )
    return fields


#: NaN and infinities stay words: a field that must be a number refuses them by its own name.
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=str, parse_int=str, parse_constant=str
)


def _from_text(text: str) -> dict[str, object]:
    found = list(_NAME.finditer(text))
    if not found or found[0].start():
        raise InvalidInput(
            "The message is neither JSON nor name=value text. Paste the strategy's message, or"
            " write it like: symbol=ES action=buy quantity=1",
            code="NO_FIELDS",
            fields={"line": "1", "column": "1"},
        )
    ends = [match.start() for match in found[1:]] + [len(text)]
    pairs = zip(found, ends, strict=True)
    return _unique([(match[1], _unquoted(text[match.end() : end])) for match, end in pairs])


def _unquoted(text: str) -> str:
    value = text.strip(" \t\r\n;,")
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
