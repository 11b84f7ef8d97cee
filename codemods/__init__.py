"""awaitify: migrates synchronous Python to asyncio over a whole project, and shows every change before it writes.

`migrate` finds, decides and rewrites without writing; `codemods.transaction.write_changes` writes.
"""

from codemods.migration import migrate
from codemods.model import Migration

__all__ = ["Migration", "migrate"]
