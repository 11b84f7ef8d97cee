"""The primer: awaitify on pinned real projects. Run it with `python -m tests.primer`; pytest does not."""
