"""Classes and functions that a `_target_` names, imported and called when they are needed."""
