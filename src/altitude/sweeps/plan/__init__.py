"""From what was typed to jobs that have been composed, checked, and fixed."""
