"""The imports of a file: what is added, where, and what goes away."""

import libcst as cst
import pytest

from codemods.rewrite.edits import Edits
from codemods.rewrite.imports import FileImports
from codemods.tree import Tree


def with_callee(callee):
    return lambda node: node.with_changes(func=callee)


def replaced(text, callee="time.sleep", module="asyncio"):
    """The text with every call of a function replaced by one of `module.new`, and the imports that this needs."""
    tree = Tree(text)
    edits, imports = Edits(tree), FileImports(tree)
    for call in tree.all(cst.Call):
        if tree.lines.slice(tree.span(call.func)) == callee:
            new = cst.Attribute(cst.Name(imports.name_of(module, tree.module)), cst.Name("new"))
            imports.release(call.func, module)
            edits.replace(call, with_callee(new))
    assert not edits.is_empty, "the text holds no such call"
    imports.add_edits(edits)
    return imports.insert(edits.apply()).code


def with_import(text, module="asyncio"):
    tree = Tree(text)
    imports = FileImports(tree)
    imports.name_of(module, tree.module)
    return imports.insert(tree.module).code


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "import asyncio\n\nx = 1\n"),
        ("def f(): ...\n", "import asyncio\n\n\ndef f(): ...\n"),
        ("@d\nclass C: ...\n", "import asyncio\n\n\n@d\nclass C: ...\n"),
        ("import os\n\nx = 1\n", "import asyncio\nimport os\n\nx = 1\n"),
        ("import abc\nimport os\n", "import abc\nimport asyncio\nimport os\n"),
        ("import abc\nimport ast\n\n\nx = 1\n", "import abc\nimport ast\nimport asyncio\n\n\nx = 1\n"),
        ("import os\n\nimport aiohttp\n", "import asyncio\nimport os\n\nimport aiohttp\n"),
        ("import abc\nfrom os import path\n", "import abc\nimport asyncio\nfrom os import path\n"),
        ("import abc\nfrom . import x\nimport y\n", "import abc\nimport asyncio\nfrom . import x\nimport y\n"),
        ("import abc; import ast\nimport os\n", "import abc; import ast\nimport asyncio\nimport os\n"),
        ('"""Doc."""\n', '"""Doc."""\n\nimport asyncio\n'),
        ('"""Doc."""\nx = 1\n', '"""Doc."""\n\nimport asyncio\n\nx = 1\n'),
        ('"""Doc."""\n\nimport os\n', '"""Doc."""\n\nimport asyncio\nimport os\n'),
        ("('a'\n 'b')\nimport os\n", "('a'\n 'b')\nimport asyncio\nimport os\n"),
        (
            '"""Doc."""\n\nfrom __future__ import annotations\n\nimport os\n',
            '"""Doc."""\n\nfrom __future__ import annotations\n\nimport asyncio\nimport os\n',
        ),
        ("from __future__ import a\nx = 1\n", "from __future__ import a\n\nimport asyncio\n\nx = 1\n"),
        ('"""Doc."""\n"more"\n', '"""Doc."""\n\nimport asyncio\n\n"more"\n'),
        ("import abc\n\nimport aiohttp\n", "import abc\nimport asyncio\n\nimport aiohttp\n"),
        ("import abc\n# z\nimport zlib\n", "import abc\nimport asyncio\n# z\nimport zlib\n"),
        ("#!/bin/python\n# coding: utf-8\n\nx = 1\n", "#!/bin/python\n# coding: utf-8\n\nimport asyncio\n\nx = 1\n"),
        ("#!/bin/python\nimport os\n", "#!/bin/python\nimport asyncio\nimport os\n"),
        ("try:\n    import os\nfinally: ...\n", "import asyncio\n\ntry:\n    import os\nfinally: ...\n"),
        ("x = 1\nimport os\n", "import asyncio\n\nx = 1\nimport os\n"),
        ("import os\r\n", "import asyncio\r\nimport os\r\n"),
    ],
)
def test_an_import_goes_where_a_sorted_first_group_has_it(before, after):
    assert with_import(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import requests\n", "import asyncio\n\nimport requests\n"),
        ("# a\nimport requests\n", "# a\nimport asyncio\n\nimport requests\n"),
        ('"""Doc."""\nfrom . import x\n', '"""Doc."""\n\nimport asyncio\n\nfrom . import x\n'),
        ("import bs4\n\nimport os\n", "import bs4\n\nimport asyncio\nimport os\n"),
        ("import os, bs4\n", "import asyncio\nimport os, bs4\n"),
        ("from abc import ABC\nfrom os import path\n", "import asyncio\nfrom abc import ABC\nfrom os import path\n"),
        ("import abc\nfrom aaa import x\n", "import abc\nimport asyncio\nfrom aaa import x\n"),
        ("import bs4\nimport abc\nimport time\n", "import bs4\nimport abc\nimport asyncio\nimport time\n"),
        ("import bs4\nimport abc\n", "import bs4\nimport abc\nimport asyncio\n"),
        ("from aaa import x\nimport abc\nimport os\n", "from aaa import x\nimport abc\nimport asyncio\nimport os\n"),
    ],
)
def test_an_import_of_the_standard_library_goes_to_those_of_its_kind(before, after):
    assert with_import(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import os\n", "import os\n\nimport aiohttp\n"),
        ("import os\nx = 1\n", "import os\n\nimport aiohttp\n\nx = 1\n"),
        ("import os\n\n\ndef f(): ...\n", "import os\n\nimport aiohttp\n\n\ndef f(): ...\n"),
        ("import os\n\nfrom . import x\n", "import os\n\nimport aiohttp\n\nfrom . import x\n"),
        ("import os\n\nimport bs4\n", "import os\n\nimport aiohttp\nimport bs4\n"),
        ("from . import x\n", "import aiohttp\n\nfrom . import x\n"),
        ("import os\nimport bs4\n", "import os\nimport aiohttp\nimport bs4\n"),
        ("import bs4\nimport os\n", "import aiohttp\nimport bs4\nimport os\n"),
        ("import os\nimport a1\nimport abc\n", "import os\nimport a1\nimport aiohttp\nimport abc\n"),
    ],
)
def test_an_import_of_another_package_goes_to_those_of_its_kind(before, after):
    assert with_import(before, "aiohttp") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import bs4\n\nimport requests\n", "import bs4\n\nimport aiohttp\nimport requests\n"),
        (
            "import os\ntry: ...\nfinally: ...\nimport requests\n",
            "try: ...\nfinally: ...\nimport aiohttp\nimport requests\n",
        ),
        (
            "import bs4\n\nfrom requests import Session, get as requests\n",
            "import bs4\n\nimport aiohttp\nfrom requests import Session",
        ),
    ],
)
def test_an_import_goes_to_what_it_replaces(before, after):
    changed = replaced(before + "requests.get(1)\nrequests.x\n", "requests.get", "aiohttp")
    assert after in changed


