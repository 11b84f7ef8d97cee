"""The `[tool.awaitify]` table, its patterns, and the interpreter that is chosen."""

import dataclasses
import sys
from pathlib import Path

import pytest

from codemods.config import Config, IgnoreRules, find_python, load_config
from codemods.errors import ConfigError
from codemods.model import Fallback, HttpClient, Parity, Scope, SessionMode
from codemods.packs import (
    Boundary,
    BoundaryKind,
    DeclaredCall,
    DeclaredHandler,
    DeclaredOffload,
    DeclaredTwin,
    DeclaredUse,
)


def write(folder: Path, *lines: str, name: str = "pyproject.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\n".join(("[tool.awaitify]", *lines)) + "\n", encoding="utf-8")
    return path


def interpreter(environment: Path, place: str = "bin/python") -> Path:
    python = environment / place
    python.parent.mkdir(parents=True)
    python.write_text("", encoding="utf-8")
    return python


def test_without_a_table_everything_is_default(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    assert load_config(tmp_path) == Config()
    assert Config().scope is Scope.AUTO
    assert Config().fallback is Fallback.THREAD
    assert Config().python is None


def test_every_key_is_read(tmp_path):
    write(
        tmp_path,
        'scope = "all"',
        'fallback = "leave"',
        'client = "httpx"',
        'parity = "strict"',
        'session = "inject"',
        'select = ["AW101", "AW102"]',
        'ignore = ["AW102"]',
        'keep-sync = ["app.db:Pool.acquire", "app.*:load"]',
        'exclude = ["tests/fixtures", "!tests/fixtures/own.py"]',
        'python = "env/bin/python"',
        "update-requirements = true",
        'call = [{ sync = "app.db.Pool.close", async = "app.db.Pool.aclose" }, { sync = "app.db.Pool.get" }]',
        'offload = [{ sync = "app.db.dump" }]',
        'with = [{ sync = "app.locks.Lock" }]',
        'iter = [{ sync = "app.models.Request.stream" }]',
        'handler = [{ decorator = "bots.command", first = "bots.Context" }]',
        'twin = [{ sync = "app.db.Pool", async = "app.db.AsyncPool", rename = { close = "end" }, needs-loop = true }]',
        'boundary = [{ decorator = "app.jobs.job", kind = "split", by = "the scheduler" }]',
    )
    config = load_config(tmp_path)
    assert config == Config(
        scope=Scope.ALL,
        fallback=Fallback.LEAVE,
        client=HttpClient.HTTPX,
        parity=Parity.STRICT,
        session=SessionMode.INJECT,
        select=frozenset({"AW101", "AW102"}),
        ignore=frozenset({"AW102"}),
        keep_sync=("app.db:Pool.acquire", "app.*:load"),
        exclude=("tests/fixtures", "!tests/fixtures/own.py"),
        python=tmp_path / "env/bin/python",
        update_requirements=True,
        boundary=(Boundary(BoundaryKind.SPLIT, decorator="app.jobs.job", by="the scheduler"),),
        call=(DeclaredCall("app.db.Pool.close", "app.db.Pool.aclose"), DeclaredCall("app.db.Pool.get")),
        offload=(DeclaredOffload("app.db.dump"),),
        with_=(DeclaredUse("app.locks.Lock"),),
        iter=(DeclaredUse("app.models.Request.stream"),),
        handler=(DeclaredHandler("bots.command", "bots.Context"),),
        twin=(DeclaredTwin("app.db.Pool", "app.db.AsyncPool", {"close": "end"}, needs_loop=True),),
    )
    default = Config()
    for field in dataclasses.fields(Config):
        assert getattr(config, field.name) != getattr(default, field.name), "a field without a key in TOML"


def test_the_nearest_pyproject_above_is_taken_and_others_are_not_merged(tmp_path):
    write(tmp_path, 'scope = "all"', 'fallback = "leave"')
    write(tmp_path / "inner", 'scope = "async"')
    deep = tmp_path / "inner" / "src" / "app"
    deep.mkdir(parents=True)
    assert load_config(deep) == Config(scope=Scope.ASYNC)
    assert load_config(tmp_path) == Config(scope=Scope.ALL, fallback=Fallback.LEAVE)


def test_a_start_with_dots_is_searched_from_where_it_leads(tmp_path):
    write(tmp_path / "app", 'scope = "all"')
    write(tmp_path, 'scope = "async"')
    assert load_config(tmp_path / "app" / "..").scope is Scope.ASYNC


def test_an_explicit_file_is_read_instead_and_python_is_relative_to_it(tmp_path):
    write(tmp_path, 'scope = "all"')
    other = write(tmp_path / "conf", 'python = "../env/python"', name="awaitify.toml")
    config = load_config(tmp_path, other)
    assert config.scope is Scope.AUTO
    assert config.python == tmp_path / "conf" / ".." / "env" / "python"


def test_an_absolute_python_stays(tmp_path):
    write(tmp_path, f'python = "{(tmp_path / "x" / "python").as_posix()}"')
    assert load_config(tmp_path).python == tmp_path / "x" / "python"


def test_a_missing_explicit_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml does not exist"):
        load_config(tmp_path, tmp_path / "nowhere.toml")


def test_an_explicit_directory_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot read"):
        load_config(tmp_path, tmp_path)


def test_an_unknown_key_is_named_with_its_file_and_the_accepted_ones(tmp_path):
    path = write(tmp_path, 'keep_sync = ["a:b"]')
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    message = str(caught.value)
    assert str(path) in message
    assert "`keep_sync`" in message
    for key in ("scope", "fallback", "select", "ignore", "keep-sync", "exclude", "python", "update-requirements"):
        assert key in message


@pytest.mark.parametrize(
    ("line", "key", "accepted"),
    [
        ('scope = "everything"', "scope", '"auto", "async", "all"'),
        ("scope = 3", "scope", '"auto", "async", "all"'),
        ('fallback = "process"', "fallback", '"thread", "leave"'),
        ('select = "AW101"', "select", "a list of strings"),
        ("ignore = [101]", "ignore", "a list of strings"),
        ("keep-sync = true", "keep-sync", "a list of strings"),
        ("exclude = { a = 1 }", "exclude", "a list of strings"),
        ("python = 3.11", "python", "a string"),
    ],
)
def test_a_wrong_value_is_named_with_its_file_its_key_and_what_is_accepted(tmp_path, line, key, accepted):
    path = write(tmp_path, line)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    message = str(caught.value)
    assert str(path) in message
    assert f"`{key}`" in message
    assert accepted in message


def test_a_broken_exclude_pattern_is_named_with_its_file(tmp_path):
    path = write(tmp_path, r"exclude = ['fine', 'broken\']")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert str(path) in str(caught.value)
    assert "`exclude`" in str(caught.value)
    assert "broken" in str(caught.value)


@pytest.mark.parametrize("content", [b"[tool.awaitify\n", b"name = '\xff'\n"], ids=["syntax", "not UTF-8"])
def test_broken_toml_is_an_error_that_names_the_file(tmp_path, content):
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not valid TOML") as caught:
        load_config(tmp_path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(("content", "name"), [("tool = 1", "`tool`"), ("tool.awaitify = 1", "`tool.awaitify`")])
def test_a_table_that_is_no_table_is_an_error(tmp_path, content, name):
    (tmp_path / "pyproject.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=name):
        load_config(tmp_path)


def test_the_configured_python_comes_first(tmp_path, monkeypatch):
    chosen = interpreter(tmp_path / "chosen")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    interpreter(tmp_path / "active")
    assert find_python(Config(python=chosen), tmp_path) == chosen


def test_the_configured_python_may_be_a_virtual_environment(tmp_path):
    python = interpreter(tmp_path / "env")
    assert find_python(Config(python=tmp_path / "env"), tmp_path) == python


def test_a_link_to_an_interpreter_is_not_followed(tmp_path):
    real = interpreter(tmp_path / "system")
    link = tmp_path / ".venv" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    assert find_python(Config(python=link), tmp_path) == link


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_configured_python_that_does_not_exist_is_an_error(tmp_path, monkeypatch, name):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    interpreter(tmp_path / "active")
    with pytest.raises(ConfigError, match=name):
        find_python(Config(python=tmp_path / name), tmp_path)


def test_the_active_environment_comes_before_the_projects(tmp_path, monkeypatch):
    active = interpreter(tmp_path / "active", "Scripts/python.exe")
    interpreter(tmp_path / ".venv")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert find_python(Config(), tmp_path) == active


def test_an_active_environment_without_interpreter_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "deleted"))
    expected = interpreter(tmp_path / ".venv")
    assert find_python(Config(), tmp_path) == expected


def test_dot_venv_comes_before_venv(tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    plain = interpreter(tmp_path / "venv")
    assert find_python(Config(), tmp_path) == plain
    dotted = interpreter(tmp_path / ".venv")
    assert find_python(Config(), tmp_path) == dotted


def test_the_running_interpreter_is_last(tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (tmp_path / "venv").mkdir()
    assert find_python(Config(), tmp_path) == Path(sys.executable)


def test_no_interpreter_at_all_is_an_error(tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(ConfigError, match="found no Python interpreter"):
        find_python(Config(), tmp_path)


@pytest.mark.parametrize(
    ("lines", "entry", "is_folder", "verdict"),
    [
        (["*.py"], "a/x.py", False, True),
        (["*.py", "!x.py"], "a/x.py", False, False),
        (["!x.py", "*.py"], "a/x.py", False, True),
        (["build/"], "build", True, True),
        (["build/"], "build", False, None),
        (["/build"], "a/build", True, None),
        (["a/b"], "a/b", True, True),
        (["a/b"], "c/a/b", True, None),
        (["**/gen"], "a/b/gen", True, True),
        (["a/**/gen"], "a/b/c/gen", True, True),
        (["**/[ab]/b/", "!b"], "b/b/a", True, None),
        (["gen/**"], "gen", True, None),
        (["gen/**"], "gen/x.py", False, True),
        (["*", "!*/", "!*.py"], "a", True, False),
        (["*", "!*/", "!*.py"], "a/x.txt", False, True),
        (["*.py", "!keep/"], "keep/x.py", False, True),
        (["# x.py", "", "/", "!"], "x.py", False, None),
        (["\\#x.py"], "#x.py", False, True),
        (["x.py  \r"], "x.py", False, True),
    ],
)
def test_patterns_mean_what_git_means(tmp_path, lines, entry, is_folder, verdict):
    rules = IgnoreRules(str(tmp_path), lines, strict=True)
    path = str(tmp_path / entry)
    assert rules.verdict(path, is_folder) is verdict
    assert rules.verdict(path, is_folder) is verdict, "the answer is remembered"


def test_a_broken_pattern_is_skipped_or_an_error(tmp_path):
    lines = ["broken\\", "x.py"]
    assert IgnoreRules(str(tmp_path), lines, strict=False).verdict(str(tmp_path / "x.py"), False) is True
    with pytest.raises(ConfigError, match="no gitignore pattern"):
        IgnoreRules(str(tmp_path), lines, strict=True)
