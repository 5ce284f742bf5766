"""From overrides to an experiment: composes, reads, and reports every problem at once."""
