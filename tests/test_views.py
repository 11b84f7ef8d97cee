"""What each format says about a migration that is built by hand."""

import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli import json_view, patch_view, rich_view, text_view
from cli.chains import place_lines
from cli.highlight import Code, folded
from cli.hunks import split_lines, text_hunks
from cli.summary import rule_table, visible
from codemods.errors import PathError
from codemods.model import (
    Action,
    Certainty,
    Fate,
    FileChange,
    Finding,
    FunctionFate,
    Migration,
    Problem,
    RequirementChange,
    Scope,
    SourceFile,
)


def found(rule="AW001", path="app/bot.py", line=4, action=Action.NATIVE, **more):
    values: dict[str, Any] = {
        "column": 5,
        "function": "app.bot:news",
        "call": "time.sleep",
        "certainty": Certainty.CERTAIN,
        "reason": "blocks the event loop",
    }
    return Finding(rule=rule, path=path, line=line, action=action, **(values | more))


def changed(before, after, name="app/bot.py", encoding="utf-8", root=None):
    if isinstance(before, str):
        before, after = before.encode(encoding), after.encode(encoding)
    return FileChange(SourceFile((root or Path("/project")) / name, name, before), after, encoding)


def migration(**parts):
    values: dict[str, Any] = {
        "scope": Scope.ASYNC,
        "scope_reason": "the project has 12 coroutine functions",
        "findings": (),
        "functions": (),
        "changes": (),
        "problems": (),
        "missing_modules": (),
        "files_read": 120,
        "lines_read": 14210,
    }
    return Migration(**(values | parts))


def rendered(draw, *arguments, width=80, terminal=False, colours=None):
    file = io.StringIO()
    out = Console(
        file=file,
        width=width,
        force_terminal=terminal,
        color_system=colours,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    draw(out, *arguments)
    return file.getvalue()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for name, value in (("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")):
        monkeypatch.setenv(name, value)
    git(tmp_path, "init", "-q")
    return tmp_path


def git(folder, *arguments, **options):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, **options)


# Patches.