@pytest.mark.parametrize(
    "text",
    ["import asyncio\n", "import os, asyncio\n", "import asyncio as aio\n", "x = 1\nimport asyncio\n"],
)
def test_a_module_that_is_imported_is_not_imported_again(text):
    assert with_import(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "from asyncio import run\n",
        "import asyncio.subprocess\n",
        "def f():\n    import asyncio\n",
        "if TYPE_CHECKING:\n    import asyncio\n",
        "try:\n    import asyncio\nexcept ImportError: ...\n",
    ],
)
def test_imports_that_do_not_bind_the_module_everywhere_do_not_count(text):
    assert with_import(text).count("import asyncio\n") == text.count("import asyncio\n") + 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "asyncio"),
        ("import asyncio\n", "asyncio"),
        ("import asyncio as aio\n", "aio"),
        ("import asyncio as x, os\n", "x"),
    ],
)
def test_a_module_is_called_by_its_name_in_the_file(text, name):
    assert FileImports(tree := Tree(text)).name_of("asyncio", tree.module) == name


def test_two_needed_modules_are_both_sorted_in():
    tree = Tree("import bisect\n\nx = 1\n")
    imports = FileImports(tree)
    imports.name_of("concurrent", tree.module)
    imports.name_of("asyncio", tree.module)
    assert imports.insert(tree.module).code == "import asyncio\nimport bisect\nimport concurrent\n\nx = 1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import time\n", "import asyncio\n"),
        ("import time  # noqa\n", "import asyncio  # noqa\n"),
        ("# about time\nimport time\n", "# about time\nimport asyncio\n"),
        ("import abc\n\nimport time\nimport zlib\n", "import abc\n\nimport asyncio\nimport zlib\n"),
        ("import time, os\n", "import asyncio\nimport os\n"),
        ("import os, time\n", "import asyncio\nimport os\n"),
        ("import time\nimport time\n", "import asyncio\n"),
        ("import asyncio\nimport time\n", "import asyncio\n"),
        ("import asyncio as aio\nimport time\n", "import asyncio as aio\n"),
        ("import time; x = 1\n", "import asyncio\nimport time; x = 1\n"),
        ("def g():\n    import time\n\n    x = 1\n\n\n", "import asyncio\n\n\ndef g():\n    x = 1\n\n\n"),
        ("def g():\n    x = 1\n    import time\n", "import asyncio\n\n\ndef g():\n    x = 1\n"),
        ("def g():\n    import time\n", "import asyncio\n\n\ndef g():\n    import time\n"),
    ],
)
def test_an_import_that_nothing_uses_any_more_goes_or_is_replaced(before, after):
    changed = replaced(before + "time.sleep(1)\n")
    assert changed.replace("aio.new", "asyncio.new") == after + "asyncio.new(1)\n"


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import time\nexcept ImportError:\n    x = 1\n",
        "if x:\n    import time\n    y = 1\n",
        "class C:\n    import time\n    x = 1\n",
        "with x:\n    import time\n    y = 1\n",
    ],
)
def test_an_import_in_a_block_that_may_not_run_stays(text):
    assert replaced(text + "time.sleep(1)\n").startswith(("import asyncio\n\n" + text, "import asyncio\n\n\n" + text))


