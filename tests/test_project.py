"""Which files are found, how they are named and decoded, where imports start, what is an entry point."""

import os
from pathlib import Path

import pytest

from codemods import project
from codemods.config import Config
from codemods.errors import ConfigError, PathError
from codemods.project import DecodeError, Text, decode, load_project, module_name


def fill(root: Path, *names: str) -> None:
    """Write empty files by name, below `root`."""
    for name in names:
        put(root, name)


def put(root: Path, name: str, content: str = "") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())
    return path


def names(root: Path, *paths: Path, exclude: tuple[str, ...] = ()) -> list[str]:
    return [file.name for file in load_project(paths or [root], Config(exclude=exclude), root).files]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's root, so that nothing above the test's own directory counts."""
    (tmp_path / "work" / ".git").mkdir(parents=True)
    return tmp_path / "work"


# Which files


def test_a_directory_gives_its_python_files_sorted_with_their_bytes(root):
    put(root, "b.py", "x = 1\r\n")
    fill(root, "a/z.py", "a-b/y.py", "a/notes.txt", "a/stub.pyi", "c.pyw")
    found = load_project([root], Config(), root)
    assert [file.name for file in found.files] == ["a/z.py", "a-b/y.py", "b.py"]
    assert [file.path for file in found.files] == sorted(file.path for file in found.files)
    assert found.files[-1].content == b"x = 1\r\n"
    assert found.files[-1].path == root / "b.py"
    assert found.problems == ()


def test_a_directory_whose_name_ends_in_py_is_searched(root):
    fill(root, "odd.py/inner.py")
    assert names(root) == ["odd.py/inner.py"]


def test_a_file_given_by_name_is_taken_whatever_its_ending(root):
    fill(root, "tool", "other.py")
    assert names(root, root / "tool") == ["tool"]


def test_a_named_file_is_taken_though_it_is_ignored_and_excluded(root):
    put(root, ".gitignore", "x.py\n")
    fill(root, "x.py", "y.py")
    assert names(root, root / "x.py", exclude=("x.py",)) == ["x.py"]


def test_overlapping_paths_give_a_file_once(root):
    fill(root, "pkg/a.py", "pkg/b.py")
    assert names(root, root / "pkg", root, root / "pkg/a.py", root / "pkg/../pkg/b.py") == [
        "pkg/a.py",
        "pkg/b.py",
    ]


def test_relative_paths_count_from_the_current_directory(root, monkeypatch):
    fill(root, "src/a.py")
    monkeypatch.chdir(root / "src")
    found = load_project([Path("a.py"), Path()], Config(), root)
    assert [(file.path, file.name) for file in found.files] == [(root / "src/a.py", "src/a.py")]


def test_a_file_outside_has_its_absolute_path_as_name(root):
    fill(root, "here/x.txt", "there/a.py", "here-too/b.py")
    found = load_project([root / "there", root / "here-too"], Config(), root / "here")
    expected = [(root / "here-too/b.py").as_posix(), (root / "there/a.py").as_posix()]
    assert [file.name for file in found.files] == expected


@pytest.mark.parametrize(
    "folder",
    [".git", "__pycache__", ".tox", ".nox", ".mypy_cache", ".eggs", "lib/site-packages", "node_modules"],
)
def test_caches_and_installed_code_are_left_out(root, folder):
    fill(root, f"{folder}/x.py", "a.py")
    assert names(root) == ["a.py"]


def test_a_folder_with_pyvenv_cfg_is_left_out_unless_it_is_named(root):
    fill(root, "env/pyvenv.cfg", "env/lib/x.py", "a.py")
    assert names(root) == ["a.py"]
    assert names(root, root / "env") == ["env/lib/x.py"]


def test_build_is_only_left_out_when_it_is_ignored(root):
    fill(root, "build/x.py", "a.py")
    assert names(root) == ["a.py", "build/x.py"]
    put(root, ".gitignore", "/build/\n")
    assert names(root) == ["a.py"]


# Ignored files


def test_gitignore_files_of_every_level_are_honoured(root):
    put(root, ".gitignore", "*_pb2.py\n/only_here.py\n")
    put(root, "pkg/.gitignore", "local.py\n")
    fill(root, "a_pb2.py", "only_here.py", "local.py", "pkg/a_pb2.py", "pkg/only_here.py", "pkg/local.py")
    fill(root, "pkg/deep/local.py", "pkg/deep/kept.py")
    assert names(root) == ["local.py", "pkg/deep/kept.py", "pkg/only_here.py"]


def test_a_deeper_gitignore_brings_back_what_an_upper_one_ignores(root):
    put(root, ".gitignore", "*_pb2.py\n")
    put(root, "pkg/.gitignore", "!kept_pb2.py\n")
    fill(root, "kept_pb2.py", "pkg/kept_pb2.py", "pkg/other_pb2.py")
    assert names(root) == ["pkg/kept_pb2.py"]


def test_nothing_comes_back_from_an_ignored_directory(root):
    put(root, ".gitignore", "gen/\n!gen/kept.py\n")
    put(root, "gen/.gitignore", "!kept.py\n")
    fill(root, "gen/kept.py", "a.py")
    assert names(root) == ["a.py"]


def test_a_gitignore_that_lists_what_to_keep_is_understood(root):
    put(root, ".gitignore", "*\n!*/\n!*.py\nsecret.py\n")
    fill(root, "a/b/kept.py", "a/secret.py")
    assert names(root) == ["a/b/kept.py"]


def test_gitignore_files_above_the_path_count_up_to_the_repository(root):
    put(root.parent, ".gitignore", "*.py\n")
    put(root, ".gitignore", "gen_*.py\n")
    put(root, "pkg/pyproject.toml")
    fill(root, "pkg/src/gen_a.py", "pkg/src/a.py")
    assert names(root, root / "pkg/src") == ["pkg/src/a.py"]


def test_a_repository_inside_a_repository_has_its_own_rules(root):
    put(root, ".gitignore", "local.py\n")
    fill(root, "local.py", "vendored/local.py", "vendored/.git/config", "a.py")
    assert names(root) == ["a.py", "vendored/local.py"]


def test_without_git_the_gitignore_of_the_project_counts(tmp_path):
    put(tmp_path, "app/pyproject.toml")
    put(tmp_path, "app/.gitignore", "gen.py\n")
    fill(tmp_path, "app/src/gen.py", "app/src/a.py")
    assert names(tmp_path, tmp_path / "app/src") == ["app/src/a.py"]


def test_an_ignored_directory_that_is_named_is_searched(root):
    put(root, ".gitignore", "gen/\n")
    fill(root, "gen/sub/x.py")
    assert names(root, root / "gen") == ["gen/sub/x.py"]
    assert names(root, root / "gen/sub") == ["gen/sub/x.py"]


def test_a_gitignore_with_byte_order_mark_crlf_and_broken_lines_is_read(root):
    (root / ".gitignore").write_bytes(b"\xef\xbb\xbffirst.py\r\nbroken\\\r\n\xff.py\r\nlast.py")
    fill(root, "first.py", "last.py", "kept.py")
    assert names(root) == ["kept.py"]


def test_excluded_files_are_left_out_relative_to_the_projects_root(root):
    fill(root, "tests/fixtures/x.py", "tests/fixtures/own.py", "tests/test_x.py", "pkg/tests/fixtures/x.py")
    exclude = ("/tests/fixtures/*", "!own.py")
    assert names(root, exclude=exclude) == [
        "pkg/tests/fixtures/x.py",
        "tests/fixtures/own.py",
        "tests/test_x.py",
    ]
    assert names(root, root / "tests", exclude=exclude) == ["tests/fixtures/own.py", "tests/test_x.py"]


def test_an_excluded_directory_that_is_named_is_searched(root):
    fill(root, "tests/x.py", "a.py")
    assert names(root, exclude=("tests",)) == ["a.py"]
    assert names(root, root / "tests", exclude=("tests",)) == ["tests/x.py"]


def test_a_broken_exclude_pattern_is_an_error(root):
    fill(root, "a.py")
    with pytest.raises(ConfigError, match="no gitignore pattern"):
        names(root, exclude=("broken\\",))


# Links


def test_a_loop_of_directory_links_is_not_followed(root):
    fill(root, "pkg/a.py")
    (root / "pkg" / "loop").symlink_to(root, target_is_directory=True)
    assert names(root) == ["pkg/a.py"]


def test_a_linked_file_is_taken_once_by_its_own_name(root):
    fill(root, "z_real.py")
    (root / "a_link.py").symlink_to(root / "z_real.py")
    assert names(root) == ["z_real.py"]
    assert names(root, root / "a_link.py", root / "z_real.py") == ["z_real.py"]
    assert names(root, root / "a_link.py") == ["a_link.py"]


def test_a_directory_given_twice_through_a_link_is_taken_once_by_its_own_name(root):
    fill(root, "releases/a.py")
    (root / "current").symlink_to(root / "releases", target_is_directory=True)
    assert names(root, root / "current", root / "releases") == ["releases/a.py"]
    assert names(root, root / "current") == ["current/a.py"]


def test_a_link_that_leads_nowhere_is_left_out_and_a_circle_is_a_problem(root):
    fill(root, "a.py")
    (root / ".#a.py").symlink_to("someone@host.1234")
    (root / "circle.py").symlink_to(root / "circle.py")
    found = load_project([root], Config(), root)
    assert [file.name for file in found.files] == ["a.py"]
    assert [problem.path for problem in found.problems] == ["circle.py"]


# Errors and problems


def test_a_missing_path_is_an_error(root):
    fill(root, "a.py")
    with pytest.raises(PathError, match=r"nowhere\.py does not exist"):
        names(root, root, root / "nowhere.py")


def test_what_is_neither_file_nor_directory_is_an_error(root):
    os.mkfifo(root / "pipe.py")
    with pytest.raises(PathError, match="neither a file nor a directory"):
        names(root, root / "pipe.py")


def test_a_path_through_a_file_is_an_error(root):
    fill(root, "a.py")
    with pytest.raises(PathError, match="cannot open"):
        names(root, root / "a.py" / "b.py")


def test_no_paths_at_all_is_an_error(root):
    with pytest.raises(PathError, match="no paths were given"):
        load_project([], Config(), root)


def test_a_directory_without_python_is_an_error_that_says_what_to_do(root):
    fill(root, "docs/x.txt")
    with pytest.raises(PathError, match=r"no Python files under .*docs; name a file") as caught:
        names(root, root / "docs")
    assert str(root / "docs") in str(caught.value)


def test_one_directory_without_python_among_others_is_fine(root):
    fill(root, "docs/x.txt", "src/a.py")
    assert names(root, root / "docs", root / "src") == ["src/a.py"]


def refuse(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Make one file unreadable: permissions do not stop every user that tests run as."""
    original = project._read

    def read(path: Path) -> bytes:
        if path.name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return original(path)

    monkeypatch.setattr(project, "_read", read)


