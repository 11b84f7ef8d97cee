"""Reads every file of a project that names requirements, each by its kind, with what it includes."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codemods.model import Problem, SourceFile
from codemods.project import DecodeError, Text, decode
from codemods.requirements.listing import Listing, RequirementFile
from codemods.requirements.pip_file import read_pip_file
from codemods.requirements.places import read_source, requirement_files
from codemods.requirements.pyproject import read_pyproject
from codemods.requirements.setup_files import read_setup_cfg, read_setup_py

_RUNTIME_NAMES = {"requirements", "base", "common", "main", "prod", "production"}


@dataclass(frozen=True, slots=True)
class Document:
    """One file that was read."""

    source: SourceFile
    text: Text
    file: RequirementFile


@dataclass(frozen=True, slots=True)
class Documents:
    """All that the project's files require, as far as they could be read."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    unread: tuple[str, ...]
    """Names of files of which nothing is known."""

    def listings(self) -> Iterator[tuple[Document, Listing]]:
        """Every list, with its file."""
        return ((document, listing) for document in self.documents for listing in document.file.listings)


def read_text(path: Path, text: str) -> RequirementFile:
    """What a file requires, by its name.

    Raises `tomllib.TOMLDecodeError` for a pyproject.toml that is no TOML.
    """
    if path.name == "pyproject.toml":
        return read_pyproject(text)
    if path.name == "setup.cfg":
        return read_setup_cfg(text)
    if path.name == "setup.py":
        return read_setup_py(text)
    return read_pip_file(text, is_runtime=path.stem in _RUNTIME_NAMES)


def read_documents(root: Path, relative_to: Path) -> Documents:
    """The files at a project's root that name requirements, and those below it that they include."""
    found, problems = requirement_files(root, relative_to)
    unread = [problem.path for problem in problems]
    documents: list[Document] = []
    pending = list(found)
    known = {source.path for source in found}
    constraints: set[Path] = set()
    while pending:
        document = _document(pending.pop(0))
        if isinstance(document, Problem):
            problems.append(document)
            unread.append(document.path)
            continue
        documents.append(document)
        source, file = document.source, document.file
        problems += (Problem(source.name, one.line, one.message) for one in file.misread)
        constraints.update(_beside(source.path, file.constraints))
        for path in _beside(source.path, file.includes):
            if path in known or not path.is_relative_to(root):
                continue
            known.add(path)
            included = read_source(path, relative_to)
            if isinstance(included, SourceFile):
                pending.append(included)
            else:
                problems.append(included)
                unread.append(included.path)
    kept = tuple(document for document in documents if document.source.path not in constraints)
    return Documents(kept, tuple(problems), tuple(unread))


def _beside(path: Path, names: Sequence[str]) -> list[Path]:
    """The files that another one names, as it means them."""
    return [Path(os.path.normpath(path.parent / name)) for name in names if "://" not in name]


def _document(source: SourceFile) -> Document | Problem:
    try:
        text = decode(source.content)
        return Document(source, text, read_text(source.path, text.text))
    except DecodeError as error:
        return Problem(source.name, error.line, f"its requirements were not read: {error}")
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"\bline (\d+)", str(error))
        message = f"its requirements were not read: {error}; correct it"
        return Problem(source.name, int(line[1]) if line else None, message)
