"""The command line as it is called: arguments in, streams and exit code out. The engine is a stand-in."""

import io
import json
import os
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest

import codemods
from cli.main import run
from codemods.config import Config
from codemods.errors import CheckerError
from codemods.model import (
    Action,
    Certainty,
    Fallback,
    FileChange,
    Finding,
    HttpClient,
    Migration,
    Parity,
    Problem,
    RequirementChange,
    Scope,
    SourceFile,
)

ROOT = Path(__file__).parents[1]
BEFORE = b"import time\r\nx = '\xe9'"
AFTER = b"import asyncio\r\nx = '\xe9'"
PROBLEM = Problem("broken.py", 7, "invalid syntax")
RULES = (
    types.SimpleNamespace(
        id="AW001",
        name="sleep",
        summary="time.sleep stops the event loop.",
        before="time.sleep(1)\n",
        after="await asyncio.sleep(1)\n",
    ),
    types.SimpleNamespace(id="AW101", name="requests", summary="Blocks.", before="a\n", after="b\n"),
)


class Terminal(io.StringIO):
    """A stdin that somebody types into."""

    def isatty(self):
        return True


class Engine:
    """Stands in for `codemods.migrate`: keeps what it was asked, and answers with `migration`."""

    def __init__(self):
        self.migration = Migration(Scope.ASYNC, "it has async code", (), (), (), (), (), 3, 40)
        self.error = None
        self.paths = self.config = None

    def __call__(self, paths, config):
        self.paths, self.config = list(paths), config
        if self.error is not None:
            raise self.error
        return self.migration

    def finds(self, *rules):
        findings = tuple(
            Finding(rule, "a.py", 1, 1, "a:f", "time.sleep", Action.NATIVE, Certainty.CERTAIN, "blocks the loop")
            for rule in rules
        )
        self.migration = replace(self.migration, findings=findings)

    def changes(self, *paths):
        changes = tuple(FileChange(SourceFile(path, path.name, BEFORE), AFTER, "latin-1") for path in map(Path, paths))
        self.migration = replace(self.migration, changes=changes)

    def requires(self, *requirements):
        self.migration = replace(self.migration, requirements=requirements)

    def meets(self, *problems):
        self.migration = replace(self.migration, problems=problems)


@pytest.fixture
def engine(monkeypatch):
    stand_in = Engine()
    monkeypatch.setattr(codemods, "migrate", stand_in, raising=False)
    rules = types.ModuleType("codemods.rules")
    monkeypatch.setattr(rules, "RULES", RULES, raising=False)
    monkeypatch.setitem(sys.modules, "codemods.rules", rules)
    return stand_in


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder to run in, with two files as the engine read them; no git."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / "pyproject.toml").write_text("[tool.awaitify]\n")
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_bytes(BEFORE)
    return tmp_path


