"""Where broken JSON is broken, in words, and the message as it should have been written.

This runs only after a message could not be read, so it may take its time; long messages get the
place and no repair.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from app.domain.errors import InvalidInput

_LONGEST: Final = 4_000

_TOKEN: Final = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<string>"(?:[^"\\]|\\.)*+(?:"|\Z))
    | (?P<single>'(?:[^'\\]|\\.)*+(?:'|\Z))
    | (?P<curly>[\u201c\u201d\u201e][^\u201c\u201d\u201e]*[\u201c\u201d])
    | (?P<placeholder>\{\{\s*[A-Za-z_][\w.]*\s*+\}{0,2})
    | (?P<comma>,(?=\s*+[}\]]))
    | (?P<mark>[{}\[\],:])
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?=[\s,}\]]|\Z))
    | (?P<word>[^\s,:{}\[\]"']+(?:[ \t]+[^\s,:{}\[\]"']+)*+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_STRAY: Final = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
_LITERALS: Final = frozenset({"true", "false", "null", "NaN", "Infinity", "-Infinity"})
_PYTHON: Final = {"True": "true", "False": "false", "None": "null"}
_BREAKS: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

#: What the decoder says, in words that tell what to change.
_SENTENCES: Final = {
    "Expecting ',' delimiter": (
        'a comma or a closing bracket is missing, or a quote inside a text is not written as \\"'
    ),
    "Expecting ':' delimiter": "a colon is missing after the name of a field",
    "Expecting property name enclosed in double quotes": "the name of a field in double quotes"
    " is missing",
    "Expecting value": "a value is missing",
    "Extra data": "something follows after the end of the message",
    "Unterminated string starting at": "the text that starts here has no closing quote",
    "Invalid control character at": "a text must not hold a line break or a tab; write \\n or \\t",
}


@dataclass(frozen=True, slots=True)
class _Piece:
    """One token as it should be written, and what was wrong with it (None: nothing)."""

    text: str
    wrong: str | None = None


def diagnose(text: str, fault: json.JSONDecodeError) -> InvalidInput:
    """Return the failure that says where ``text`` is broken and, if it can be told, the repair.

    The code is BAD_JSON, or UNRESOLVED_PLACEHOLDER when a placeholder was left as it was;
    ``fields`` holds ``line`` and ``column`` (from 1) and, where known, ``corrected``.
    """
    tokens = list(_TOKEN.finditer(text)) if len(text) <= _LONGEST else []
    for token in tokens:
        if token.lastgroup == "placeholder":
            return _unresolved(text, token)
    pieces = [(token.start(), _mend(token)) for token in tokens]
    corrected = _valid("".join(piece.text for _, piece in pieces))
    if corrected is None:
        return _broken(text, fault.pos, _SENTENCES.get(fault.msg, fault.msg.lower()))
    place, wrong = next((place, piece.wrong) for place, piece in pieces if piece.wrong)
    return _broken(text, place, wrong, corrected)


def _mend(match: re.Match[str]) -> _Piece:
    token = match[0]
    match match.lastgroup:
        case "string":
            return _mend_string(token)
        case "single":
            content = token[1:-1].replace("\\'", "'")
            return _Piece(json.dumps(content, ensure_ascii=False), "single quotes; use double ones")
        case "curly":
            return _Piece(json.dumps(token[1:-1], ensure_ascii=False), 'curly quotes; use "')
        case "comma":
            return _Piece("", "a comma stands before the closing bracket; remove it")
        case "word":
            return _mend_word(token)
    return _Piece(token)


def _mend_string(token: str) -> _Piece:
    without = _STRAY.sub("", token)
    if without != token:
        return _Piece(without, "a stray backslash; remove it")
    escaped = "".join(_BREAKS.get(character, character) for character in token)
    return _Piece(escaped, _SENTENCES["Invalid control character at"] if escaped != token else None)


def _mend_word(token: str) -> _Piece:
    if token in _LITERALS:
        return _Piece(token)
    if token in _PYTHON:
        return _Piece(_PYTHON[token], f"{token} is written {_PYTHON[token]} in JSON")
    quoted = json.dumps(token.replace("\\", ""), ensure_ascii=False)
    return _Piece(quoted, f"the word {token[:40]} needs double quotes")


def _valid(text: str) -> str | None:
    try:
        return text if isinstance(json.loads(text), dict) else None
    except (ValueError, RecursionError):
        return None


def _unresolved(text: str, placeholder: re.Match[str]) -> InvalidInput:
    line, column = _position(text, placeholder.start())
    return InvalidInput(
        f"The placeholder {placeholder[0][:60]} at line {line}, column {column} was not filled in."
        " Use it only where TradingView knows it, or remove the field.",
        code="UNRESOLVED_PLACEHOLDER",
        fields={"line": str(line), "column": str(column)},
    )


def _broken(text: str, place: int, sentence: str, corrected: str | None = None) -> InvalidInput:
    line, column = _position(text, place)
    detail = f"The message is not valid JSON at line {line}, column {column}: {sentence}."
    fields = {"line": str(line), "column": str(column)}
    if corrected is not None:
        detail += f" Write: {corrected}"
        fields["corrected"] = corrected
    return InvalidInput(detail, code="BAD_JSON", fields=fields)


def _position(text: str, place: int) -> tuple[int, int]:
    before = text[:place]
    return before.count("\n") + 1, place - (before.rfind("\n") + 1) + 1
