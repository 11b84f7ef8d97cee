"""What is analysed: which files, their bytes and encodings, import roots, entry points.

Only this stage lists directories, and `codemods.requirements.places` for what this one leaves out. Paths are absolute,
and links in them are kept as the user wrote them.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import stat
import tokenize
import tomllib
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise, takewhile
from pathlib import Path
from typing import Final, TypeAlias

from codemods.config import Config, IgnoreRules
from codemods.errors import PathError
from codemods.model import Problem, SourceFile

_MARKERS: Final = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
NEVER_OWN: Final = {
    ".git", ".hg", ".svn", ".tox", ".nox", ".eggs", ".mypy_cache", ".pytest_cache", ".ruff_cache",
    "__pycache__", "__pypackages__", "node_modules", "site-packages",
}  # fmt: skip
"""Names of directories that never hold the user's own code."""

_TARGET: Final = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_IMPORT: Final = re.compile(rb"^[ \t]*((?:from|import)[ \t.](?:[^\n(]|\([^)]*\))*)", re.M)
_ENTRY_POINT: Final = re.compile(rf"\s*({_TARGET})\s*:\s*({_TARGET})\s*(?:\[[^\]]*\]\s*)?")
_ENTRY_IN_TEXT: Final = re.compile(rf"=[ \t]*({_TARGET}):({_TARGET})[ \t]*(?:\[[^\]\n]*\][ \t]*)?(?=[\"'\r\n]|\Z)")
_GROUP_IN_TEXT: Final = re.compile(
    r"[\"']([\w.]+)[\"']\s*:|^[ \t]*([\w.]+)[ \t]*=[ \t]*(?:[\[(][ \t]*)?\r?$|^\[([\w.]+)\]", re.M
)
_SCRIPT_GROUPS: Final = {
    "console_scripts",
    "gui_scripts",
    "project.scripts",
    "project.gui-scripts",
    "tool.poetry.scripts",
}
_ENTRY_SECTION: Final = re.compile(r"^\[(?:options\.)?entry_points\][^\n]*$(.*?)(?=^\[|\Z)", re.M | re.S)


@dataclass(frozen=True, slots=True)
class Project:
    """The files to analyse, and what their places say about them."""

    root: Path
    base: Path
    """Where names are shown from."""
    files: tuple[SourceFile, ...]
    """Sorted by path."""
    import_roots: tuple[Path, ...]
    """The directories where imports start, first match first."""
    problems: tuple[Problem, ...]
    """Files and directories that could not be read, sorted by path."""
    context: tuple[SourceFile, ...]
    """Other files of the project that may call the given ones: they are read and never changed."""
    entry_points: frozenset[str]
    """What the project's metadata names to be called from outside, as `module:qualname`."""
    scripts: frozenset[str] = frozenset()
    """Those that are nothing but the commands that an installation puts on the path."""


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text with its newlines as they are; the byte order mark is not part of `text`."""

    text: str
    encoding: str
    has_bom: bool


class DecodeError(ValueError):
    """Bytes that are no Python text; the message says why and what to do. `line` is 1-based, if known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def load_project(paths: Sequence[Path], config: Config, relative_to: Path) -> Project:
    """List and read the Python files at `paths`.

    A file is taken as it is named. A directory is searched for `*.py`; what `.gitignore` files or
    `config.exclude` (relative to the project's root) rule out is left out, as are virtual environments and
    caches. A directory that is itself ruled out and named all the same is searched as if it were not.
    Relative paths count from the current directory; `relative_to` is the directory names are shown from.

    Raises `PathError` when a path does not exist or no Python file is found, and `ConfigError` when a pattern
    of `config.exclude` is broken. What cannot be read is a problem of the result.
    """
    problems = _Problems(_absolute(relative_to))
    starts = [_start(path) for path in paths]
    root, marked = _root(starts)
    walk = _Walk(root, (IgnoreRules(str(root), config.exclude, strict=True),), problems)
    found = _unique(entry for start in starts for entry in walk.search(start))
    if not found:
        raise PathError(_nothing_found(paths, problems.items))
    files = _read_all(found, problems)
    given = {os.path.realpath(path) for path in found}
    # without a marker nothing says where the project ends
    around = _unique(entry for entry in walk.search(root) if entry[1] not in given) if marked else []
    named = _entry_points(root, problems)
    context = _importers(files, _read_all(around, _Problems(_absolute(relative_to))))
    return Project(
        root=root,
        base=_absolute(relative_to),
        files=tuple(files),
        context=tuple(context),
        import_roots=_import_roots(root, marked, walk, [*found, *(source.path for source in context)]),
        entry_points=frozenset(named),
        scripts=frozenset(entry for entry, group in named.items() if group in _SCRIPT_GROUPS),
        problems=tuple(sorted(set(problems.items), key=lambda problem: (problem.path, problem.message))),
    )


