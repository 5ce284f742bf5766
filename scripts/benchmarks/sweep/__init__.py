"""A sweep, run in the ways that it is compared with."""
