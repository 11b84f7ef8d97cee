"""Comments with a meaning: the user's own to awaitify (`# awaitify: ignore[AW101]`, `# awaitify: keep-sync`), and
the pragmas of other tools.
"""

from __future__ import annotations

import re

_MARKER = re.compile(r"#\s*awaitify:\s*(ignore|keep-sync)(?:\[([^\]]*)\])?")

_PRAGMA = re.compile(
    r"#\s*(?:noqa|type:|pyright:|pyrefly:|mypy:|ty:|ruff:|pylint:|isort:|flake8:|nosec|fmt:|awaitify:)"
)


def is_pragma(comment: str) -> bool:
    """Whether a comment only tells a tool about its line, so that it goes when its line goes."""
    return _PRAGMA.match(comment) is not None


class Markers:
    """The markers of one file, by 1-based line."""

    def __init__(self, text: str) -> None:
        self._ignored: dict[int, frozenset[str] | None] = {}
        self._kept: set[int] = set()
        if "awaitify:" not in text:
            return
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
            match = _MARKER.search(line)
            if match is None:
                continue
            if match[1] == "keep-sync":
                self._kept.add(number)
            else:
                rules = None if match[2] is None else frozenset(re.split(r"[\s,]+", match[2].strip()))
                self._ignored[number] = rules

    def ignores(self, line: int, rule: str | None) -> bool:
        """Whether a line asks for a rule to be ignored; for all rules when `rule` is None."""
        if line not in self._ignored:
            return False
        rules = self._ignored[line]
        return rules is None or rule in rules

    def keeps_sync(self, line: int) -> bool:
        """Whether a line asks for the function it defines to stay as it is."""
        return line in self._kept
