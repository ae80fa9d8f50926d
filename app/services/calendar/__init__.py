"""The calendar: what every book did on each trading day, and what the days of a scope add up to.

booking keeps the days of the books with each fill; desk adds up those of a scope, each account by
its own days (parts), into days with totals (days) over a range (ranges).  beside has the venue's
count.
"""

from app.services.calendar.beside import BesideDesk, DayBeside
from app.services.calendar.days import Basis, Calendar, CalendarDay, Total
from app.services.calendar.desk import Ask, CalendarDesk

__all__ = [
    "Ask",
    "Basis",
    "BesideDesk",
    "Calendar",
    "CalendarDay",
    "CalendarDesk",
    "DayBeside",
    "Total",
]
