"""Finds and reads the fixtures of rules and projects, and says what is wrong with them.

Rules: `fixtures/rules/<rule>/<case>.before.py` with `<case>.after.py`, or `<case>.noop.py` for a file that
must not change. The first line may be `# awaitify: scope=all` (else the scope is `async`), `# awaitify:
client=httpx` (else it is aiohttp), `# awaitify: parity=strict` (else it is idiomatic), `# awaitify: session=function`
(else each request has its own), or several of them in this order with blanks between; it is no part of the case, so it
may stand in `.after.py` too. At the end of a line of `.before.py` or `.noop.py` may stand `# finding: left` (or any
other action, or several with commas between): a finding with that action is on that line. `# finding: none` says that
the line has no finding at all. These marks are no part of the case either.

Projects: `fixtures/projects/<case>/before/` and `after/`, whole trees; `case.toml` may hold `scope`, and
`run.toml` a program that prints the same before and after: `main` (a path in the tree) and `server`
(whether it talks to the loopback server).
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codemods.model import Action, HttpClient, Parity, Scope, SessionMode

FIXTURES = Path(__file__).parent / "fixtures"
RULES = FIXTURES / "rules"
PROJECTS = FIXTURES / "projects"

NONE = "none"
"""The mark of a line that must have no finding."""

_KINDS = ("before", "after", "noop")
HEADER = re.compile(
    rb"# awaitify: (?=[scp])(?:scope=(\w+))?(?: ?client=(\w+))?(?: ?parity=(\w+))?(?: ?session=(\w+))?[ \t]*\r?\n"
)
_MARK = re.compile(rb"(?m)[ \t]*# finding: ([a-z]+(?:, *[a-z]+)*)[ \t]*(?=\r?$)")
_MARK_START = re.compile(rb"#\s*finding\b")
_CACHES = frozenset({"__pycache__"})


class FixtureError(Exception):
    """A fixture is not written as the harness needs it; the message names the file."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a line of a rule case says about its findings."""

    line: int
    """1-based, in the file as the engine sees it (without the scope line)."""
    actions: frozenset[str]
    """Values of `Action`; empty when the line must have no finding."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a case is migrated: cases of one setting are migrated together."""

    scope: Scope = Scope.ASYNC
    client: HttpClient = HttpClient.AIOHTTP
    parity: Parity = Parity.IDIOMATIC
    session: SessionMode = SessionMode.CALL


@dataclass(frozen=True, slots=True)
class RuleCase:
    """One file before and after a migration."""

    rule: str
    name: str
    module: str
    """The name of the module it is migrated as: unique over all rules."""
    setting: Setting
    before: bytes
    after: bytes
    marks: tuple[Mark, ...]

    @property
    def id(self) -> str:
        """How the test is called."""
        return f"{self.rule}-{self.name}"


@dataclass(frozen=True, slots=True)
class Program:
    """A program of a project that prints the same before and after."""

    main: str
    """The path in the tree, with forward slashes."""
    server: bool


@dataclass(frozen=True, slots=True)
class ProjectCase:
    """One tree of files before and after a migration."""

    name: str
    before: Path
    after: Path
    scope: Scope | None
    """None where the case does not say: the default of the configuration."""
    program: Program | None
    update_requirements: bool = False


def load_rule_cases(root: Path = RULES) -> list[RuleCase]:
    """Return all rule cases under `root`, sorted; raise `FixtureError` for the first that is not whole."""
    return [case for rule in sorted(_folders(root)) for case in _cases_of_rule(rule)]


def load_project_cases(root: Path = PROJECTS) -> list[ProjectCase]:
    """Return all project cases under `root`, sorted; raise `FixtureError` for the first that is not whole."""
    return [_project_case(folder) for folder in sorted(_folders(root))]


def fixture_sources() -> list[Path]:
    """Return every Python file of all fixtures, sorted."""
    return sorted([*RULES.rglob("*.py"), *PROJECTS.rglob("*.py")])


