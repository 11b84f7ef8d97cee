"""What the user configured: the `[tool.awaitify]` table, the meaning of its patterns, and the interpreter.

Options of a command line are laid over a `Config` with `dataclasses.replace`.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from pathspec.patterns.gitignore import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from codemods.errors import ConfigError
from codemods.model import Fallback, HttpClient, Parity, Scope, SessionMode
from codemods.packs import Boundary, DeclaredCall, DeclaredHandler, DeclaredOffload, DeclaredTwin, DeclaredUse


@dataclass(frozen=True, slots=True)
class Config:
    """The user's choices. In TOML the keys are written with dashes: `keep-sync`."""

    scope: Scope = Scope.AUTO
    fallback: Fallback = Fallback.THREAD
    client: HttpClient = HttpClient.AIOHTTP
    """What requests are made with."""
    parity: Parity = Parity.IDIOMATIC
    """How close to requests that is."""
    session: SessionMode = SessionMode.CALL
    """Which requests share a session."""
    select: frozenset[str] = frozenset()
    """Ids of the rules to use; empty means all."""
    ignore: frozenset[str] = frozenset()
    """Ids of rules to leave out of those."""
    keep_sync: tuple[str, ...] = ()
    """Functions that must stay sync, as `module:qualname`; shell patterns are allowed."""
    exclude: tuple[str, ...] = ()
    """Files to leave out, as gitignore patterns relative to the project's root."""
    python: Path | None = None
    """The interpreter whose installed libraries are seen, or the folder of its virtual environment."""
    update_requirements: bool = False
    """Whether what the changes ask of the project's requirements is written with them."""
    boundary: tuple[Boundary, ...] = ()
    """What decorators and overridden methods mean; these overrule the packs."""
    call: tuple[DeclaredCall, ...] = ()
    """Functions that block, with their async forms; these overrule the packs."""
    offload: tuple[DeclaredOffload, ...] = ()
    """Functions that block and have none; these overrule the packs."""
    with_: tuple[DeclaredUse, ...] = ()
    """What is entered with `async with`."""
    iter: tuple[DeclaredUse, ...] = ()
    """What is iterated over with `async for`."""
    handler: tuple[DeclaredHandler, ...] = ()
    """What frameworks give to the functions of some decorators; these overrule the packs."""
    twin: tuple[DeclaredTwin, ...] = ()
    """Classes that block, with those of the same shape that are awaited; these overrule the packs."""


def _one_of(choices: type[StrEnum]) -> str:
    return "one of " + ", ".join(f'"{choice}"' for choice in choices)


_STRINGS: Final = "a list of strings"
_KEYS: Final[Mapping[str, tuple[Any, str]]] = {
    "scope": (Scope, _one_of(Scope)),
    "fallback": (Fallback, _one_of(Fallback)),
    "client": (HttpClient, _one_of(HttpClient)),
    "parity": (Parity, _one_of(Parity)),
    "session": (SessionMode, _one_of(SessionMode)),
    "select": (frozenset[str], _STRINGS),
    "ignore": (frozenset[str], _STRINGS),
    "keep-sync": (tuple[str, ...], _STRINGS),
    "exclude": (tuple[str, ...], _STRINGS),
    "python": (str, "a string, the path of a Python interpreter"),
    "update-requirements": (bool, "true or false"),
    "call": (tuple[DeclaredCall, ...], "a list of tables with `sync`, and `async` where another name is called then"),
    "offload": (tuple[DeclaredOffload, ...], "a list of tables with `sync`"),
    "with": (tuple[DeclaredUse, ...], "a list of tables with `sync`"),
    "iter": (tuple[DeclaredUse, ...], "a list of tables with `sync`"),
    "handler": (
        tuple[DeclaredHandler, ...],
        "a list of tables with `decorator` and `first`, a class",
    ),
    "twin": (tuple[DeclaredTwin, ...], "a list of tables with `sync` and `async`, both classes"),
    "boundary": (tuple[Boundary, ...], "a list of tables with `kind` and one of `decorator`, `method` and `taker`"),
}
"""For each key its type, and in words what is accepted."""


def load_config(start: Path, explicit: Path | None = None) -> Config:
    """Read `[tool.awaitify]` of the nearest pyproject.toml.

    `start` is the directory from which the search goes upward; the first pyproject.toml ends it, with or
    without the table. `explicit` is a TOML file to read instead. Without a file or a table, all is default.

    Raises `ConfigError` when the file cannot be read or is no TOML, and for unknown keys and wrong values.
    """
    path = explicit if explicit is not None else _nearest(start)
    if path is None:
        return Config()
    folder = path.absolute().parent
    values: dict[str, Any] = {}
    for key, raw in _table(path).items():
        value = _checked(path, key, raw)
        name = "with_" if key == "with" else key.replace("-", "_")
        values[name] = folder / value if key == "python" else value
    return Config(**values)


def find_python(config: Config, root: Path) -> Path:
    """The interpreter whose installed libraries the project uses; absolute, links not followed.

    The first of: the configured one, `$VIRTUAL_ENV`, `.venv` or `venv` in `root`, the running interpreter.
    An environment that holds no interpreter is passed over, except the configured one: `ConfigError`.
    """
    if config.python is not None:
        chosen = config.python.absolute()
        # Not resolved: the interpreter of a virtual environment is a link, and its place is its meaning.
        python = _interpreter_in(chosen) if chosen.is_dir() else chosen
        if python is None or not python.is_file():
            raise ConfigError(
                f"there is no Python interpreter at {chosen}; "
                "set `python` to one, such as .venv/bin/python, or leave it out"
            )
        return python
    active = os.environ.get("VIRTUAL_ENV")
    folders = [Path(active)] if active else []
    for folder in (*folders, root / ".venv", root / "venv"):
        python = _interpreter_in(folder.absolute())
        if python is not None:
            return python
    if not sys.executable:
        raise ConfigError("found no Python interpreter; set `python` to one, such as .venv/bin/python")
    return Path(sys.executable)


