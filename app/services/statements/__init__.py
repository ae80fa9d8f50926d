"""The verbs of statements: take a file, compare it with our fills, take it away again."""

from app.services.statements.breath import Breath
from app.services.statements.desk import StatementDesk, Taken
from app.services.statements.taking import Upload

__all__ = ["Breath", "StatementDesk", "Taken", "Upload"]