def _read_all(paths: Iterable[Path], problems: _Problems) -> list[SourceFile]:
    files = []
    for path in paths:
        try:
            files.append(SourceFile(path, problems.shown(str(path)), _read(path)))
        except OSError as error:
            problems.unreadable(str(path), error)
    return files


def _importers(files: Sequence[SourceFile], others: Sequence[SourceFile]) -> list[SourceFile]:
    """Of the others, those whose imports name one of the files, or one of those that do."""
    imported = {source.path: _imported_names(source.content) for source in others}
    names = {_last_name(source.path) for source in files}
    found: dict[Path, SourceFile] = {}
    while True:
        fresh = [one for one in others if one.path not in found and not names.isdisjoint(imported[one.path])]
        if not fresh:
            return sorted(found.values(), key=lambda source: source.path.parts)
        found |= {source.path: source for source in fresh}
        names |= {_last_name(source.path) for source in fresh}


def _imported_names(content: bytes) -> set[bytes]:
    """The words of a file's import statements, those in parentheses over several lines included."""
    return {word for statement in _IMPORT.findall(content) for word in re.findall(rb"\w+", statement)}


def _last_name(path: Path) -> bytes:
    return os.fsencode(path.parent.name if path.stem == "__init__" else path.stem)


def module_name(path: Path, import_roots: Iterable[Path]) -> str:
    """The dotted name of the file at `path`, by the first import root that contains it.

    An `__init__.py` has its package's name. Outside all roots the name is that of the file alone.
    """
    for root in import_roots:
        if path.is_relative_to(root):
            parts = path.relative_to(root).with_suffix("").parts
            # A root's own `__init__.py` has no name there: it is named by the root above it.
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            if parts:
                return ".".join(parts)
    return path.parent.name if path.stem == "__init__" else path.stem


def shown_name(path: str, relative_to: Path) -> str:
    """How an absolute path is shown: relative to a directory where that is possible, with forward slashes."""
    name = path.removeprefix(_with_separator(str(relative_to))).replace(os.sep, "/")
    return name.encode(errors="backslashreplace").decode()  # a name that is not UTF-8 has to be shown too


def decode(content: bytes) -> Text:
    """The text of a Python file, by its byte order mark or coding cookie (PEP 263), else UTF-8.

    Raises `DecodeError` for NUL bytes, a cookie that cannot be used, and bytes the encoding does not know.
    """
    if b"\0" in content:
        line = len(content[: content.index(b"\0") + 1].splitlines())
        raise DecodeError("NUL byte: it is binary or UTF-16; save it as UTF-8 or exclude it", line)
    encoding = _declared(content)
    body = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = body.decode(encoding)
        # Some codecs read what they would not write back: such a file could not be changed faithfully.
        if encoding != "utf-8" and text.encode(encoding) != body:
            raise DecodeError(f"its encoding {encoding} does not give back the same bytes; save it as UTF-8")
    except UnicodeDecodeError as error:
        raise _bad_bytes(body, error) from error
    except (UnicodeError, LookupError) as error:
        raise DecodeError(f"its coding cookie does not fit: {error}; correct the cookie") from error
    return Text(text, encoding, body != content)


def _declared(content: bytes) -> str:
    try:
        declared = tokenize.detect_encoding(io.BytesIO(content).readline)[0]
        # utf8 and U8 are names of it, too
        return "utf-8" if codecs.lookup(declared).name in {"utf-8", "utf-8-sig"} else declared
    except SyntaxError as error:
        if str(error).startswith("invalid"):
            return "utf-8"  # The first lines are no UTF-8: decoding them says where.
        raise DecodeError(f"its coding cookie cannot be used: {error}; correct it") from error


def _bad_bytes(body: bytes, error: UnicodeDecodeError) -> DecodeError:
    line = len(body[: error.start + 1].splitlines())
    advice = "save it as UTF-8, or declare its encoding in line 1: # -*- coding: latin-1 -*-"
    return DecodeError(f"byte 0x{body[error.start]:02x} is not {error.encoding}; {advice}", line)


