"""Input that is broken, odd or unreadable, through the real command line.

Whatever one file holds, it is named with what to do next, the rest is done, and nothing is written that was not
asked for. A run of the type checker costs more than a second: trees hold many files, and several tests look at
one run.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from codemods.facts import pyrefly

ROOT = Path(__file__).parents[1]
RAM_DISK = Path("/dev/shm")
MAIN = "from cli.main import run; run()"
PROJECT = b'[project]\nname = "project"\nversion = "1"\n'

posix_only = pytest.mark.skipif(os.name != "posix", reason="the stand-in for the checker is a shell script")
not_for_root = pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read and write everything"
)

GOOD = b"""\
import time


def pause(seconds):
    time.sleep(seconds)


def wait():
    pause(2)


async def main():
    time.sleep(1)
    wait()
"""
GOOD_AFTER = b"""\
import asyncio


async def pause(seconds):
    await asyncio.sleep(seconds)


async def wait():
    await pause(2)


async def main():
    await asyncio.sleep(1)
    await wait()
"""


@dataclass(frozen=True)
class Outcome:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str
    before: dict[str, bytes]
    after: dict[str, bytes]
    left_over: list[str]
    """What is still in the temporary folders."""

    @property
    def document(self) -> Any:
        """The JSON on stdout."""
        return json.loads(self.out)

    def errors(self) -> list[str]:
        """The lines on stderr; each of them must be an error."""
        lines = self.err.splitlines()
        assert all(line.startswith("error: ") for line in lines), self.err
        return [line.removeprefix("error: ") for line in lines]

    def only_error(self) -> str:
        """The single message of a run that could not go on: nothing shown, nothing written, exit code 2."""
        assert (self.code, self.out) == (2, ""), self.err
        assert self.after == self.before
        assert self.left_over == []
        [line] = self.errors()
        return line


def tree_of(folder: Path) -> dict[str, bytes]:
    """Every entry below a folder: the bytes of files, where links lead, and empty for folders."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = b"-> " + os.fsencode(path.readlink())
        elif path.is_file() and os.access(path, os.R_OK):
            found[name] = path.read_bytes()
        else:
            found[name] = b""
    return found