def test_an_unreadable_file_is_a_problem_and_the_rest_goes_on(root, monkeypatch):
    fill(root, "pkg/__init__.py", "pkg/locked.py", "pkg/open.py")
    refuse(monkeypatch, "locked.py")
    found = load_project([root], Config(), root)
    assert [file.name for file in found.files] == ["pkg/__init__.py", "pkg/open.py"]
    [problem] = found.problems
    assert (problem.path, problem.line) == ("pkg/locked.py", None)
    assert "Permission denied" in problem.message


def test_an_unreadable_gitignore_is_one_problem(root, monkeypatch):
    fill(root, "src/a.py", ".gitignore")
    refuse(monkeypatch, ".gitignore")
    found = load_project([root / "src", root], Config(), root)
    assert [file.name for file in found.files] == ["src/a.py"]
    assert [problem.path for problem in found.problems] == [".gitignore"]


def test_an_unlistable_directory_is_a_problem_and_a_reason_when_nothing_is_found(root, monkeypatch):
    fill(root, "a.py", "locked/b.py")
    scandir = os.scandir

    def refuse_locked(folder):
        if folder == str(root / "locked"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse_locked)
    found = load_project([root], Config(), root)
    assert [file.name for file in found.files] == ["a.py"]
    assert [problem.path for problem in found.problems] == ["locked"]
    with pytest.raises(PathError, match=r"no Python files .*Permission denied"):
        names(root, root / "locked")


