"""Libraries that maintain a sync and an async version of one code: the one is migrated and compared with the other.

Not part of the tests: `python -m tests.paired`, which gets the libraries from the package index.
"""
