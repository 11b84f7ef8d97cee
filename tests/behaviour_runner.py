"""Runs every program in a folder against a server, and prints what each did as one JSON object.

`python behaviour_runner.py FOLDER URL`: each program has `async def main(url)`.
"""

import asyncio
import contextlib
import importlib.util
import io
import json
import sys
import warnings
from pathlib import Path


def family(error: BaseException) -> str:
    """The name of the family an exception belongs to: the same for all libraries."""
    modules = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    if isinstance(error, json.JSONDecodeError):
        return "no JSON"
    if modules & {"requests", "aiohttp", "httpx"} or isinstance(error, asyncio.TimeoutError):
        return "no reply"
    return f"{type(error).__name__}: {error}"


def outcome(path: Path, url: str) -> dict[str, str | None]:
    """What one program prints, what it raises and what it complains of."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    printed, complained = io.StringIO(), io.StringIO()
    raised = None
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
        try:
            spec.loader.exec_module(module)
            asyncio.run(module.main(f"{url}/{path.stem}"))
        except Exception as error:
            raised = family(error)
    return {"printed": printed.getvalue(), "raised": raised, "complained": complained.getvalue()}


if __name__ == "__main__":
    warnings.simplefilter("always")
    folder, server = sys.argv[1:]
    print(json.dumps({path.stem: outcome(path, server) for path in sorted(Path(folder).glob("*.py"))}))
