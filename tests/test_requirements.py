"""What a migration asks of a project's requirements. The change of the code is made by hand: no checker runs."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest

from codemods.config import Config
from codemods.model import FileChange, Migration, RequirementChange, Scope
from codemods.project import load_project
from codemods.requirements.editing import Wanted, edits_of, with_edits
from codemods.requirements.mentions import Word, imports, line_naming
from codemods.requirements.pip_file import read_pip_file
from codemods.requirements.pyproject import read_pyproject
from codemods.requirements.stage import with_requirements
from codemods.requirements.toml_spans import values

BEFORE = b"import requests\n\n\nasync def f(u):\n    return requests.get(u).status_code\n"
AFTER = b"import aiohttp\n\n\nasync def f(u):\n    async with aiohttp.ClientSession() as s: ...\n"


def migrated(
    root: Path,
    files: dict[str, bytes],
    *,
    update: bool = True,
    before: bytes = BEFORE,
    after: bytes = AFTER,
    given: str = ".",
) -> Migration:
    """A project of bot.py and other files, after a migration that changed bot.py alone."""
    for name, content in {"bot.py": before, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    project = load_project([root / given], Config(), root)
    bot = next(source for source in project.files if source.name == "bot.py")
    changes = (FileChange(bot, after, "utf-8"),) if before != after else ()
    migration = Migration(Scope.ASYNC, "", (), (), changes, project.problems, (), 1, 1)
    return with_requirements(migration, project, client="aiohttp", update=update)


def written(migration: Migration) -> dict[str, bytes]:
    """The files of requirements that a migration changes, by their name."""
    return {one.source.name: one.after for one in migration.changes if one.source.name != "bot.py"}


def refuse_to_read(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Makes files of a name unreadable, for root too."""
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == name:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)


def said(migration: Migration) -> list[tuple[str, int | None, str | None, str | None]]:
    return [(one.path, one.line, one.remove, one.add) for one in migration.requirements]


PIP = {
    "takes the place of the line": (b"flask\nrequests>=2\n", b"flask\naiohttp>=3.10\n"),
    "an unsorted list has it where the other was": (b"zope\nrequests\nflask\n", b"zope\naiohttp>=3.10\nflask\n"),
    "a sorted list stays sorted": (b"flask\nrequests\nyarl\n", b"aiohttp>=3.10\nflask\nyarl\n"),
    "extras": (b"requests[socks,security]>=2\n", b"aiohttp>=3.10\n"),
    "spaces and another spelling": (b"  Requests >= 2, < 3\n", b"  aiohttp>=3.10\n"),
    "a marker": (b'requests; python_version < "3.9"\n', b"aiohttp>=3.10\n"),
    "two markers": (
        b"b\nrequests<2; sys_platform == 'win32'\nrequests>2; sys_platform != 'win32'\na\n",
        b"b\naiohttp>=3.10\na\n",
    ),
    "a direct reference": (b"requests @ git+https://github.com/psf/requests@main\n", b"aiohttp>=3.10\n"),
    "a comment at the end of the line": (b"requests>=2  # it's for the API\n", b"aiohttp>=3.10  # it's for the API\n"),
    "crlf": (b"b\r\nrequests\r\na\r\n", b"b\r\naiohttp>=3.10\r\na\r\n"),
    "no newline at the end": (b"zope\nflask\nrequests", b"zope\nflask\naiohttp>=3.10"),
    "a byte order mark": (b"\xef\xbb\xbfrequests\n", b"\xef\xbb\xbfaiohttp>=3.10\n"),
    "options, paths, urls and editables": (
        b"--index-url https://x/simple\n-e .\n./local\nhttps://x/y-1.0.tar.gz\n-f l\nx.whl\n${A}/b\nrequests\n",
        b"--index-url https://x/simple\n-e .\n./local\nhttps://x/y-1.0.tar.gz\n-f l\nx.whl\n${A}/b\naiohttp>=3.10\n",
    ),
    "a line that goes on": (b"b\nrequests \\\n  >=2 \\\n  ; python_version > '3'\na\n", b"b\naiohttp>=3.10\na\n"),
    "a requirement with options of its own": (b"requests --config-settings x=y\n", b"aiohttp>=3.10\n"),
    "comments and blank lines": (
        b"# web\nflask\n\n# calls\nrequests\n\n# data\narrow\n",
        b"# web\nflask\n\n# calls\naiohttp>=3.10\n\n# data\narrow\n",
    ),
    "names that begin alike": (
        b"z\nrequestsx\ntypes-requests\nrequests\n",
        b"z\nrequestsx\ntypes-requests\naiohttp>=3.10\n",
    ),
}