class _Problems:
    """Collects what could not be read, and knows how paths are shown."""

    def __init__(self, relative_to: Path) -> None:
        self.items: list[Problem] = []
        self._base = relative_to

    def shown(self, path: str) -> str:
        return shown_name(path, self._base)

    def add(self, path: str, message: str) -> None:
        self.items.append(Problem(self.shown(path), None, message))

    def unreadable(self, path: str, error: OSError) -> None:
        self.add(path, f"cannot be read: {error.strerror or error}; correct its permissions or exclude it")


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _absolute(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))


def _with_separator(folder: str) -> str:
    return folder.rstrip(os.sep) + os.sep


def _start(path: Path) -> Path:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise PathError(f"{path} does not exist; check the path") from error
    except OSError as error:
        raise PathError(f"cannot open {path}: {error.strerror}; check its permissions") from error
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise PathError(f"{path} is neither a file nor a directory; name one of these")
    return _absolute(path)


def _nothing_found(paths: Sequence[Path], problems: Sequence[Problem]) -> str:
    if not paths:
        return "no paths were given; name files or directories to analyse"
    reasons = "".join(f" ({problem.path} {problem.message})" for problem in problems)
    advice = "name a file, or a directory with .py files that neither .gitignore nor `exclude` leaves out"
    return f"no Python files under {', '.join(map(str, paths))}{reasons}; {advice}"


def _root(starts: Sequence[Path]) -> tuple[Path, bool]:
    """The project's root, and whether a marker says so."""
    folders = [start if start.is_dir() else start.parent for start in starts] or [Path.cwd()]
    try:
        common = Path(os.path.commonpath(folders))
    except ValueError as error:
        raise PathError("the paths are on different drives; run once for each drive") from error
    marked = _nearest(common, _MARKERS)
    return (common, False) if marked is None else (marked, True)


def _nearest(folder: Path, names: Iterable[str]) -> Path | None:
    """The nearest directory at or above `folder` that has one of these entries."""
    return next((at for at in (folder, *folder.parents) if any((at / name).exists() for name in names)), None)


_Levels: TypeAlias = tuple[IgnoreRules, ...]
"""The rules of the directories around an entry, outermost first."""
_Entry: TypeAlias = tuple[str, str, bool]
"""A Python file that was found: its path, the same with all links followed, and whether it is a link."""


class _Walk:
    """Searches directories. Links to directories are not followed: they may lead in circles."""

    def __init__(self, root: Path, exclude: _Levels, problems: _Problems) -> None:
        self._root = root
        self._exclude = exclude
        self._problems = problems

    def search(self, start: Path) -> Iterator[_Entry]:
        """The file itself, or the Python files below the directory."""
        first = str(start)
        if not start.is_dir():
            yield first, os.path.realpath(first), start.is_symlink()
            return
        inherited, exclude = self._inherited(start)
        pending = [(first, os.path.realpath(first), inherited)]
        while pending:
            folder, real, levels = pending.pop()
            entries = self._entries(folder)
            names = {entry.name for entry in entries}
            if "pyvenv.cfg" in names and folder != first:
                continue
            levels = self._deeper(levels, folder, names)
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                if entry.name in NEVER_OWN if is_folder else not entry.name.endswith(".py"):
                    continue
                if _ignored(levels, entry.path, is_folder) or _ignored(exclude, entry.path, is_folder):
                    continue
                below = _with_separator(real) + entry.name
                if is_folder:
                    pending.append((entry.path, below, levels))
                elif self._is_file(entry):
                    is_link = entry.is_symlink()
                    yield entry.path, os.path.realpath(below) if is_link else below, is_link

    def _inherited(self, start: Path) -> tuple[_Levels, _Levels]:
        """The rules of the directories above `start`, without those that would rule out `start` itself."""
        levels: _Levels = ()
        exclude = self._exclude
        repository = _nearest(start, (".git",)) or self._root
        top = min(repository, self._root, key=lambda folder: len(folder.parts))
        line = [folder for folder in (*reversed(start.parents), start) if folder.is_relative_to(top)]
        for folder, child in pairwise(line):
            names = [name for name in (".git", ".gitignore") if (folder / name).exists()]
            levels = self._deeper(levels, str(folder), names)
            if _ignored(levels, str(child), True):
                levels = ()
            if self._root in child.parents and _ignored(exclude, str(child), True):
                exclude = ()
        return levels, exclude

    def _deeper(self, levels: _Levels, folder: str, names: Container[str]) -> _Levels:
        """The rules that hold inside `folder`, which has entries of these names."""
        # A repository inside a repository is ruled by its own files only.
        levels = () if ".git" in names else levels
        if ".gitignore" not in names:
            return levels
        path = _with_separator(folder) + ".gitignore"
        try:
            content = _read(Path(path))
        except OSError as error:
            self._problems.unreadable(path, error)
            return levels
        # File names come from the system in the same way: bytes that are no text match themselves.
        lines = os.fsdecode(content.removeprefix(codecs.BOM_UTF8)).split("\n")
        return (*levels, IgnoreRules(folder, lines, strict=False))

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except OSError as error:
            self._problems.unreadable(folder, error)
            return []

    def _is_file(self, entry: os.DirEntry[str]) -> bool:
        """Whether it is a file or a link to one; links that lead nowhere, as editors leave them, are not."""
        try:
            return entry.is_file()
        except OSError as error:
            self._problems.unreadable(entry.path, error)
            return False


