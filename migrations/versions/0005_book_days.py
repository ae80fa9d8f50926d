"""The trading days of every book, counted from its fills and round trips; notes on days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from app.domain.equity import BookDay, BookedMoney, DayFinder, Ended, booked_days
from app.domain.instruments import resolve
from app.domain.money import ONE
from app.domain.positions import cost
from app.domain.sessions import Roll
from app.store.types import ExactDecimal, Instant, Words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Book = Sequence[str]
Columns = Mapping[str, TypeEngine[Any]]

BOOK: Final = ("strategy_id", "account_id", "symbol")
FIGURES: Final = (
    "day",
    "gross",
    "fees",
    "fills",
    "trades",
    "wins",
    "losses",
    "net",
    "best",
    "worst",
)


def upgrade() -> None:
    """Make both tables, and count the days of every book that there is."""
    made = book_days()
    day_notes()
    connection = op.get_bind()
    for *book, roll in connection.execute(_books()).all():
        money, ended = _money(connection, book), _ended(connection, book)
        days = booked_days(money, ended, DayFinder(Roll.parse(roll)))
        if days:
            connection.execute(sa.insert(made), [_row(book, day) for day in days])


def book_days() -> sa.Table:
    """Make the table of what each book did on each day."""
    made = op.create_table(
        "book_days",
        sa.Column("strategy_id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=False),
        sa.Column("symbol", Words(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("gross", ExactDecimal(), nullable=False),
        sa.Column("fees", ExactDecimal(), nullable=False),
        sa.Column("fills", sa.Integer(), nullable=False),
        sa.Column("trades", sa.Integer(), nullable=False),
        sa.Column("wins", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("net", ExactDecimal(), nullable=False),
        sa.Column("best", ExactDecimal(), nullable=True),
        sa.Column("worst", ExactDecimal(), nullable=True),
        sa.CheckConstraint(
            "fills >= 0 AND wins >= 0 AND losses >= 0", name=op.f("ck_book_days_counts")
        ),
        sa.CheckConstraint("wins + losses <= trades", name=op.f("ck_book_days_trades")),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_book_days_strategy_id_strategies"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_book_days_account_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint(*BOOK, "day", name=op.f("pk_book_days")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_book_days_account_id_day"), "book_days", ["account_id", "day"])
    return made


def day_notes() -> None:
    """Make the table of what people write about days."""
    op.create_table(
        "day_notes",
        sa.Column("user_id", Words(), nullable=False),
        sa.Column("account_id", Words(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_day_notes_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_day_notes_user_id_users"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "uq_day_notes_of",
        "day_notes",
        ["user_id", sa.literal_column("coalesce(account_id, '')"), "day"],
        unique=True,
    )


def _books() -> sa.Select[Any]:
    """Every book that was ever written, with the roll of its account."""
    of = _table("positions", {})
    accounts = sa.table("accounts", sa.column("id", Words()), sa.column("roll", Words()))
    wanted = sa.select(*(of.c[name] for name in BOOK), accounts.c.roll)
    return wanted.join_from(of, accounts, accounts.c.id == of.c.account_id)


def _money(connection: sa.Connection, book: Book) -> Iterator[BookedMoney]:
    """What the fills of the book did to the money; a fee kept in coin is a fee."""
    amounts = dict.fromkeys(("realised", "commission", "base_fee", "price"), ExactDecimal())
    for at, gross, fee, kept, price in _rows(connection, "fills", book, "at", amounts):
        multiplier = resolve(book[2], at.date()).instrument.multiplier if kept else ONE
        yield BookedMoney(at, gross, cost(fee, kept, price, multiplier))


def _ended(connection: sa.Connection, book: Book) -> Iterator[Ended]:
    """When the round trips of the book ended, and what they earned."""
    for at, net in _rows(connection, "trades", book, "closed_at", {"net": ExactDecimal()}):
        if at is not None:
            yield Ended(at, net)


def _rows(
    connection: sa.Connection, name: str, book: Book, at: str, amounts: Columns
) -> Sequence[Sequence[Any]]:
    of = _table(name, {at: Instant(), **amounts})
    mine = (of.c[each] == value for each, value in zip(BOOK, book, strict=True))
    wanted = sa.select(*(of.c[each] for each in (at, *amounts))).where(*mine).order_by(of.c[at])
    return connection.execute(wanted).all()


def _table(name: str, columns: Columns) -> sa.TableClause:
    """The table as far as this revision reads it, whatever later ones make of it."""
    book = (sa.column(each, Words()) for each in BOOK)
    return sa.table(name, *book, *(sa.column(each, kind) for each, kind in columns.items()))


def _row(book: Book, day: BookDay) -> dict[str, Any]:
    figures = {name: getattr(day, name) for name in FIGURES}
    return dict(zip(BOOK, book, strict=True)) | figures