@pytest.mark.parametrize("case", PIP)
def test_a_file_for_pip_keeps_every_other_byte(tmp_path: Path, case: str) -> None:
    before, after = PIP[case]
    migration = migrated(tmp_path, {"requirements.txt": before})
    assert migration.problems == ()
    assert written(migration) == {"requirements.txt": after}


TOML = {
    "one line": ('dependencies = ["discord.py", "requests>=2"]', 'dependencies = ["discord.py", "aiohttp>=3.10"]'),
    "one line, sorted": ('dependencies = ["b", "requests", "z"]', 'dependencies = ["aiohttp>=3.10", "b", "z"]'),
    "one line, the only one": ('dependencies = ["requests"]', 'dependencies = ["aiohttp>=3.10"]'),
    "one line, unsorted": ("dependencies = ['z', 'requests', 'a']", "dependencies = ['z', 'aiohttp>=3.10', 'a']"),
    "a comma at the end": ('dependencies = ["z", "a", "requests",]', 'dependencies = ["z", "a", "aiohttp>=3.10",]'),
    "spaces in brackets": ('dependencies = [ "requests" ]', 'dependencies = [ "aiohttp>=3.10" ]'),
    "lines, with a comma at the end": (
        'dependencies = [\n  "z",\n  "requests>=2",  # http\n  "a",\n]',
        'dependencies = [\n  "z",\n  "aiohttp>=3.10",  # http\n  "a",\n]',
    ),
    "lines, sorted": (
        'dependencies = [\n  "b",\n  # c\n  "requests",\n  "z"\n]',
        'dependencies = [\n  "aiohttp>=3.10",\n  "b",\n  # c\n  "z"\n]',
    ),
    "lines, the last without a comma": (
        'dependencies = [\n  "z",\n  "a",\n  "requests"\n]',
        'dependencies = [\n  "z",\n  "a",\n  "aiohttp>=3.10"\n]',
    ),
    "several on a line of many": (
        'dependencies = [\n  "a", "requests", "b",\n  "c",\n]',
        'dependencies = [\n  "a", "aiohttp>=3.10", "b",\n  "c",\n]',
    ),
    "a marker in other quotes": (
        "dependencies = ['requests; python_version < \"3.9\"']",
        "dependencies = ['aiohttp>=3.10']",
    ),
    "escapes and brackets in strings": (
        'description = "a \\" [ # b"\ndependencies = ["requests[a]"]  # ["x"]',
        'description = "a \\" [ # b"\ndependencies = ["aiohttp>=3.10"]  # ["x"]',
    ),
    "three quotes": ('dependencies = ["""requests"""]', 'dependencies = ["aiohttp>=3.10"]'),
    "an inline table of extras": (
        'optional-dependencies = {a = ["requests"], b = ["z"]}',
        'optional-dependencies = {a = ["aiohttp>=3.10"], b = ["z"]}',
    ),
    "a dotted key": ('optional-dependencies.a = ["requests"]', 'optional-dependencies.a = ["aiohttp>=3.10"]'),
    "extras go with the project's own": (
        'dependencies = ["requests"]\n[project.optional-dependencies]\ndev = ["t", "requests"]\nonly = ["requests"]',
        'dependencies = ["aiohttp>=3.10"]\n[project.optional-dependencies]\ndev = ["t"]\nonly = []',
    ),
    "lines of an extra": (
        'dependencies = ["requests"]\n[project.optional-dependencies]\ndev = [\n  "pytest",\n  "requests"  # x\n]',
        'dependencies = ["aiohttp>=3.10"]\n[project.optional-dependencies]\ndev = [\n  "pytest",\n]',
    ),
    "groups": (
        '[dependency-groups]\ndev = ["b", {include-group = "x"}, "requests", "a"]\nx = []',
        '[dependency-groups]\ndev = ["b", {include-group = "x"}, "aiohttp>=3.10", "a"]\nx = []',
    ),
    "poetry": (
        '[tool.poetry.dependencies]\npython = "^3.11"\nrequests = "^2.31"  # x\na = "*"',
        '[tool.poetry.dependencies]\npython = "^3.11"\naiohttp = ">=3.10"  # x\na = "*"',
    ),
    "poetry with more than a version": (
        "[tool.poetry.dependencies]\nz = '1'\nrequests = {version = '^2', extras = ['socks']}\na = '1'",
        "[tool.poetry.dependencies]\nz = '1'\naiohttp = \">=3.10\"\na = '1'",
    ),
    "poetry with several versions": (
        "[tool.poetry.dependencies]\nz = '1'\nrequests = [\n  {version = '1'},\n  {version = '2'},\n]\na = '1'",
        "[tool.poetry.dependencies]\nz = '1'\naiohttp = \">=3.10\"\na = '1'",
    ),
    "a group of poetry's": (
        "[tool.poetry.group.dev.dependencies]\nrequests = '2'",
        '[tool.poetry.group.dev.dependencies]\naiohttp = ">=3.10"',
    ),
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("case", TOML)
def test_a_pyproject_keeps_every_other_byte(tmp_path: Path, case: str, ending: str) -> None:
    before, after = (f"[project]\nname = 'é'\n{text}\n\n[tool.x]\ny = 1979-05-27 07:32:00\n" for text in TOML[case])
    migration = migrated(tmp_path, {"pyproject.toml": before.replace("\n", ending).encode()})
    assert migration.problems == ()
    assert written(migration)["pyproject.toml"].decode() == after.replace("\n", ending)


def test_what_is_not_to_be_written_is_only_said(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": b'[project]\ndependencies = [\n  "requests",\n]\n',
        "requirements.txt": b"x\nrequests==2\n",
    }
    migration = migrated(tmp_path, files, update=False)
    assert written(migration) == {}
    assert migration.requirements == (
        RequirementChange(
            "pyproject.toml",
            3,
            '  "requests",',
            '  "aiohttp>=3.10",',
            "aiohttp: bot.py imports it now; requests: no file names it any more",
        ),
        RequirementChange(
            "requirements.txt",
            2,
            "requests==2",
            "aiohttp>=3.10",
            "aiohttp: bot.py imports it now; requests: no file names it any more",
        ),
    )


def test_lines_that_come_without_others_going_have_the_line_they_will_have(tmp_path: Path) -> None:
    migration = migrated(tmp_path, {"requirements.txt": b"b\nc\nrequests\n", "tool.py": b"import requests\n"})
    assert said(migration) == [("requirements.txt", 1, None, "aiohttp>=3.10")]


# What keeps the old library.

STILL_NAMED = {
    "an import": ("tool.py", b"import os, requests\n"),
    "an import in parentheses": ("tool.py", b"from requests import (\n    get,\n)\n"),
    "an import that goes on": ("tool.py", b"import os, \\\n    requests\n"),
    "an import behind a colon": ("tool.py", b"try: import requests\nexcept ImportError: pass\n"),
    "an import behind a semicolon": ("tool.py", b"import os; import requests\n"),
    "a name for import_module": ("tool.py", b"m = import_module('requests')\n"),
    "a name to patch": ("tests/test_x.py", b"def test(mocker): mocker.patch('requests.get')\n"),
    "a name to patch that is put together": ("tests/test_x.py", b"def test(m): m.patch(f'requests.{m}')\n"),
    "code in a string": ("tool.py", b"exec('import requests')\n"),
    "a fixture": ("tests/test_x.py", b"def test(requests_mock): ...\n"),
    "a library that works on it": ("tests/test_x.py", b"import responses\n"),
    "a file with broken syntax": ("tool.py", b"def (:\n  '''\n# requests\n"),
    "a notebook": ("notes.ipynb", b'{"cells": [{"source": ["import requests"]}]}'),
    "a script without a suffix": ("bin/fetch", b"#!/usr/bin/env python3\nimport requests\n"),
    "a file in UTF-16": ("tool.py", "import requests\n".encode("utf-16")),
    "cython": ("fast.pyx", b"import requests\n"),
}


@pytest.mark.parametrize("case", STILL_NAMED)
@pytest.mark.parametrize("is_ignored", [False, True])
def test_a_library_that_another_file_names_stays(tmp_path: Path, case: str, is_ignored: bool) -> None:
    name, content = STILL_NAMED[case]
    files = {"pyproject.toml": b"", "requirements.txt": b"requests\n", name: content}
    files[".gitignore"] = f"/{name}\n".encode() if is_ignored else b""
    migration = migrated(tmp_path, files)
    assert written(migration) == {"requirements.txt": b"requests\naiohttp>=3.10\n"}


NOT_NAMED = {
    "a comment": b"x = 1  # import requests\n",
    "a docstring": b'"""Counts requests. Sends requests."""\n',
    "a name of the file's own": b"requests = []\nrequests.append(1)\n",
    "a module beside it": b"from . import requests\nfrom .requests import x\n",
    "a string of more than a name": b"print('requests per second', 'all requests')\n",
}


@pytest.mark.parametrize("case", NOT_NAMED)
def test_a_word_that_means_no_library_keeps_none(tmp_path: Path, case: str) -> None:
    migration = migrated(tmp_path, {"requirements.txt": b"requests\n", "app/tool.py": NOT_NAMED[case]})
    assert written(migration) == {"requirements.txt": b"aiohttp>=3.10\n"}


def test_a_file_outside_of_the_given_paths_keeps_it_and_is_named(tmp_path: Path) -> None:
    files = {"pyproject.toml": b"[project]\ndependencies = ['requests']\n", "tests/test a.py": b"\nimport requests\n"}
    migration = migrated(tmp_path, files, given="bot.py", update=False)
    assert [one.reason for one in migration.requirements if one.remove is one.add is None] == [
        "requests stays: tests/test a.py:2 names it"
    ]


def test_a_file_that_cannot_be_read_may_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_to_read(monkeypatch, "closed.pyx")
    migration = migrated(tmp_path, {"requirements.txt": b"requests\n", "closed.pyx": b""})
    assert written(migration) == {"requirements.txt": b"requests\naiohttp>=3.10\n"}
    assert "requests stays: closed.pyx cannot be read and may name it" in [one.reason for one in migration.requirements]


def test_what_a_virtual_environment_holds_keeps_nothing(tmp_path: Path) -> None:
    files = {"requirements.txt": b"requests\n", ".venv/pyvenv.cfg": b"", ".venv/lib/a.py": b"import requests\n"}
    migration = migrated(tmp_path, files)
    assert written(migration) == {"requirements.txt": b"aiohttp>=3.10\n"}


@pytest.mark.parametrize("name", ["requests-mock", "responses", "Requests_OAuthlib", "pytest-vcr"])
def test_a_requirement_that_works_on_it_keeps_it(tmp_path: Path, name: str) -> None:
    files = {"requirements.txt": b"zz\nrequests\n", "requirements-dev.txt": f"-r requirements.txt\n{name}\n".encode()}
    migration = migrated(tmp_path, files)
    assert written(migration) == {"requirements.txt": b"zz\nrequests\naiohttp>=3.10\n"}
    (kept,) = [one for one in migration.requirements if one.add is None]
    assert kept.reason.endswith("(requirements-dev.txt:2) works on it")
    assert (kept.path, kept.line, kept.by_hand) == ("requirements.txt", 2, True)


def test_stubs_of_it_keep_nothing(tmp_path: Path) -> None:
    files = {"requirements.txt": b"requests\n", "requirements-dev.txt": b"types-requests\n"}
    assert written(migrated(tmp_path, files)) == {"requirements.txt": b"aiohttp>=3.10\n"}


def test_a_library_that_no_file_imported_before_is_none_of_our_business(tmp_path: Path) -> None:
    both = b"import aiohttp\n\nasync def f(): ...\n"
    migration = migrated(tmp_path, {"requirements.txt": b"requests\naiohttp>=3.12\n"}, before=both, after=both + b"#\n")
    assert migration.requirements == ()


def test_nothing_is_read_without_news(tmp_path: Path) -> None:
    migration = migrated(tmp_path, {"requirements.txt": b"!!\n"}, before=b"x = 1\n", after=b"y = 1\n")
    assert (migration.requirements, migration.problems) == ((), ())


# What gets the new one.


def test_a_login_needs_the_release_that_brought_it(tmp_path: Path) -> None:
    after = AFTER + b"aiohttp.encode_basic_auth('a', 'b')\n"
    migration = migrated(tmp_path, {"requirements.txt": b"requests\n"}, after=after)
    assert written(migration) == {"requirements.txt": b"aiohttp>=3.14\n"}
    assert "encode_basic_auth came with 3.14" in migration.requirements[0].reason


def test_without_the_old_one_the_first_list_of_the_project_gets_it(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": b"[project]\ndependencies = [\n]\n[dependency-groups]\ndev = ['a']\n",
        "requirements.txt": b"x\n",
    }
    after = b"[project]\ndependencies = [\"aiohttp>=3.10\"\n]\n[dependency-groups]\ndev = ['a']\n"
    assert written(migrated(tmp_path, files)) == {"pyproject.toml": after}


def test_an_empty_file_gets_it_behind_its_comments(tmp_path: Path) -> None:
    assert written(migrated(tmp_path, {"requirements.txt": b"# none yet"})) == {
        "requirements.txt": b"# none yet\naiohttp>=3.10\n"
    }


def test_one_that_is_required_is_not_required_twice(tmp_path: Path) -> None:
    migration = migrated(tmp_path, {"requirements.txt": b"aiohttp>=3.12\nrequests\n"})
    assert written(migration) == {"requirements.txt": b"aiohttp>=3.12\n"}


def test_one_that_only_tools_require_is_required_by_the_project_too(tmp_path: Path) -> None:
    files = {"requirements.txt": b"requests\n", "requirements-dev.txt": b"aiohttp>=3.12\n"}
    assert written(migrated(tmp_path, files)) == {"requirements.txt": b"aiohttp>=3.10\n"}


def test_one_that_was_imported_and_never_required_is_told_of(tmp_path: Path) -> None:
    files = {"requirements.txt": b"discord.py\nrequests\n", "other.py": b"import aiohttp\n"}
    migration = migrated(tmp_path, files)
    assert written(migration) == {"requirements.txt": b"discord.py\n"}
    (told,) = [one for one in migration.requirements if one.by_hand]
    assert told.add == "aiohttp>=3.10"
    assert "other.py imported it before, and no list names it" in told.reason


def test_a_test_that_imported_it_does_not_count_for_the_project(tmp_path: Path) -> None:
    files = {"requirements.txt": b"requests\n", "tests/test_install.py": b"def f():\n    import aiohttp\n"}
    assert written(migrated(tmp_path, files)) == {"requirements.txt": b"aiohttp>=3.10\n"}


@pytest.mark.parametrize(
    ("line", "raised"),
    [
        (b"aiohttp>=3.8", b"aiohttp>=3.10"),
        (b"aiohttp", b"aiohttp>=3.10"),
        (b"aiohttp[speedups] >= 3.9.1  # x", b"aiohttp[speedups] >=3.10  # x"),
        (b"aiohttp>=3.8; python_version > '3'", b"aiohttp>=3.10; python_version > '3'"),
        (b"aiohttp>=3.10", b"aiohttp>=3.10"),
        (b"aiohttp~=3.11", b"aiohttp~=3.11"),
        (b"aiohttp==3.14.*", b"aiohttp==3.14.*"),
        (b"aiohttp>=4a1", b"aiohttp>=4a1"),
    ],
)
def test_a_lower_bound_that_is_too_low_is_raised(tmp_path: Path, line: bytes, raised: bytes) -> None:
    migration = migrated(tmp_path, {"requirements.txt": line + b"\nrequests\n"})
    assert written(migration) == {"requirements.txt": raised + b"\n"}


@pytest.mark.parametrize("line", [b"aiohttp==3.8.1", b"aiohttp>=3.8,<3.9", b"aiohttp~=3.8", b"aiohttp<4"])
def test_a_specifier_that_says_more_is_raised_by_hand(tmp_path: Path, line: bytes) -> None:
    migration = migrated(tmp_path, {"requirements.txt": line + b"\nrequests\n"})
    assert written(migration) == {"requirements.txt": line + b"\n"}
    assert "raise it by hand" in migration.requirements[0].reason


# What is only told of.


def test_hashes_keep_a_file_as_it_is(tmp_path: Path) -> None:
    content = b"flask==1 \\\n    --hash=sha256:aa\nrequests==2.31 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    migration = migrated(tmp_path, {"requirements.txt": content})
    assert written(migration) == {}
    (one,) = migration.requirements
    assert (one.line, one.add) == (3, "aiohttp>=3.10")
    assert one.remove == "requests==2.31 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc"
    assert "hashes" in one.reason


def test_a_generated_file_stays_and_its_source_changes(tmp_path: Path) -> None:
    files = {
        "requirements.in": b"requests\n",
        "requirements.txt": b"# This file is autogenerated by pip-compile\nrequests==2.31\n    # via -r x.in\n",
    }
    migration = migrated(tmp_path, files)
    assert written(migration) == {"requirements.in": b"aiohttp>=3.10\n"}
    assert [one.by_hand for one in migration.requirements] == [False, True]


def test_setup_cfg_and_setup_py_are_told_of(tmp_path: Path) -> None:
    files = {
        "setup.py": b"from setuptools import setup\nsetup(\n    install_requires=['requests>=2', 'flask'],\n)\n",
        "setup.cfg": b"[options]\nzip_safe = 0\ninstall_requires =\n    flask\n    requests>=2; python_version > '3'\n",
    }
    migration = migrated(tmp_path, files)
    assert written(migration) == {}
    assert said(migration) == [
        ("setup.cfg", 5, "    requests>=2; python_version > '3'", "aiohttp>=3.10"),
        ("setup.py", 3, "'requests>=2'", "aiohttp>=3.10"),
    ]
    assert all(one.by_hand for one in migration.requirements)


def test_a_table_of_its_own_is_told_of(tmp_path: Path) -> None:
    text = b"[tool.poetry.dependencies]\na = '1'\n\n[tool.poetry.dependencies.requests]\nversion = '2'\n"
    migration = migrated(tmp_path, {"pyproject.toml": text})
    assert written(migration) == {"pyproject.toml": text.replace(b"a = '1'\n", b"a = '1'\naiohttp = \">=3.10\"\n")}
    (told,) = [one for one in migration.requirements if one.by_hand]
    assert (told.line, told.remove) == (4, "[tool.poetry.dependencies.requests]")


@pytest.mark.parametrize(
    "array",
    [
        '[\n  "z"\n  , "requests"\n  , "a"\n]',
        '[\n  "requests"  # http, and more\n  ,\n  "a",\n]',
    ],
)
def test_an_array_with_its_commas_apart_is_told_of(tmp_path: Path, array: str) -> None:
    migration = migrated(tmp_path, {"pyproject.toml": f"[project]\ndependencies = {array}\n".encode()})
    assert written(migration) == {}
    (told,) = migration.requirements
    assert (told.remove, told.add, told.by_hand) == ('"requests"', "aiohttp>=3.10", True)


@pytest.mark.parametrize("seed", range(20))
def test_arrays_of_any_layout_lose_and_get_what_they_should(seed: int) -> None:
    chosen = random.Random(seed)
    for _ in range(40):
        ending = chosen.choice(["\n", "\r\n"])
        blanks = ["", " ", "  ", "\t", ending, f"{ending}  ", f"  # c, [{ending}  "]
        names = chosen.sample(["a", "flask", "zope", "yarl", "requests", "Requests[x]>2"], chosen.randint(0, 6))
        items = [chosen.choice(blanks) + chosen.choice(["'{}'", '"{}"', '"""{}"""']).format(name) for name in names]
        last = chosen.choice(["", ",", " ,"] if names else [""])
        array = f"[{chosen.choice([',', ' , ']).join(items)}{last}{chosen.choice(blanks)}]"
        text = f"[project]{ending}dependencies = {array}  # d{ending}[x]{ending}y = 1"
        (listing,) = read_pyproject(text).listings
        old = [index for index, entry in enumerate(listing.entries) if entry.distribution == "requests"]
        gone = dict.fromkeys(chosen.sample(old, chosen.randint(0, len(old))), "gone")
        wanted = Wanted(listing, gone, "aiohttp", "3.10", chosen.choice(["comes", None]))
        after = with_edits(text, edits_of(text, wanted))
        before, found = (tomllib.loads(one)["project"]["dependencies"] for one in (text, after))
        assert [one for one in found if one != "aiohttp>=3.10"] == [
            one for index, one in enumerate(before) if index not in gone
        ], (text, after)
        assert found.count("aiohttp>=3.10") == (wanted.add_reason is not None)
        assert after.replace("\r\n", "").count("\n") == (0 if ending == "\r\n" else after.count("\n"))
        assert after.endswith(f"]  # d{ending}[x]{ending}y = 1")


def test_an_editable_is_told_of(tmp_path: Path) -> None:
    line = "-e git+https://github.com/psf/requests#egg=requests"
    migration = migrated(tmp_path, {"requirements.txt": f"{line}\n".encode()})
    assert (None, line) in [(one.add, one.remove) for one in migration.requirements]


def test_without_a_list_that_could_take_it_it_is_said(tmp_path: Path) -> None:
    migration = migrated(tmp_path, {"requirements-dev.txt": b"pytest\n"})
    assert written(migration) == {}
    (one,) = migration.requirements
    assert one.add == "aiohttp>=3.10"
    assert "by hand" in one.reason


def test_a_lock_is_named(tmp_path: Path) -> None:
    files = {"pyproject.toml": b"[project]\ndependencies = ['requests']\n", "uv.lock": b"version = 1\n"}
    (one,) = migrated(tmp_path, files).requirements
    assert one.reason.endswith("then lock again: uv.lock")


# Bad input.


def test_a_malformed_line_is_a_problem_and_the_rest_goes_on(tmp_path: Path) -> None:
    migration = migrated(tmp_path, {"requirements.txt": b"b\nrequests ==\nrequests>=2\n"})
    (problem,) = migration.problems
    assert (problem.path, problem.line) == ("requirements.txt", 2)
    assert "`requests ==` is no requirement" in problem.message
    assert "write it as in PEP 508" in problem.message
    assert written(migration) == {"requirements.txt": b"b\nrequests ==\naiohttp>=3.10\n"}


def test_a_malformed_string_is_a_problem_with_its_line(tmp_path: Path) -> None:
    text = b"[project]\ndependencies = [\n  'requests',\n  'not a name',\n]\n"
    migration = migrated(tmp_path, {"pyproject.toml": text})
    (problem,) = migration.problems
    assert (problem.path, problem.line) == ("pyproject.toml", 4)
    assert written(migration) == {"pyproject.toml": text.replace(b"requests", b"aiohttp>=3.10")}


def test_a_malformed_pyproject_is_one_problem_and_removes_nothing(tmp_path: Path) -> None:
    files = {"pyproject.toml": b"[project]\nname = \n", "requirements.txt": b"requests\n"}
    migration = migrated(tmp_path, files)
    (problem,) = migration.problems
    assert problem.path == "pyproject.toml"
    assert "line 2" in problem.message
    assert "correct it" in problem.message
    assert written(migration) == {"requirements.txt": b"requests\naiohttp>=3.10\n"}


@pytest.mark.parametrize("content", ["requests\n".encode("utf-16"), b"requests\n# \xff\n"])
def test_a_file_that_is_no_utf_8_is_a_problem(tmp_path: Path, content: bytes) -> None:
    migration = migrated(tmp_path, {"requirements.txt": content})
    (problem,) = migration.problems
    assert problem.path == "requirements.txt"
    assert "save it as UTF-8" in problem.message
    assert written(migration) == {}


def test_requirements_that_cannot_be_read_are_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_to_read(monkeypatch, "requirements.txt")
    migration = migrated(tmp_path, {"requirements.txt": b"requests\n", "requirements-dev.txt": b"requests\n"})
    (problem,) = migration.problems
    assert problem.path == "requirements.txt"
    assert problem.message.startswith("its requirements cannot be read")
    assert written(migration) == {"requirements-dev.txt": b"requests\naiohttp>=3.10\n"}


# The readers.


def test_values_of_a_document_have_their_places() -> None:
    text = "a.b = [1, 'x', {c = \"y\"}]\n[[t]]\nd = '''\n]''' # z\n[[t]]\nd = true\n"
    found = {value.path: text[value.start : value.end] for value in values(text)}
    assert found[("a", "b", 1)] == "'x'"
    assert found[("a", "b", 2, "c")] == '"y"'
    assert found[("a", "b")] == "[1, 'x', {c = \"y\"}]"
    assert found[("t", 0, "d")] == "'''\n]'''"
    assert found[("t", 1, "d")] == "true"


def test_a_file_for_pip_says_what_it_includes() -> None:
    file = read_pip_file("-r a.txt\n--requirement=b.txt\n-rc.txt\n-c d.txt\n", is_runtime=True)
    assert file.includes == ("a.txt", "b.txt", "c.txt")
    assert file.constraints == ("d.txt",)


def test_an_included_file_is_read_and_a_constraint_is_none(tmp_path: Path) -> None:
    files = {"requirements.txt": b"-r deps/all.txt\n-c requirements-pins.txt\n", "deps/all.txt": b"requests\n"}
    files["requirements-pins.txt"] = b"requests==2\n"
    assert written(migrated(tmp_path, files)) == {"deps/all.txt": b"aiohttp>=3.10\n"}


@pytest.mark.parametrize("include", ["gone.txt", "deps", "../" * 40 + "x.txt", "https://x/y.txt", "requirements.txt"])
def test_an_include_that_leads_nowhere_ends_nothing(tmp_path: Path, include: str) -> None:
    files = {"requirements.txt": f"-r {include}\nrequests\n".encode(), "deps/a.txt": b"requests\n"}
    migration = migrated(tmp_path, files)
    is_missing = include in ("gone.txt", "deps")
    assert [one.path for one in migration.problems] == ([include] if is_missing else [])
    # what cannot be read may need it
    kept = b"requests\n" if is_missing else b""
    assert written(migration) == {"requirements.txt": f"-r {include}\n".encode() + kept + b"aiohttp>=3.10\n"}


def test_without_a_list_nothing_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.walk")
    assert migrated(tmp_path, {}).requirements == ()


def test_lists_of_a_pyproject_have_their_titles() -> None:
    file = read_pyproject("[project]\ndependencies = []\n[dependency-groups]\ndev = []\n[tool.poetry.dependencies]\n")
    assert [(one.title, one.is_runtime) for one in file.listings] == [
        ("[project] dependencies", True),
        ("[dependency-groups] dev", False),
        ("[tool.poetry.dependencies]", True),
    ]


@pytest.mark.parametrize("content", [b"", b"x = 'requests!'\n", b"import requestsx\n", b"yield_from = requests\n"])
def test_a_file_names_a_library_only_where_it_means_it(content: bytes) -> None:
    assert line_naming(content, Word("requests")) is None
    assert imports(content, "requests") is None
