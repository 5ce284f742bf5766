"""Checks: every problem of a configuration, in one report."""
