"""From a command line to jobs that have been composed and checked."""
