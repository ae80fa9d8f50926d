"""Agreement: everything that is stored held against what the fills alone say.

book (one book, folded again), totals (what pages, curves and calendar add up), run (all of them),
words (what differs, in sentences), desk (one run at a time, and what was found).
"""

from app.services.agreement.desk import Agreement, Standing
from app.services.agreement.words import sentence, where

__all__ = ["Agreement", "Standing", "sentence", "where"]