def _nearest(start: Path) -> Path | None:
    folder = Path(os.path.normpath(start.absolute()))
    for candidate in (at / "pyproject.toml" for at in (folder, *folder.parents)):
        if candidate.is_file():
            return candidate
    return None


def _table(path: Path) -> dict[str, Any]:
    """The `[tool.awaitify]` table of a TOML file, unchecked; empty when there is none."""
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError as error:
        raise ConfigError(f"the configuration file {path} does not exist; check its path") from error
    except OSError as error:
        raise ConfigError(f"cannot read the configuration file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}; correct it and run again") from error
    for depth, key in enumerate(("tool", "awaitify"), start=1):
        table = table.get(key, {})
        if not isinstance(table, dict):
            name = ".".join(("tool", "awaitify")[:depth])
            raise ConfigError(f"{path}: `{name}` must be a table; write [tool.awaitify] and its keys below")
    return table


def _checked(path: Path, key: str, raw: object) -> Any:
    if key not in _KEYS:
        accepted = ", ".join(_KEYS)
        raise ConfigError(f"{path}: unknown key `{key}` in [tool.awaitify]; accepted keys: {accepted}")
    kind, accepted = _KEYS[key]
    try:
        value = msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: `{key}` in [tool.awaitify] is {raw!r}; accepted is {accepted}") from error
    if key == "exclude":
        try:
            IgnoreRules("", value, strict=True)
        except ConfigError as error:
            raise ConfigError(f"{path}: `{key}` in [tool.awaitify]: {error}") from error
    return value


def _interpreter_in(environment: Path) -> Path | None:
    for python in (environment / "bin" / "python", environment / "Scripts" / "python.exe"):
        if python.is_file():
            return python
    return None


class _Rule(NamedTuple):
    """One gitignore pattern, asked about one entry at a time: the directories around it were asked before."""

    pattern: GitIgnoreSpecPattern
    keeps: bool
    folders_only: bool
    by_name: bool
    """It looks at the last part of the path only."""


_END: Final = "\x01"
"""Put at the end of a path and its pattern, so that the pattern does not match by a directory of the path."""


def _rule(line: str) -> _Rule | None:
    """Read a line of a gitignore file. Raises `GitIgnorePatternError` when it is no pattern."""
    line = line if line.endswith("\\ ") else line.rstrip(" \t\r")
    # Without the slash at its end: with it a pattern also matches all that is below the directory,
    # and `!keep/` would bring back every file in there that another pattern rules out.
    core = line.removesuffix("/")
    body = core.removeprefix("!")
    if not body or line.startswith("#"):
        return None
    pattern = GitIgnoreSpecPattern(core)
    if pattern.include is None:
        return None
    by_name = "/" not in body or (body.startswith("**/") and "/" not in body[3:])
    if not by_name:
        pattern = GitIgnoreSpecPattern(core if core.endswith("/**") else core + _END)
    return _Rule(pattern, not pattern.include, core != line, by_name)


class IgnoreRules:
    """The gitignore patterns of one directory, for what lies below it. The last pattern that matches decides.

    pathspec translates the patterns. It is not asked about whole paths, since it finds `a/` ignored
    by `*`, `!*/`, `!*.py`, and a search that goes from directory to directory would end there.
    """

    def __init__(self, folder: str, lines: Iterable[str], *, strict: bool) -> None:
        """Read the lines. `strict`: raise `ConfigError` for what is no pattern, else skip it, as git does."""
        rules: list[_Rule] = []
        for line in lines:
            try:
                rule = _rule(line)
            except GitIgnorePatternError as error:
                if strict:
                    raise ConfigError(f"{line!r} is no gitignore pattern; correct it") from error
                continue
            rules += () if rule is None else (rule,)
        self._prefix = len(folder.rstrip(os.sep)) + 1
        self._keeps = tuple(rule.keeps for rule in rules)
        self._by_name = [(index, rule) for index, rule in enumerate(rules) if rule.by_name][::-1]
        self._by_path = [(index, rule) for index, rule in enumerate(rules) if not rule.by_name][::-1]
        self._names: dict[tuple[str, bool], int] = {}

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """What the patterns say about an entry below the directory, none of whose own directories is ignored.

        True: ignored; False: kept though an earlier pattern or directory ignores it; None: nothing matches.
        """
        name = path[path.rindex(os.sep) + 1 :]
        last = self._names.get((name, is_folder))
        if last is None:
            # The same names come again and again, and most patterns look at nothing else.
            last = self._names[name, is_folder] = _last(self._by_name, name, is_folder, -1)
        if self._by_path:
            relative = path[self._prefix :].replace(os.sep, "/")
            last = _last(self._by_path, relative + _END, is_folder, last)
        return None if last < 0 else not self._keeps[last]


def _last(rules: Iterable[tuple[int, _Rule]], path: str, is_folder: bool, floor: int) -> int:
    """The index of the last rule above `floor` that matches, else `floor`. The rules come last one first."""
    for index, rule in rules:
        if index < floor:
            break
        if rule.folders_only and not is_folder:
            continue
        if rule.pattern.match_file(path) is not None:
            return index
    return floor
