"""From a migration to the same with what it asks of the requirements, and where asked for, with their change."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from codemods.model import FileChange, Migration, RequirementChange
from codemods.project import Project
from codemods.requirements.decisions import Decisions, decide, raised_text
from codemods.requirements.editing import TextEdit, Wanted, edits_of, with_edits, written
from codemods.requirements.libraries import LIBRARIES
from codemods.requirements.listing import Entry, Layout, RequirementFile, line_at
from codemods.requirements.needs import Code, Need, need_of
from codemods.requirements.places import lock_files
from codemods.requirements.reading import Document, Documents, read_documents, read_text


def with_requirements(migration: Migration, project: Project, *, client: str, update: bool) -> Migration:
    """Adds what the changes ask of the requirements; with `update` their files are among the changes.

    `client` is the module that takes the place of requests.

    A file that is malformed is a problem of the result.
    """
    brought = [library for library in LIBRARIES if library.module == client]
    needs = [need for library in brought if _has_news(need := need_of(library, migration.changes))]
    if not needs:
        return migration
    documents = read_documents(project.root, project.base)
    unread = frozenset(problem.path for problem in migration.problems)
    code = Code(project, migration.changes, unread)
    proposals = _Proposals(project.root, documents)
    # without a list there is nothing to say, and no reason to look at every file
    for need in needs if documents.documents else ():
        proposals.add(need, decide(need, documents, code))
    files = proposals.files() if update else []
    known = {problem.path for problem in migration.problems}
    problems = [*migration.problems, *(one for one in documents.problems if one.path not in known)]
    return replace(
        migration,
        requirements=tuple(sorted(proposals.changes(), key=_order)),
        changes=tuple(sorted([*migration.changes, *files], key=lambda change: change.source.name)),
        problems=tuple(sorted(problems, key=lambda one: (one.path, one.line or 0))),
    )


def _has_news(need: Need) -> bool:
    return bool(need.brought) or need.is_used_more or need.is_dropped


def _order(change: RequirementChange) -> tuple[str, int, str]:
    return change.path, change.line or 0, change.reason


@dataclass(slots=True)
class _FileEdits:
    document: Document
    edits: list[TextEdit] = field(default_factory=list)
    expected: Counter[str] = field(default_factory=Counter)
    """How many more entries of each distribution there are afterwards."""


class _Proposals:
    """Turns decisions into edits of files, and into words where nothing is written."""

    def __init__(self, root: Path, documents: Documents) -> None:
        self._root = root
        self._documents = documents
        self._locks = lock_files(root)
        self._files: dict[str, _FileEdits] = {}
        self._said: list[RequirementChange] = []

    def add(self, need: Need, decisions: Decisions) -> None:
        """Takes in what was decided for one library."""
        for document, wanted in decisions.wanted:
            self._add_wanted(document, wanted)
        for document, entry, reason in decisions.raised:
            self._add_raised(document, entry, need.floor, reason)
        for document, entry, reason in decisions.kept:
            line = line_at(document.text.text, entry.start)
            self._said.append(RequirementChange(document.source.name, line, None, None, reason, by_hand=True))
        if decisions.homeless is not None:
            source = self._documents.documents[0].source
            added = written(Layout.LINES, need.library.distribution, need.floor)
            self._said.append(RequirementChange(source.name, None, None, added, decisions.homeless, by_hand=True))

    def changes(self) -> Iterator[RequirementChange]:
        """What is to be said of every line."""
        yield from self._said
        for file in self._files.values():
            yield from _blocks(file, self._advice(file.document))

    def files(self) -> list[FileChange]:
        """The files with their edits."""
        return [_changed(file) for file in self._files.values() if file.edits]

    def _advice(self, document: Document) -> str:
        """What has to be made again, once the file is another."""
        is_source = document.source.path == self._root / "pyproject.toml"
        return f"; then lock again: {', '.join(self._locks)}" if is_source and self._locks else ""

    def _add_wanted(self, document: Document, wanted: Wanted) -> None:
        entries = wanted.listing.entries
        if wanted.listing.by_hand is not None:
            self._tell(document, wanted, wanted.listing.by_hand)
            return
        for index, reason in wanted.gone.items():
            by_hand = entries[index].by_hand
            if by_hand is not None:
                self._tell(document, replace(wanted, gone={index: reason}, add_reason=None), by_hand)
        free = {index: reason for index, reason in wanted.gone.items() if entries[index].by_hand is None}
        wanted = replace(wanted, gone=free)
        edits = edits_of(document.text.text, wanted)
        expected = Counter({wanted.distribution: int(wanted.add_reason is not None)})
        expected.subtract(entries[index].distribution for index in free)
        is_asked = bool(free) or wanted.add_reason is not None
        if is_asked and not (edits and self._edit(document, edits, expected)):
            self._tell(document, wanted, "its lines are laid out in a way awaitify does not know: change them by hand")

    def _edit(self, document: Document, edits: Sequence[TextEdit], expected: Counter[str]) -> bool:
        """Takes edits in, unless the file would not say what is expected."""
        file = self._files.get(document.source.name) or _FileEdits(document)
        grown = _FileEdits(document, [*file.edits, *edits], Counter(file.expected))
        grown.expected.update(expected)
        if not _holds(grown):
            return False
        self._files[document.source.name] = grown
        return True

    def _add_raised(self, document: Document, entry: Entry, floor: str, reason: str) -> None:
        listing = next(one for one in document.file.listings if any(entry is other for other in one.entries))
        text = document.text.text[entry.start : entry.end]
        raised = raised_text(text, listing.layout, floor)
        by_hand = listing.by_hand or entry.by_hand
        if raised is not None and by_hand is None:
            edit = TextEdit(entry.start, entry.end, raised, reason)
            if self._edit(document, [edit], Counter()):
                return
        asked = f"asks for {entry.specifier}" if entry.specifier else "asks for any release"
        why = by_hand or "raise it by hand"
        line = line_at(document.text.text, entry.start)
        said = f"{reason}, and this line {asked}; {why}"
        self._said.append(RequirementChange(document.source.name, line, None, None, said, by_hand=True))

    def _tell(self, document: Document, wanted: Wanted, by_hand: str) -> None:
        """Says what would be done, and why it has to be done by hand."""
        layout, text = wanted.listing.layout, document.text.text
        added = None
        if wanted.add_reason is not None:
            added = written(layout, wanted.distribution, wanted.floor)
        comes = [wanted.add_reason] if wanted.add_reason is not None else []
        for index, goes in wanted.gone.items():
            entry = wanted.listing.entries[index]
            removed = text[entry.start : entry.end].rstrip("\r\n") or _line_from(text, entry.start)
            reason = "; ".join([*comes, goes, by_hand])
            line = line_at(text, entry.start)
            self._said.append(RequirementChange(document.source.name, line, removed, added, reason, by_hand=True))
            added, comes = None, []
        if comes:
            line, reason = line_at(text, wanted.listing.start), "; ".join([*comes, by_hand])
            self._said.append(RequirementChange(document.source.name, line, None, added, reason, by_hand=True))


def _holds(file: _FileEdits) -> bool:
    """Whether the edited file requires what is expected, as read anew."""
    path, text = file.document.source.path, file.document.text.text
    try:
        after = read_text(path, with_edits(text, file.edits))
    except ValueError:
        return False
    wanted = _distributions(file.document.file)
    wanted.update(file.expected)
    return +wanted == _distributions(after) and len(after.misread) <= len(file.document.file.misread)


def _distributions(file: RequirementFile) -> Counter[str]:
    return Counter(entry.distribution for listing in file.listings for entry in listing.entries)


def _line_from(text: str, start: int) -> str:
    return text[start:].partition("\n")[0].rstrip("\r")


def _lines_of(text: str, start: int, end: int) -> tuple[int, int, str]:
    """The whole lines around a stretch of text; none around a place between two lines."""
    first = text.rfind("\n", 0, start) + 1
    if first == end:
        return first, end, ""
    if text[end - 1 : end] != "\n" or end == start:
        found = text.find("\n", end)
        end = len(text) if found < 0 else found + 1
    return first, end, text[first:end]


def _blocks(file: _FileEdits, advice: str) -> Iterator[RequirementChange]:
    """What the edits of a file do, as whole lines: edits of the same lines together."""
    text = file.document.text.text
    groups: list[tuple[int, int, list[TextEdit]]] = []
    for edit in sorted(file.edits, key=lambda one: (one.start, one.end)):
        first, last, _ = _lines_of(text, edit.start, edit.end)
        if groups and first <= groups[-1][1]:
            before = groups.pop()
            groups.append((before[0], max(before[1], last), [*before[2], edit]))
        else:
            groups.append((first, last, [edit]))
    for first, last, edits in groups:
        moved = [replace(edit, start=edit.start - first, end=edit.end - first) for edit in edits]
        old = text[first:last]
        new = with_edits(old, moved)
        reason = "; ".join(dict.fromkeys(part for edit in edits for part in edit.reason.split("; ")))
        yield RequirementChange(
            file.document.source.name,
            line_at(text, first),
            old.rstrip("\r\n") or None,
            new.rstrip("\r\n") or None,
            reason + advice,
        )


def _changed(file: _FileEdits) -> FileChange:
    text = file.document.text
    mark = codecs.BOM_UTF8 if text.has_bom else b""
    after = mark + with_edits(text.text, file.edits).encode(text.encoding)
    return FileChange(file.document.source, after, text.encoding)
