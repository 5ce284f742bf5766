"""Private names of libraries, which no other module uses.

There is one module a library, and tests that name what an upgrade has taken away.
"""
