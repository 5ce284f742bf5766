"""Evaluates the best model of a run: its metrics, its mistakes, and how sure it is of them."""
