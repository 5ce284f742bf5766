"""A training and everything that decides how it goes on.

`Training` is the one thing that has state: `training.state()` copies it, `training.restore(state)`
sets it, in this process or, by way of a checkpoint, in another.
"""