# Root, import roots and module names


def modules(root: Path, *paths: Path) -> dict[str, str]:
    found = load_project(paths or [root], Config(), root)
    return {file.name: module_name(file.path, found.import_roots) for file in found.files}


@pytest.mark.parametrize("marker", ["pyproject.toml", "setup.py", "setup.cfg", ".git"])
def test_the_root_is_the_nearest_directory_with_a_marker(tmp_path, marker):
    (tmp_path / ".git").mkdir()
    fill(tmp_path, f"app/{marker}", "app/src/one/a.py", "app/src/two/b.py")
    paths = [tmp_path / "app/src/one", tmp_path / "app/src/two/b.py"]
    assert load_project(paths, Config(), tmp_path).root == tmp_path / "app"


def test_without_a_marker_the_root_is_the_common_parent(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "_MARKERS", ())
    fill(tmp_path, "one/a.py", "two/deep/b.py")
    assert load_project([tmp_path / "one/a.py", tmp_path / "two"], Config(), tmp_path).root == tmp_path
    assert load_project([tmp_path / "one/a.py"], Config(), tmp_path).root == tmp_path / "one"


def test_without_a_marker_a_package_is_still_named_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "_MARKERS", ())
    fill(tmp_path, "pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/a.py")
    assert modules(tmp_path, tmp_path / "pkg/sub/a.py") == {"pkg/sub/a.py": "pkg.sub.a"}