def awaitify(
    project: Path,
    *arguments: str,
    within: str = ".",
    before_main: str = "",
    environment: dict[str, str] | None = None,
) -> Outcome:
    """Runs the console script in a folder of the project, in a process of its own.

    `before_main` is Python code that runs in that process before the console script does.
    """
    temporary = project.parent / f"{project.name}-temporary"
    temporary.mkdir(exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    before = tree_of(project)
    done = subprocess.run(
        [sys.executable, "-P", "-c", before_main + MAIN, *arguments],
        cwd=project / within,
        env={
            **inherited,
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
            "TMPDIR": str(temporary),
            **(environment or {}),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    left_over = [path.name for path in temporary.iterdir()] + reports_about(project)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    return Outcome(done.returncode, out, err, before, tree_of(project), left_over)


def reports_about(project: Path) -> list[str]:
    """The checker's folders on the RAM disk that belong to runs over this project; other runs have theirs."""
    found = []
    for configuration in RAM_DISK.glob("awaitify-*/pyrefly.toml"):
        try:
            if f'"{project}' in configuration.read_text(encoding="utf-8"):
                found.append(str(configuration))
        except OSError:
            continue  # of another run, which just ended
    return found


def project_in(folder: Path, **files: bytes) -> Path:
    """A project with one good file; keywords are the stems of more Python files."""
    project = folder / "project"
    project.mkdir()
    everything = {"pyproject.toml": PROJECT, "good.py": GOOD}
    everything |= {f"{stem}.py": content for stem, content in files.items()}
    for name, content in everything.items():
        (project / name).write_bytes(content)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_in(tmp_path)


# One tree with many files: some are left out with their reason, all others are migrated.


def blocking(name: str, *more: str) -> bytes:
    """A module with one call to replace, and some lines after its import."""
    return "\n".join(["import time", *more, "", f"async def {name}():", "    time.sleep(1)", ""]).encode()


def noise(length: int) -> bytes:
    return random.Random(length).randbytes(length)


SAVE_IT = "save it as UTF-8"
LEFT_OUT: dict[str, tuple[bytes, int | None, str]] = {
    "syntax.py": (b"import time\n\nasync def f(:\n    time.sleep(1)\n", 3, "syntax error: "),
    "binary.py": (b"\x7fELF\0" + noise(300), 1, f"NUL byte: it is binary or UTF-16; {SAVE_IT} or exclude it"),
    "nul.py": (
        b"import time\n\0\nasync def f():\n    time.sleep(1)\n",
        2,
        f"NUL byte: it is binary or UTF-16; {SAVE_IT}",
    ),
    "noise.py": (b"\x80\xff" + noise(300).replace(b"\0", b""), 1, f"byte 0x80 is not utf-8; {SAVE_IT}, or declare"),
    "utf_16.py": (blocking("utf_16").decode().encode("utf-16"), 1, f"NUL byte: it is binary or UTF-16; {SAVE_IT}"),
    "undeclared.py": (blocking("f") + "# é\n".encode("latin-1"), 5, f"byte 0xe9 is not utf-8; {SAVE_IT}, or declare"),
    "klingon.py": (b"# coding: klingon\n" + blocking("f"), None, "unknown encoding: klingon; correct it"),
    "latin.py": (
        b"# -*- coding: latin-1 -*-\n" + blocking("latin", "NAME = 'é'").decode().encode("latin-1"),
        None,
        "its encoding is iso-8859-1, and types are inferred from UTF-8 only; convert it",
    ),
    "form_feed.py": (b"import time\n\n\x0casync def f():\n    time.sleep(1)\n", None, "form feed"),
    "old_mac.py": (blocking("old_mac").replace(b"\n", b"\r"), None, "it is left as it is"),
    "deep_sum.py": (blocking("f", "x = " + "+".join(["1"] * 3_000)), 2, "too deeply nested; the file is left as it is"),
    "a[1].py": (blocking("brackets"), None, "the type checker takes for a pattern; rename it"),
    "deep_chain.py": (blocking("f", "x = x" + ".y" * 900), None, "nested too deeply to be edited; the file is left"),
}
"""Content, the line of the error, and words of it."""

CHANGED: dict[str, bytes] = {
    "latin_ascii.py": b"# -*- coding: latin-1 -*-\n" + blocking("latin_ascii"),
    "crlf.py": blocking("crlf").replace(b"\n", b"\r\n"),
    "mixed_ends.py": b"import time\r\n\n\nasync def mixed():\r\n    time.sleep(1)\n    time.sleep(2)\r\n",
    "mark.py": b"\xef\xbb\xbf" + blocking("mark", "NAME = 'é'"),
    "form_feed_between.py": b"import time\n\x0c\nasync def f():\n    time.sleep(1)\n",
    "no_end.py": b"import time\nasync def no_end():\n    time.sleep(1)",
    "deep_parentheses.py": blocking("f", "x = " + "(" * 150 + "1" + ")" * 150),
    "huge.py": blocking("f", f"LINE = {'x' * 500_000!r}", *(f"def f{n}(a):\n    return a + {n}" for n in range(600))),
    "with space.py": blocking("with_space"),
    "naïve_ü_名.py": blocking("naive", "NAME = '名'"),
    "{a,b}.py": blocking("braces"),
    "$HOME.py": blocking("dollar"),
    "-dash.py": blocking("dash"),
}
NOT_SHOWN = {"empty.py": b"", "only_a_comment.py": b"# time.sleep(1)"}


def migrated(content: bytes) -> bytes:
    """What becomes of the content of a file of `CHANGED`."""
    return content.replace(b"import time", b"import asyncio").replace(b"    time.sleep(", b"    await asyncio.sleep(")


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = project_in(tmp_path_factory.mktemp("many"))
    left_out = {name: content for name, (content, _, _) in LEFT_OUT.items()}
    for name, content in {**left_out, **CHANGED, **NOT_SHOWN}.items():
        (project / name).write_bytes(content)
    return project


@pytest.fixture(scope="session")
def diff(many: Path) -> Outcome:
    return awaitify(many, "diff", "--format", "json")


@pytest.fixture(scope="session")
def applied(diff: Outcome, many: Path) -> Outcome:
    """Depends on `diff`, which looks at the tree before it is changed."""
    return awaitify(many, "apply", "--yes", "--format", "text")


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_file_that_cannot_be_migrated_is_named_with_its_reason(diff: Outcome, name: str) -> None:
    _, line, words = LEFT_OUT[name]
    place = f"{name}: " if line is None else f"{name}:{line}: "
    [said] = [error for error in diff.errors() if error.startswith((f"{name}: ", f"{name}:"))]
    assert said.startswith(place)
    assert words in said


def test_errors_are_the_same_in_the_document_and_no_other_file_has_one(diff: Outcome) -> None:
    errors = diff.document["errors"]
    assert [one["path"] for one in errors] == sorted(LEFT_OUT)
    places = [one["path"] if one["line"] is None else f"{one['path']}:{one['line']}" for one in errors]
    assert [f"{place}: {one['message']}" for place, one in zip(places, errors, strict=True)] == diff.errors()


def test_diff_of_a_tree_with_broken_files_exits_with_2_and_still_shows_the_good_one(diff: Outcome) -> None:
    assert diff.code == 2
    [shown] = [one["diff"] for one in diff.document["files"] if one["path"] == "good.py"]
    removed = re.findall(r"^-(?!--)(.*\n)", shown, re.M)
    added = re.findall(r"^\+(?!\+\+)(.*\n)", shown, re.M)
    kept = re.findall(r"^ (.*\n)", shown, re.M)
    assert sorted([*removed, *kept]) == sorted(GOOD.decode().splitlines(keepends=True))
    assert sorted([*added, *kept]) == sorted(GOOD_AFTER.decode().splitlines(keepends=True))


def test_every_file_that_can_be_migrated_is_shown(diff: Outcome) -> None:
    assert {one["path"] for one in diff.document["files"]} == {"good.py", *CHANGED}


def test_diff_writes_nothing_and_leaves_nothing_behind(diff: Outcome) -> None:
    assert diff.after == diff.before
    assert diff.left_over == []


def test_apply_writes_the_good_files_to_the_byte_and_exits_with_1(applied: Outcome) -> None:
    assert applied.code == 1
    assert applied.after["good.py"] == GOOD_AFTER
    for name, content in CHANGED.items():
        assert applied.after[name] == migrated(content), name


def test_apply_leaves_broken_files_as_they_are_and_nothing_beside_them(applied: Outcome) -> None:
    assert applied.after.keys() == applied.before.keys()
    for name in (*LEFT_OUT, *NOT_SHOWN, "pyproject.toml"):
        assert applied.after[name] == applied.before[name], name
    assert applied.left_over == []
    assert len(applied.errors()) == len(LEFT_OUT)


def test_a_function_that_a_broken_file_names_stays_sync_with_the_reason(tmp_path: Path) -> None:
    project = project_in(tmp_path, caller=b"from good import wait\n\nwait(\n", other=blocking("other"))
    done = awaitify(project, "check", "--format", "json")
    fates = {one["name"]: one for one in done.document["functions"]}
    assert done.code == 2
    assert [one["path"] for one in done.document["files"]] == ["good.py", "other.py"]
    assert fates["good:wait"]["fate"] == "sync"
    assert "caller.py" in fates["good:wait"]["reason"]
    assert done.after == done.before


# Links and permissions.


def test_links_in_circles_are_named_and_the_rest_is_done(project: Path) -> None:
    (project / "one.py").symlink_to("two.py")
    (project / "two.py").symlink_to("one.py")
    (project / "below").mkdir()
    (project / "below" / "above").symlink_to("..", target_is_directory=True)
    (project / "nowhere.py").symlink_to("missing.py")
    done = awaitify(project, "diff")
    assert done.code == 2
    assert [error.partition(":")[0] for error in done.errors()] == ["one.py", "two.py"]
    assert all("correct its permissions or exclude it" in error for error in done.errors())
    assert done.out.count("+++ b/") == 1
    assert "+++ b/good.py" in done.out
    assert done.after == done.before


@posix_only
@not_for_root
def test_an_unreadable_file_is_named_and_the_rest_is_done(project: Path) -> None:
    (project / "secret.py").write_bytes(GOOD)
    (project / "secret.py").chmod(0)
    done = awaitify(project, "diff")
    assert done.code == 2
    assert done.errors() == ["secret.py: cannot be read: Permission denied; correct its permissions or exclude it"]
    assert "+++ b/good.py" in done.out


@posix_only
@not_for_root
@pytest.mark.parametrize("what", [".", "good.py"])
def test_apply_where_writing_is_not_allowed_writes_nothing(project: Path, what: str) -> None:
    path = project / what
    mode = path.stat().st_mode
    path.chmod(mode & ~0o222)
    try:
        done = awaitify(project, "apply", "--yes")
    finally:
        path.chmod(mode)
    assert done.code == 2
    [error] = done.errors()
    assert "good.py" in error
    assert "nothing was written" in error
    assert done.after == done.before


# What was asked for.


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["missing"], "missing does not exist; check the path"),
        (["good.py", "missing.py"], "missing.py does not exist; check the path"),
        (["--config", "missing.toml"], "the configuration file missing.toml does not exist; check its path"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_done(project: Path, arguments: list[str], error: str) -> None:
    assert awaitify(project, "apply", "--yes", *arguments).only_error() == error


def test_a_folder_without_python_is_named_with_what_to_name_instead(project: Path) -> None:
    (project / "docs").mkdir()
    (project / "docs" / "index.md").write_text("time.sleep(1)\n")
    error = awaitify(project, "diff", "docs").only_error()
    assert error.startswith("no Python files under docs; name a file, or a directory with .py files")


def test_an_interpreter_that_does_not_exist_is_named_with_what_to_set(project: Path) -> None:
    error = awaitify(project, "diff", "--python", "nowhere/python").only_error()
    assert error.startswith(f"there is no Python interpreter at {project / 'nowhere/python'}; set `python` to one")


@posix_only
def test_an_interpreter_that_does_not_run_is_named_with_what_to_do(project: Path) -> None:
    error = awaitify(project, "diff", "--python", "good.py").only_error()
    assert error.startswith(f"the interpreter {project / 'good.py'} does not run (")
    assert error.endswith("name another with --python")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[tool.awaitify\n", "is not valid TOML: "),
        (b"[tool.awaitify]\ncolour = 1\n", "unknown key `colour` in [tool.awaitify]; accepted keys: scope, "),
    ],
)
def test_a_broken_configuration_is_named_with_its_place(project: Path, content: bytes, words: str) -> None:
    (project / "pyproject.toml").write_bytes(content)
    error = awaitify(project, "diff").only_error()
    assert str(project / "pyproject.toml") in error
    assert words in error


def test_a_file_that_is_named_several_times_is_done_once(project: Path) -> None:
    done = awaitify(project, "diff", "good.py", "./good.py", ".", str(project / "good.py"))
    assert (done.code, done.err) == (0, "")
    assert done.out.count("+++ b/good.py\n") == 1
    assert "1 file read" in done.out


def test_in_a_subfolder_names_are_relative_to_it_and_the_rest_of_the_project_is_not_touched(project: Path) -> None:
    package = project / "package"
    package.mkdir()
    (package / "__init__.py").write_bytes(b"")
    (package / "inside.py").write_bytes(GOOD)
    done = awaitify(project, "apply", "--yes", "inside.py", within="package")
    assert (done.code, done.err) == (0, "")
    assert "+++ b/inside.py\n" in done.out
    assert done.after == {**done.before, str(Path("package", "inside.py")): GOOD_AFTER}


# The type checker: its stand-ins answer at once, so these runs need no process of their own.


INSTALL = 'pip install "pyrefly>=1.4.1,<1.5"'
WRITE_INDEX = 'mkdir -p "$5" && cat > "$5/pyrefly.pysa.json"'
"""The fifth argument of a check is the report's folder."""
NO_ERRORS = """echo '{"errors": []}' > "$5/errors.json\""""
ENTRY = {"module_id": 1, "module_name": "good", "info_filename": "good:1.json"}


class Checked:
    """A project, and the command line over it with a shell script in the place of pyrefly."""

    def __init__(self, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.project = project
        self.binary = project.parent / "pyrefly"
        self.temporary = project.parent / "temporary"
        self.temporary.mkdir()
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.chdir(project)
        monkeypatch.delenv("VIRTUAL_ENV", raising=False)
        monkeypatch.setattr(tempfile, "tempdir", str(self.temporary))
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # typer sets it
        monkeypatch.setattr(pyrefly, "find_pyrefly", lambda: self.binary)

    def by(self, script: str) -> Checked:
        """Checks with a script; unless it cares for `--version` itself, that is answered as it should be."""
        version = "" if "--version" in script else '[ "$1" = --version ] && echo "pyrefly 1.4.1" && exit 0'
        self.binary.write_text("\n".join(["#!/bin/sh", version, script, ""]))
        self.binary.chmod(0o755)
        return self

    def run(self, *arguments: str) -> Outcome:
        """Calls the console script."""
        self._monkeypatch.setattr(sys, "argv", ["awaitify", *arguments])
        before = tree_of(self.project)
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = self._capsys.readouterr()
        left_over = [path.name for path in self.temporary.iterdir()] + reports_about(self.project)
        return Outcome(int(ended.value.code or 0), out, err, before, tree_of(self.project), left_over)

    def error(self, command: str = "diff") -> str:
        """The error of a run that could not go on."""
        return self.run(command).only_error()


@pytest.fixture
def checked(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Checked:
    if os.name != "posix":
        pytest.skip("the stand-in for the checker is a shell script")
    return Checked(project, monkeypatch, capsys)


def index_of(**parts: object) -> str:
    return f"{WRITE_INDEX} <<'END'\n{json.dumps(parts)}\nEND"


@posix_only
def test_without_pyrefly_the_message_says_how_to_install_it(project: Path) -> None:
    nowhere = project.parent / "nowhere"
    hidden = f"import sysconfig\nsysconfig.get_path = lambda name: {str(nowhere)!r}\n"
    done = awaitify(project, "check", before_main=hidden, environment={"PATH": str(nowhere)})
    assert done.only_error() == f"pyrefly, the type checker awaitify reads, was not found; install it with: {INSTALL}"


@pytest.mark.parametrize("command", ["check", "diff", "apply"])
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo pyrefly 9.9.9  # --version", "says its version is 'pyrefly 9.9.9'"),
        ("echo pyrefly 1.4.0  # --version", "says its version is 'pyrefly 1.4.0'"),
        ("echo pyrefly 1.5.0  # --version", "says its version is 'pyrefly 1.5.0'"),
        ("echo cannot start >&2; exit 3  # --version", "says its version is 'cannot start'"),
        ("kill -9 $$  # --version", "says its version is 'nothing'"),
    ],
)
def test_another_version_of_pyrefly_is_refused(checked: Checked, script: str, words: str, command: str) -> None:
    error = checked.by(script).error(command)
    assert f"pyrefly at {checked.binary} {words}" in error
    assert error.endswith(INSTALL)


def test_a_pyrefly_that_cannot_be_started_is_named(checked: Checked) -> None:
    checked.binary.write_bytes(b"\x7fELF but not really")
    checked.binary.chmod(0o755)
    error = checked.error()
    assert error.startswith(f"pyrefly at {checked.binary} does not start (")
    assert error.endswith(INSTALL)


@pytest.mark.parametrize("command", ["check", "diff", "apply"])
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo thread main panicked >&2; exit 101", "pyrefly wrote no report and said: thread main panicked"),
        ("echo out of memory; exit 1", "pyrefly wrote no report and said: out of memory"),
        ("kill -9 $$", "pyrefly wrote no report and said: exit code -9"),
        ("exit 0", "pyrefly wrote no report and said: exit code 0"),
    ],
)
def test_a_pyrefly_that_crashes_is_an_error_with_its_own_words(
    checked: Checked, script: str, words: str, command: str
) -> None:
    assert checked.by(script).error(command).startswith(words)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (index_of(format_version=2, modules={}), "has format version 2, and awaitify reads version 1"),
        (index_of(format_version=1, modules=[]), "has another shape than the one awaitify knows (pyrefly.pysa.json: "),
        (index_of(format_version=1), "has another shape than the one awaitify knows (pyrefly.pysa.json: "),
        (f"echo '{{' | ({WRITE_INDEX})", "has another shape than the one awaitify knows (pyrefly.pysa.json: "),
        (index_of(format_version=1, modules={}), "has another shape than the one awaitify knows (errors.json: "),
        (
            f"{index_of(format_version=1, modules={})}\necho '[]' > $5/errors.json",
            "has another shape than the one awaitify knows (errors.json: ",
        ),
    ],
)
def test_a_report_of_another_shape_is_refused(checked: Checked, script: str, words: str) -> None:
    error = checked.by(script).error()
    assert words in error
    assert error.endswith(INSTALL)


