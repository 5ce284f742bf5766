"""Runs the jobs of a sweep until each has finished: workers, monitor, display, signals."""