def test_the_src_layout_is_named_below_src(root):
    fill(root, "src/pkg/__init__.py", "src/pkg/__main__.py", "src/pkg/mod.py", "tests/test_mod.py")
    found = load_project([root], Config(), root)
    assert found.import_roots == (root / "src", root, root / "tests")
    assert modules(root) == {
        "src/pkg/__init__.py": "pkg",
        "src/pkg/__main__.py": "pkg.__main__",
        "src/pkg/mod.py": "pkg.mod",
        "tests/test_mod.py": "tests.test_mod",
    }


def test_src_is_an_import_root_even_when_only_the_tests_are_analysed(root):
    fill(root, "src/ns/pkg/mod.py", "tests/__init__.py", "tests/test_mod.py")
    assert load_project([root / "tests"], Config(), root).import_roots == (root / "src", root)


def test_src_without_python_or_as_a_package_is_no_import_root(root):
    fill(root, "src/main.c", "a.py")
    assert load_project([root], Config(), root).import_roots == (root,)
    fill(root, "src/__init__.py", "src/mod.py")
    assert load_project([root], Config(), root).import_roots == (root,)
    assert modules(root)["src/mod.py"] == "src.mod"


def test_namespace_packages_keep_their_full_name(root):
    fill(root, "src/ns/pkg/__init__.py", "src/ns/pkg/mod.py", "src/ns/loose.py", "flat/part/__init__.py")
    assert modules(root) == {
        "flat/part/__init__.py": "flat.part",
        "src/ns/loose.py": "ns.loose",
        "src/ns/pkg/__init__.py": "ns.pkg",
        "src/ns/pkg/mod.py": "ns.pkg.mod",
    }


def test_a_single_script_has_its_own_name(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "_MARKERS", ())
    fill(tmp_path, "job.py")
    found = load_project([tmp_path / "job.py"], Config(), tmp_path)
    assert found.import_roots == (tmp_path,)
    assert module_name(found.files[0].path, found.import_roots) == "job"


def test_directories_of_scripts_are_import_roots_after_the_project(root):
    fill(root, "scripts/a.py", "scripts/b.py", "pkg/__init__.py", "pkg/sub/__init__.py", "pkg/data/gen.py")
    found = load_project([root], Config(), root)
    assert found.import_roots == (root, root / "scripts")
    assert modules(root)["scripts/a.py"] == "scripts.a"
    assert modules(root)["pkg/data/gen.py"] == "pkg.data.gen"


def test_the_parent_of_a_package_elsewhere_is_an_import_root(root):
    fill(root, "lib/python/pkg/__init__.py", "lib/python/pkg/sub/__init__.py", "tools/x.py")
    assert load_project([root], Config(), root).import_roots == (root, root / "tools", root / "lib/python")


def test_a_root_that_is_a_package_itself_has_its_folders_name(root):
    fill(root, "__init__.py", "mod.py")
    found = load_project([root], Config(), root)
    assert found.import_roots == (root, root.parent)
    assert modules(root) == {"__init__.py": "work", "mod.py": "mod"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/p/a/my-script.py", "a.my-script"),
        ("/p/a/2to3.py", "a.2to3"),
        ("/p/a/v1.2.py", "a.v1.2"),
        ("/p/tool", "tool"),
        ("/p/__init__.py", "p"),
        ("/elsewhere/b.py", "b"),
        ("/elsewhere/pkg/__init__.py", "pkg"),
        ("/project/b.py", "b"),
    ],
)
def test_module_names_of_odd_files(path, name):
    assert module_name(Path(path), (Path("/p"),)) == name


