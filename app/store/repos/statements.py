"""Repository of imported statements, and of our fills with the ids that venues know them by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from app.domain.errors import NotFound
from app.domain.statements import OurFill, Statement, StatementState, Told
from app.services.ports.statements import FillsWanted
from app.store.records import Record, Repo, insert_or_skip
from app.store.repos.orders import FILL
from app.store.tables.people import ACCOUNTS
from app.store.tables.statements import STATEMENT_LINES, STATEMENT_ROWS, STATEMENTS
from app.store.tables.trading import FILLS, ORDERS
from app.store.types import Instant, Words

STATEMENT: Final = Record(Statement, STATEMENTS)

_s, _r, _l, _f, _o = STATEMENTS.c, STATEMENT_ROWS.c, STATEMENT_LINES.c, FILLS.c, ORDERS.c

_BEGIN: Final = insert_or_skip(STATEMENTS, "account_id", "scope", "content_hash")
_FINISH: Final = (
    update(STATEMENTS)
    .where(_s.id == bindparam("of"))
    .values({c.name: bindparam(f"new_{c.name}") for c in STATEMENTS.c if c.name != "id"})
)
_GET: Final = select(*STATEMENT.columns).where(_s.id == bindparam("id"))
_SAME: Final = select(*STATEMENT.columns).where(
    _s.account_id == bindparam("account_id"),
    _s.scope == bindparam("scope"),
    _s.content_hash == bindparam("content_hash"),
)
_OF_USER: Final = (
    select(*STATEMENT.columns)
    .join_from(STATEMENTS, ACCOUNTS, ACCOUNTS.c.id == _s.account_id)
    .where(ACCOUNTS.c.user_id == bindparam("user_id"), _s.state == StatementState.READY)
    .order_by(_s.imported_at.desc(), _s.id.desc())
)
_UNFINISHED: Final = (
    select(*STATEMENT.columns).where(_s.state != StatementState.READY).order_by(_s.id)
)
_ADD_ROW: Final = insert_or_skip(STATEMENT_ROWS, "account_id", "shelf", "key")
_ADD_LINE: Final = insert(STATEMENT_LINES)

#: The fields of an execution in the order of their columns; the line belongs to the file.
_TOLD: Final = (
    "symbol",
    "side",
    "quantity",
    "price",
    "at",
    "fee",
    "fill_id",
    "order_id",
    "client_id",
    "group",
    "label",
)
_EXECUTIONS: Final = (
    select(_l.key, _l.line, *(_r[name] for name in _TOLD))
    .join_from(STATEMENT_LINES, STATEMENT_ROWS, STATEMENT_ROWS.c.key == _l.key)
    .where(
        _l.statement_id == bindparam("statement_id"),
        _l.position >= bindparam("start"),
        _l.position < bindparam("end"),
        _r.account_id == bindparam("account_id"),
        _r.shelf == bindparam("shelf"),
    )
    .order_by(_l.position)
)
_FIRST: Final = select(func.min(_l.position)).where(_l.statement_id == bindparam("statement_id"))
_OTHER: Final = STATEMENT_LINES.alias()
_OTHER_STATEMENT: Final = STATEMENTS.alias()
_CUT: Final = (_l.statement_id == bindparam("statement_id"), _l.position < bindparam("end"))
_FORGET_ROWS: Final = delete(STATEMENT_ROWS).where(
    _r.account_id == bindparam("account_id"),
    _r.shelf == bindparam("shelf"),
    _r.key.in_(select(_l.key).where(*_CUT)),
    ~select(1)
    .select_from(_OTHER)
    .join(_OTHER_STATEMENT, _OTHER_STATEMENT.c.id == _OTHER.c.statement_id)
    .where(
        _OTHER.c.key == _r.key,
        _OTHER.c.statement_id != bindparam("statement_id"),
        _OTHER_STATEMENT.c.account_id == bindparam("account_id"),
        _OTHER_STATEMENT.c.scope == bindparam("scope"),
        _OTHER_STATEMENT.c.format == bindparam("format"),
    )
    .exists(),
)
_FORGET_LINES: Final = delete(STATEMENT_LINES).where(*_CUT)
_REMOVE: Final = delete(STATEMENTS).where(_s.id == bindparam("statement_id"))

_strategy = bindparam("strategy_id", type_=Words())
_after_at, _after_id = bindparam("after_at", type_=Instant()), bindparam("after_id", type_=Words())
_OUR_FILLS: Final = (
    select(*FILL.columns, _o.venue_order_id, _o.client_order_id, _o.alert_id)
    .outerjoin_from(FILLS, ORDERS, _o.id == _f.order_id)
    .where(
        _f.account_id == bindparam("account_id"),
        _f.at >= bindparam("start"),
        _f.at <= bindparam("end"),
        or_(_strategy.is_(None), _f.strategy_id == _strategy),
        or_(_f.at > _after_at, and_(_f.at == _after_at, _f.venue_fill_id > _after_id)),
    )
    .order_by(_f.at, _f.venue_fill_id)
    .limit(bindparam("most"))
)

_OUR_MARK: Final = select(func.count(), func.max(_f.received_at)).where(
    _f.account_id == bindparam("account_id"),
    _f.at >= bindparam("start"),
    _f.at <= bindparam("end"),
    or_(_strategy.is_(None), _f.strategy_id == _strategy),
)


class Statements(Repo):
    """Imports with their executions, as the port says."""

    __slots__ = ()

    def begin(self, statement: Statement) -> bool:
        """Keep a new import; False when the same file was imported for its account before."""
        return self._count(self._variant(_BEGIN), STATEMENT.values(statement)) == 1

    def finish(self, statement: Statement) -> None:
        """Store the import as it is now; raises NotFound when it is gone."""
        values = {f"new_{name}": value for name, value in STATEMENT.values(statement).items()}
        del values["new_id"]
        if not self._count(_FINISH, values | {"of": statement.id}):
            raise NotFound("There is no such statement.")

    def get(self, statement_id: str) -> Statement | None:
        """The import with this id."""
        return STATEMENT.maybe(self._first(_GET, id=statement_id))

    def same(self, statement: Statement) -> Statement | None:
        """The import of the same file for the same account."""
        values = STATEMENT.values(statement)
        names = ("account_id", "scope", "content_hash")
        return STATEMENT.maybe(self._first(_SAME, **{name: values[name] for name in names}))

    def of_user(self, user_id: str) -> Sequence[Statement]:
        """The imports on the user's accounts that are ready, newest first."""
        return STATEMENT.all(self._rows(_OF_USER, user_id=user_id))

    def unfinished(self) -> Sequence[Statement]:
        """Imports that are not ready: under way, or left behind."""
        return STATEMENT.all(self._rows(_UNFINISHED))

    def add(self, statement: Statement, start: int, told: Sequence[Told]) -> int:
        """Keep executions at positions from ``start`` on; returns how many were not known."""
        shelf = {"account_id": statement.account_id, "shelf": statement.shelf}
        insert_row, new = self._variant(_ADD_ROW), 0
        for position, each in enumerate(told, start):
            values = {name: getattr(each, name) for name in _TOLD}
            new += self._count(insert_row, {**shelf, "key": each.key, **values})
            line = {"position": position, "key": each.key, "line": each.line}
            self._count(_ADD_LINE, {"statement_id": statement.id, **line})
        return new

    def executions(self, statement: Statement, start: int, most: int) -> Sequence[Told]:
        """The executions at positions from ``start`` on, in order of the file."""
        where = {"start": start, "end": start + most}
        rows = self._rows(_EXECUTIONS, **_shelf(statement), **where)
        return [Told(*row) for row in rows]

    def take_away(self, statement: Statement, most: int) -> int:
        """Forget at most so many executions that no other import tells; 0 when none is left."""
        row = self._first(_FIRST, statement_id=statement.id)
        if row is None or row[0] is None:
            return 0
        cut = {"statement_id": statement.id, "end": row[0] + most}
        more = {"scope": statement.scope, "format": statement.format}
        self._count(_FORGET_ROWS, {**_shelf(statement), **cut, **more})
        return self._count(_FORGET_LINES, cut)

    def remove(self, statement: Statement) -> None:
        """Forget the import itself, after its executions."""
        self._count(_REMOVE, {"statement_id": statement.id})

    def our_fills(
        self, wanted: FillsWanted, most: int, after: OurFill | None = None
    ) -> Sequence[OurFill]:
        """Our fills by time and id, from behind ``after`` on."""
        values: dict[str, Any] = {
            "account_id": wanted.account_id,
            # From where the last one was, so that the index leads there and nothing is read twice.
            "start": after.fill.at if after else wanted.start,
            "end": wanted.end,
            "strategy_id": wanted.strategy_id,
            "after_at": after.fill.at if after else wanted.start,
            "after_id": after.fill.venue_fill_id if after else "",
            "most": most,
        }
        rows = self._rows(_OUR_FILLS, **values)
        return [OurFill(FILL.of(row[:-3]), *row[-3:]) for row in rows]

    def our_mark(self, wanted: FillsWanted) -> tuple[int, datetime | None]:
        """How many of our fills there are, and when the last of them was booked."""
        values = {
            "account_id": wanted.account_id,
            "start": wanted.start,
            "end": wanted.end,
            "strategy_id": wanted.strategy_id,
        }
        ((count, last),) = self._rows(_OUR_MARK, **values)
        return int(count), last


def _shelf(statement: Statement) -> dict[str, Any]:
    return {
        "statement_id": statement.id,
        "account_id": statement.account_id,
        "shelf": statement.shelf,
    }