@pytest.fixture
def awaitify(project, engine, monkeypatch, capsysbinary):
    """Calls the console script; gives exit code, stdout and stderr."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def call(*arguments, typed=None):
        monkeypatch.setattr(sys, "argv", ["awaitify", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO() if typed is None else Terminal(typed))
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsysbinary.readouterr()
        return ended.value.code or 0, out, err.decode()

    return call


@pytest.fixture
def repository(project):
    git(project, "init", "-q")
    commit(project)
    return project


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True).stdout


def commit(folder):
    git(folder, "add", ".")
    git(folder, "-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "-q", "-m", "m")


# Exit codes.


@pytest.mark.parametrize(
    ("rules", "problems", "code"),
    [
        ((), (), 0),
        (("AW001",), (), 1),
        (("AW301", "AW302"), (), 0),
        (("AW301", "AW101"), (), 1),
        ((), (PROBLEM,), 2),
        (("AW001",), (PROBLEM,), 2),
    ],
)
@pytest.mark.parametrize("format", ["rich", "text", "json"])
def test_check_exits_with_1_for_findings_of_today_and_2_for_problems(awaitify, engine, rules, problems, code, format):
    engine.finds(*rules)
    engine.meets(*problems)
    assert awaitify("check", "--format", format)[0] == code


@pytest.mark.parametrize(
    ("changes", "problems", "option", "code"),
    [
        ((), (), (), 0),
        (("a.py",), (), (), 0),
        (("a.py",), (), ("--exit-code",), 1),
        ((), (), ("--exit-code",), 0),
        (("a.py",), (PROBLEM,), (), 2),
        (("a.py",), (PROBLEM,), ("--exit-code",), 2),
    ],
)
@pytest.mark.parametrize("format", ["rich", "text", "json", "patch"])
def test_diff_exits_with_1_only_when_asked_to_and_2_for_problems(
    awaitify, engine, changes, problems, option, code, format
):
    engine.changes(*changes)
    engine.meets(*problems)
    assert awaitify("diff", "--format", format, *option)[0] == code


@pytest.mark.parametrize("command", ["check", "diff", "apply"])
def test_an_error_is_one_line_on_stderr_and_exit_code_2(awaitify, engine, command):
    engine.error = CheckerError("pyrefly 9 is not known: install pyrefly<1.5")
    assert awaitify(command) == (2, b"", "error: pyrefly 9 is not known: install pyrefly<1.5\n")


def test_a_wrong_configuration_is_an_error(awaitify, project):
    (project / "pyproject.toml").write_text("[tool.awaitify]\ncolour = 'red'\n")
    code, out, err = awaitify("check")
    assert (code, out) == (2, b"")
    assert err.startswith("error: ")
    assert "colour" in err


@pytest.mark.parametrize("command", ["check", "diff", "apply"])
def test_ctrl_c_exits_with_130_and_without_a_traceback(awaitify, engine, command):
    engine.error = KeyboardInterrupt()
    code, out, err = awaitify(command)
    assert (code, out) == (130, b"")
    assert "Traceback" not in err


def test_ctrl_c_before_a_command_runs_exits_with_130_too(awaitify, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.main.app", interrupted)
    assert awaitify("check") == (130, b"", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--format", "patch"),
        ("apply", "--format", "patch"),
        ("diff", "--scope", "some"),
        ("diff", "--yes"),
        ("frobnicate",),
        (),
    ],
)
def test_wrong_usage_exits_with_2_before_anything_is_read(awaitify, engine, arguments):
    code, _, _ = awaitify(*arguments)
    assert code == 2
    assert engine.config is None


# Options.


def test_without_options_the_current_folder_is_read_as_configured(awaitify, engine, project):
    (project / "pyproject.toml").write_text("[tool.awaitify]\nscope = 'all'\nselect = ['AW101']\n")
    awaitify("check")
    assert engine.paths == [Path()]
    assert engine.config == Config(scope=Scope.ALL, select=frozenset({"AW101"}))


def test_options_override_the_configuration_and_keep_sync_adds_to_it(awaitify, engine, project):
    (project / "pyproject.toml").write_text(
        "[tool.awaitify]\nscope = 'all'\nignore = ['AW101']\nkeep-sync = ['a:f']\nexclude = ['x']\n"
    )
    awaitify(
        *("diff", "a.py", "b.py", "--scope", "async", "--fallback", "leave", "--client", "httpx", "--parity", "strict"),
        *("--select", "AW001", "--select", "AW002", "--ignore", "AW003"),
        *("--keep-sync", "b:g", "--python", "bin/python"),
    )
    assert engine.paths == [Path("a.py"), Path("b.py")]
    assert engine.config == Config(
        scope=Scope.ASYNC,
        fallback=Fallback.LEAVE,
        client=HttpClient.HTTPX,
        parity=Parity.STRICT,
        select=frozenset({"AW001", "AW002"}),
        ignore=frozenset({"AW003"}),
        keep_sync=("a:f", "b:g"),
        exclude=("x",),
        python=Path("bin/python"),
    )


def test_the_configuration_is_the_nearest_to_what_all_paths_have_in_common(awaitify, engine, project):
    for name, scope in (("one", "all"), ("two", "async")):
        (project / name).mkdir()
        (project / name / "pyproject.toml").write_text(f"[tool.awaitify]\nscope = '{scope}'\n")
    (project / "one" / "m.py").touch()
    awaitify("check", "one/m.py")
    assert engine.config == Config(scope=Scope.ALL)
    awaitify("check", "one", "two")
    assert engine.config == Config()


def test_config_names_the_file_to_read_instead(awaitify, engine, project):
    (project / "other.toml").write_text("[tool.awaitify]\nscope = 'all'\n")
    awaitify("check", "--config", "other.toml")
    assert engine.config.scope is Scope.ALL


@pytest.mark.parametrize("command", ["diff", "apply"])
@pytest.mark.parametrize("configured", [False, True])
@pytest.mark.parametrize(
    ("option", "expected"),
    [((), None), (("--update-requirements",), True), (("--no-update-requirements",), False)],
)
def test_requirements_are_updated_as_configured_or_as_asked(
    awaitify, engine, project, command, configured, option, expected
):
    (project / "pyproject.toml").write_text(f"[tool.awaitify]\nupdate-requirements = {str(configured).lower()}\n")
    awaitify(command, *option)
    assert engine.config.update_requirements is (configured if expected is None else expected)


def test_check_has_no_option_for_requirements(awaitify, engine):
    assert awaitify("check", "--update-requirements")[0] == 2
    assert engine.config is None


# Streams and formats.


@pytest.mark.parametrize("command", ["check", "diff"])
@pytest.mark.parametrize("format", ["rich", "text", "json"])
def test_problems_go_to_stderr_after_all_of_the_output(awaitify, engine, command, format):
    engine.finds("AW001")
    engine.meets(PROBLEM, Problem("latin.py", None, "not text"))
    _, out, err = awaitify(command, "--format", format)
    assert err == "error: broken.py:7: invalid syntax\nerror: latin.py: not text\n"
    assert b"time.sleep" in out or b"AW001" in out


def test_without_a_terminal_the_format_is_text_without_colours(awaitify, engine):
    engine.finds("AW001", "AW301")
    assert awaitify("check") == (
        1,
        b"a.py:1:1 AW001 time.sleep [native] blocks the loop\n1 finding in 1 file, 3 files read.\n",
        "",
    )


def test_rich_without_a_terminal_has_no_colours(awaitify, engine):
    engine.finds("AW001")
    engine.changes("a.py")
    assert b"\x1b" not in awaitify("diff", "--format", "rich")[1]


def test_on_a_terminal_the_format_is_rich_with_colours(awaitify, engine, monkeypatch):
    engine.changes("a.py")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, out, _ = awaitify("diff")
    assert b"a.py" in out
    assert b"\x1b[" in out
    assert "+1/\N{MINUS SIGN}1" not in out.decode()
    assert b"--- a/a.py" not in out


def test_no_color_takes_the_colours_away_on_a_terminal(awaitify, engine, monkeypatch):
    engine.changes("a.py")
    engine.finds("AW001")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    _, out, _ = awaitify("diff")
    assert b"import asyncio" in out
    assert b"\x1b[3" not in out
    assert b"\x1b[4" not in out


def test_json_is_one_document_with_diffs_for_diff_and_without_for_check(awaitify, engine):
    engine.finds("AW001", "AW301")
    engine.changes("a.py")
    checked = json.loads(awaitify("check", "--format", "json")[1])
    shown = json.loads(awaitify("diff", "--format", "json")[1])
    assert "+import asyncio\r\n" in shown["files"][0].pop("diff")
    assert checked == shown
    assert [finding["rule"] for finding in checked["findings"]] == ["AW001", "AW301"]


def test_a_patch_is_written_as_bytes_that_git_takes(awaitify, engine, repository):
    engine.changes("a.py", "b.py")
    engine.meets(PROBLEM)
    _, out, _ = awaitify("diff", "--format", "patch")
    subprocess.run(["git", "apply"], input=out, cwd=repository, check=True, capture_output=True)
    assert [(repository / name).read_bytes() for name in ("a.py", "b.py")] == [AFTER, AFTER]


def test_a_name_that_the_stream_cannot_say_does_not_end_the_run(awaitify, engine, monkeypatch):
    engine.meets(Problem("caf\udce9.py", 1, "invalid syntax"))
    code, _, err = awaitify("check")
    assert code == 2
    assert err == "error: caf\\udce9.py:1: invalid syntax\n"


@pytest.mark.parametrize("command", ["check", "diff"])
def test_check_and_diff_write_nothing(awaitify, engine, repository, command):
    engine.changes("a.py", "b.py")
    engine.finds("AW001")
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*")}
    awaitify(command)
    assert {path: path.stat().st_mtime_ns for path in repository.rglob("*")} == before
    assert (repository / "a.py").read_bytes() == BEFORE


# apply.


def test_apply_shows_writes_and_says_what_it_wrote(awaitify, engine, project):
    engine.changes("a.py", "b.py")
    code, out, err = awaitify("apply", "--yes")
    assert (code, err) == (0, "")
    assert out.index(b"+import asyncio") < out.index(b"Wrote 2 files:\n  a.py\n  b.py\n")
    assert [(project / name).read_bytes() for name in ("a.py", "b.py")] == [AFTER, AFTER]


@pytest.mark.parametrize("answer", ["y\n", "Y\n", "yes\n", " y \n"])
def test_apply_writes_after_a_yes(awaitify, engine, project, answer):
    engine.changes("a.py")
    code, out, err = awaitify("apply", typed=answer)
    assert (code, err) == (0, "Write 1 file? [y/N] ")
    assert b"Wrote 1 file:\n  a.py\n" in out
    assert (project / "a.py").read_bytes() == AFTER


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yep\n", "no\n"])
def test_apply_writes_nothing_without_a_yes(awaitify, engine, project, answer):
    engine.changes("a.py")
    code, out, err = awaitify("apply", typed=answer)
    assert code == 1
    assert "Nothing was written" in err
    assert b"+import asyncio" in out
    assert b"Wrote" not in out
    assert (project / "a.py").read_bytes() == BEFORE


def test_apply_refuses_to_ask_where_nobody_can_answer(awaitify, engine, project):
    engine.changes("a.py")
    code, _, err = awaitify("apply")
    assert code == 1
    assert "use --yes" in err
    assert "[y/N]" not in err
    assert (project / "a.py").read_bytes() == BEFORE


def test_apply_with_nothing_to_do_asks_nothing(awaitify):
    code, out, err = awaitify("apply")
    assert (code, err) == (0, "")
    assert b"files: 0 to change" in out


@pytest.mark.parametrize("changes", [(), ("a.py",)])
def test_apply_exits_with_1_when_a_file_was_left_out(awaitify, engine, project, changes):
    engine.changes(*changes)
    engine.meets(PROBLEM)
    code, _, err = awaitify("apply", "--yes")
    assert (code, err) == (1, "error: broken.py:7: invalid syntax\n")
    assert (project / "a.py").read_bytes() == (AFTER if changes else BEFORE)


def test_apply_is_an_error_when_a_file_changed_meanwhile(awaitify, engine, project):
    engine.changes("a.py", "b.py")
    (project / "b.py").write_bytes(b"edited\n")
    code, out, err = awaitify("apply", "--yes")
    assert code == 2
    assert err.startswith("error: changed since awaitify read it: b.py")
    assert b"Wrote" not in out
    assert (project / "a.py").read_bytes() == BEFORE


def test_apply_in_json_keeps_stdout_to_one_document(awaitify, engine, project):
    engine.changes("a.py")
    code, out, err = awaitify("apply", "--yes", "--format", "json")
    assert code == 0
    assert json.loads(out)["files"][0]["path"] == "a.py"
    assert err == "Wrote 1 file:\n  a.py\n"


REQUIREMENT = RequirementChange("requirements.txt", 1, "requests", "aiohttp>=3.10", "bot.py imports it now")


@pytest.mark.parametrize("command", [("check",), ("diff",), ("diff", "--exit-code"), ("apply", "--yes")])
def test_requirements_that_are_only_said_change_no_exit_code(awaitify, engine, command):
    engine.requires(REQUIREMENT)
    code, out, err = awaitify(*command)
    assert (code, err) == (0, "")
    assert (b"requirements.txt:1 bot.py imports it now" in out) == (command != ("check",))


@pytest.mark.parametrize("stale", ["a.py", "requirements.txt"])
def test_requirements_are_written_with_the_code_or_not_at_all(awaitify, engine, project, stale):
    (project / "requirements.txt").write_bytes(BEFORE)
    engine.changes("a.py", "requirements.txt")
    engine.requires(REQUIREMENT)
    (project / stale).write_bytes(b"edited\n")
    assert awaitify("apply", "--yes")[0] == 2
    assert {(project / name).read_bytes() for name in ("a.py", "requirements.txt")} == {BEFORE, b"edited\n"}
    (project / stale).write_bytes(BEFORE)
    code, out, _ = awaitify("apply", "--yes")
    assert code == 0
    assert b"Wrote 2 files:\n  a.py\n  requirements.txt\n" in out
    assert [(project / name).read_bytes() for name in ("a.py", "requirements.txt")] == [AFTER, AFTER]


# git.


def test_apply_writes_into_a_clean_tree_whatever_is_untracked(awaitify, engine, repository):
    (repository / "new.py").write_text("x = 1\n")
    engine.changes("a.py")
    assert awaitify("apply", "--yes")[0] == 0
    assert (repository / "a.py").read_bytes() == AFTER


@pytest.mark.parametrize("staged", [False, True])
def test_apply_refuses_a_tree_with_uncommitted_changes_before_it_asks(awaitify, engine, repository, staged):
    (repository / "b.py").write_bytes(b"edited\n")
    if staged:
        git(repository, "add", "b.py")
    engine.changes("a.py")
    code, _, err = awaitify("apply", typed="y\n")
    assert code == 1
    assert "1 tracked file with uncommitted changes" in err
    assert str(repository.resolve() / "b.py") in err
    assert "--allow-dirty" in err
    assert "[y/N]" not in err
    assert (repository / "a.py").read_bytes() == BEFORE


def test_apply_sees_changes_beside_the_folder_it_runs_in(awaitify, engine, repository, monkeypatch):
    folder = repository / "service"
    folder.mkdir()
    (folder / "c.py").write_bytes(BEFORE)
    commit(repository)
    (repository / "b.py").write_bytes(b"edited\n")
    monkeypatch.chdir(folder)
    engine.changes(folder / "c.py")
    assert awaitify("apply", "--yes")[0] == 1
    assert (folder / "c.py").read_bytes() == BEFORE


def test_a_renamed_file_is_named_once_by_its_new_name(awaitify, engine, repository):
    git(repository, "mv", "b.py", "c d.py")
    engine.changes("a.py")
    _, _, err = awaitify("apply", "--yes")
    assert f"1 tracked file with uncommitted changes ({repository.resolve() / 'c d.py'})" in err


def test_allow_dirty_writes_anyway(awaitify, engine, repository):
    (repository / "b.py").write_bytes(b"edited\n")
    engine.changes("a.py")
    assert awaitify("apply", "--yes", "--allow-dirty")[0] == 0
    assert (repository / "a.py").read_bytes() == AFTER


def test_looking_at_the_tree_does_not_write_its_index(awaitify, engine, repository):
    os.utime(repository / "b.py", (1, 1))
    index = (repository / ".git" / "index").read_bytes()
    engine.changes("a.py")
    assert awaitify("apply", typed="n\n")[0] == 1
    assert (repository / ".git" / "index").read_bytes() == index


def test_diff_does_not_care_for_a_dirty_tree(awaitify, engine, repository):
    (repository / "b.py").write_bytes(b"edited\n")
    engine.changes("a.py")
    code, _, err = awaitify("diff")
    assert (code, err) == (0, "")


def test_apply_goes_on_where_git_is_not_installed(awaitify, engine, repository, monkeypatch):
    (repository / "b.py").write_bytes(b"edited\n")
    monkeypatch.setenv("PATH", os.devnull)
    engine.changes("a.py")
    assert awaitify("apply", "--yes")[0] == 0
    assert (repository / "a.py").read_bytes() == AFTER


def test_a_repository_that_git_cannot_read_is_an_error(awaitify, engine, project):
    (project / ".git").write_text("gitdir: /nowhere\n")
    engine.changes("a.py")
    code, _, err = awaitify("apply", "--yes")
    assert code == 2
    assert "git cannot tell" in err
    assert "--allow-dirty" in err
    assert (project / "a.py").read_bytes() == BEFORE


# The rest.


def test_rules_lists_every_rule(awaitify):
    assert awaitify("rules") == (
        0,
        b"AW001  sleep     time.sleep stops the event loop.\nAW101  requests  Blocks.\n",
        "",
    )


@pytest.mark.parametrize("rule", ["AW001", "aw001"])
def test_explain_shows_a_rule_with_its_code_before_and_after(awaitify, rule):
    code, out, _ = awaitify("explain", rule)
    assert code == 0
    assert out.decode().splitlines() == [
        "AW001 sleep",
        "",
        "time.sleep stops the event loop.",
        "",
        "before:",
        "",
        "    time.sleep(1)",
        "",
        "after:",
        "",
        "    await asyncio.sleep(1)",
    ]


def test_explain_on_a_terminal_says_the_same_in_colour(awaitify, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, out, _ = awaitify("explain", "AW001")
    assert b"asyncio.sleep(" in out
    assert b"\x1b[" in out


def test_explain_of_a_place_says_what_becomes_of_it(awaitify, engine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("bot.py").write_bytes(BEFORE)
    finding = Finding(
        "AW001",
        "bot.py",
        7,
        5,
        "bot:news",
        "time.sleep",
        Action.NATIVE,
        Certainty.CERTAIN,
        "it blocks",
        ("it differs",),
    )
    engine.migration = replace(engine.migration, findings=(finding,))
    assert awaitify("explain", "bot.py:7") == (
        0,
        b"bot.py:7:5 AW001 time.sleep [native] it blocks\n    note: it differs\n",
        "",
    )
    for path in ("./bot.py:7", f"{tmp_path}/bot.py:7"):
        assert awaitify("explain", path)[1].startswith(b"bot.py:7:5 AW001")
    code, out, _ = awaitify("explain", "bot.py:8")
    assert (code, out) == (0, b"bot.py:8: nothing blocks there, and nothing has to be awaited\n")


def test_explain_of_a_place_in_no_file_is_an_error(awaitify, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, error = awaitify("explain", "bot.py:7")
    assert code == 2
    assert error == "error: there is no file bot.py: a place is FILE:LINE, with a path from the current folder\n"


def test_explain_of_a_place_elsewhere_is_an_error(awaitify, tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    (tmp_path / "bot.py").write_bytes(BEFORE)
    monkeypatch.chdir(tmp_path / "inner")
    code, _, error = awaitify("explain", "../bot.py:7")
    assert code == 2
    assert error == "error: ../bot.py is not below the current folder: run it in the folder of its project\n"


@pytest.mark.parametrize(("problems", "code"), [((), 0), ((PROBLEM,), 2)])
def test_graph_shows_and_writes_nothing(awaitify, engine, problems, code):
    engine.migration = replace(engine.migration, problems=problems)
    assert awaitify("graph")[0] == code
    assert awaitify("graph", "--format", "json")[0] == code


def test_explain_of_an_unknown_rule_is_an_error(awaitify):
    assert awaitify("explain", "AW9") == (
        2,
        b"",
        "error: there is no rule AW9: `awaitify rules` lists them\n",
    )


def test_version_is_that_of_the_distribution(awaitify, monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"1.2.3 of {name}")
    assert awaitify("--version") == (0, b"awaitify 1.2.3 of awaitify\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["diff", "--help"], ["--version"], ["nonsense"]])
def test_help_does_not_pay_for_the_engine_nor_for_rich(arguments):
    script = (
        "import sys; from cli.main import run\n"
        f"sys.argv = ['awaitify', *{arguments!r}]\n"
        "try:\n    run()\n"
        "except SystemExit:\n"
        "    print('loaded:', sorted({'codemods', 'libcst', 'msgspec', 'rich'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"
