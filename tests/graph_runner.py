"""Runs `main()` of some packages in a folder, and prints who called whom in each as one JSON object.

`python graph_runner.py FOLDER PACKAGE...`: a call is (caller, callee, whether that is a generator), and a function
(module in the package, qualified name, line of its definition or of its first decorator). The caller is the nearest
function of the package; lambdas, comprehensions and bodies of classes are those of what they stand in. `time.sleep`
does not wait.
"""

import contextlib
import importlib
import inspect
import io
import json
import re
import sys
import threading
import time
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_WITHIN = re.compile(r"(?:\.?<locals>)?\.?<(?:lambda|listcomp|setcomp|dictcomp|genexpr)>.*")

Function = tuple[str, str, int]


class Watch:
    """Notes the calls within one package."""

    def __init__(self, package: Path) -> None:
        self._package = f"{package}/"
        self._generators: list[FrameType] = []
        self.calls: set[tuple[Function, Function, bool]] = set()

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event != "call" or not self._is_own(code) or not _is_function(code):
            return
        is_generator = bool(code.co_flags & inspect.CO_GENERATOR)
        if is_generator and any(one is frame for one in self._generators):
            return  # it goes on
        if is_generator:
            self._generators.append(frame)
        caller = frame.f_back
        while caller is not None and not self._is_own(caller.f_code):
            caller = caller.f_back
        outside = ("", "outside", 0)
        self.calls.add((outside if caller is None else self._named(caller), self._named(frame), is_generator))

    def _is_own(self, code: CodeType) -> bool:
        return code.co_filename.startswith(self._package)

    def _named(self, frame: FrameType) -> Function:
        code = frame.f_code
        if not code.co_flags & inspect.CO_OPTIMIZED and code.co_name != "<module>":
            assert frame.f_back is not None
            return self._named(frame.f_back)  # a class is made where it stands
        module = code.co_filename.removeprefix(self._package).removesuffix(".py").replace("/", ".")
        module = module.removesuffix("__init__").removesuffix(".")
        qualname = _WITHIN.sub("", code.co_qualname)
        is_module = code.co_name == "<module>" or qualname == ""
        return module, "" if is_module else qualname, 0 if is_module else code.co_firstlineno


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_OPTIMIZED) and _WITHIN.search(code.co_qualname) is None


def calls_of(folder: Path, package: str) -> Any:
    """Who called whom while `main()` of a package ran, or the error that ended it."""
    watch = Watch(folder / package)
    threading.setprofile(watch)
    sys.setprofile(watch)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            importlib.import_module(f"{package}.app").main()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return sorted(watch.calls)


if __name__ == "__main__":
    root = Path(sys.argv[1])
    sys.path.insert(0, str(root))
    time.sleep = lambda seconds: None
    print(json.dumps({package: calls_of(root, package) for package in sys.argv[2:]}))