def _ignored(levels: _Levels, path: str, is_folder: bool) -> bool:
    for rules in reversed(levels):
        verdict = rules.verdict(path, is_folder)
        if verdict is not None:
            return verdict
    return False


def _unique(entries: Iterable[_Entry]) -> list[Path]:
    """One path for each file, in the order of paths. A link gives way to the file it leads to."""
    best: dict[str, tuple[bool, bool, str]] = {}
    for path, real, is_link in entries:
        rank = (path != real, is_link, path)
        best[real] = min(rank, best.get(real, rank))
    return sorted((Path(path) for *_, path in best.values()), key=lambda path: path.parts)


def _import_roots(root: Path, marked: bool, walk: _Walk, files: Iterable[Path]) -> tuple[Path, ...]:
    """Where imports start: `src`, the root, directories of scripts, then what holds the other packages."""

    @cache
    def is_package(folder: Path) -> bool:
        return (folder / "__init__.py").is_file()

    def package(folder: Path) -> Path | None:
        """The topmost package around `folder`. Below the root a package may lack an `__init__.py` midway."""
        inside = list(takewhile(lambda at: at != root, (folder, *folder.parents))) or [root]
        top = next((at for at in reversed(inside) if is_package(at)), None)
        while top is not None and is_package(top.parent) and top != top.parent:
            top = top.parent
        return top

    folders = sorted({file.parent for file in files})
    packages = [(folder, package(folder)) for folder in folders]
    scripts = [folder for folder, top in packages if top is None]
    homes = [top.parent for _, top in packages if top is not None]
    src = root / "src"
    holds_python = src.is_dir() and not is_package(src) and any(walk.search(src))
    # Inside a package whose project has no marker, modules import each other by the package's name.
    whole = package(root) if not marked else None
    first = [*([whole.parent] if whole is not None else []), *([src] if holds_python else []), root]
    return tuple(dict.fromkeys([*first, *scripts, *homes]))


def _entry_points(root: Path, problems: _Problems) -> dict[str, str]:
    """What the metadata names, with its group; one that has several groups has one that is not for scripts, if any."""
    found: dict[str, str] = {}
    readers = {"pyproject.toml": _in_pyproject, "setup.cfg": _in_setup_cfg, "setup.py": _in_text}
    for path, read in ((root / name, read) for name, read in readers.items()):
        if not path.is_file():
            continue
        try:
            for entry, group in read(decode(_read(path)).text):
                found[entry] = found.get(entry, group) if group in _SCRIPT_GROUPS else group
        except OSError as error:
            problems.unreadable(str(path), error)
        except (DecodeError, tomllib.TOMLDecodeError) as error:
            problems.add(str(path), f"its entry points were not read: {error}; correct it")
    return found


def _in_pyproject(text: str) -> Iterator[tuple[str, str]]:
    document = tomllib.loads(text)
    for table in ("project.scripts", "project.gui-scripts", "project.entry-points", "tool.poetry.scripts"):
        value: object = document
        for key in table.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        for match in filter(None, map(_ENTRY_POINT.fullmatch, _strings(value))):
            yield f"{match[1]}:{match[2]}", table


def _strings(value: object) -> Iterator[str]:
    """All strings in a TOML value: an entry point may stand in a table of its own."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)


def _in_setup_cfg(text: str) -> Iterator[tuple[str, str]]:
    return chain.from_iterable(map(_in_text, _ENTRY_SECTION.findall(text)))


def _in_text(text: str) -> Iterator[tuple[str, str]]:
    """Entry points in a text, with the last word before each that may be the name of its group."""
    groups = [(match.start(), match[1] or match[2] or match[3]) for match in _GROUP_IN_TEXT.finditer(text)]
    for match in _ENTRY_IN_TEXT.finditer(text):
        before = [group for start, group in groups if start < match.start()]
        yield f"{match[1]}:{match[2]}", before[-1] if before else ""
