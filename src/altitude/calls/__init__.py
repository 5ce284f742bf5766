"""Lazily imported and called `_target_`s."""