def test_a_report_whose_parts_are_missing_is_refused(checked: Checked) -> None:
    entry = {**ENTRY, "source_path": {"FileSystem": str(checked.project / "good.py")}}
    script = f"{index_of(format_version=1, modules={'good': entry})}\n{NO_ERRORS}"
    error = checked.by(script).error()
    assert "another shape than the one awaitify knows (definitions/good:1.json: " in error
    assert error.endswith(INSTALL)


def test_without_a_ram_disk_the_report_is_in_the_temporary_folder_and_deleted(
    checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyrefly, "_RAM_DISK", checked.project / "nowhere")
    seen = checked.project.parent / "seen"
    assert checked.by(f'echo "$5" > {seen}; exit 1').error().startswith("pyrefly wrote no report")
    assert Path(seen.read_text()).is_relative_to(checked.temporary)


def test_without_a_name_of_a_blocking_call_the_checker_is_not_started(checked: Checked) -> None:
    (checked.project / "good.py").write_bytes(b"def add(a, b):\n    return a + b\n")
    done = checked.by("exit 9  # --version").run("check")
    assert (done.code, done.out, done.err) == (0, "No findings, 1 file read.\n", "")


@pytest.mark.parametrize("depth", [1_500, 50_000])
def test_brackets_that_are_nested_too_deeply_leave_the_rest_to_go_on(project, depth):
    (project / "deep.py").write_bytes(blocking("f", "x = " + "(" * depth + "1" + ")" * depth))
    done = awaitify(project, "diff")
    assert done.code == 2
    assert [error.partition(":")[0] for error in done.errors()] == ["deep.py"]
    assert "+++ b/good.py" in done.out


