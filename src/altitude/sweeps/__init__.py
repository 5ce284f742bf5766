"""Sweeps: many jobs that differ in the values of a few parameters."""