# Text


def test_plain_bytes_are_utf_8():
    assert decode("é = 1\n".encode()) == Text("é = 1\n", "utf-8", False)
    assert decode(b"") == Text("", "utf-8", False)


def test_a_byte_order_mark_is_told_apart_from_the_text():
    assert decode(b"\xef\xbb\xbfx = 1\n") == Text("x = 1\n", "utf-8", True)
    assert decode(b"\xef\xbb\xbf# coding: utf-8\n").text == "# coding: utf-8\n"


@pytest.mark.parametrize("cookie", ["utf-8", "utf8", "UTF-8", "utf_8", "U8", "utf-8-sig"])
def test_every_name_of_utf_8_is_utf_8(cookie):
    source = f"# -*- coding: {cookie} -*-\nname = 'é'\n"
    assert decode(source.encode()) == Text(source, "utf-8", False)


@pytest.mark.parametrize("before", ["", "#!/usr/bin/env python\n"])
def test_a_latin_1_cookie_is_followed_in_the_first_two_lines(before):
    source = f"{before}# -*- coding: latin-1 -*-\nname = 'é'\n"
    assert decode(source.encode("latin-1")) == Text(source, "iso-8859-1", False)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines_stay_as_they_are(newline):
    source = f"a = 1{newline}b = '''{newline}'''{newline}"
    assert decode(source.encode()).text == source
    mixed = f"a{newline}b\r\nc\rd\n\x0ce\x85"
    assert decode(mixed.encode()).text == mixed


def test_nul_bytes_are_not_python():
    with pytest.raises(DecodeError, match="NUL byte") as caught:
        decode(b"a = 1\r\nb = '\0'\n")
    assert caught.value.line == 2
    with pytest.raises(DecodeError, match="UTF-16"):
        decode("x = 1".encode("utf-16"))


@pytest.mark.parametrize(
    "content",
    [b"a = 1\n\nname = '\xe9'\n", b"a = 1\r\r\nname = '\xe9'", b"\xef\xbb\xbf\n\nx = '\xe9'\n"],
    ids=["late", "mixed newlines", "after a byte order mark"],
)
def test_bytes_that_are_not_utf_8_are_named_with_their_line(content):
    with pytest.raises(DecodeError, match=r"byte 0xe9 is not utf-8; .*coding: latin-1") as caught:
        decode(content)
    assert caught.value.line == 3


def test_bad_bytes_in_the_first_lines_are_named_with_their_line():
    with pytest.raises(DecodeError, match="byte 0xe9 is not utf-8") as caught:
        decode(b"#!python\n# caf\xe9\n")
    assert caught.value.line == 2


def test_bytes_that_the_declared_encoding_does_not_know_are_an_error():
    with pytest.raises(DecodeError, match="byte 0xe9 is not ascii") as caught:
        decode(b"# coding: ascii\nx = '\xe9'\n")
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"# coding: klingon\n", "klingon"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "cannot be used"),
        (b"# coding: rot13\nk = 1\n", "not a text encoding"),
        (b"# coding: undefined\n", "undefined"),
        (b"# coding: utf-7\nx = '+AGE-'\n", "does not give back the same bytes"),
    ],
)
def test_cookies_that_cannot_be_used_are_an_error(content, reason):
    with pytest.raises(DecodeError, match=reason) as caught:
        decode(content)
    assert isinstance(caught.value, ValueError)


# Entry points


def entries(root: Path) -> frozenset[str]:
    fill(root, "pkg/__init__.py")
    found = load_project([root / "pkg"], Config(), root)
    assert found.problems == ()
    return found.entry_points


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ("project.scripts", '"pkg.cli:main"'),
        ("project.gui-scripts", '"pkg.cli:main"'),
        ("project.entry-points.'flask.commands'", '"pkg.cli:main [extra]"'),
        ("tool.poetry.scripts", '"pkg.cli:main"'),
        ("tool.poetry.scripts", '{ reference = "pkg.cli : main", type = "console" }'),
    ],
)
def test_entry_points_of_pyproject_are_found(root, table, value):
    put(root, "pyproject.toml", f"[{table}]\nx = {value}\nplugin = 'pkg.plugin'\n[tool.other]\ny = 'no:no'\n")
    assert entries(root) == {"pkg.cli:main"}