def test_a_name_that_is_not_utf8_is_told_and_the_rest_goes_on(project):
    Path(os.fsdecode(os.fsencode(project) + b"/caf\xe9.py")).write_bytes(blocking("f"))
    done = awaitify(project, "diff")
    assert done.code == 2
    assert "caf\\udce9.py: its name is not UTF-8; rename it" in done.err
    assert "+++ b/good.py" in done.out


@pytest.mark.parametrize("key", ["call_graphs", "call_targets", "function_definitions", "Call"])
def test_a_report_with_a_renamed_key_is_refused(checked, key):
    real = shutil.which("pyrefly", path=str(Path(sys.executable).parent))
    rename = f'find "$5" -name "*.json" -exec sed -i \'s/"{key}"/"{key}_renamed"/g\' {{}} +'
    done = checked.by(f'{real} "$@"; code=$?; [ -d "$5" ] && {rename}; exit $code').run("check")
    assert done.code == 2
    assert "pyrefly's report has another shape" in done.err


def test_a_stop_from_outside_leaves_no_report_behind(project):
    many = (f"def f{number}(a):\n    return f{number + 1}(a)\n" for number in range(20_000))
    (project / "big.py").write_text("".join(many))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-P", "-c", MAIN, "check"], cwd=project, env=environment)
    for _ in range(3_000):
        if reports_about(project) or process.poll() is not None:
            break
        time.sleep(0.01)
    assert reports_about(project), "the checker was done before it could be stopped"
    process.terminate()
    assert process.wait() == 128 + signal.SIGTERM
    assert reports_about(project) == []
