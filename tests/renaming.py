"""Gives what a program defines other names, of the same lengths, so that everything stays where it stands.

Letters are replaced by others, as in a cipher: names that begin alike still do, and a text that holds a name, or how
one begins, holds the new one. Names that mean something outside of the program keep theirs: those of modules, of
Python, and all that the imported libraries have or take.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import keyword
import random
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath
from types import ModuleType

_WORD = re.compile(r"[^\W\d]\w*")
_WRITTEN = ("asyncio", "aiohttp")
"""The libraries that new code uses."""
_MARKER = re.compile(r"(# awaitify:[^\n]*)")
_ENTRY = re.compile(r"(?<=\w:)[^\W\d]\w*\b")
_CALLED_BY_NAME = re.compile(r"_*(?:test|setup|teardown|setUp|tearDown|Test)|.*\btests?\b")
"""What a test runner calls because of its name, and classes of such."""
_FIXTURES = frozenset({"capsys", "mocker", "monkeypatch", "request", "tmp_path"})
_KEPT = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self", "cls", "main", *_FIXTURES})


class Renaming:
    """New names for what some files define, by a seed."""

    def __init__(self, files: Mapping[str, bytes], seed: int) -> None:
        letters = list(string.ascii_lowercase)
        random.Random(seed).shuffle(letters)
        new = "".join(letters)
        self._cipher = str.maketrans(string.ascii_letters, new + new.upper())
        trees = [ast.parse(content) for name, content in files.items() if name.endswith(".py")]
        modules = {part.removesuffix(".py") for name in files for part in PurePosixPath(name).parts}
        library = {word for tree in trees for word in _imported(tree, modules)}
        library |= {word for name in _WRITTEN for word in _words_of(name)}
        kept = _KEPT | modules | library
        texts = [content.decode() for content in files.values()]
        words = {word for text in texts for word in _WORD.findall(text)}
        defined = {name for tree in trees for name in _defined(tree)} - kept
        self.names = frozenset(
            name
            for name in defined
            if not _CALLED_BY_NAME.match(name) and not name.startswith("__") and self._new(name) not in words | kept
        )
        """Those that get others."""

    def of_files(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The files with the new names."""
        return {name: self.of_file(name, content) for name, content in files.items()}

    def of_file(self, name: str, content: bytes) -> bytes:
        """A file with the new names; in one that is no Python, only those of entry points."""
        pattern = _WORD if name.endswith(".py") else _ENTRY
        parts = _MARKER.split(content.decode())  # what the user says to awaitify is every second part
        return "".join(one if at % 2 else pattern.sub(self._renamed, one) for at, one in enumerate(parts)).encode()

    def _renamed(self, match: re.Match[str]) -> str:
        word = match[0]
        is_part = word.endswith("_") and any(name.startswith(word) for name in self.names)
        is_core = word.startswith("_") and word[1:] in self.names  # of a function that is split
        return self._new(word) if word in self.names or is_part or is_core else word

    def _new(self, name: str) -> str:
        return name.translate(self._cipher)


def _defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def _imported(tree: ast.AST, own: Iterable[str]) -> Iterator[str]:
    """The names that the libraries have which a file imports, and the parameters of what they have."""
    for node in ast.walk(tree):
        modules: list[str] = []
        match node:
            case ast.Import(names=names):
                modules = [one.name for one in names]
            case ast.ImportFrom(module=str(module), names=names, level=0):
                modules = [module]
                yield from (one.name for one in names if module.partition(".")[0] not in own)
        for name in modules:
            if name.partition(".")[0] not in own:
                yield from _words_of(name)


@cache
def _words_of(name: str) -> frozenset[str]:
    try:
        module = importlib.import_module(name)
    except ImportError:
        return frozenset(name.split("."))
    return frozenset(_members(module)) | frozenset(name.split("."))


def _members(module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        yield name
        if inspect.isclass(value):
            for method in dir(value):
                yield method
                found = inspect.getattr_static(value, method, None)
                yield from _parameters(getattr(found, "__func__", found))
        yield from _parameters(value)


def _parameters(value: object) -> Iterator[str]:
    try:
        yield from inspect.signature(value).parameters if callable(value) else ()
    except (TypeError, ValueError):
        return  # written in C, without a signature