def test_methods_are_entry_points_too(root):
    put(root, "pyproject.toml", "[project.scripts]\nx = 'pkg.cli:App.run'\n")
    assert entries(root) == {"pkg.cli:App.run"}


def test_tables_of_another_type_hold_no_entry_points(root):
    put(root, "pyproject.toml", "[project]\nscripts = 3\nentry-points = ['a:b']\n[tool]\npoetry = 'x'\n")
    assert entries(root) == frozenset()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_entry_points_of_setup_cfg_are_found_in_their_section_only(root, newline):
    lines = [
        "[metadata]",
        "version = attr:pkg.__version__",
        "[flake8]",
        "per-file-ignores = __init__.py:F401",
        "[options.entry_points]",
        "console_scripts =",
        "    one = pkg.cli:main",
        "    two=pkg.cli:App.run [extra]",
        "    # three = pkg.cli",
        "[options]",
        "name = not:this",
    ]
    put(root, "setup.cfg", newline.join(lines))
    assert entries(root) == {"pkg.cli:main", "pkg.cli:App.run"}


def test_entry_points_of_setup_py_are_found_in_lists_and_in_text(root):
    put(
        root,
        "setup.py",
        "from setuptools import setup\n"
        "url = 'https://example.org/?a=b:1'\n"
        "setup(name='x', entry_points={'console_scripts': ['one = pkg.cli:main', \"two=pkg.two:run\"]})\n"
        "MORE = '''\n[console_scripts]\nthree = pkg.three:main\n'''\n"
        "pick = lambda xs=None: xs[1:2]\n",
    )
    assert entries(root) == {"pkg.cli:main", "pkg.two:run", "pkg.three:main"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", b"[project.scripts\n"),
        ("pyproject.toml", b"\n\n\nx = '\xff'\n"),
        ("setup.cfg", b"[metadata]\n\nname = \xff\n"),
        ("setup.py", b"# coding: klingon\n"),
    ],
)
def test_a_broken_metadata_file_is_a_problem_that_names_it(root, name, content):
    (root / name).write_bytes(content)
    fill(root, "pkg/__init__.py")
    found = load_project([root / "pkg"], Config(), root)
    assert [file.name for file in found.files] == ["pkg/__init__.py"]
    assert found.entry_points == frozenset()
    [problem] = found.problems
    assert problem.path == name
    assert "entry points were not read" in problem.message


def test_an_unreadable_metadata_file_is_a_problem(root, monkeypatch):
    fill(root, "pyproject.toml", "pkg/__init__.py")
    refuse(monkeypatch, "pyproject.toml")
    found = load_project([root / "pkg"], Config(), root)
    assert [problem.path for problem in found.problems] == ["pyproject.toml"]


def scripts(root: Path) -> frozenset[str]:
    fill(root, "pkg/__init__.py")
    return load_project([root / "pkg"], Config(), root).scripts


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", "[project.scripts]\nx = 'pkg:main'\n[project.entry-points.pytest11]\ny = 'pkg:plugin'\n"),
        ("pyproject.toml", "[tool.poetry.scripts]\nx = 'pkg:main'\n[project.gui-scripts]\nx = 'pkg:main'\n"),
        ("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    x = pkg:main\npytest11 =\n    y = pkg:plugin\n"),
        ("setup.py", "setup(entry_points={'console_scripts': ['x=pkg:main'], 'pytest11': ['y=pkg:plugin']})\n"),
        ("setup.py", "setup(entry_points='''\n[pytest11]\ny = pkg:plugin\n[gui_scripts]\nx = pkg:main\n''')\n"),
        ("setup.py", "setup(entry_points=dict(\n  console_scripts=[\n    'x = pkg:main',\n  ],\n))\n"),
    ],
)
def test_scripts_are_told_from_plugins(root, name, content):
    put(root, name, content)
    assert scripts(root) == {"pkg:main"}


def test_what_is_a_plugin_as_well_is_no_script(root):
    put(root, "pyproject.toml", "[project.scripts]\nx = 'pkg:main'\n[project.entry-points.tools]\ny = 'pkg:main'\n")
    assert scripts(root) == frozenset()
