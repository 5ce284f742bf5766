"""Which jobs come next: every combination, or what a search makes of the jobs before."""
