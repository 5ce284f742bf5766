"""Searches, which propose the next jobs of a sweep: every combination, or by Optuna."""
