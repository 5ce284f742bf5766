"""One run, from an experiment to its result."""