def read_tree(root: Path) -> dict[str, bytes]:
    """Return the bytes of all files under `root` by their relative path, without bytecode caches."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not _CACHES.intersection(path.relative_to(root).parts)
    }


def write_tree(root: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their relative path below `root`, with the folders they need."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def difference(expected: bytes, actual: bytes, name: str) -> str:
    """Return a unified diff from expected to actual bytes, with what cannot be seen made visible."""
    lines = difflib.unified_diff(
        _visible(expected), _visible(actual), f"expected {name}", f"actual {name}", lineterm=""
    )
    return "\n".join(lines)


def _folders(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if path.is_dir() and path.name not in _CACHES]


def _cases_of_rule(folder: Path) -> list[RuleCase]:
    kinds: dict[str, set[str]] = {}
    for path in sorted(folder.iterdir()):
        if path.name in _CACHES:
            continue
        name, _, kind = path.name.removesuffix(".py").rpartition(".")
        if path.suffix != ".py" or kind not in _KINDS or not name.isidentifier():
            raise FixtureError(f"{path}: rename it to <case>.before.py, <case>.after.py or <case>.noop.py")
        kinds.setdefault(name, set()).add(kind)
    return [
        _rule_case(folder, name, found, f"case_{folder.name}_{number}")
        for number, (name, found) in enumerate(sorted(kinds.items()), start=1)
    ]


def _rule_case(folder: Path, name: str, kinds: set[str], module: str) -> RuleCase:
    if kinds not in ({"before", "after"}, {"noop"}):
        have = ", ".join(f".{kind}.py" for kind in sorted(kinds))
        raise FixtureError(f"{folder / name}: has {have}; a case is .before.py with .after.py, or .noop.py alone")
    source = folder / f"{name}.{'noop' if 'noop' in kinds else 'before'}.py"
    setting, before, marks = _read_marked(source)
    if "noop" in kinds:
        return RuleCase(folder.name, name, module, setting or Setting(), before, before, marks)
    target = folder / f"{name}.after.py"
    setting_after, after, marks_after = _read_marked(target)
    if marks_after:
        raise FixtureError(f"{target}: findings are marked in .before.py, not here")
    if setting_after not in (None, setting):
        raise FixtureError(f"{target}: its first line is not that of {source.name}")
    if before == after:
        raise FixtureError(f"{source}: nothing changes in it; make it {name}.noop.py")
    return RuleCase(folder.name, name, module, setting or Setting(), before, after, marks)


def _read_marked(path: Path) -> tuple[Setting | None, bytes, tuple[Mark, ...]]:
    content = path.read_bytes()
    setting = None
    if header := HEADER.match(content):
        try:
            scope = Scope((header[1] or b"async").decode())
            client = HttpClient((header[2] or b"aiohttp").decode())
            parity = Parity((header[3] or b"idiomatic").decode())
            setting = Setting(scope, client, parity, SessionMode((header[4] or b"call").decode()))
        except ValueError as error:
            raise FixtureError(f"{path}: {error}; the first line is such as `# awaitify: scope=all`") from error
        content = content[header.end() :]
    marks = tuple(
        Mark(content.count(b"\n", 0, match.start()) + 1, _actions(path, match[1].decode()))
        for match in _MARK.finditer(content)
    )
    content = _MARK.sub(b"", content)
    if _MARK_START.search(content):
        raise FixtureError(f"{path}: a mark is written `# finding: <action>` at the end of its line")
    return setting, content, marks


def _actions(path: Path, text: str) -> frozenset[str]:
    actions = frozenset(action.strip() for action in text.split(","))
    if actions == {NONE}:
        return frozenset()
    if unknown := actions - {action.value for action in Action}:
        raise FixtureError(f"{path}: there is no action {', '.join(sorted(unknown))}")
    return actions


def _project_case(folder: Path) -> ProjectCase:
    before, after = folder / "before", folder / "after"
    for tree in (before, after):
        if not tree.is_dir():
            raise FixtureError(f"{folder}: has no folder {tree.name}/")
    known = {"before", "after", "case.toml", "run.toml"}
    if stray := sorted(path.name for path in folder.iterdir() if path.name not in known):
        raise FixtureError(f"{folder}: {', '.join(stray)} is neither a tree nor case.toml nor run.toml")
    options = _table(folder / "case.toml", {"scope": str, "update-requirements": bool})
    scope, update = options.get("scope"), options.get("update-requirements", False)
    run = _table(folder / "run.toml", {"main": str, "server": bool})
    if run and not ("main" in run and (before / run["main"]).is_file() and (after / run["main"]).is_file()):
        raise FixtureError(f"{folder / 'run.toml'}: `main` names a program that is in before/ and in after/")
    program = Program(run["main"], run.get("server", False)) if run else None
    return ProjectCase(folder.name, before, after, None if scope is None else Scope(scope), program, update)


def _table(path: Path, types: Mapping[str, type]) -> dict[str, Any]:
    if not path.exists():
        return {}
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    for key, value in table.items():
        if not isinstance(value, types.get(key, ())):
            raise FixtureError(f"{path}: {key} = {value!r} is not known; it takes {', '.join(types)}")
    return table


def _visible(content: bytes) -> Sequence[str]:
    text = content.decode("utf-8", "backslashreplace").replace("\ufeff", "<BOM>")
    lines = text.replace("\t", "<TAB>").replace("\r", "<CR>").split("\n")
    return [*lines[:-1], lines[-1] or "<end>"] if lines[-1] == "" else [*lines, "<no newline at the end>"]
