"""The version of this distribution, read by the build and logged with every run."""

__version__ = "0.1.0"
