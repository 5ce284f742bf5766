"""The leaderboard of a sweep."""

from altitude.sweeps.report.leaderboard.csv_file import write_csv
from altitude.sweeps.report.leaderboard.lead import lead
from altitude.sweeps.report.leaderboard.ranking import REPEATED, LeaderboardEntry, leaderboard
from altitude.sweeps.report.leaderboard.tables import as_markdown, as_text, markdown_table

__all__ = [
    "REPEATED",
    "LeaderboardEntry",
    "as_markdown",
    "as_text",
    "lead",
    "leaderboard",
    "markdown_table",
    "write_csv",
]
