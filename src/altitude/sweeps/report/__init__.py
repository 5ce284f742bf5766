"""The results of a sweep: leaderboard, pictures, the best job and its recipe."""
