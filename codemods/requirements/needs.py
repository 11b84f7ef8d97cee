"""What the changes of a migration ask of the project's requirements: which libraries come, and which may go."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from codemods.model import FileChange
from codemods.project import Project, shown_name
from codemods.requirements.libraries import Library
from codemods.requirements.mentions import imports, line_naming, replaced_word
from codemods.requirements.places import Other, all_python


@dataclass(frozen=True, slots=True)
class Need:
    """What the changed files say of one library."""

    library: Library
    brought: tuple[str, ...]
    """Files that import it now and did not."""
    is_used_more: bool
    """Whether there is new code that uses it."""
    is_dropped: bool
    """Whether a file imported the library it replaces and does no more."""
    floor: str
    """The first release that has all that the new code uses."""
    floor_reason: str
    """Why that one, in words; empty for the usual one."""

    @property
    def is_for_tests(self) -> bool:
        """Whether only tests import it."""
        return all(_is_test(name) for name in self.brought)


def need_of(library: Library, changes: Sequence[FileChange]) -> Need:
    """Compares the files before and after; nothing else is looked at."""
    module, replaced = library.module, library.replaces
    floor, reason = library.floor, ""
    for name, release in reversed(library.later):
        if any(change.after.count(name.encode()) > change.source.content.count(name.encode()) for change in changes):
            floor, reason = release, f"{name} came with {release}"
    return Need(
        library,
        brought=tuple(
            change.source.name
            for change in changes
            if imports(change.after, module) and not imports(change.source.content, module)
        ),
        is_used_more=any(
            change.after.count(module.encode()) > change.source.content.count(module.encode()) for change in changes
        ),
        is_dropped=any(
            imports(change.source.content, replaced) and not imports(change.after, replaced) for change in changes
        ),
        floor=floor,
        floor_reason=reason,
    )


class Code:
    """All files of a project that may hold Python, as they will be."""

    def __init__(self, project: Project, changes: Sequence[FileChange], unread: frozenset[str]) -> None:
        """`unread` names files of the project whose syntax is not known."""
        self._root = project.root
        self._base = project.base
        self._setup = shown_name(str(project.root / "setup.py"), project.base)
        after = {change.source.name: change.after for change in changes}
        sources = (*project.files, *project.context)
        self._known = {os.path.realpath(one.path): one.content for one in sources}
        self._before = {one.name: one.content for one in sources}
        self._sources = [Other(one.name, after.get(one.name, one.content), one.name not in unread) for one in sources]
        self._others: list[Other] | None = None

    def still_names(self, library: Library) -> str | None:
        """Which of the files that were read names the replaced library, in words; None when none does."""
        return self._first_naming(self._sources, library)

    def elsewhere_names(self, library: Library) -> str | None:
        """The same for all other files below the root."""
        return self._first_naming(self._rest(), library)

    def imported_before(self, library: Library, *, by_tests: bool) -> str | None:
        """A file that imported the library before the migration; a test only counts with `by_tests`."""
        for one in (*self._sources, *self._rest()):
            content = self._before.get(one.name, one.content)
            if content is not None and (by_tests or not _is_test(one.name)) and imports(content, library.module):
                return one.name
        return None

    def _rest(self) -> list[Other]:
        if self._others is None:
            self._others = list(all_python(self._root, self._known, self._base))
        return self._others

    def _first_naming(self, files: Sequence[Other], library: Library) -> str | None:
        for one in files:
            if one.content is None:
                return f"{one.name} cannot be read and may name it"
            if one.name == self._setup:
                # its strings are requirements, and are told of as such
                line = imports(one.content, library.replaces)
            else:
                line = line_naming(one.content, replaced_word(library), is_python=one.is_python)
            if line is not None:
                return f"{one.name}:{line} names it"
        return None


def _is_test(name: str) -> bool:
    path = PurePath(name)
    return not {"test", "tests"}.isdisjoint(path.parts) or path.name.startswith("test_") or path.name == "conftest.py"
