"""What a sweep leaves behind: leaderboard, pictures, the best job and its recipe."""
