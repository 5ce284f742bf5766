"""Names of libraries that their authors do not promise to keep: no other module uses one.

There is one module a library, and tests that name what an upgrade has taken away.
"""
