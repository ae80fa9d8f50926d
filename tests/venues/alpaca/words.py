"""How Alpaca says things: numbers as strings, instants in UTC, and the bodies of its refusals."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.domain.money import wire

Json = dict[str, Any]

#: Codes of refusals: the status, two zeros or a detail, and four digits.
MALFORMED: Final = 40010000
BAD_FIELD: Final = 40010001
FORBIDDEN: Final = 40310000
PATTERN_DAY_TRADER: Final = 40310100
NOT_FOUND: Final = 40410000
UNPROCESSABLE: Final = 42210000
TOO_MANY: Final = 42910000

_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "alpaca.stand-in")


class ApiError(Exception):
    """A refusal as Alpaca answers it: a status and a body."""

    def __init__(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def refusal(status: int, code: int, message: str, **more: object) -> ApiError:
    """Make a refusal with its code and words."""
    return ApiError(status, {"code": code, "message": message, **more})


def bad_field(message: str) -> ApiError:
    """A field that is missing or cannot be read."""
    return refusal(422, BAD_FIELD, message)


def unprocessable(message: str) -> ApiError:
    """Fields that can be read and do not go together."""
    return refusal(422, UNPROCESSABLE, message)


def forbidden(message: str, **more: object) -> ApiError:
    """What the account may not do now."""
    return refusal(403, FORBIDDEN, message, **more)


def unauthorized() -> ApiError:
    """Keys that are not known; the body has no code."""
    return ApiError(401, {"message": "unauthorized"})


def forbidden_keys() -> ApiError:
    """Keys whose secret is wrong; the body has no code."""
    return ApiError(403, {"message": "forbidden."})


def nowhere() -> ApiError:
    """A path that is no endpoint."""
    return ApiError(404, {"message": "endpoint not found."})


def name_of(*parts: object) -> str:
    """A UUID that is the same for the same parts."""
    return str(uuid.uuid5(_NAMES, "|".join(map(str, parts))))


def stamp(at: datetime | None) -> str | None:
    """An instant as Alpaca writes it."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def said(value: Decimal | None) -> str | None:
    """A number as Alpaca writes it: a string, or null."""
    return None if value is None else wire(value)


def cents(value: Decimal) -> str:
    """Money to the cent."""
    return wire(round(value, 2))


def instant(text: str, field: str) -> datetime:
    """Read an instant or a date; raises ApiError."""
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise bad_field(f"invalid {field}: {text}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def number(value: object, field: str) -> Decimal | None:
    """Read a number that is a JSON number or string; None when it is absent; raises ApiError."""
    if value is None or value == "":
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise bad_field(f"{field} must be a number") from None
    if isinstance(value, bool) or not found.is_finite():
        raise bad_field(f"{field} must be a number")
    return found
