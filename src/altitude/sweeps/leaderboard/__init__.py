"""Which settings of a sweep are best, and by how much."""

from altitude.sweeps.leaderboard.csv_file import write_csv
from altitude.sweeps.leaderboard.lead import lead
from altitude.sweeps.leaderboard.ranking import REPEATED, Standing, leaderboard
from altitude.sweeps.leaderboard.tables import as_markdown, as_text, markdown_table

__all__ = [
    "REPEATED",
    "Standing",
    "as_markdown",
    "as_text",
    "lead",
    "leaderboard",
    "markdown_table",
    "write_csv",
]