CONTENTS = {
    "lines": (b"a\nb\nc\n", b"a\nB\nc\n"),
    "far apart": (b"".join(b"%d\n" % n for n in range(90)), b"".join(b"%d\n" % (n % 60) for n in range(90))),
    "no newline at the end": (b"a\nb", b"a\nB"),
    "newline at the end comes": (b"a\nb", b"a\nb\n"),
    "newline at the end goes": (b"a\nb\n", b"a\nb"),
    "an unchanged last line without newline": (b"a\nb", b"A\nb"),
    "crlf": (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nc\r\n"),
    "crlf without newline at the end": (b"a\r\nb", b"a\r\nB"),
    "mixed ends": (b"a\r\nb\nc\rd\n", b"a\r\nB\nc\rD\n"),
    "only carriage returns": (b"a\rb\rc", b"a\rB\rc"),
    "from empty": (b"", b"import asyncio\n"),
    "to empty": (b"import time\n", b""),
    "latin-1": (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", b"# -*- coding: latin-1 -*-\ny = '\xe9'\n"),
    "utf-8 with mark": (b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfA\nb\n"),
    "form feed": (b"a\n\x0cdef f(): pass\nb\n", b"a\n\x0casync def f(): pass\nb\n"),
    "line separator": ("a = '\u2028'\nb\n".encode(), "a = '\u2028'\nB\n".encode()),
    "trailing spaces": (b"a  \n\nb\t\n", b"a  \n\nB\t\n"),
    "lines like a patch": (b"-- a\n++ b\n@@ -1 +1 @@\nx\n", b"-- a\n++ c\n@@ -1 +1 @@\nx\n"),
}
NAMES = [
    "plain.py",
    "with space.py",
    "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve.py",
    "\N{CJK UNIFIED IDEOGRAPH-65E5} \N{CJK UNIFIED IDEOGRAPH-672C}.py",
    'quo"te.py',
    "back\\slash.py",
    "tab\there.py",
    "deep/er/module.py",
    " leading.py",
]


@pytest.mark.parametrize("content", CONTENTS)
def test_git_applies_a_patch_to_the_same_bytes(repository, content):
    before, after = CONTENTS[content]
    (repository / "module.py").write_bytes(before)
    git(repository, "add", "module.py")
    git(repository, "apply", input=patch_view.patch([changed(before, after, "module.py")]))
    assert (repository / "module.py").read_bytes() == after


@pytest.mark.parametrize("name", NAMES)
def test_git_finds_the_file_of_a_patch_by_any_name(repository, name):
    path = repository / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a\n")
    git(repository, "apply", input=patch_view.patch([changed(b"a\n", b"b\n", name)]))
    assert path.read_bytes() == b"b\n"


def test_a_patch_of_several_files_applies_in_a_subfolder_and_with_an_index(repository):
    folder = repository / "service"
    (folder / "app").mkdir(parents=True)
    names = ["one.py", "app/two.py", "app/three four.py"]
    for name in names:
        (folder / name).write_bytes(b"a\nb")
    git(repository, "add", ".")
    patch = patch_view.patch([changed(b"a\nb", b"a\nc\n", name) for name in names])
    git(folder, "apply", "--index", input=patch)
    assert [(folder / name).read_bytes() for name in names] == [b"a\nc\n"] * 3


def test_a_patch_applies_outside_of_any_repository_and_keeps_the_mode(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    path = tmp_path / "script.py"
    path.write_bytes(b"")
    path.chmod(0o755)
    git(tmp_path, "apply", input=patch_view.patch([changed(b"", b"x = 1\n", "script.py")]))
    assert path.read_bytes() == b"x = 1\n"
    assert path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("name", NAMES)
def test_a_patch_names_a_file_as_git_does(repository, name):
    path = repository / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a\n")
    git(repository, "add", ".")
    path.write_bytes(b"b\n")
    headers = [line for line in git(repository, "diff").stdout.split(b"\n") if line[:4] in (b"--- ", b"+++ ")]
    assert patch_view.patch([changed(b"a\n", b"b\n", name)]).split(b"\n")[:2] == headers


def test_an_empty_side_of_a_patch_is_named_by_the_line_before_it():
    assert b"\n@@ -0,0 +1,2 @@\n" in patch_view.patch([changed(b"", b"a\nb\n")])
    assert b"\n@@ -1,2 +0,0 @@\n" in patch_view.patch([changed(b"a\nb\n", b"")])


@pytest.mark.parametrize("name", ["../other.py", "/elsewhere/other.py", "a/../../b.py"])
def test_a_patch_refuses_a_file_that_git_would_refuse(name):
    with pytest.raises(PathError, match="lies outside of the current folder"):
        patch_view.patch([changed(b"a\n", b"b\n", name)])


def test_no_changes_make_an_empty_patch():
    assert patch_view.patch([]) == b""


# Hunks.


def test_lines_end_where_python_says_and_nowhere_else():
    assert split_lines("a\r\nb\rc\nd\x0ce\x85f\u2028g\x0b\x1ch") == [
        "a\r\n",
        "b\r",
        "c\n",
        "d\x0ce\x85f\u2028g\x0b\x1ch",
    ]


def test_a_hunk_numbers_the_lines_of_both_sides():
    (hunk,) = text_hunks(changed("a\nb\nc\n", "a\nx\ny\nc\n"))
    assert hunk.header == "@@ -1,3 +1,4 @@"
    assert [(line.sign, line.old, line.new, line.text) for line in hunk.lines] == [
        (" ", 1, 1, "a\n"),
        ("-", 2, None, "b\n"),
        ("+", None, 2, "x\n"),
        ("+", None, 3, "y\n"),
        (" ", 3, 4, "c\n"),
    ]


def test_bytes_that_are_no_text_can_be_shown():
    assert "\\xff" in text_view.diff(migration(changes=(changed(b"x\xff\n", b"y\xff\n"),)))


# The summary.


def test_the_table_adds_up_over_rules_and_actions():
    findings = [
        found("AW101", action=Action.NATIVE),
        found("AW101", action=Action.LEFT),
        found("AW001", action=Action.OFFLOADED),
        found("AW301", action=Action.AWAITED),
        found("AW301", action=Action.AWAITED),
        found("AW301", action=Action.BRIDGED),
    ]
    table = rule_table(findings)
    assert [tuple(cell.strip() for cell in row) for row in table] == [
        ("rule", "native", "awaited", "offloaded", "bridged", "left", "total"),
        ("AW001", "0", "0", "1", "0", "0", "1"),
        ("AW101 twin-call", "1", "0", "0", "0", "1", "2"),
        ("AW301 promoted-call", "0", "2", "0", "1", "0", "3"),
        ("total", "1", "2", "1", "1", "1", "6"),
    ]
    assert {tuple(map(len, row)) for row in table} == {(19, 6, 7, 9, 7, 4, 5)}


def test_every_control_character_but_tab_and_line_feed_is_made_visible():
    text = "".join(map(chr, range(0xA0))) + "\u202e\u2066\u2028"
    shown = visible(text)
    assert [c for c in shown if not c.isprintable()] == ["\t", "\n"]
    assert visible("caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{CJK UNIFIED IDEOGRAPH-65E5}") == (
        "caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{CJK UNIFIED IDEOGRAPH-65E5}"
    )


# Text and rich say the same.


def both(draw_name, *arguments):
    return [
        getattr(text_view, draw_name)(*arguments),
        rendered(getattr(rich_view, draw_name), *arguments, width=200),
    ]


def test_check_lists_findings_of_today_with_their_chain_and_a_count():
    findings = (
        found(chain=("app.bot:news (app/bot.py:2)", "app.db:get (app/db.py:7)")),
        found("AW301", call="app.bot:fetch", action=Action.AWAITED),
    )
    for output in both("check", migration(findings=findings)):
        assert output.splitlines() == [
            "app/bot.py:4:5 AW001 time.sleep [native] blocks the event loop",
            "    app.bot:news (app/bot.py:2)",
            "    app.db:get (app/db.py:7)",
            "1 finding in 1 file, 120 files read.",
        ]


def test_check_without_findings_says_so():
    for output in both("check", migration()):
        assert output == "No findings, 120 files read.\n"


def test_graph_is_a_tree_from_what_nothing_calls_to_the_calls_that_ask_for_it():
    top = "app.bot:news (app/bot.py:2)"
    findings = (
        found(chain=(top, "app.db:get (app/bot.py:5)", "time.sleep (app/db.py:7)"), path="app/db.py", line=7),
        found(chain=(top, "time.sleep (app/bot.py:4)"), action=Action.LEFT, reason="it stands in a lambda"),
        found("AW301", call="app.db:get", action=Action.AWAITED, chain=(top, "app.db:get (app/bot.py:5)")),
    )
    functions = (
        FunctionFate("app.bot:news", "app/bot.py", 2, Fate.ASYNC, "it calls app.db:get in line 5"),
        FunctionFate("app.db:get", "app/db.py", 6, Fate.SYNC, "it is a property"),
    )
    built = migration(findings=findings, functions=functions)
    text = text_view.graph(built).splitlines()
    assert text[:4] == [
        "app.bot:news (app/bot.py:2) [async]",
        "    app.db:get (app/bot.py:5) [sync] it is a property",
        "        time.sleep (app/db.py:7) [native] blocks the event loop",
        "    time.sleep (app/bot.py:4) [left] it stands in a lambda",
    ]
    _, rich = both("graph", built)
    assert "└── time.sleep (app/bot.py:4) [left] it stands in a lambda" in rich
    assert "│   └── time.sleep (app/db.py:7) [native] blocks the event loop" in rich


def test_graph_without_findings_says_so():
    for output in both("graph", migration()):
        assert output.startswith("No findings.\n")


def test_a_line_tells_of_its_function_and_of_its_calls():
    findings = (
        found(notes=("it differs",), chain=("app.bot:news (app/bot.py:4)",)),
        found(line=5),
        found(path="app/other.py"),
    )
    functions = (FunctionFate("app.bot:news", "app/bot.py", 4, Fate.ASYNC, "it blocks"),)
    assert place_lines(migration(findings=findings, functions=functions), "app/bot.py", 4) == [
        "app.bot:news [async] it blocks",
        "app/bot.py:4:5 AW001 time.sleep [native] blocks the event loop",
        "    note: it differs",
        "    app.bot:news (app/bot.py:4)",
    ]
    assert place_lines(migration(findings=findings), "app/bot.py", 9) == []


def test_diff_gives_reasons_for_what_was_left_or_offloaded_and_only_for_that():
    findings = (
        found(line=1, reason="obvious"),
        found(line=2, action=Action.OFFLOADED, reason="has no async form"),
        found(line=3, path="app/other.py", action=Action.LEFT, reason="stands in __init__"),
    )
    for output in both("diff", migration(findings=findings, changes=(changed("a\n", "b\n"),))):
        lines = output.splitlines()
        assert "  2:5 AW001 time.sleep [offloaded] has no async form" in lines
        assert "  3:5 AW001 time.sleep [left] stands in __init__" in lines
        assert any(line.startswith("app/other.py") and "not changed" in line for line in lines)
        assert "obvious" not in output


def test_diff_says_a_note_once_with_its_count_in_each_file():
    findings = (
        found(line=1, notes=("fewer redirects",)),
        found(line=2, notes=("fewer redirects", "other errors")),
        found(line=3, path="b.py", notes=("fewer redirects",)),
    )
    for output in both("diff", migration(findings=findings, changes=(changed("a\n", "b\n"),))):
        notes = [line.strip() for line in output.splitlines() if "note:" in line]
        assert notes == [
            "note: fewer redirects (2 times)",
            "note: other errors",
            "note: fewer redirects",
        ]


def test_diff_ends_with_table_functions_files_and_scope():
    fates = (Fate.ASYNC, Fate.ASYNC, Fate.SPLIT, Fate.SYNC)
    shown = migration(
        findings=(found(),),
        functions=tuple(FunctionFate(f"m:f{n}", "m.py", n, fate, "") for n, fate in enumerate(fates)),
        changes=(changed("a\n", "b\n"),),
        problems=(Problem("broken.py", 3, "invalid syntax"),),
    )
    for output in both("diff", shown):
        table, closing = output.split("rule ", 1)[1].split("\n\n", 1)
        assert [row.split() for row in table.splitlines()[1:]] == [
            ["AW001", "1", "0", "0", "0", "0", "1"],
            ["total", "1", "0", "0", "0", "0", "1"],
        ]
        assert closing.splitlines() == [
            "functions: 2 async, 1 split, 1 sync",
            "files: 1 to change, 120 files read (14,210 lines)",
            "left out: 1 problem, see the errors",
            "scope: async (the project has 12 coroutine functions)",
        ]


def test_text_shows_a_unified_diff_without_colours():
    output = text_view.diff(migration(changes=(changed("a\r\nb", "a\r\nc"),)))
    assert output.startswith(
        "app/bot.py (+1 -1)\n--- a/app/bot.py\n+++ b/app/bot.py\n@@ -1,2 +1,2 @@\n a\n"
        "-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )
    assert "\x1b" not in output


@pytest.mark.parametrize("terminal", [False, True])
def test_source_cannot_steer_the_terminal(terminal):
    evil = changed("x = '\x1b[2J'\n", "y = '\x1b[2J'  # \u202e\n", name="a\x1b[31m.py")
    shown = migration(changes=(evil,), findings=(found(action=Action.LEFT, reason="\x1b]8;;x\x07"),))
    rich = rendered(rich_view.diff, shown, terminal=terminal, colours="truecolor" if terminal else None)
    for output in (text_view.diff(shown), rich):
        assert "\x1b[2J" not in output
        assert "\x1b[31m.py" not in output
        assert "\x1b]8" not in output
        assert "\u202e" not in output
        assert "\N{SYMBOL FOR ESCAPE}[2J" in output


# Rich.


@pytest.mark.parametrize("width", [60, 80, 120])
def test_rich_takes_markup_in_source_literally_and_loses_nothing_of_long_lines(width):
    wide = "\N{CJK UNIFIED IDEOGRAPH-65E5}" * 70
    line = "[red]x[/red] :smile: [link=y] " + "0123456789" * 20 + wide
    shown = migration(
        changes=(changed(f"{line}\nold\n", f"{line}\nnew = [bold]\n"),),
        findings=(found(action=Action.LEFT, reason="[blue]why[/blue] " + "long words " * 30),),
    )
    output = rendered(rich_view.diff, shown, width=width, terminal=True)
    gutter = len("1 1   ")
    code = [row[gutter:] for row in output.splitlines()[2:]]
    assert "".join(code).startswith(line)
    assert "[blue]why[/blue]" in output
    assert output.split().count("long") == output.split().count("words") == 30
    assert "\N{HORIZONTAL ELLIPSIS}" not in output
    for row in output.splitlines():
        assert sum(2 if character == wide[0] else 1 for character in row) <= width


def test_rich_keeps_lines_whole_where_there_is_no_terminal():
    line = "x = " + "1234567890 " * 30
    shown = migration(changes=(changed(f"{line}\nold\n", f"{line}\nnew\n"),))
    output = rendered(rich_view.diff, shown)
    assert f"1 1   {line}" in output
    assert "\x1b" not in output


def test_rich_numbers_the_lines_of_both_sides():
    shown = migration(changes=(changed("a\nb\nc\n", "a\nx\ny\nc\n"),))
    rows = rendered(rich_view.diff, shown, terminal=True).splitlines()
    assert rows[0] == "app/bot.py +2/\N{MINUS SIGN}1"
    assert [row.rstrip() for row in rows[2:7]] == ["1 1   a", "2   - b", "  2 + x", "  3 + y", "3 4   c"]


def test_rich_colours_code_and_changed_lines_on_a_terminal_with_colours():
    shown = migration(changes=(changed("import time\n", "import asyncio\n"),))
    output = rendered(rich_view.diff, shown, terminal=True, colours="truecolor")
    removed, added = re.findall(r"\x1b\[(38;[\d;]+);(48;[\d;]+)mimport", output)
    assert removed[0] == added[0]
    assert removed[1] != added[1]


def test_rich_makes_no_hyperlinks():
    shown = migration(changes=(changed("a\n", "# https://example.org\n"),), findings=(found(),))
    assert "\x1b]8" not in rendered(rich_view.diff, shown, terminal=True, colours="truecolor")


def test_rich_knows_a_hunk_that_begins_inside_a_string():
    text = '"""first\n' + "filler\n" * 10 + "import inside\n\"\"\" + '''second\nimport inside too\n'''\nimport real\n"
    code = Code(text)
    colours = [{str(span.style) for span in code.lines(line, 1)[0].spans} for line in (12, 14, 16)]
    string, keyword = "#c2793d", "#b267d6"
    assert [string in found for found in colours] == [True, True, False]
    assert [keyword in found for found in colours] == [False, False, True]
    assert keyword in {str(span.style) for span in code.lines(14, 3)[2].spans}


@pytest.mark.parametrize("width", [1, 2, 3, 10])
def test_folding_cuts_at_cells_and_keeps_every_character(width):
    (line,) = Code("ab  \N{CJK UNIFIED IDEOGRAPH-65E5}c \t d", coloured=False).lines(1, 1)
    pieces = list(folded(line, width))
    assert "".join(piece.plain for piece in pieces) == line.plain
    assert all(piece.cell_len <= max(width, 2) for piece in pieces)


# Requirements.

REQUIREMENTS = (
    RequirementChange("setup.py", None, None, "aiohttp>=3.10", "by hand", by_hand=True),
    RequirementChange("pyproject.toml", 7, '  "requests",', '  "aiohttp>=3.10",', "why"),
)


def test_diff_shows_the_lines_of_requirements_with_their_place():
    for output in both("diff", migration(requirements=REQUIREMENTS)):
        shown = output.split("\n\n", 1)[1].splitlines()
        assert shown[:8] == [
            "requirements (--update-requirements writes them with the code):",
            "  setup.py by hand",
            "    + aiohttp>=3.10",
            "  pyproject.toml:7 why",
            '    -   "requests",',
            '    +   "aiohttp>=3.10",',
            "",
            "functions: 0 async, 0 split, 0 sync",
        ]


def test_requirements_that_are_written_or_never_are_offer_no_option():
    project = changed('  "requests",\n', '  "aiohttp>=3.10",\n', "pyproject.toml")
    for shown in (
        migration(requirements=REQUIREMENTS, changes=(project,)),
        migration(requirements=REQUIREMENTS[:1]),
    ):
        for output in both("diff", shown):
            assert "\nrequirements:\n" in output
            assert "--update-requirements" not in output


@pytest.mark.parametrize("terminal", [False, True])
def test_requirements_cannot_steer_the_terminal(terminal):
    evil = RequirementChange("a\x1b[31m.txt", 1, "x  # \x1b[2J", "y  # \u202e", "\x1b]8;;x\x07")
    shown = migration(requirements=(evil,))
    for output in (text_view.diff(shown), rendered(rich_view.diff, shown, terminal=terminal)):
        assert "\x1b[31m" not in output
        assert "\x1b[2J" not in output
        assert "\x1b]8" not in output
        assert "\u202e" not in output


# JSON.


def whole():
    return migration(
        findings=(
            found("AW301", path="b.py", action=Action.AWAITED, certainty=Certainty.LIKELY),
            found(path="a.py", line=9, action=Action.LEFT, notes=("n",), chain=("m:f (a.py:1)",)),
            found(path="a.py", line=2),
        ),
        functions=(
            FunctionFate("m:g", "m.py", 9, Fate.SYNC, "a dunder"),
            FunctionFate("m:f", "m.py", 5, Fate.ASYNC, "calls time.sleep"),
        ),
        changes=(
            changed("b\r\n", "c\r\n", "b.py"),
            changed("x = '\N{SNOWMAN}'", "y = '\N{SNOWMAN}'", "a.py"),
        ),
        problems=(Problem("z.py", None, "not text"), Problem("c.py", 3, "invalid syntax")),
        missing_modules=("numpy", "discord"),
        requirements=REQUIREMENTS,
    )


def test_json_has_the_documented_shape_with_sorted_lists():
    document = json.loads(json_view.document(whole(), diffs=True))
    assert list(document) == [
        "version",
        "scope",
        "scope_reason",
        "summary",
        "findings",
        "functions",
        "files",
        "errors",
        "missing_modules",
        "requirements",
    ]
    assert document["version"] == 1
    assert (document["scope"], document["scope_reason"]) == (
        "async",
        "the project has 12 coroutine functions",
    )
    assert document["summary"] == {
        "native": 1,
        "awaited": 1,
        "offloaded": 0,
        "bridged": 0,
        "left": 1,
        "functions": {"async": 1, "split": 0, "sync": 1},
    }
    assert [(f["path"], f["line"]) for f in document["findings"]] == [("a.py", 2), ("a.py", 9), ("b.py", 4)]
    assert document["findings"][1] == {
        "rule": "AW001",
        "path": "a.py",
        "line": 9,
        "column": 5,
        "function": "app.bot:news",
        "call": "time.sleep",
        "action": "left",
        "certainty": "certain",
        "reason": "blocks the event loop",
        "notes": ["n"],
        "chain": ["m:f (a.py:1)"],
    }
    assert document["functions"] == [
        {"name": "m:f", "fate": "async", "reason": "calls time.sleep"},
        {"name": "m:g", "fate": "sync", "reason": "a dunder"},
    ]
    assert document["errors"] == [
        {"path": "c.py", "line": 3, "message": "invalid syntax"},
        {"path": "z.py", "line": None, "message": "not text"},
    ]
    assert document["missing_modules"] == ["discord", "numpy"]
    assert document["requirements"] == [
        {"path": "pyproject.toml", "line": 7, "remove": '  "requests",', "add": '  "aiohttp>=3.10",', "reason": "why"},
        {"path": "setup.py", "line": None, "remove": None, "add": "aiohttp>=3.10", "reason": "by hand"},
    ]


def test_json_diffs_keep_line_ends_and_say_where_one_is_missing():
    files = json.loads(json_view.document(whole(), diffs=True))["files"]
    assert files == [
        {
            "path": "a.py",
            "changed": True,
            "diff": "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = '\N{SNOWMAN}'\n\\ No newline at end of file\n"
            "+y = '\N{SNOWMAN}'\n\\ No newline at end of file\n",
        },
        {
            "path": "b.py",
            "changed": True,
            "diff": "--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\n-b\r\n+c\r\n",
        },
    ]


def test_json_of_check_is_the_same_without_diffs():
    with_diffs = json.loads(json_view.document(whole(), diffs=True))
    for file in with_diffs["files"]:
        del file["diff"]
    assert json.loads(json_view.document(whole(), diffs=False)) == with_diffs


def test_json_is_ascii_even_for_names_that_are_no_text():
    document = json_view.document(migration(changes=(changed("a\n", "b\n", "caf\udce9.py"),)), diffs=True)
    assert document.isascii()
    assert json.loads(document)["files"][0]["path"] == "caf\udce9.py"


def test_the_documented_schema_names_every_key():
    def keys(value):
        if isinstance(value, dict):
            return set(value) | {key for inner in value.values() for key in keys(inner)}
        return {key for inner in value for key in keys(inner)} if isinstance(value, list) else set()

    named = keys(json.loads(json_view.document(whole(), diffs=True)))
    assert [key for key in sorted(named) if f'"{key}"' not in json_view.__doc__] == []
