"""Locates configs for Hydra."""
