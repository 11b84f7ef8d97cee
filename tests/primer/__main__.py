"""`python -m tests.primer`: downloads the pinned projects, runs awaitify on each, prints a table.

Exit code 0 when every check holds, 1 when one fails, 2 when the primer itself cannot go on.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.primer.fetch import default_cache, fetch, shared_environment
from tests.primer.projects import PrimerError, Project, load_projects, requirements_of
from tests.primer.shares import shown
from tests.primer.table import as_json, details, table
from tests.primer.trial import Tools, Trial, try_project

_ROOT = Path(__file__).resolve().parents[2]
# -P and a path of its own rather than -m and PYTHONPATH: the analysed project may have a `cli` too, and
# what awaitify starts must not see awaitify's modules.
AWAITIFY = (
    sys.executable,
    "-P",
    "-c",
    f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from cli.main import run; run()",
)


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        projects = load_projects()
        chosen = _chosen(projects, options.only)
        cache: Path = options.cache.resolve()
        if options.fetch_only:
            for project in chosen:
                print(fetch(project, cache))
        python = shared_environment(requirements_of(projects), cache) if options.env else None
        if options.fetch_only:
            return 0
    except PrimerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    tools = Tools(
        command=tuple(shlex.split(options.command)) if options.command else AWAITIFY,
        python=python,
        timeout=options.timeout,
        keep=cache / "migrated" if options.keep else None,
        baseline=options.baseline,
        scope=options.scope,
    )
    trials = [_try(project, cache, tools) for project in chosen]
    print(table(trials, baseline=options.baseline))
    print(details(trials), end="")
    if options.shares:
        print(shown("requests", [(trial.name, trial.requests) for trial in trials]), end="")
    if tools.keep:
        print(f"migrated copies: {tools.keep}")
    if options.json:
        options.json.write_text(as_json(trials), encoding="utf-8")
    return 1 if any(trial.failures for trial in trials) else 0


def _try(project: Project, cache: Path, tools: Tools) -> Trial:
    print(f"{project.folder_name} ...", file=sys.stderr, flush=True)
    try:
        return try_project(project, fetch(project, cache), tools)
    except PrimerError as error:
        return Trial(project.name, project.version, failures=[str(error)])


def _chosen(projects: list[Project], only: list[str]) -> list[Project]:
    known = {project.name for project in projects}
    unknown = sorted(set(only) - known)
    if unknown:
        raise PrimerError(f"there is no project {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return [project for project in projects if not only or project.name in only]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.primer", description=__doc__)
    add = parser.add_argument
    add("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    add("--only", action="append", default=[], metavar="NAME", help="only this project (repeatable)")
    add(
        "--env",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="one virtual environment with what the projects require",
    )
    add("--command", help="what to run in place of this repository's awaitify, as one shell word list")
    add("--timeout", type=float, default=1800.0, metavar="SECONDS", help="for each run (default: %(default)s)")
    add("--json", type=Path, metavar="FILE", help="write everything there")
    add("--keep", action="store_true", help="keep the migrated copies, in the cache")
    add("--baseline", action="store_true", help="measure a bare report of the type checker too")
    add("--shares", action="store_true", help="what becomes of the calls of requests, and why")
    add("--scope", choices=["auto", "async", "all"], help="how far the migrations go (default: what awaitify says)")
    add("--fetch-only", action="store_true", help="download, check and unpack; print the folders")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
