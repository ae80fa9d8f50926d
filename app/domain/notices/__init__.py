"""Notices: what is told to people who do not look at a page, and how much of it at once."""

from app.domain.notices.categories import CODES, KINDS, SAYS, TITLES, Category, category_of
from app.domain.notices.channels import Channel, masked, named
from app.domain.notices.notice import Message, Notice, Whose, compose, notice_of
from app.domain.notices.outbox import KEPT, MOST, PERIOD, TOO_OLD, Batch, Outbox

__all__ = [
    "CODES",
    "KEPT",
    "KINDS",
    "MOST",
    "PERIOD",
    "SAYS",
    "TITLES",
    "TOO_OLD",
    "Batch",
    "Category",
    "Channel",
    "Message",
    "Notice",
    "Outbox",
    "Whose",
    "category_of",
    "compose",
    "masked",
    "named",
    "notice_of",
]