@pytest.mark.parametrize(
    "use",
    [
        "time.time()",
        "f(time)",
        "print(f'{time}')",
        "__all__ = ['time']",
        "x: 'time.struct_time'",
        "x = '''time'''",
        "x = 'a.time.b'",
        "x = time = 1",
        "def f(x=time): ...",
        "@time.x\ndef f(): ...",
    ],
)
def test_an_import_that_is_still_used_stays(use):
    changed = replaced(f"import time\n{use}\ntime.sleep(1)\n")
    assert changed == f"import asyncio\nimport time\n{use}\nasyncio.new(1)\n"


@pytest.mark.parametrize("use", ["f(time=1)", "x.time", "x = 'the time is now'", "x = 'times'", "x = 1  # time"])
def test_the_same_word_elsewhere_is_no_use(use):
    assert replaced(f"import time\n{use}\ntime.sleep(1)\n") == f"import asyncio\n{use}\nasyncio.new(1)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from time import sleep\n", "import asyncio\n"),
        ("from time import sleep as nap, time\n", "import asyncio\nfrom time import sleep as nap, time\n"),
        ("from time import sleep, time\n", "import asyncio\nfrom time import time\n"),
        ("from time import time, sleep\n", "import asyncio\nfrom time import time\n"),
        ("from  time  import  sleep , time\n", "import asyncio\nfrom  time  import  time\n"),
        ("from time import (time, sleep)\n", "import asyncio\nfrom time import (time)\n"),
        ("from time import *\n", "import asyncio\nfrom time import *\n"),
    ],
)
def test_a_name_leaves_the_list_it_is_imported_with(before, after):
    assert replaced(before + "sleep(1)\n", "sleep") == after + "asyncio.new(1)\n"


def test_an_alias_goes_when_nothing_uses_it():
    assert replaced("import time as t\nt.sleep(1)\n", "t.sleep") == "import asyncio\nasyncio.new(1)\n"
    kept = "import time\nimport time as t\ntime.x\n"
    assert replaced(kept + "t.sleep(1)\n", "t.sleep") == "import time\nimport asyncio\ntime.x\nasyncio.new(1)\n"


def test_a_submodule_goes_with_the_name_it_binds():
    text = "import urllib.request\nurllib.request.urlopen(1)\n"
    assert replaced(text, "urllib.request.urlopen") == "import asyncio\nasyncio.new(1)\n"
    kept = "import urllib.parse, urllib.request\nurllib.parse.quote\nurllib.request.urlopen(1)\n"
    assert "import urllib.parse, urllib.request\n" in replaced(kept, "urllib.request.urlopen")


def test_what_is_released_without_a_name_frees_nothing():
    assert replaced("import time\nf().sleep(1)\n", "f().sleep") == "import asyncio\nimport time\nasyncio.new(1)\n"


@pytest.mark.parametrize("quoted", ["dict[str, time.struct_time]", "time.struct_time | None"])
def test_an_import_that_a_quoted_annotation_with_spaces_names_stays(quoted):
    assert "import time\n" in replaced(f"import time\ndef f(x: '{quoted}'): ...\ntime.sleep(1)\n")


def test_a_list_of_imports_that_loses_another_name_keeps_its_layout():
    text = "from time import (\n    sleep,\n    time,\n)\ntime()\nsleep(1)\n"
    assert "from time import (\n    time,\n)\n" in replaced(text, "sleep")


def test_a_group_of_imports_keeps_its_comment_and_blank_line_when_its_first_import_goes():
    text = "import asyncio\n\n# third party\nimport time\nimport zlib\n\ntime.sleep(1)\n"
    assert replaced(text).startswith("import asyncio\n\n# third party\nimport zlib\n")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("def f(asyncio):\n    work()\n", "_asyncio"),
        ("def f():\n    asyncio = work()\n", "_asyncio"),
        ("def f():\n    work()\n    import asyncio\n", "_asyncio"),
        ("def f():\n    if x:\n        import asyncio\n    work()\n", "_asyncio"),
        ("def f():\n    import asyncio\n    work()\n", "asyncio"),
        ("def g(asyncio): ...\ndef f():\n    work()\n", "asyncio"),
        ("def g():\n    global asyncio\n    asyncio = 1\ndef f():\n    work()\n", "_asyncio"),
        ("from x import asyncio\ndef f():\n    work()\n", "_asyncio"),
        ("import asyncio as work\nimport x as _asyncio\nasyncio = 1\ndef f(work):\n    work()\n", "_asyncio2"),
    ],
)
def test_a_name_that_may_mean_something_else_is_not_used(text, name):
    tree = Tree(text)
    call = next(call for call in tree.all(cst.Call) if tree.lines.slice(tree.span(call.func)) == "work")
    imports = FileImports(tree)
    assert imports.name_of("asyncio", call) == name
    if name.startswith("_"):
        assert f"import asyncio as {name}\n" in imports.insert(tree.module).code
